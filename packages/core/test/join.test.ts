import { describe, expect, it } from 'vitest';
import { cat, grad, stack, sum, tensor, zeros } from '../src/index.ts';

describe('cat', () => {
  it('joins along a dim', () => {
    const [a, b] = [
      tensor([[1], [2]]),
      tensor([
        [3, 4],
        [5, 6],
      ]),
    ];
    expect(cat([a, b], { dim: -1 }).tolist()).toEqual([
      [1, 3, 4],
      [2, 5, 6],
    ]);
    expect(cat([a.t(), a.t()]).tolist()).toEqual([
      [1, 2],
      [1, 2],
    ]);
    expect(cat([zeros([0, 2]), zeros([3, 2])]).shape).toEqual([3, 2]);
  });

  it('lets an empty list join anything, as in PyTorch', () => {
    expect(cat([zeros([0]), tensor([[1, 2]])]).tolist()).toEqual([[1, 2]]);
    expect(cat([zeros([0]), zeros([0])]).shape).toEqual([0]);
  });

  it('gives each its part of the gradient, added up where one comes twice', () => {
    const [a, b] = [tensor([1, 2], { requiresGrad: true }), tensor([3], { requiresGrad: true })];
    const y = cat([a, b, a]);
    const [ga, gb] = grad(sum(y.mul(tensor([1, 2, 3, 4, 5]))), [a, b]);
    expect([ga!.tolist(), gb!.tolist()]).toEqual([[5, 7], [3]]);
  });

  it('refuses nothing, scalars, and what does not fit', () => {
    expect(() => cat([])).toThrow(/cat: expected a list of at least one tensor, such as cat\(\[a, b\]\)/);
    expect(() => cat([tensor(1), tensor(2)])).toThrow(/cat: a scalar has no dims/);
    expect(() => cat([zeros([2, 3]), zeros([3])])).toThrow('cat: [3] does not fit [2, 3] along dim 0');
    expect(() => cat([zeros([4, 1, 5]), zeros([4, 1, 1])], { dim: 1 })).toThrow(
      'cat: [4, 1, 1] does not fit [4, 1, 5]',
    );
    expect(() => cat([zeros([2])], { dim: 1 })).toThrow(/cat: dim 1 is out of range/);
  });
});

describe('stack', () => {
  it('joins along a new dim', () => {
    const [a, b] = [tensor([1, 2]), tensor([3, 4])];
    expect(stack([a, b]).tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(stack([a, b], { dim: -1 }).tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(stack([tensor(1), tensor(2)]).tolist()).toEqual([1, 2]);
  });

  it('refuses different shapes, nothing, and dims that are not there', () => {
    expect(() => stack([zeros([2]), zeros([3])])).toThrow('stack: shapes must be equal, got [2] and [3]');
    expect(() => stack([])).toThrow(/stack: expected a list of at least one tensor/);
    expect(() => stack([zeros([2])], { dim: 2 })).toThrow(/stack: dim 2 is out of range for 2 dimensions/);
  });
});
