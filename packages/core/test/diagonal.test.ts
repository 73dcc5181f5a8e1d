import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, arange, diag, diagonal, eye, mul, sum, tensor, tril, triu, zeros } from '../src/index.ts';

const x = arange(6).reshape([2, 3]); // [[0, 1, 2], [3, 4, 5]]

describe('diagonal', () => {
  it('is a view of the elements whose indices differ by the offset', () => {
    expect(diagonal(x).tolist()).toEqual([0, 4]);
    expect(diagonal(x, { offset: 1 }).tolist()).toEqual([1, 5]);
    expect(diagonal(x, { offset: -1 }).tolist()).toEqual([3]);
    expect(diagonal(x, { offset: 1, dim1: 1, dim2: 0 }).tolist()).toEqual([3]);
    const y = zeros([2, 2]);
    diagonal(y).fill_(1);
    expect(y.tolist()).toEqual(eye(2).tolist());
  });

  it('of many planes comes last', () => {
    const y = arange(8).reshape([2, 2, 2]);
    expect(diagonal(y).tolist()).toEqual([
      [0, 6],
      [1, 7],
    ]);
    expect(diagonal(y, { dim1: -2, dim2: -1 }).tolist()).toEqual([
      [0, 3],
      [4, 7],
    ]);
  });

  it('beyond the corner is empty', () => {
    expect(diagonal(x, { offset: 3 }).shape).toEqual([0]);
    expect(diagonal(zeros([0, 3])).shape).toEqual([0]);
  });

  it('refuses one dim twice, and dims that are not there', () => {
    expect(() => diagonal(x, { dim1: 1, dim2: -1 })).toThrow(/diagonal: dim1 and dim2 must differ, got 1 and -1/);
    expect(() => diagonal(x, { dim2: 2 })).toThrow(/diagonal: dim 2 is out of range for 2 dimensions/);
    expect(() => diagonal(zeros([3]))).toThrow(/diagonal: dim 1 is out of range for 1 dimensions/);
    expect(() => diagonal(x, { offset: 0.5 })).toThrow(/diagonal: offset must be a whole number/);
  });
});

describe('diag', () => {
  it('makes a matrix of a list, and a list of a matrix', () => {
    expect(diag(tensor([1, 2])).tolist()).toEqual([
      [1, 0],
      [0, 2],
    ]);
    expect(diag(tensor([5]), { diagonal: -1 }).tolist()).toEqual([
      [0, 0],
      [5, 0],
    ]);
    expect(diag(x, { diagonal: 1 }).tolist()).toEqual([1, 5]);
    expect(diag(zeros([0])).shape).toEqual([0, 0]);
  });

  it('undoes itself', () => {
    fc.assert(
      fc.property(fc.nat(4), fc.integer({ min: -3, max: 3 }), (size, offset) => {
        const y = arange(size);
        expect(diag(diag(y, { diagonal: offset }), { diagonal: offset }).equal(y)).toBe(true);
      }),
    );
  });

  it('refuses scalars and batches', () => {
    expect(() => diag(tensor(1))).toThrow(/diag: expected a list or a matrix, got \[\]/);
    expect(() => diag(zeros([1, 2, 2]))).toThrow(/diag: expected a list or a matrix, got \[1, 2, 2\]/);
  });
});

describe('tril and triu', () => {
  it('keep one side of a diagonal', () => {
    expect(tril(x).tolist()).toEqual([
      [0, 0, 0],
      [3, 4, 0],
    ]);
    expect(tril(x, { diagonal: 1 }).tolist()).toEqual([
      [0, 1, 0],
      [3, 4, 5],
    ]);
    expect(triu(x, { diagonal: -1 }).tolist()).toEqual(x.tolist());
    expect(triu(x.t(), { diagonal: 0 }).tolist()).toEqual([
      [0, 3],
      [0, 4],
      [0, 0],
    ]);
  });

  it('put zeros in the place of NaN, too', () => {
    expect(
      tril(
        tensor([
          [1, Number.NaN],
          [2, 3],
        ]),
      ).tolist(),
    ).toEqual([
      [1, 0],
      [2, 3],
    ]);
  });

  it('make up the whole again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: -5, max: 5 }),
        (n, m, at) => {
          const y = arange(2 * n * m).reshape([2, n, m]);
          expect(add(tril(y, { diagonal: at }), triu(y, { diagonal: at + 1 })).equal(y)).toBe(true);
          expect(sum(mul(tril(y, { diagonal: at }), triu(y, { diagonal: at + 1 }))).item()).toBe(0);
        },
      ),
    );
  });

  it('refuse less than a matrix', () => {
    expect(() => tril(tensor(1))).toThrow(/tril: expected at least 2 dimensions, got \[\]/);
    expect(() => triu(zeros([3]))).toThrow(/triu: expected at least 2 dimensions, got \[3\]/);
  });
});
