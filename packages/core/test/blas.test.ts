import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { type Dgemm, product } from '../src/kernels/blas/dgemm.ts';
import { aloneWhereSmall, firstRight, type Library } from '../src/kernels/blas/library.ts';
import { faultOf } from '../src/kernels/blas/verify.ts';
import { plainDgemm } from './plainDgemm.ts';

describe('a BLAS is verified', () => {
  it('and trusted where it is right', () => {
    expect(faultOf(plainDgemm)).toBe(null);
  });

  /** What a library may do to the arguments of a right one, or to its result. */
  const mistakes: Record<string, Dgemm> = {
    'adds to what y held': (...args) => {
      const before = args[12].slice();
      plainDgemm(...args);
      args[12].forEach((value, i) => {
        args[12][i] = value + 0 * before[i]!;
      });
    },
    'skips zeros, and so loses 0 · ∞': (...[, transA, transB, n, m, k, , a, stepA, b, stepB, , y, stepY]) => {
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < m; j++) {
          let sum = 0;
          for (let p = 0; p < k; p++) {
            const left = a[transA === 111 ? i * stepA + p : p * stepA + i]!;
            if (left !== 0) sum += left * b[transB === 111 ? p * stepB + j : j * stepB + p]!;
          }
          y[i * stepY + j] = sum;
        }
      }
    },
    'takes b as it lies': (order, transA, _, n, m, k, alpha, a, stepA, b, stepB, beta, y, stepY) =>
      plainDgemm(order, transA, 111, n, m, k, alpha, a, stepA, b, Math.max(stepB, m), beta, y, stepY),
    'rounds to floats': (...args) => {
      plainDgemm(...args);
      args[12].forEach((value, i) => {
        args[12][i] = Math.fround(value);
      });
    },
    'writes between the rows': (...args) => {
      plainDgemm(...args);
      if (args[13] > args[4]) args[12][args[4]] = 0;
    },
    'does nothing': () => {},
    'is wrong in one element of a large product': (...args) => {
      plainDgemm(...args);
      if (args[3] > 100) args[12][77 * args[13] + 50]! += 1;
    },
    'exchanges two columns of a large product': (...args) => {
      plainDgemm(...args);
      const y = args[12];
      if (args[3] > 100) [y[3], y[4]] = [y[4]!, y[3]!];
    },
  };

  it.each(Object.entries(mistakes))('and refused where it %s', (_, dgemm) => {
    expect(faultOf(dgemm)).toMatch(/^cblas_dgemm computes \[\d+, \d+\] · \[\d+, \d+\] wrong: /);
  });

  it('with the first wrong number in the message', () => {
    const off: Dgemm = (...args) => {
      plainDgemm(...args);
      args[12][0]! += 1;
    };
    expect(faultOf(off)).toMatch(/^cblas_dgemm computes \[1, 1\] · \[1, 1\] wrong: (-?\d+) where (-?\d+) is right$/);
    expect(faultOf(mistakes['writes between the rows']!)).toMatch(/wrong: it writes between the rows$/);
  });
});

describe('of several libraries', () => {
  const right: Library = { path: '/lib/right.so', dgemm: plainDgemm };
  const wrong: Library = { path: '/lib/wrong.so', dgemm: () => {} };
  const open = (name: string): Library => {
    if (name === 'right') return right;
    if (name === 'wrong') return wrong;
    throw new Error('no such file');
  };

  it('the first that is found and right is taken', () => {
    expect(firstRight(['absent', 'wrong', 'right', 'absent'], open)).toBe(right);
  });

  it('the last ones are not opened without need', () => {
    const opened: string[] = [];
    firstRight(['absent', 'right', 'wrong'], (name) => {
      opened.push(name);
      return open(name);
    });
    expect(opened).toEqual(['absent', 'right']);
  });

  it('none is taken where all fail, and each is said why', () => {
    const none = firstRight(['absent', 'wrong', 'gone'], open) as Error;
    expect(none).toBeInstanceOf(Error);
    expect(none.message).toMatch(
      /^absent, gone: no such file; wrong: cblas_dgemm computes \[1, 1\] · \[1, 1\] wrong: NaN where -?\d+ is right$/,
    );
  });
});

describe('the threads of a BLAS', () => {
  /** How many it is told to take for products of such sizes, one after the other. */
  function told(most: number, ...products: [n: number, m: number, k: number][]) {
    const counts: (number | 'product')[] = [];
    const threads = { get: () => most, set: (count: number) => void counts.push(count) };
    const dgemm = aloneWhereSmall(() => void counts.push('product'), threads);
    const none = new Float64Array(0);
    for (const [n, m, k] of products) dgemm(101, 111, 111, n, m, k, 1, none, k, none, m, 0, none, m);
    return counts;
  }

  it('are one for what is small, and all again for what is large', () => {
    expect(told(4, [64, 100, 784], [64, 10, 100], [8, 8, 8], [256, 256, 256])).toEqual([
      ...['product', 1, 'product', 'product', 4, 'product'],
    ]);
  });

  it('are left alone where there is one, or the library does not tell', () => {
    for (const most of [1, -1]) expect(told(most, [2, 2, 2], [256, 256, 256])).toEqual(['product', 'product']);
  });
});

describe('operands of a BLAS', () => {
  /** What the library was given. */
  function given(y: ndarray.NdArray<Float64Array>, a: typeof y, b: typeof y) {
    const calls: Parameters<Dgemm>[] = [];
    const taken = product((...args) => calls.push(args), y, a, b);
    return { taken, calls };
  }
  const matrix = (rows: number, columns: number) => ndarray(new Float64Array(rows * columns), [rows, columns]);

  it('stay where they are, whether row by row, transposed, or a part of a larger matrix', () => {
    const [large, y, b] = [matrix(10, 20), matrix(3, 4), matrix(4, 5)];
    const part = large.lo(2, 6).hi(3, 5);
    const { taken, calls } = given(y, part, b.transpose(1, 0));
    expect(taken).toBe(true);
    const [[order, transA, transB, n, m, k, alpha, left, stepA, right, stepB, beta, out, stepY]] = calls as [
      Parameters<Dgemm>,
    ];
    expect([order, transA, transB, n, m, k, alpha, stepA, stepB, beta, stepY]).toEqual([
      101, 111, 112, 3, 4, 5, 1, 20, 5, 0, 4,
    ]);
    expect([left.buffer, left.byteOffset]).toEqual([large.data.buffer, 8 * (2 * 20 + 6)]);
    expect(right).toBe(b.data);
    expect(out).toBe(y.data);
  });

  it('are copied where they repeat, overlap or run backwards', () => {
    const row = Float64Array.of(1, 2, 3);
    for (const [a, values] of [
      [ndarray(row, [2, 3], [0, 1]), [1, 2, 3, 1, 2, 3]],
      [ndarray(row, [2, 2], [1, 1]), [1, 2, 2, 3]],
      [ndarray(row, [1, 3]).step(1, -1), [3, 2, 1]],
    ] as const) {
      const [n, k] = a.shape as [number, number];
      const { calls } = given(matrix(n, 2), a, matrix(k, 2));
      expect([...calls[0]![7]]).toEqual(values);
      expect([calls[0]![1], calls[0]![8]]).toEqual([111, k]);
    }
  });

  it('are refused where the rows of y have gaps', () => {
    const gaps = ndarray(new Float64Array(24), [2, 3], [12, 2]);
    expect(given(gaps, matrix(2, 4), matrix(4, 3))).toEqual({ taken: false, calls: [] });
  });
});
