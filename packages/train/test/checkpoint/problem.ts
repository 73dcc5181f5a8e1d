// A small problem with all that a checkpoint must keep, the same each time it is made.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, manualSeed, mul, rand, randn, type Tensor } from '@ndgrad/core';
import { DataLoader, MappedDataset, TensorDataset } from '@ndgrad/data';
import { BatchNorm1d, CrossEntropyLoss, Dropout, Linear, type Module, ReLU, Sequential } from '@ndgrad/nn';
import { Adam, SGD } from '@ndgrad/optim';
import { afterAll } from 'vitest';
import type { EpochRecord, FitOptions, FitResult } from '../../src/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ndgrad-checkpoint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;

/** The path of a file that is not there yet, in a folder that is gone after the tests. */
export const freshPath = (): string => join(folder, `run-${++files}.safetensors`);

/** The folder of the fresh paths. */
export const freshFolder = (): string => mkdtempSync(join(folder, 'folder-'));

/** 20 rows to learn from in batches of 6, augmented and shuffled, a model with dropout and normalisation. */
export function problem({ lr = 0.02, hidden = 5, p = 0.3, momentum = 0.9 } = {}) {
  manualSeed(1);
  const x = randn([32, 3]);
  const y = x.sum({ dim: 1 }).gt(0);
  const scaled = (inputs: Tensor) => mul(inputs, rand([inputs.shape[0]!, 1]).add(0.5));
  const train = new DataLoader(new MappedDataset(new TensorDataset(x.narrow(0, 0, 20), y.narrow(0, 0, 20)), scaled), {
    batchSize: 6,
    shuffle: true,
    generator: new Generator(2),
  });
  const validation = new DataLoader(new TensorDataset(x.narrow(0, 20, 12), y.narrow(0, 20, 12)), { batchSize: 5 });
  const dropout = new Dropout({ p, generator: new Generator(3) });
  const model = new Sequential(
    new Linear(3, hidden),
    new BatchNorm1d(hidden),
    new ReLU(),
    dropout,
    new Linear(hidden, hidden),
    new Dropout({ p }),
    new Linear(hidden, 2),
  );
  const loss = new CrossEntropyLoss();
  return {
    model,
    loss,
    train,
    validation,
    adam: () => new Adam(model.parameters(), { lr }),
    sgd: () => new SGD(model.parameters(), { lr, momentum }),
  };
}

/** What two runs must share: the state of the model bit for bit, and the history but for its times. */
export function outcomeOf(model: Module, { history, reason, bestEpoch }: FitResult) {
  return { state: stateOf(model), history: history.map(untimed), reason, bestEpoch };
}

export const untimed = ({ seconds: _, ...record }: EpochRecord) => record;

/** Every tensor's bytes, by name. */
export const stateOf = (model: Module) =>
  Object.fromEntries(
    Object.entries(model.stateDict()).map(([name, t]) => [name, Buffer.from(t.toArray().buffer).toString('hex')]),
  );

/** Ends a run as a power failure does: nothing is saved any more. */
export class Outage extends Error {}

/** Ends the run with its nth batch from now. */
export function outageAfter(batches: number): Pick<FitOptions, 'observers'> {
  let left = batches;
  const batch = () => {
    if (--left <= 0) throw new Outage();
  };
  return { observers: [{ batch }] };
}

/** Whether the error is an outage, which the test made; others are thrown on. */
export function isOutage(error: unknown): true {
  if (error instanceof Outage) return true;
  throw error;
}
