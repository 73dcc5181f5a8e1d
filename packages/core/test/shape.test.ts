import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arange, tensor } from '../src/index.ts';
import {
  broadcastShapes,
  contiguousStrides,
  expandStrides,
  inferShape,
  isContiguous,
  normalizeDim,
  normalizeDims,
  viewStrides,
} from '../src/shape.ts';

const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });

describe('strides', () => {
  it('of a contiguous shape count the elements behind each dim', () => {
    expect(contiguousStrides([2, 3, 4])).toEqual([12, 4, 1]);
    expect(contiguousStrides([])).toEqual([]);
    expect(isContiguous([2, 1, 3], [3, 99, 1])).toBe(true);
    expect(isContiguous([2, 3], [1, 2])).toBe(false);
  });

  it('of a view show the same elements in the same order, or say that a copy is needed', () => {
    const factors = fc.tuple(sizes, fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }));
    fc.assert(
      fc.property(factors, ([shape, swaps]) => {
        let x = arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);
        for (const d of swaps) if (d + 1 < x.ndim) x = x.transpose(d, d + 1);
        const wanted = x.shape.length > 1 ? [x.shape[0]! * x.shape[1]!, ...x.shape.slice(2)] : [1, ...x.shape];
        const y = x.reshape(wanted);
        expect([...y.toArray()]).toEqual([...x.toArray()]);
        const strides = viewStrides(x.shape, x.ndarray.stride, wanted);
        expect(y.ndarray.data === x.ndarray.data).toBe(strides !== null);
      }),
    );
  });

  it('split and merge dims that move as one, and refuse others', () => {
    expect(viewStrides([4, 6], [6, 1], [2, 2, 3, 2])).toEqual([12, 6, 2, 1]);
    expect(viewStrides([2, 3], [1, 2], [6])).toBeNull();
    expect(viewStrides([2, 3], [1, 2], [2, 3, 1])?.slice(0, 2)).toEqual([1, 2]);
    expect(viewStrides([4, 3], [0, 0], [12])).toEqual([0]);
  });

  it('of an expanded shape are 0 wherever something is repeated', () => {
    expect(expandStrides([3, 1], [1, 1], [2, 3, 4])).toEqual([0, 1, 0]);
    expect(expandStrides([2], [1], [3])).toBeNull();
    expect(expandStrides([2, 2], [2, 1], [2])).toBeNull();
  });
});

describe('broadcastShapes', () => {
  it('is the larger size in every dim, whatever the order of the shapes', () => {
    fc.assert(
      fc.property(sizes, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), (shape, squashed) => {
        const other = shape.map((size, d) => (squashed[d] ? 1 : size)).slice(squashed[3] ? 1 : 0);
        expect(broadcastShapes('test', shape, other)).toEqual(shape);
        expect(broadcastShapes('test', other, shape)).toEqual(shape);
      }),
    );
  });

  it('names the operation, the shapes and the dim that does not fit', () => {
    expect(() => broadcastShapes('add', [2, 3], [4, 3])).toThrow(
      'add: shapes [2, 3] and [4, 3] do not broadcast: sizes 2 and 4 at dim -2 differ and neither is 1',
    );
  });
});

describe('dims', () => {
  it('count from the back when negative; a scalar has a 0th', () => {
    expect(normalizeDim('sum', -1, 3)).toBe(2);
    expect(normalizeDim('sum', 0, 0)).toBe(0);
    expect(normalizeDims('sum', [-1, 0], 3)).toEqual([0, 2]);
    expect(normalizeDims('sum', null, 2)).toEqual([0, 1]);
  });

  it('out of range, twice, or no number are refused', () => {
    expect(() => normalizeDim('sum', 3, 3)).toThrow('sum: dim 3 is out of range for 3 dimensions (-3 … 2)');
    expect(() => normalizeDim('softmax', undefined, 2)).toThrow('softmax: dim must be a whole number, got undefined');
    expect(() => normalizeDims('sum', [0, -2], 2)).toThrow('sum: a dim appears twice in [0, -2]');
  });
});

describe('inferShape', () => {
  it('fills in the one -1', () => {
    expect(inferShape('reshape', [2, -1], [4, 3])).toEqual([2, 6]);
    expect(inferShape('reshape', [], [1])).toEqual([]);
  });

  it('refuses what does not hold as many elements', () => {
    expect(() => inferShape('reshape', [4, -1], [6])).toThrow(
      "reshape: [6] (6 elements) → [4, -1]: -1 can't be inferred from 4",
    );
    expect(() => inferShape('reshape', [-1, -1], [6])).toThrow(/only one size may be -1/);
    expect(() => inferShape('reshape', [-2], [6])).toThrow(/a shape is a list of whole numbers \(one may be -1\)/);
    expect(() => tensor([1]).reshape(2 as unknown as number[])).toThrow(/reshape: a shape is a list/);
  });
});
