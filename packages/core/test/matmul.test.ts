import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { Generator, matmul, rand, randn, type Tensor, tensor, zeros } from '../src/index.ts';
import type { Nd } from '../src/kernels/launch.ts';
import { bmm } from '../src/kernels/matmul.ts';
import * as wasm from '../src/kernels/wasm/matmul.ts';

const generator = new Generator(1);

/** Σ over k, by the definition. */
function byDefinition(a: Nd, b: Nd): number[] {
  const [n, k] = a.shape as [number, number];
  const m = b.shape[1]!;
  return Array.from({ length: n * m }, (_, at) => {
    let sum = 0;
    for (let p = 0; p < k; p++) sum += a.get(Math.floor(at / m), p) * b.get(p, at % m);
    return sum;
  });
}

/** A matrix with gaps, transposed, backwards or repeated: every way to lay out memory. */
const layouts = ['plain', 'transposed', 'gaps', 'backwards', 'repeated'] as const;
function matrix(rows: number, columns: number, layout: (typeof layouts)[number]): Nd {
  const data = rand([rows * columns * 6 + 7], { generator }).toArray();
  if (layout === 'transposed') return ndarray(data, [columns, rows]).transpose(1, 0);
  if (layout === 'gaps')
    return ndarray(data, [rows * 2, columns * 3])
      .step(2, 3)
      .lo(0, 0)
      .hi(rows, columns);
  if (layout === 'backwards') return ndarray(data, [rows, columns]).step(-1, -1);
  if (layout === 'repeated') return ndarray(data, [rows, columns], [0, 1], 3);
  return ndarray(data, [rows, columns], [columns, 1], 7);
}

const providers: Record<string, (y: Nd, a: Nd, b: Nd) => void> = {
  reference: (y, a, b) => bmm.run([y], [a, b]),
  wasm: (y, a, b) => expect(wasm.product(y, a, b)).toBe(true),
};

describe.each(Object.entries(providers))('the %s product', (_, product) => {
  it('is the sum over k for any sizes and layouts', () => {
    const size = fc.integer({ min: 1, max: 11 });
    const layout = fc.constantFrom(...layouts);
    fc.assert(
      fc.property(size, size, size, layout, layout, layout, (n, k, m, la, lb, ly) => {
        const [a, b] = [matrix(n, k, la), matrix(k, m, lb)];
        const y = matrix(n, m, ly === 'repeated' ? 'plain' : ly);
        product(y, a, b);
        byDefinition(a, b).forEach((value, at) => {
          expect(y.get(Math.floor(at / m), at % m)).toBeCloseTo(value, 12);
        });
      }),
    );
  });

  it('is right across the edges of its blocks', () => {
    for (const [n, k, m] of [
      [1, 600, 3],
      [130, 257, 5],
      [3, 2, 2050],
      [129, 513, 9],
    ] as const) {
      const [a, b] = [randn([n, k], { generator }).ndarray, randn([k, m], { generator }).ndarray];
      const y = zeros([n, m]).ndarray;
      product(y, a, b);
      const expected = byDefinition(a, b);
      y.data.forEach((value, at) => expect(Math.abs(value - expected[at]!)).toBeLessThan(1e-11));
    }
  });

  it('lets NaN and infinity through, 0 · ∞ included', () => {
    const y = zeros([2, 2]).ndarray;
    product(
      y,
      tensor([
        [0, 1],
        [Number.NaN, 1],
      ]).ndarray,
      tensor([
        [Number.POSITIVE_INFINITY, 1],
        [1, 2],
      ]).ndarray,
    );
    expect([...y.data]).toEqual([Number.NaN, 2, Number.NaN, Number.NaN]);
  });
});

describe('matmul', () => {
  const values = (x: Tensor) => x.tolist();

  it('takes lists as a row on the left and as a column on the right', () => {
    const [m, v] = [
      tensor([
        [1, 2],
        [3, 4],
      ]),
      tensor([1, 10]),
    ];
    expect(values(matmul(m, v))).toEqual([21, 43]);
    expect(values(matmul(v, m))).toEqual([31, 42]);
    expect(values(matmul(v, v))).toBe(101);
  });

  it('broadcasts batches, and computes each product of them', () => {
    const [a, b] = [randn([2, 1, 3, 4], { generator }), randn([5, 4, 2], { generator })];
    const y = matmul(a, b);
    expect(y.shape).toEqual([2, 5, 3, 2]);
    const one = matmul(a.select(0, 1).select(0, 0), b.select(0, 3));
    expect(y.select(0, 1).select(0, 3).tolist()).toEqual(one.tolist());
  });

  it('of nothing is 0', () => {
    expect(values(matmul(zeros([2, 0]), zeros([0, 3])))).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(matmul(zeros([0, 2]), zeros([2, 3])).shape).toEqual([0, 3]);
    expect(matmul(zeros([4, 0, 2]), zeros([2, 3])).shape).toEqual([4, 0, 3]);
  });

  it('names the sizes that differ', () => {
    expect(() => matmul(zeros([64, 784]), zeros([100, 10]))).toThrow(
      'matmul: inner dimensions differ: [64, 784] · [100, 10] (784 ≠ 100)',
    );
    expect(() => matmul(zeros([]), zeros([2]))).toThrow('matmul: scalars have no matrix product; use mul');
    expect(() => matmul(zeros([2, 3, 4]), zeros([3, 4, 5]))).toThrow(/matmul: shapes \[2\] and \[3\] do not broadcast/);
  });
});
