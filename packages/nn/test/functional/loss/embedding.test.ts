import { backward, Generator, gradcheck, gradgradcheck, randn, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { cosineEmbeddingLoss, hingeEmbeddingLoss, tripletMarginLoss } from '../../../src/functional/loss/index.ts';

const generator = new Generator(6);
const drawn = (...shape: number[]) => randn(shape, { generator, requiresGrad: true });
const values = (x: Tensor) => [...x.toArray()];
const single = { reduction: 'none' } as const;

describe('hingeEmbeddingLoss', () => {
  it('is the distance of likes, and what unlikes lack to the margin', () => {
    const [x, y] = [tensor([0.5, 0.5, 3, 3]), tensor([1, -1, 1, -1])];
    expect(values(hingeEmbeddingLoss(x, y, single))).toEqual([0.5, 0.5, 3, 0]);
    expect(hingeEmbeddingLoss(x, y, { margin: 4 }).item()).toBe((0.5 + 3.5 + 3 + 1) / 4);
  });

  it('passes the gradient where the margin is just met', () => {
    const x = tensor([1, 1], { requiresGrad: true });
    backward(hingeEmbeddingLoss(x, tensor([-1, 1]), { reduction: 'sum' }));
    expect(values(x.grad!)).toEqual([-1, 1]);
  });

  it('agrees with central differences', () => {
    gradcheck((x) => hingeEmbeddingLoss(x, tensor([[1], [-1]])), drawn(2, 3), { atol: 1e-8 });
  });

  it('refuses other reductions', () => {
    expect(() => hingeEmbeddingLoss(zeros([3]), zeros([3]), { reduction: 'abc' as 'sum' })).toThrow(
      'hingeEmbeddingLoss: reduction must be one of "mean", "sum", "none", got "abc"',
    );
  });
});

describe('cosineEmbeddingLoss', () => {
  it('is 1 − cos of likes, and cos above the margin of unlikes', () => {
    const a = tensor([
      [3, 4],
      [3, 4],
      [3, 4],
    ]);
    const b = tensor([
      [4, 3],
      [4, 3],
      [-4, -3],
    ]);
    const loss = cosineEmbeddingLoss(a, b, tensor([1, -1, -1]), { margin: 0.5, ...single }).toArray();
    [0.04, 0.46, 0].forEach((value, i) => expect(loss[i]).toBeCloseTo(value, 12));
    expect(cosineEmbeddingLoss(tensor([1, 0]), tensor([0, 2]), tensor(1)).item()).toBe(1);
  });

  it('agrees with central differences, first and second order', () => {
    const f = (a: Tensor, b: Tensor) => cosineEmbeddingLoss(a, b, tensor([1, -1, -1]), { margin: -0.9 });
    gradcheck(f, [drawn(3, 4), drawn(3, 4)], { atol: 1e-8 });
    gradgradcheck(f, [drawn(3, 4), drawn(3, 4)], { atol: 1e-6 });
  });

  it('refuses shapes that do not fit', () => {
    expect(() => cosineEmbeddingLoss(zeros([3, 2]), zeros([3, 2]), zeros([3, 1]))).toThrow(
      'cosineEmbeddingLoss: expected inputs [N, D] and a target [N], or [D] and a scalar, got [3, 2], [3, 2] and [3, 1]',
    );
    expect(() => cosineEmbeddingLoss(zeros([3]), zeros([3]), zeros([3]))).toThrow('got [3], [3] and [3]');
    expect(() => cosineEmbeddingLoss(zeros([3, 2]), zeros([3, 2]), zeros([2]))).toThrow('do not broadcast');
  });
});

describe('tripletMarginLoss', () => {
  const [a, near, far] = [tensor([[0, 0]]), tensor([[3, 4]]), tensor([[6, 8]])];

  it('wants the negative farther away than the positive, by the margin', () => {
    expect(tripletMarginLoss(a, near, far).item()).toBe(0); // 1 + 5 − 10 < 0
    expect(tripletMarginLoss(a, near, far, { margin: 7 }).item()).toBeCloseTo(2, 5);
    expect(tripletMarginLoss(a, far, near).item()).toBeCloseTo(6, 5);
    expect(tripletMarginLoss(a, near, far, { margin: 7, p: 1, eps: 0 }).item()).toBe(0); // 7 + 7 − 14
  });

  it('may take the distance of positive and negative instead', () => {
    const negative = tensor([[3, 5]]); // 1 from the positive, 5.83 from the anchor
    expect(tripletMarginLoss(a, near, negative, { swap: true, eps: 0 }).item()).toBe(5);
  });

  it('takes a single sample, and broadcasts', () => {
    expect(tripletMarginLoss(tensor([0, 0]), tensor([3, 4]), tensor([6, 8]), { margin: 7 }).shape).toEqual([]);
    expect(tripletMarginLoss(zeros([1, 3]), zeros([2, 3]), zeros([2, 3]), single).shape).toEqual([2]);
  });

  it('agrees with central differences, first and second order', () => {
    for (const options of [{ margin: 5 }, { margin: 5, p: 3, swap: true }, { p: 1, margin: 9 }]) {
      const inputs = [drawn(2, 3), drawn(2, 3), drawn(2, 3)];
      const f = (x?: Tensor, p?: Tensor, n?: Tensor) => tripletMarginLoss(x!, p!, n!, options);
      gradcheck(f, inputs, { atol: 1e-7 });
      gradgradcheck(f, inputs, { atol: 1e-6 });
    }
  });

  it('refuses shapes that do not fit', () => {
    expect(() => tripletMarginLoss(zeros([2, 3]), zeros([3]), zeros([2, 3]))).toThrow(
      'tripletMarginLoss: all inputs must have the same number of dimensions, got [2, 3], [3], [2, 3]',
    );
    expect(() => tripletMarginLoss(zeros([2, 3]), zeros([2, 4]), zeros([2, 3]))).toThrow('tripletMarginLoss: shapes');
  });
});
