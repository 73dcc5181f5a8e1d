import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { Generator, randn } from '../src/index.ts';
import { contiguous, type Nd } from '../src/kernels/kernel.ts';
import { affine as affineReference, bmm as reference } from '../src/kernels/matmul.ts';
import { release, reserve } from '../src/kernels/wasm/arena.ts';
import { fused } from '../src/kernels/wasm/binary.ts';
import { instantiate, load, loadedFrom, spanOf } from '../src/kernels/wasm/instance.ts';
import { affine, bmm } from '../src/kernels/wasm/matmul.ts';
import { compile } from '../src/kernels/wasm/module.ts';

/** What is used of the global, which TypeScript's library for Node does not declare in full. */
declare const WebAssembly: { validate(bytes: Uint8Array): boolean };

const generator = new Generator(5);

/** [rows, columns] in one of the ways in which a matrix may lie: the steps, from row to row and from column to column. */
const layouts: Record<string, (rows: number, columns: number) => [row: number, column: number]> = {
  'by rows': (_, columns) => [columns, 1],
  'by columns': (rows) => [1, rows],
  'with gaps': (_, columns) => [2 * columns + 3, 2],
  'with gaps between columns': (rows) => [1, rows + 2],
  backwards: (_, columns) => [-columns, -1],
  'one row repeated': () => [0, 1],
  'one column repeated': () => [1, 0],
  'one number': () => [0, 0],
};

function matrix(rows: number, columns: number, layout: string, value: (i: number) => number): Nd {
  const stride = layouts[layout]!(rows, columns);
  const offset = stride[0] < 0 ? rows * columns - 1 : 0;
  const { length } = spanOf(ndarray(new Float64Array(0), [rows, columns], stride, offset));
  return ndarray(
    Float64Array.from({ length }, (_, i) => value(i)),
    [rows, columns],
    stride,
    offset,
  );
}

const random = (): ((i: number) => number) => {
  const { data } = randn([4096], { generator }).ndarray;
  return (i) => data[i % 4096]!;
};

/** Sums of whole numbers are exact, whatever is rounded when. */
const wholeNumbers = (): ((i: number) => number) => {
  const value = random();
  return (i) => Math.round(4 * value(i));
};

const fresh = (rows: number, columns: number): Nd =>
  contiguous(new Float64Array(rows * columns).fill(0.5), [rows, columns]);

function product(kernel: (outs: Nd[], ins: Nd[]) => unknown, a: Nd, b: Nd): Float64Array {
  const y = fresh(a.shape[0]!, b.shape[1]!);
  expect(kernel([y], [a, b])).not.toBe(false);
  return y.data;
}

const inWasm = (a: Nd, b: Nd) => product((outs, ins) => bmm(outs, ins, undefined), a, b);
const inReference = (a: Nd, b: Nd) => product((outs, ins) => reference.run(outs, ins), a, b);
const sameBits = (x: Float64Array, y: Float64Array) =>
  x.length === y.length && x.every((value, i) => Object.is(value, y[i]));

const size = fc.oneof(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 15, max: 130 }));
const depth = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 8, max: 90 }), fc.constantFrom(255, 256, 513));
const layout = fc.constantFrom(...Object.keys(layouts));

describe('a product in WebAssembly', () => {
  it('is that of the reference, for every size and layout', () => {
    fc.assert(
      fc.property(size, depth, size, layout, layout, (n, k, m, layoutA, layoutB) => {
        const [a, b] = [matrix(n, k, layoutA, wholeNumbers()), matrix(k, m, layoutB, wholeNumbers())];
        expect(sameBits(inWasm(a, b), inReference(a, b))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('is that of the reference beyond every size of block', () => {
    for (const [n, k, m] of [
      [97, 257, 2053],
      [200, 600, 50],
      [3, 300, 2100],
      [2100, 300, 3],
    ] as const) {
      const [a, b] = [matrix(n, k, 'by columns', wholeNumbers()), matrix(k, m, 'by rows', wholeNumbers())];
      expect(sameBits(inWasm(a, b), inReference(a, b))).toBe(true);
    }
  });

  it('sums each element over k in order: its bits depend neither on its neighbours nor on the layout', () => {
    fc.assert(
      fc.property(size, depth, size, layout, layout, (n, k, m, layoutA, layoutB) => {
        const [a, b] = [matrix(n, k, layoutA, random()), matrix(k, m, layoutB, random())];
        const y = inWasm(a, b);
        const yt = inWasm(b.transpose(1, 0), a.transpose(1, 0));
        expect(
          sameBits(
            y.map((_, at) => yt[(at % m) * n + Math.floor(at / m)]!),
            y,
          ),
        ).toBe(true);
        const [i, j] = [n >> 1, m >> 1];
        expect(sameBits(inWasm(a.lo(i, 0).hi(1, k), b), y.subarray(i * m, (i + 1) * m))).toBe(true);
        expect(inWasm(a.lo(i, 0).hi(1, k), b.lo(0, j).hi(k, 1))[0]).toBe(y[i * m + j]);
        const half = inWasm(a.lo(i, 0), b.lo(0, j));
        expect(half[0]).toBe(y[i * m + j]);
        expect(half.at(-1)).toBe(y.at(-1));
      }),
      { numRuns: 80 },
    );
  });

  it('lets NaN and infinities through where they are, and nowhere else', () => {
    fc.assert(
      fc.property(size, depth, size, layout, (n, k, m, layoutA) => {
        const [a, b] = [matrix(n, k, layoutA, wholeNumbers()), matrix(k, m, 'by rows', wholeNumbers())];
        a.data[a.data.length >> 1] = Number.POSITIVE_INFINITY;
        b.data[b.data.length >> 1] = Number.NaN;
        b.data[0] = Number.NEGATIVE_INFINITY;
        expect(sameBits(inWasm(a, b), inReference(a, b))).toBe(true);
      }),
    );
  });

  it('is written in the place of a view that does not lie in order', () => {
    const [a, b] = [matrix(9, 5, 'by rows', wholeNumbers()), matrix(5, 7, 'by rows', wholeNumbers())];
    const y = ndarray(new Float64Array(9 * 7 * 2).fill(3), [9, 7], [1, 18], 1);
    expect(bmm([y], [a, b], undefined)).toBe(true);
    const expected = inReference(a, b);
    for (let i = 0; i < 9; i++) for (let j = 0; j < 7; j++) expect(y.get(i, j)).toBe(expected[i * 7 + j]);
    expect(y.data.filter((value) => value === 3).length).toBeGreaterThanOrEqual(63); // what lies between is as it was
  });

  it('reads and writes what lies in its memory where it is', () => {
    fc.assert(
      fc.property(size, depth, size, layout, layout, fc.boolean(), (n, k, m, layoutA, layoutB, isTransposed) => {
        const [a, b] = [matrix(n, k, layoutA, wholeNumbers()), matrix(k, m, layoutB, wholeNumbers())];
        const [inA, inB, inY] = [a.data.length, b.data.length, 2 * n * m].map((length) => reserve(length)!);
        inA!.set(a.data);
        inB!.set(b.data);
        inY!.fill(0.5);
        const moved = [ndarray(inA!, a.shape, a.stride, a.offset), ndarray(inB!, b.shape, b.stride, b.offset)];
        const y = ndarray(inY!, [n, m], isTransposed ? [2, 2 * n] : [2 * m, 2], 1);
        expect(bmm([y], moved, undefined)).toBe(true);
        const expected = inReference(a, b);
        expect(expected.every((value, at) => y.get(Math.floor(at / m), at % m) === value)).toBe(true);
        expect(inY!.every((value, at) => at % 2 === 1 || value === 0.5)).toBe(true);
        [inA!, inB!, inY!].forEach(release);
      }),
      { numRuns: 60 },
    );
  });

  it('is added to a matrix of any layout, wherever that lies', () => {
    const smaller = fc.integer({ min: 1, max: 5 });
    const deep = fc.oneof(depth, fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(
        ...([fc.oneof(size, smaller), deep, fc.oneof(size, smaller), layout, layout, fc.boolean()] as const),
        (n, k, m, layoutB, layoutC, isInside) => {
          const operands = [
            matrix(n, m, layoutC, wholeNumbers()),
            matrix(n, k, 'by rows', wholeNumbers()),
            matrix(k, m, layoutB, wholeNumbers()),
          ];
          const expected = fresh(n, m);
          affineReference.run([expected], operands);
          const blocks = operands.map(({ data }) => reserve(data.length)!);
          const inside = operands.map(({ data, shape, stride, offset }, i) => {
            blocks[i]!.set(data);
            return ndarray(blocks[i]!, shape, stride, offset);
          });
          const y = fresh(n, m);
          const block = reserve(n * m)!;
          const to = isInside ? contiguous(block, [n, m]) : y;
          expect(affine([to], isInside ? inside : operands, undefined)).toBe(true);
          expect(to.data.every((value, i) => value === expected.data[i])).toBe(true);
          [...blocks, block].forEach(release);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is left to others where there is nothing to multiply', () => {
    expect(bmm([fresh(2, 0)], [fresh(2, 3), fresh(3, 0)], undefined)).toBe(false);
    expect(bmm([fresh(2, 2)], [fresh(2, 0), fresh(0, 2)], undefined)).toBe(false);
  });
});

describe('the compiled product', () => {
  load();
  const { memory, isFused: fuses } = loadedFrom();
  const variants = fuses ? [false, true] : [false];
  const isShared = !(memory.buffer instanceof ArrayBuffer);

  it.each(variants)('adds to what is there, at any steps (fused: %s)', (isFused) => {
    const wasm = instantiate(compile({ isFused, isShared }), memory);
    const at = 2 ** 27; // far behind what others use
    const numbers = new Float64Array(memory.buffer, at, 10_000);
    for (const [n, k, m] of [
      [1, 1, 1],
      [2, 3, 9],
      [7, 4, 5],
      [13, 40, 10],
      [20, 300, 4],
    ] as const) {
      const value = wholeNumbers();
      for (let i = 0; i < numbers.length; i++) numbers[i] = value(i);
      const [a, b, y] = [0, 6000, 8000].map((first) => numbers.slice(first, first + 6000)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      wasm.multiply(n, m, k, at, k, 1, at + 8 * 6000, m, 1, at + 8 * 8000, 2, 2 * n + 1, at + 8 * 8000, 2, 2 * n + 1);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < m; j++) {
          let sum = y[2 * i + j * (2 * n + 1)]!;
          for (let p = 0; p < k; p++) sum += a[i * k + p]! * b[p * m + j]!;
          expect(numbers[8000 + 2 * i + j * (2 * n + 1)]).toBe(sum);
        }
      }
    }
  });

  it('has the bits of the reference where each step is rounded', () => {
    const wasm = instantiate(compile({ isFused: false, isShared }), memory);
    const at = 2 ** 27;
    for (const [n, k, m] of [
      [5, 3, 6],
      [31, 70, 18],
      [8, 700, 9],
    ] as const) {
      const [a, b] = [matrix(n, k, 'by rows', random()), matrix(k, m, 'by rows', random())];
      new Float64Array(memory.buffer, at).set(a.data);
      new Float64Array(memory.buffer, at + 8 * n * k).set(b.data);
      const y = new Float64Array(memory.buffer, at + 8 * (n * k + k * m), n * m);
      wasm.multiply(n, m, k, at, k, 1, at + 8 * n * k, m, 1, y.byteOffset, m, 1, 0, 0, 0);
      expect(sameBits(y, inReference(a, b))).toBe(true);
    }
  });

  it('leaves the settings of V8 as they were', () => {
    const bytes = Buffer.from(fused.base64, 'base64');
    const before = WebAssembly.validate(bytes);
    if (fuses) compile({ isFused: true, isShared: false });
    expect(WebAssembly.validate(bytes)).toBe(before);
    expect(before).toBe(fuses && !process.versions.v8.startsWith('11.3.'));
  });

  it('rounds a·b + c once where it is fused and the processor can, else after each step', () => {
    const near1 = 1 + 2 ** -30;
    const [a, b] = [contiguous(Float64Array.of(1, near1), [1, 2]), contiguous(Float64Array.of(-1, near1), [2, 1])];
    // (1 + ε)² − 1 = 2ε + ε², of which the rounded square has lost ε²
    expect(fuses ? [2 ** -29, 2 ** -29 + 2 ** -60] : [2 ** -29]).toContain(inWasm(a, b)[0]);
  });
});
