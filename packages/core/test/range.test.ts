import { describe, expect, it } from 'vitest';
import { formatRange, rangeOf, tensor, zeros } from '../src/index.ts';
import { isFiniteView } from '../src/kernels/range.ts';

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

describe('the range of an array', () => {
  it('is that of the finite numbers, and counts the others', () => {
    const x = tensor([nan, 3, -infinity, -2, nan, infinity]);
    expect(rangeOf(x.ndarray)).toEqual({ min: -2, max: 3, nan: 2, infinite: 2 });
    expect(isFiniteView(x.ndarray)).toBe(false);
  });

  it('is that of a view alone, whatever its strides', () => {
    const x = tensor([
      [1, 2, nan],
      [-4, 5, nan],
    ]);
    const view = x.narrow(1, 0, 2);
    expect(rangeOf(view.t().ndarray)).toEqual({ min: -4, max: 5, nan: 0, infinite: 0 });
    expect(isFiniteView(view.t().ndarray)).toBe(true);
    expect(rangeOf(view.flip(0).select(0, 1).expand([3, 2]).ndarray)).toEqual({ min: 1, max: 2, nan: 0, infinite: 0 });
    expect(isFiniteView(x.select(1, 2).ndarray)).toBe(false);
  });

  it('of a scalar is its number, of nothing empty', () => {
    expect(rangeOf(tensor(-7).ndarray)).toEqual({ min: -7, max: -7, nan: 0, infinite: 0 });
    expect(rangeOf(zeros([0, 3]).ndarray)).toEqual({ min: infinity, max: -infinity, nan: 0, infinite: 0 });
    expect(isFiniteView(zeros([0]).ndarray)).toBe(true);
    expect(isFiniteView(tensor(infinity).ndarray)).toBe(false);
  });

  it('is written in a few characters', () => {
    const text = (data: number[], digits?: number) => formatRange(rangeOf(tensor(data).ndarray), digits);
    expect(text([-1.23456, 1000000])).toBe('[-1.235, 1000000]');
    expect(text([-1.23456, 1e-9], 3)).toBe('[-1.23, 1e-9]');
    expect(text([1, nan, infinity, nan])).toBe('[1, 1], 2 NaN, 1 infinite');
    expect(text([nan])).toBe('1 NaN');
    expect(text([])).toBe('empty');
  });
});
