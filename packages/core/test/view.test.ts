import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arange,
  flatten,
  narrow,
  permute,
  reshape,
  select,
  squeeze,
  t,
  tensor,
  transpose,
  unsqueeze,
  zeros,
} from '../src/index.ts';

const x = arange(6).reshape([2, 3]);

describe('reshape', () => {
  it('keeps the row-major order, and infers one size', () => {
    expect(reshape(x, [3, -1]).tolist()).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(reshape(x.t(), [6]).tolist()).toEqual([0, 3, 1, 4, 2, 5]);
    expect(reshape(tensor(1), [1, 1]).shape).toEqual([1, 1]);
    expect(reshape(zeros([0, 3]), [3, -1]).shape).toEqual([3, 0]);
  });

  it('is a view wherever strides can tell it', () => {
    expect(reshape(x, [6]).storage).toBe(x.storage);
    expect(reshape(x.t(), [3, 2, 1]).storage).toBe(x.storage);
    expect(reshape(x.t(), [6]).storage).not.toBe(x.storage);
  });

  it('refuses other numbers of elements, two unknown sizes, and an ambiguous one', () => {
    expect(() => reshape(x, [4, 2])).toThrow('reshape: [2, 3] (6 elements) → [4, 2]: that would hold 8');
    expect(() => reshape(x, [-1, -1])).toThrow(/only one size may be -1/);
    expect(() => reshape(x, [4, -1])).toThrow(/-1 can't be inferred from 4/);
    expect(() => reshape(zeros([2, 0]), [-1, 0])).toThrow(/-1 can't be inferred from 0/);
    expect(() => reshape(x, [-2, 3])).toThrow(/reshape: a shape is a list of whole numbers/);
  });
});

describe('permute, transpose and t', () => {
  it('reorder dims', () => {
    expect(permute(zeros([2, 3, 4]), [2, 0, -2]).shape).toEqual([4, 2, 3]);
    expect(transpose(x, 0, -1).tolist()).toEqual(t(x).tolist());
    expect(transpose(tensor(1), 0, -1).shape).toEqual([]);
    expect(t(tensor([1, 2])).tolist()).toEqual([1, 2]);
    expect(zeros([2, 3, 4]).mT.shape).toEqual([2, 4, 3]);
  });

  it('refuse dims that are missing, twice there, or out of range, and too many for t', () => {
    expect(() => permute(x, [0])).toThrow('permute: [0] must name each of the 2 dims of [2, 3] once');
    expect(() => permute(x, [0, -2])).toThrow('permute: [0, -2] must name each of the 2 dims');
    expect(() => permute(x, [0, 2])).toThrow(/permute: dim 2 is out of range/);
    expect(() => transpose(x, -3, 0)).toThrow(/transpose: dim -3 is out of range/);
    expect(() => t(zeros([2, 3, 2]))).toThrow('t: expected at most 2 dimensions, got [2, 3, 2]; use transpose or mT');
    expect(() => zeros([3]).mT).toThrow('mT: expected at least 2 dimensions, got [3]');
  });
});

describe('squeeze, unsqueeze and flatten', () => {
  it('drop and make dims of size 1', () => {
    expect(squeeze(zeros([1, 2, 1])).shape).toEqual([2]);
    expect(squeeze(zeros([1, 2, 1]), { dim: -1 }).shape).toEqual([1, 2]);
    expect(squeeze(zeros([1, 2, 1]), { dim: 1 }).shape).toEqual([1, 2, 1]);
    expect(squeeze(tensor(1), { dim: 0 }).shape).toEqual([]);
    expect(unsqueeze(x, -1).shape).toEqual([2, 3, 1]);
    expect(unsqueeze(tensor(1), 0).shape).toEqual([1]);
  });

  it('join dims', () => {
    expect(flatten(zeros([2, 3, 4]), { startDim: 1 }).shape).toEqual([2, 12]);
    expect(flatten(zeros([2, 3, 4]), { startDim: 0, endDim: 1 }).shape).toEqual([6, 4]);
    expect(flatten(tensor(1)).shape).toEqual([1]);
    expect(flatten(zeros([2, 0])).shape).toEqual([0]);
  });

  it('refuse dims out of range', () => {
    expect(() => squeeze(zeros([2, 1]), { dim: -3 })).toThrow(/squeeze: dim -3 is out of range/);
    expect(() => unsqueeze(x, 3)).toThrow(/unsqueeze: dim 3 is out of range for 3 dimensions \(-3 … 2\)/);
    expect(() => unsqueeze(tensor(1), 1)).toThrow(/unsqueeze: dim 1 is out of range/);
    expect(() => flatten(x, { startDim: 1, endDim: 0 })).toThrow('flatten: startDim 1 comes after endDim 0');
    expect(() => flatten(x, { endDim: 5 })).toThrow(/flatten: dim 5 is out of range/);
  });
});

describe('narrow and select', () => {
  it('take slices, counted from either end', () => {
    expect(narrow(x, 1, 1, 2).tolist()).toEqual([
      [1, 2],
      [4, 5],
    ]);
    expect(narrow(x, 1, -2, 1).tolist()).toEqual([[1], [4]]);
    expect(narrow(x, 0, 2, 0).shape).toEqual([0, 3]);
    expect(select(x, 0, -1).tolist()).toEqual([3, 4, 5]);
    expect(select(x, -1, 0).tolist()).toEqual([0, 3]);
  });

  it('refuse what lies outside, and scalars', () => {
    expect(() => narrow(arange(5), 0, 3, 3)).toThrow('narrow: 3 from 3 on do not fit in dim 0 of [5]');
    expect(() => narrow(arange(5), 0, 6, 0)).toThrow(/narrow: 0 from 6 on do not fit/);
    expect(() => narrow(arange(5), 0, -6, 1)).toThrow(/narrow: start must be a whole number of at least -5, got -6/);
    expect(() => narrow(arange(5), 0, 0, -1)).toThrow(/narrow: length must be a whole number of at least 0/);
    expect(() => select(arange(3), 0, -4)).toThrow('select: index -4 is out of range for dim 0 of [3]');
    expect(() => select(tensor(1), 0, 0)).toThrow(/select: a scalar has no dims/);
  });
});

it('any chain of views shows what copies would show', () => {
  const step = fc.constantFrom<(y: typeof x) => typeof x>(
    (y) => y.flip(0),
    (y) => y.transpose(0, -1),
    (y) => y.narrow(-1, 0, Math.max(y.shape.at(-1)! - 1, 1)),
    (y) => y.unsqueeze(1),
    (y) => y.reshape([y.shape[0]!, -1]),
    (y) => y.expand([2, ...y.shape]),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 4 }), (steps) => {
      const start = arange(24).reshape([2, 3, 4]);
      const viewed = steps.reduce((y, f) => f(y), start);
      const copied = steps.reduce((y, f) => f(y).clone(), start);
      expect(viewed.tolist()).toEqual(copied.tolist());
    }),
  );
});
