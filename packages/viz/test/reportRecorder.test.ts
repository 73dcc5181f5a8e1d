import { manualSeed, randn, tensor } from '@ndgrad/core';
import { TensorDataset } from '@ndgrad/data';
import { Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { type FitObserver, type FitOptions, type FitRun, fit } from '@ndgrad/train';
import { expect, it } from 'vitest';
import type { RunRecord } from '../src/reportRecord.ts';
import { RunRecorder } from '../src/reportRecorder.ts';
import { loss } from './reportRuns.ts';

/** Trains on three batches of four rows, and gives what was recorded. */
async function recorded(options: Partial<FitOptions> = {}): Promise<RunRecord> {
  manualSeed(0);
  const rows = new TensorDataset(randn([12, 2]), tensor([0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0]));
  const batches = [0, 4, 8].map((start) => rows.batch([0, 1, 2, 3].map((i) => start + i)));
  let recorder: RunRecorder | null = null;
  let record: RunRecord | null = null;
  const observer: FitObserver = {
    start: (run: FitRun) => {
      recorder = new RunRecorder(run);
      recorder.start();
    },
    batch: (batch) => recorder!.batch(batch),
    epoch: (epoch) => recorder!.epoch(epoch),
    stop: async () => {
      record = await recorder!.stop();
    },
  };
  const model = new Sequential(new Linear(2, 4), new ReLU(), new Linear(4, 2));
  const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
  await fit(model, { loss, optimizer, train: batches, epochs: 3, ...options, observers: [observer] });
  return record!;
}

const thirds = (...n: number[]) => n.map((value) => value / 3);

it('curves are over the epochs, of which batches are parts', async () => {
  const { curves, steps, last, settings, parameters } = await recorded();
  expect([steps, last!.epoch, parameters]).toEqual([9, 3, 22]);
  expect(curves.loss.x).toEqual(thirds(1, 2, 3, 4, 5, 6, 7, 8, 9));
  expect(curves.trainLoss).toMatchObject({ x: [1, 2, 3] });
  expect(curves.trainLoss.y[2]).toBe(last!.trainLoss);
  expect(curves.validationLoss.x).toEqual([]);
  expect(settings).toMatchObject({ lr: '0.1', momentum: '0.9' });
});

it('layers are looked at at the steps 4 and 16 and at the end, gradients at the first as well', async () => {
  const { activations, gradients, weights, idle } = await recorded();
  const steps = (histories: RunRecord['weights']) => histories.map(({ moments }) => moments.map(({ step }) => step));
  expect(steps(weights)).toEqual([
    [0, 4, 9],
    [0, 4, 9],
  ]);
  expect(steps(activations)).toEqual([
    [0, 4, 9],
    [0, 4, 9],
    [0, 4, 9],
  ]);
  expect(steps(gradients)).toEqual([
    [1, 4, 9],
    [1, 4, 9],
  ]);
  expect(idle).toMatchObject([{ name: '1 (ReLU)', kind: 'dead', units: 4, points: { x: thirds(0, 4, 9) } }]);
  expect(activations[0]!.moments[0]!.distribution.count).toBe(4 * 4); // the first batch
});

it('the number of batches is counted where the loader does not know it', async () => {
  const known = await recorded();
  const x = randn([4, 2]);
  const stream = {
    *[Symbol.iterator]() {
      for (let i = 0; i < 3; i++) yield [x, tensor([0, 1, 1, 0])] as const;
    },
  };
  const { curves } = await recorded({ train: stream });
  expect(curves.loss.x).toEqual(known.curves.loss.x);
});

it('a run that is broken off has what was seen until then', async () => {
  const stop = new AbortController();
  const onBatch = ({ batch }: { batch: number }) => batch === 2 && stop.abort();
  const { steps, last, curves, weights, evaluation } = await recorded({ signal: stop.signal, onBatch });
  expect([steps, last, curves.trainLoss.x]).toEqual([2, null, []]);
  expect(curves.loss.x).toEqual(thirds(1, 2));
  expect(weights[0]!.moments.map(({ step }) => step)).toEqual([0, 2]);
  expect(evaluation!.rows).toBe(12);
});

it('what can not be seen is noted, and the run goes on', async () => {
  const validation = [[randn([4, 3]), tensor([0, 1, 0, 1])] as const];
  const failing = {
    *[Symbol.iterator]() {
      yield* reads++ < 3 ? [[randn([4, 2]), tensor([0, 1, 0, 1])] as const] : validation;
    },
  };
  let reads = 0;
  const { notes, evaluation, steps } = await recorded({ validation: failing });
  expect([steps, evaluation]).toEqual([9, null]);
  expect(notes.map((note) => note.split(':')[0])).toEqual(['the rows', 'the graph']);
  expect(notes[0]).toContain('in 0 (Linear 2→4)');
});
