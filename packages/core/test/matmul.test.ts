import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import {
  addmm,
  baddbmm,
  bmm,
  dot,
  Generator,
  matmul,
  mm,
  mv,
  outer,
  rand,
  randn,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';
import { backend } from '../src/kernels/backend.ts';
import { product as blasProduct, type Dgemm } from '../src/kernels/blas/dgemm.ts';
import { type Library, library } from '../src/kernels/blas/library.ts';
import type { Nd } from '../src/kernels/kernel.ts';
import { bmm as bmmKernel } from '../src/kernels/matmul.ts';
import * as wasm from '../src/kernels/wasm/matmul.ts';
import { plainDgemm } from './plainDgemm.ts';

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
  reference: (y, a, b) => bmmKernel.run([y], [a, b]),
  wasm: (y, a, b) => expect(wasm.product(y, a, b)).toBe(true),
  'blas in plain JavaScript': throughBlas(plainDgemm),
};
if (backend().name === 'blas') providers.blas = throughBlas((library() as Library).dgemm);

/** A BLAS takes what has contiguous rows to write to; the rest goes on to the reference. */
function throughBlas(dgemm: Dgemm) {
  return (y: Nd, a: Nd, b: Nd): void => {
    const [n, m] = y.shape as [number, number];
    const rows = (m === 1 || y.stride[1] === 1) && (n === 1 || y.stride[0]! >= m);
    expect(blasProduct(dgemm, y, a, b)).toBe(rows);
    if (!rows) bmmKernel.run([y], [a, b]);
  };
}

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

describe('products of matrices and vectors', () => {
  const [a, u] = [
    tensor([
      [1, 2],
      [3, 4],
    ]),
    tensor([1, 10]),
  ];

  it('are named by what they take', () => {
    expect(mm(a, a).tolist()).toEqual([
      [7, 10],
      [15, 22],
    ]);
    expect(mv(a, u).tolist()).toEqual([21, 43]);
    expect(dot(u, u).item()).toBe(101);
    expect(outer(u, tensor([1, 2, 3])).tolist()).toEqual([
      [1, 2, 3],
      [10, 20, 30],
    ]);
    expect(bmm(a.reshape([2, 1, 2]), a.reshape([2, 2, 1])).tolist()).toEqual([[[5]], [[25]]]);
    expect([dot(zeros([0]), zeros([0])).item(), outer(u, zeros([0])).shape]).toEqual([0, [2, 0]]);
  });

  it('are added to another tensor, both weighed', () => {
    expect(addmm(tensor([100, 200]), a, a, { beta: 2, alpha: -1 }).tolist()).toEqual([
      [193, 390],
      [185, 378],
    ]);
    expect(baddbmm(tensor(1), a.unsqueeze(0), a.unsqueeze(0)).tolist()).toEqual([
      [
        [8, 11],
        [16, 23],
      ],
    ]);
    expect(addmm(tensor(Number.NaN), a, a, { beta: 0 }).tolist()).toEqual(mm(a, a).tolist());
  });

  it('refuse other numbers of dims, sizes that differ, and what does not broadcast', () => {
    expect(() => mm(u, a)).toThrow('mm: expected 2 and 2 dimensions, got [2] and [2, 2]');
    expect(() => mm(a, zeros([3, 2]))).toThrow('mm: inner dimensions differ: [2, 2] · [3, 2] (2 ≠ 3)');
    expect(() => mv(a, a)).toThrow('mv: expected 2 and 1 dimensions, got [2, 2] and [2, 2]');
    expect(() => mv(a, zeros([3]))).toThrow('mv: inner dimensions differ: [2, 2] · [3] (2 ≠ 3)');
    expect(() => dot(tensor(1), u)).toThrow('dot: expected 1 and 1 dimensions, got [] and [2]');
    expect(() => dot(u, zeros([3]))).toThrow('dot: inner dimensions differ: [2] · [3] (2 ≠ 3)');
    expect(() => dot(u, zeros([1]))).toThrow('dot: inner dimensions differ: [2] · [1] (2 ≠ 1)');
    expect(() => outer(u, a)).toThrow('outer: expected 1 and 1 dimensions, got [2] and [2, 2]');
    expect(() => bmm(a, a)).toThrow('bmm: expected 3 and 3 dimensions, got [2, 2] and [2, 2]');
    expect(() => bmm(zeros([2, 2, 3]), zeros([3, 3, 2]))).toThrow('bmm: batch sizes differ: [2, 2, 3] · [3, 3, 2]');
    expect(() => addmm(zeros([3]), a, zeros([2, 4]))).toThrow('addmm: input [3] does not broadcast to [2, 4]');
    expect(() => addmm(zeros([2, 2, 2]), a, a)).toThrow('addmm: input [2, 2, 2] does not broadcast to [2, 2]');
    expect(() => addmm(u, u, a)).toThrow('addmm: expected 2 and 2 dimensions');
    expect(() => baddbmm(u, a, a)).toThrow('baddbmm: expected 3 and 3 dimensions');
    expect(() => addmm(u, a, a, { alpha: Number.NaN })).toThrow(/addmm: alpha must be a finite number, got NaN/);
  });
});
