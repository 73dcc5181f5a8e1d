import { arange, Generator, ones, randn, ShapeError, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { BatchNorm1d, BatchNorm2d, InstanceNorm1d, InstanceNorm2d } from '../../src/index.ts';

const close = (values: number[]) => values.map((value) => expect.closeTo(value, 12));

describe('BatchNorm', () => {
  it('has no mean and unit variance in training, channel by channel', () => {
    const x = randn([50, 3, 4, 2], { generator: new Generator(0) })
      .mul(5)
      .add(7);
    const y = new BatchNorm2d(3, { eps: 0 }).call(x);
    expect(y.mean({ dim: [0, 2, 3] }).tolist()).toEqual(close([0, 0, 0]));
    expect(
      y
        .square()
        .mean({ dim: [0, 2, 3] })
        .tolist(),
    ).toEqual(close([1, 1, 1]));
  });

  it('moves the running statistics towards the batch, the variance being the unbiased one', () => {
    const layer = new BatchNorm1d(1, { momentum: 0.25 });
    layer.call(tensor([[1], [3], [8]])); // mean 4, variance (9 + 1 + 16)/2 = 13
    expect(layer.runningMean!.tolist()).toEqual([1]);
    expect(layer.runningVar!.tolist()).toEqual([4]); // 0.75·1 + 0.25·13
    expect(layer.numBatchesTracked!.item()).toBe(1);
  });

  it('averages all batches alike with a momentum of null', () => {
    const layer = new BatchNorm1d(1, { momentum: null });
    for (const shift of [1, 5, 12]) layer.call(tensor([[shift - 1], [shift + 1]])); // variance 2
    expect(layer.runningMean!.tolist()).toEqual(close([6]));
    expect(layer.runningVar!.tolist()).toEqual(close([2]));
    expect(layer.numBatchesTracked!.item()).toBe(3);
  });

  it('uses the running statistics in evaluation, and leaves them', () => {
    const layer = new BatchNorm1d(1, { eps: 0 });
    layer.loadStateDict({
      weight: tensor([3]),
      bias: tensor([1]),
      running_mean: tensor([10]),
      running_var: tensor([4]),
      num_batches_tracked: tensor(7),
    });
    expect(
      layer
        .eval()
        .call(tensor([[12]]))
        .tolist(),
    ).toEqual([[4]]); // (12 − 10)/2 · 3 + 1
    expect(layer.runningMean!.tolist()).toEqual([10]);
    expect(layer.numBatchesTracked!.item()).toBe(7);
  });

  it('uses the batch in evaluation too where nothing is tracked', () => {
    const layer = new BatchNorm1d(1, { eps: 0, trackRunningStats: false }).eval();
    expect(layer.call(tensor([[1], [3]])).tolist()).toEqual([[-1], [1]]);
    expect(layer.buffers()).toEqual([]);
    expect(Object.keys(layer.stateDict())).toEqual(['weight', 'bias']);
  });

  it("has PyTorch's state", () => {
    expect(Object.keys(new BatchNorm2d(2).stateDict())).toEqual([
      'weight',
      'bias',
      'running_mean',
      'running_var',
      'num_batches_tracked',
    ]);
    expect(new BatchNorm2d(2).parameters()).toHaveLength(2);
    expect(new BatchNorm2d(2, { affine: false }).parameters()).toEqual([]);
  });

  it('lets gradients flow to weight and bias, none to the statistics', () => {
    const layer = new BatchNorm1d(2);
    layer
      .call(arange(6).reshape([3, 2]))
      .square()
      .sum()
      .backward();
    expect(layer.weight!.grad!.shape).toEqual([2]);
    expect(layer.bias!.grad!.tolist()).toEqual(close([0, 0]));
    expect(layer.runningMean!.grad).toBe(null);
  });

  it('takes the shapes of its name', () => {
    expect(new BatchNorm1d(2).call(ones([3, 2, 4])).shape).toEqual([3, 2, 4]);
    expect(() => new BatchNorm1d(2).call(ones([3, 2, 4, 4]))).toThrow(ShapeError);
    expect(() => new BatchNorm1d(2).call(ones([2]))).toThrow(
      'in BatchNorm1d 2: BatchNorm1d: expected [n, c] or [n, c, l], got [2]',
    );
    expect(() => new BatchNorm2d(2).call(ones([3, 2, 4]))).toThrow(
      /BatchNorm2d: expected \[n, c, h, w\], got \[3, 2, 4\]/,
    );
  });

  it('counts only batches that it could take', () => {
    const layer = new BatchNorm1d(2);
    expect(() => layer.call(ones([3, 5]))).toThrow(ShapeError);
    expect(() => layer.call(ones([1, 2]))).toThrow(/^in BatchNorm1d 2: batchNorm: /);
    expect(layer.numBatchesTracked!.item()).toBe(0);
    expect(layer.runningMean!.tolist()).toEqual([0, 0]);
  });

  it('says what it is, with what is not usual', () => {
    expect(String(new BatchNorm2d(8))).toBe('BatchNorm2d(8)');
    expect(String(new BatchNorm1d(8, { momentum: null, affine: false }))).toBe(
      'BatchNorm1d(8, momentum=null, affine=false)',
    );
    expect(() => new BatchNorm1d(8, { momentum: Number.NaN })).toThrow(/BatchNorm1d: momentum must be a finite number/);
    expect(() => new BatchNorm1d(-1)).toThrow(/numFeatures must be a whole number of at least 0, got -1/);
  });
});

describe('InstanceNorm', () => {
  it('normalises each channel of each sample, batched or not', () => {
    const x = tensor([
      [
        [1, 3],
        [10, 30],
      ],
    ]);
    const expected = [
      [
        [-1, 1],
        [-1, 1],
      ],
    ];
    expect(new InstanceNorm1d(2, { eps: 0 }).call(x).tolist()).toEqual(expected);
    expect(new InstanceNorm1d(2, { eps: 0 }).call(x.select(0, 0)).tolist()).toEqual(expected[0]);
    const image = new InstanceNorm2d(2, { eps: 0 }).call(x.reshape([2, 1, 2]));
    expect(image.tolist()).toEqual([[[-1, 1]], [[-1, 1]]]);
  });

  it('has no state unless asked, and then uses it in evaluation', () => {
    expect(Object.keys(new InstanceNorm2d(2).stateDict())).toEqual([]);
    const layer = new InstanceNorm1d(1, { affine: true, trackRunningStats: true, momentum: 0.5 });
    layer.call(tensor([[[1, 3]], [[5, 7]]])); // means 2 and 6, unbiased variances 2 and 2
    expect(layer.runningMean!.tolist()).toEqual([2]);
    expect(layer.runningVar!.tolist()).toEqual([1.5]);
    layer.eval();
    expect(layer.call(tensor([[[2]]])).tolist()).toEqual([[[0]]]);
    expect(layer.runningMean!.tolist()).toEqual([2]);
  });

  it('takes the shapes of its name', () => {
    expect(() => new InstanceNorm1d(2).call(ones([2]))).toThrow(
      /InstanceNorm1d: expected \[c, l\] or \[n, c, l\], got \[2\]/,
    );
    expect(() => new InstanceNorm2d(2).call(ones([2, 2]))).toThrow(
      /expected \[c, h, w\] or \[n, c, h, w\], got \[2, 2\]/,
    );
  });
});
