import { manualSeed, randn, type Tensor, tensor } from '@ndgrad/core';
import { DataLoader, TensorDataset } from '@ndgrad/data';
import { CrossEntropyLoss, Module, MSELoss } from '@ndgrad/nn';
import type { FitRun, Loader } from '@ndgrad/train';
import { describe, expect, it } from 'vitest';
import { evaluation, firstRows, lossGraph } from '../src/reportEvaluation.ts';

/** Its input is its scores. */
class Scores extends Module {
  override forward(x: Tensor): Tensor {
    return x;
  }
}

const runOf = (train: Loader, more: Partial<FitRun> = {}): FitRun => ({
  model: new Scores(),
  loss: new CrossEntropyLoss(),
  optimizer: { step: () => null, zeroGrad: () => {}, paramGroups: [] },
  train,
  validation: null,
  accuracy: () => null,
  epochs: 1,
  batches: null,
  ...more,
});

const scores = tensor([
  [2, 0, 0],
  [0, 3, 0],
  [1, 0, 5],
  [0, 0, 1],
]);
const labels = tensor([0, 0, 2, 1]);
const crossEntropy = (row: number[], label: number) =>
  Math.log(row.reduce((sum, s) => sum + Math.exp(s), 0)) - row[label]!;

describe('evaluation', () => {
  it('counts what was taken for what, and finds the rows of the highest loss', async () => {
    const seen = (await evaluation(runOf([[scores, labels]]), 10))!;
    expect(seen).toMatchObject({ part: 'training', rows: 4, classes: ['0', '1', '2'], regions: null });
    expect(seen.confusion).toEqual([
      [1, 1, 0],
      [0, 0, 1],
      [0, 0, 1],
    ]);
    expect(seen.worst.map(({ row, label, predicted }) => [row, label, predicted])).toEqual([
      [1, 0, 1],
      [3, 1, 2],
      [0, 0, 0],
      [2, 2, 2],
    ]);
    const losses = [
      crossEntropy([0, 3, 0], 0),
      crossEntropy([0, 0, 1], 1),
      crossEntropy([2, 0, 0], 0),
      crossEntropy([1, 0, 5], 2),
    ];
    seen.worst.forEach(({ loss }, i) => expect(loss).toBeCloseTo(losses[i]!, 12));
    expect(seen.worst[0]!.values).toEqual([0, 3, 0]);
  });

  it('goes by the validation rows where there are some, in the order of the data', async () => {
    const dataset = new TensorDataset(scores, labels, { classNames: ['a', 'b', 'c'] });
    const validation = new DataLoader(dataset, { batchSize: 3, shuffle: true });
    const seen = (await evaluation(runOf([], { validation }), 10))!;
    expect(seen).toMatchObject({ part: 'validation', rows: 4, classes: ['a', 'b', 'c'] });
    expect(seen.worst[0]!.row).toBe(1);
  });

  it('finds the worst of very many, and keeps 24', async () => {
    manualSeed(1);
    const x = randn([500, 3]);
    const y = tensor(Array.from({ length: 500 }, (_, i) => i % 3));
    const seen = (await evaluation(runOf([[x, y]]), 10))!;
    const all = (x.tolist() as number[][]).map((row, i) => crossEntropy(row, i % 3)).sort((a, b) => b - a);
    seen.worst.forEach(({ loss }, i) => expect(loss).toBeCloseTo(all[i]!, 12));
    expect(seen.worst).toHaveLength(24);
  });

  it('puts rows whose scores are no numbers first', async () => {
    const seen = (await evaluation(
      runOf([
        [
          tensor([
            [0, 9],
            [Number.NaN, 1],
          ]),
          tensor([0, 0]),
        ],
      ]),
      10,
    ))!;
    expect(seen.worst.map(({ row }) => row)).toEqual([1, 0]);
  });

  it('stops when the time is up', async () => {
    const dataset = new TensorDataset(randn([100, 3]), tensor(new Array(100).fill(0)));
    expect((await evaluation(runOf(new DataLoader(dataset)), 0))!.rows).toBe(1);
  });

  it('is nothing for what are no classes, and without rows', async () => {
    const loss = new MSELoss();
    expect(await evaluation(runOf([[scores, scores]], { loss }), 10)).toBeNull();
    expect(await evaluation(runOf([[scores, tensor([0, 0.5, 1, 2])]]), 10)).toBeNull();
    expect(await evaluation(runOf([[scores, tensor([0, 3, 1, 2])]]), 10)).toBeNull();
    expect(await evaluation(runOf([]), 10)).toBeNull();
  });

  it('has the rows as pictures where they are some', async () => {
    const pictures = randn([2, 64]);
    const first = { forward: (x: Tensor) => x.narrow(1, 0, 2) };
    class First extends Module {
      override forward = first.forward;
    }
    const seen = (await evaluation(runOf([[pictures, tensor([0, 1])]], { model: new First() }), 10))!;
    expect(seen.worst[0]!.picture).toMatchObject({ channels: 1, rows: 8, columns: 8 });
  });
});

it('the graph is that of the loss of two rows', () => {
  const x = randn([5, 3]).requiresGrad_();
  class Weighted extends Module {
    override forward(rows: Tensor): Tensor {
      return rows.mul(x.narrow(0, 0, 1));
    }
  }
  const text = lossGraph(runOf([[scores, labels]], { model: new Weighted() }))!.text();
  expect(text).toContain('[2, 3]');
  expect(text).not.toContain('[4, 3]');
  expect(x.grad).toBeNull();
  expect(lossGraph(runOf([]))).toBeNull();
});

it('the first rows are a copy', () => {
  const x = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const rows = firstRows(x, 2);
  x.fill_(0);
  expect(rows.tolist()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(firstRows(x, 9).shape).toEqual([3, 2]);
});
