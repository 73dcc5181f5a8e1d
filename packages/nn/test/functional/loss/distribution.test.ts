import {
  backward,
  exp,
  Generator,
  gradcheck,
  gradgradcheck,
  log,
  logSoftmax,
  rand,
  randn,
  softmax,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { gaussianNllLoss, klDiv, poissonNllLoss } from '../../../src/functional/loss/index.ts';

const generator = new Generator(5);
const drawn = (...shape: number[]) => randn(shape, { generator, requiresGrad: true });
const positive = (...shape: number[]) => rand(shape, { generator }).add(0.5).detach().requiresGrad_();
const values = (x: Tensor) => [...x.toArray()];
const single = { reduction: 'none' } as const;

function expectClose(actual: Tensor, expected: number[]): void {
  expect(actual.numel()).toBe(expected.length);
  actual.toArray().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 13));
}

describe('klDiv', () => {
  const [p, q] = [
    tensor([
      [0.5, 0.5, 0],
      [0.1, 0.2, 0.7],
    ]),
    tensor([
      [0.25, 0.5, 0.25],
      [0.3, 0.3, 0.4],
    ]),
  ];

  it('is target · (ln target − input), 0 where the target is 0', () => {
    expectClose(klDiv(log(q), p, single), [
      0.5 * Math.log(2),
      0,
      0,
      0.1 * Math.log(1 / 3),
      0.2 * Math.log(2 / 3),
      0.7 * Math.log(7 / 4),
    ]);
  });

  it('is the divergence with batchmean, a third of it with the mean over 3 elements a row', () => {
    const total = klDiv(log(q), p, { reduction: 'sum' }).item();
    expectClose(klDiv(log(q), p, { reduction: 'batchmean' }), [total / 2]);
    expectClose(klDiv(log(q), p), [total / 6]);
  });

  it('takes logarithms of targets', () => {
    const [x, t] = [logSoftmax(drawn(2, 3), 1), softmax(drawn(2, 3), 1)];
    expectClose(klDiv(x, log(t), { logTarget: true, ...single }), values(klDiv(x, t, single)));
  });

  it('agrees with central differences in both inputs, first and second order', () => {
    for (const logTarget of [true, false]) {
      const inputs = [drawn(2, 3), positive(1, 3)];
      gradcheck((x, t) => klDiv(x!, t!, { logTarget, reduction: 'batchmean' }), inputs, { atol: 1e-8 });
      gradgradcheck((x, t) => klDiv(x!, t!, { logTarget }), inputs, { atol: 1e-7 });
    }
  });

  it('refuses other reductions, and the batchmean of a scalar', () => {
    expect(() => klDiv(zeros([3]), zeros([3]), { reduction: 'avg' as 'mean' })).toThrow(
      'klDiv: reduction must be one of "mean", "batchmean", "sum", "none", got "avg"',
    );
    expect(() => klDiv(zeros([]), zeros([]), { reduction: 'batchmean' })).toThrow('klDiv: the batchmean needs a batch');
  });
});

describe('poissonNllLoss', () => {
  it('is e^input − target · input, or of the rate itself rate − target · ln(rate + eps)', () => {
    expectClose(poissonNllLoss(tensor([0, 1]), tensor([2, 3]), single), [1, Math.E - 3]);
    expectClose(poissonNllLoss(tensor([2]), tensor([3]), { logInput: false, eps: 0.5 }), [2 - 3 * Math.log(2.5)]);
  });

  it('adds ln(target!), nearly, for targets above 1', () => {
    const extra = (target: number) =>
      poissonNllLoss(tensor(0), tensor(target), { full: true }).item() -
      poissonNllLoss(tensor(0), tensor(target)).item();
    expect(extra(10)).toBeCloseTo(10 * Math.log(10) - 10 + Math.log(20 * Math.PI) / 2, 13);
    expect(Math.abs(extra(10) - Math.log(3628800))).toBeLessThan(0.01); // 10!
    expect([extra(1), extra(0), extra(-1)]).toEqual([0, 0, 0]);
  });

  it('agrees with central differences in both inputs, first and second order', () => {
    for (const logInput of [true, false]) {
      const inputs = [positive(2, 3), positive(2, 3)];
      gradcheck((x, t) => poissonNllLoss(x!, t!, { logInput, full: true }), inputs, { atol: 1e-7 });
      gradgradcheck((x, t) => poissonNllLoss(x!, t!, { logInput, full: true }), inputs, { atol: 1e-6 });
    }
  });

  it('refuses what does not broadcast, and other reductions', () => {
    expect(() => poissonNllLoss(zeros([5, 4]), zeros([5]))).toThrow('poissonNllLoss: shapes [5, 4] and [5] do not');
    expect(() => poissonNllLoss(zeros([3]), zeros([3]), { reduction: 'avg' as 'mean' })).toThrow(
      'poissonNllLoss: reduction must be one of',
    );
  });
});

describe('gaussianNllLoss', () => {
  it('is ½ (ln v + (input − target)² / v), and ½ ln 2π more if full', () => {
    const [x, y, v] = [tensor([1, 2]), tensor([3, 2]), tensor([2, 0.5])];
    const expected = [0.5 * (Math.log(2) + 2), 0.5 * Math.log(0.5)];
    expectClose(gaussianNllLoss(x, y, v, single), expected);
    const constant = 0.5 * Math.log(2 * Math.PI);
    expectClose(gaussianNllLoss(x, y, v, { ...single, full: true }), [
      expected[0]! + constant,
      expected[1]! + constant,
    ]);
  });

  it('takes no variance below eps, but differentiates as if it did', () => {
    const v = tensor([0], { requiresGrad: true });
    const loss = gaussianNllLoss(tensor([1]), tensor([0]), v, { eps: 0.5 });
    expectClose(loss, [0.5 * (Math.log(0.5) + 2)]);
    backward(loss);
    expect(v.grad!.item()).toBeCloseTo(0.5 * (1 / 0.5 - 1 / 0.25), 14);
  });

  it('takes one variance for each row, with or without its dim', () => {
    const [x, y, v] = [drawn(2, 3), drawn(2, 3), positive(2, 1)];
    const expected = gaussianNllLoss(x, y, v.expand([2, 3])).item();
    expectClose(gaussianNllLoss(x, y, v), [expected]);
    expectClose(gaussianNllLoss(x, y, v.squeeze()), [expected]);
    expect(gaussianNllLoss(drawn(4), tensor(0), tensor(1), single).shape).toEqual([4]);
  });

  it('agrees with central differences in all inputs, first and second order', () => {
    for (const shape of [[2, 3], [2, 1], [2]]) {
      const inputs = [drawn(2, 3), drawn(2, 1), positive(...shape)];
      gradcheck((x, y, v) => gaussianNllLoss(x!, y!, v!, { full: true }), inputs, { atol: 1e-7 });
      gradgradcheck((x, y, v) => gaussianNllLoss(x!, y!, exp(v!)), inputs, { atol: 1e-6 });
    }
  });

  it('refuses negative variances and other shapes of them', () => {
    expect(() => gaussianNllLoss(zeros([2]), zeros([2]), tensor([1, -1]))).toThrow(
      'gaussianNllLoss: variances must be at least 0, got -1',
    );
    expect(() => gaussianNllLoss(zeros([2, 3]), zeros([2, 3]), zeros([3]))).toThrow(
      "gaussianNllLoss: the variance must have the input's shape [2, 3], or its last dim left out or of size 1; got [3]",
    );
  });
});
