import { ArgumentError, IndexError, mul, narrow, rand, ShapeError, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { MappedDataset, Subset, TensorDataset } from '../src/index.ts';

const x = tensor([
  [0, 1],
  [10, 11],
  [20, 21],
  [30, 31],
]);
const y = tensor([3, 2, 1, 0]);
const four = new TensorDataset(x, y, { classNames: ['a', 'b', 'c', 'd'], featureNames: ['u', 'v'] });

describe('TensorDataset', () => {
  it('stacks the rows that are asked for, in that order, as often as they are named', () => {
    const [inputs, targets] = four.batch([2, 0, 2]);
    expect(inputs.tolist()).toEqual([
      [20, 21],
      [0, 1],
      [20, 21],
    ]);
    expect(targets.tolist()).toEqual([1, 3, 1]);
    expect([four.length, four.classNames, four.featureNames]).toEqual([4, ['a', 'b', 'c', 'd'], ['u', 'v']]);
  });

  it('takes inputs and targets of any number of dims, and batches of nothing', () => {
    const set = new TensorDataset(rand([5, 2, 3]), rand([5, 4]));
    expect(set.batch([4, 1]).map((part) => part.shape)).toEqual([
      [2, 2, 3],
      [2, 4],
    ]);
    expect(set.batch([]).map((part) => part.shape)).toEqual([
      [0, 2, 3],
      [0, 4],
    ]);
    expect([set.classNames, set.featureNames]).toEqual([null, null]);
  });

  it('takes views', () => {
    const set = new TensorDataset(x.transpose(0, 1), tensor([1, 2]));
    expect(set.batch([1])[0].tolist()).toEqual([[1, 11, 21, 31]]);
  });

  it('refuses what does not fit together', () => {
    expect(() => new TensorDataset(x, tensor([1, 2, 3]))).toThrow(ShapeError);
    expect(() => new TensorDataset(x, tensor([1, 2, 3]))).toThrow(
      'TensorDataset: inputs and targets need one row per example: [4, 2] and [3]',
    );
    expect(() => new TensorDataset(tensor(1), tensor(1))).toThrow('[] and []');
    expect(() => new TensorDataset(x, y, { featureNames: ['u'] })).toThrow('1 featureNames for inputs [4, 2]');
    expect(() => new TensorDataset([[1]] as never, y)).toThrow(
      'TensorDataset: expected two tensors, got [[1]] and Tensor; tensor([…]) makes them',
    );
    expect(() => new TensorDataset(x, y, { names: [] } as never)).toThrow('unknown option "names"');
  });

  it.each([4, -1, 0.5, Number.NaN])('refuses the index %d', (index) => {
    expect(() => four.batch([0, index])).toThrow(IndexError);
    expect(() => four.batch([0, index])).toThrow(`TensorDataset: index ${index} is not one of the 4 examples, 0 … 3`);
  });
});

describe('Subset', () => {
  const part = new Subset(four, [3, 1]);

  it('shows the examples it names, and their targets', () => {
    expect(part.length).toBe(2);
    expect(part.batch([0]).map((t) => t.tolist())).toEqual([[[30, 31]], [0]]);
    expect(part.batch([1, 0])[1].tolist()).toEqual([2, 0]);
    expect([part.targets!.tolist(), part.classNames]).toEqual([
      [0, 2],
      ['a', 'b', 'c', 'd'],
    ]);
  });

  it('works on subsets, and on datasets that do not tell their targets', () => {
    expect(new Subset(part, [1]).batch([0])[0].tolist()).toEqual([[10, 11]]);
    const silent = { length: 4, batch: (indices: ArrayLike<number>) => four.batch(indices) };
    expect(new Subset(silent, [1]).targets).toBeUndefined();
  });

  it('refuses indices that the dataset does not have', () => {
    expect(() => new Subset(four, [0, 4])).toThrow('Subset: index 4 is not one of the 4 examples, 0 … 3');
    expect(() => part.batch([2])).toThrow('Subset: index 2 is not one of the 2 examples, 0 … 1');
    expect(() => new Subset(x as never, [0])).toThrow(ArgumentError);
  });
});

describe('MappedDataset', () => {
  it('changes the inputs and nothing else', () => {
    const doubled = new MappedDataset(four, (inputs) => mul(inputs, 2));
    expect(doubled.batch([1]).map((t) => t.tolist())).toEqual([[[20, 22]], [2]]);
    expect([doubled.length, doubled.targets, doubled.classNames]).toEqual([4, y, ['a', 'b', 'c', 'd']]);
  });

  it('refuses a transform that drops rows, and what is no function', () => {
    const dropping = new MappedDataset(four, (inputs) => narrow(inputs, 0, 0, 1));
    expect(() => dropping.batch([0, 1])).toThrow(
      'MappedDataset: transform must keep the number of rows: [2, 2] → [1, 2]',
    );
    expect(() => new MappedDataset(four, 2 as never)).toThrow('transform must be a function, got 2');
    expect(() => new MappedDataset(null as never, (z) => z)).toThrow('MappedDataset: expected a dataset, which has');
  });
});
