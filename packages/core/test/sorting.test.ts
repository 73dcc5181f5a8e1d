import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { argsort, gather, grad, sort, sum, type Tensor, tensor, topk, zeros } from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];

describe('sort', () => {
  const x = tensor([
    [3, 1, 2],
    [0, 5, 0],
  ]);

  it('puts elements in order along a dim, and says where they stood', () => {
    const sorted = sort(x);
    expect(sorted.values.tolist()).toEqual([
      [1, 2, 3],
      [0, 0, 5],
    ]);
    expect(sorted.indices.tolist()).toEqual([
      [1, 2, 0],
      [0, 2, 1],
    ]);
    expect(sort(x, { dim: 0, descending: true }).values.tolist()).toEqual([
      [3, 5, 2],
      [0, 1, 0],
    ]);
    expect(argsort(x.t(), { dim: 0 }).tolist()).toEqual([
      [1, 0],
      [2, 2],
      [0, 1],
    ]);
  });

  it('keeps the order of equal ones, either way, and takes NaN for the largest', () => {
    const y = tensor([1, Number.NaN, 0, 1, -0, Number.NaN]);
    expect(values(argsort(y))).toEqual([2, 4, 0, 3, 1, 5]);
    expect(values(argsort(y, { descending: true }))).toEqual([1, 5, 0, 3, 2, 4]);
  });

  it('takes scalars and nothing', () => {
    expect([sort(tensor(3)).values.item(), sort(tensor(3)).indices.item()]).toEqual([3, 0]);
    expect(sort(zeros([2, 0])).indices.shape).toEqual([2, 0]);
  });

  it('sends each gradient back to where its element stood', () => {
    const y = tensor([3, 1, 2], { requiresGrad: true });
    sort(y).values.backward({ gradient: tensor([10, 20, 30]) });
    expect(values(y.grad!)).toEqual([30, 10, 20]);
  });

  it('is a permutation in ascending order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 40 }), (numbers) => {
        const y = tensor(numbers);
        const sorted = sort(y);
        expect(values(sorted.indices).sort((a, b) => a - b)).toEqual(numbers.map((_, i) => i));
        expect(values(sorted.values)).toEqual(values(gather(y, 0, sorted.indices)));
        values(sorted.values).reduce((before, after) => {
          expect(before <= after).toBe(true);
          return after;
        });
      }),
    );
  });

  it('refuses dims that are not there', () => {
    expect(() => sort(x, { dim: 2 })).toThrow(/sort: dim 2 is out of range for 2 dimensions/);
    expect(() => argsort(x, { dim: -3 })).toThrow(/argsort: dim -3 is out of range/);
  });
});

describe('topk', () => {
  it('gives the largest or the smallest, the most extreme first', () => {
    const x = tensor([[4, 9, 1, 9]]);
    const top = topk(x, 3);
    expect([top.values.tolist(), top.indices.tolist()]).toEqual([[[9, 9, 4]], [[1, 3, 0]]]);
    expect(topk(x, 1, { largest: false }).indices.tolist()).toEqual([[2]]);
    expect(topk(x.t(), 2, { dim: 0 }).values.tolist()).toEqual([[9], [9]]);
    expect(topk(x, 0).values.shape).toEqual([1, 0]);
    expect(topk(tensor(7), 1).values.item()).toBe(7);
  });

  it('sends the gradient to what was taken', () => {
    const x = tensor([4, 9, 1], { requiresGrad: true });
    expect(values(grad(sum(topk(x, 2).values), x)[0]!)).toEqual([1, 1, 0]);
  });

  it('refuses more than there are', () => {
    expect(() => topk(zeros([2, 3]), 4)).toThrow(/topk: k = 4 is more than dim -1 of \[2, 3\] holds/);
    expect(() => topk(zeros([3]), -1)).toThrow(/topk: k must be a whole number of at least 0, got -1/);
  });
});
