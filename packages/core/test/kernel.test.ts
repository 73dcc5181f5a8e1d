import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { viewAs } from '../src/kernels/kernel.ts';

describe('a view', () => {
  it.each([0, 1, 2, 3, 4, 5, 6])('of %i dims is the one that ndarray makes', (rank) => {
    const data = Float64Array.from({ length: 100 }, (_, i) => i);
    const shape = [2, 1, 3, 1, 2, 1].slice(0, rank);
    const stride = [-1, 7, 2, 3, 5, 4].slice(0, rank);
    const [view, expected] = [viewAs(data, shape, stride, 9), ndarray(data, shape, stride, 9)];
    expect(view.constructor).toBe(expected.constructor);
    expect([view.data, view.shape, view.stride, view.offset]).toEqual([data, shape, stride, 9]);
    const last = shape.map((size) => size - 1);
    expect(view.get(...last)).toBe(expected.get(...last));
  });

  it('keeps its own copy of shape and stride', () => {
    const [shape, stride] = [
      [2, 3],
      [3, 1],
    ];
    const view = viewAs(new Float64Array(6), shape, stride, 0);
    [shape[0], stride[0]] = [9, 9];
    expect([view.shape, view.stride]).toEqual([
      [2, 3],
      [3, 1],
    ]);
  });
});
