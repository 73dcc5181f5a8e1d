import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arange, cat, chunk, split, stack, type Tensor, tensor, unbind, zeros } from '../src/index.ts';

const lists = (parts: Tensor[]) => parts.map((x) => x.tolist());
const shapes = (parts: Tensor[]) => parts.map((x) => x.shape);

describe('split', () => {
  it('cuts into parts of one size, the last of which may be smaller', () => {
    expect(lists(split(arange(5), 2))).toEqual([[0, 1], [2, 3], [4]]);
    expect(shapes(split(zeros([2, 3]), 2, { dim: -1 }))).toEqual([
      [2, 2],
      [2, 1],
    ]);
    expect(shapes(split(zeros([0, 2]), 3))).toEqual([[0, 2]]);
    expect(shapes(split(zeros([0]), 0))).toEqual([[0]]);
  });

  it('cuts into parts of the sizes in a list', () => {
    expect(lists(split(arange(5), [1, 0, 4]))).toEqual([[0], [], [1, 2, 3, 4]]);
  });

  it('gives views', () => {
    const x = zeros([4]);
    split(x, 3)[1]!.fill_(7);
    expect(x.tolist()).toEqual([0, 0, 0, 7]);
  });

  it('is undone by cat, and unbind by stack, along any dim', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: -1, max: 0 }),
        fc.integer({ min: 1, max: 5 }),
        (shape, dim, size) => {
          const x = arange(shape.reduce((a, b) => a * b, 1)).reshape(shape);
          expect(cat(split(x, size, { dim }), { dim }).equal(x)).toBe(true);
          expect(cat(chunk(x, size, { dim }), { dim }).equal(x)).toBe(true);
          expect(chunk(x, size, { dim }).length).toBeLessThanOrEqual(size);
          expect(stack(unbind(x, { dim }), { dim }).equal(x)).toBe(true);
        },
      ),
    );
  });

  it('refuses sizes that do not add up, sizes of 0, and scalars', () => {
    expect(() => split(zeros([2, 5]), [2, 2], { dim: 1 })).toThrow(
      'split: sizes [2, 2] add up to 4, dim 1 of [2, 5] has 5',
    );
    expect(() => split(zeros([5]), 0)).toThrow(/split: the size of a part must be a whole number of at least 1, got 0/);
    expect(() => split(zeros([5]), [6, -1])).toThrow(
      /split: the size of a part must be a whole number of at least 0, got -1/,
    );
    expect(() => split(zeros([5]), 'x' as never)).toThrow(/split: expected a size or a list of sizes, got "x"/);
    expect(() => split(tensor(1), 1)).toThrow(/split: a scalar has no dims/);
    expect(() => split(zeros([5]), 1, { dim: 1 })).toThrow(/split: dim 1 is out of range/);
  });
});

describe('chunk', () => {
  it('gives at most so many parts of equal size', () => {
    expect(lists(chunk(arange(5), 3))).toEqual([[0, 1], [2, 3], [4]]);
    expect(lists(chunk(arange(4), 3))).toEqual([
      [0, 1],
      [2, 3],
    ]);
    expect(shapes(chunk(zeros([0, 2]), 3))).toEqual([
      [0, 2],
      [0, 2],
      [0, 2],
    ]);
  });

  it('refuses fewer than one', () => {
    expect(() => chunk(zeros([5]), 0)).toThrow(/chunk: chunks must be a whole number of at least 1, got 0/);
    expect(() => chunk(tensor(1), 1)).toThrow(/chunk: a scalar has no dims/);
  });
});

describe('unbind', () => {
  it('gives the slices', () => {
    expect(lists(unbind(arange(4).reshape([2, 2]), { dim: 1 }))).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(lists(unbind(arange(2)))).toEqual([0, 1]);
    expect(unbind(zeros([0, 2]))).toEqual([]);
    expect(() => unbind(tensor(1))).toThrow(/unbind: a scalar has no dims/);
  });
});
