import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Generator, rand, randn, type Tensor, zeros } from '../src/index.ts';
import * as activation from '../src/kernels/activation.ts';
import type { Kernel, Nd } from '../src/kernels/kernel.ts';
import * as pointwise from '../src/kernels/pointwise.ts';
import * as reduce from '../src/kernels/reduce.ts';
import { type SgdStep, sgdMomentum } from '../src/kernels/updates.ts';
import { kernels } from '../src/kernels/wasm/kernels.ts';

const generator = new Generator(3);
const special = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 1];

/** Random numbers of both signs, every seventh a special one. */
function numbers(shape: readonly number[]): Tensor {
  const x = randn(shape, { generator });
  const { data } = x.ndarray;
  for (let i = 0; i < data.length; i += 7) data[i] = special[(i / 7) % special.length]!;
  return x;
}

const reference: Record<string, Kernel> = { ...pointwise, ...activation } as never;
const ofTwo = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'step', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'];
const ofOne = ['neg', 'abs', 'square', 'sqrt', 'relu'];

/** Runs a kernel both ways and compares the bits. */
function agree(name: string, shape: readonly number[], ins: readonly Nd[]): void {
  const [expected, y] = [zeros(shape).ndarray, zeros(shape).ndarray];
  reference[name]!.run([expected], ins);
  expect(kernels[name]!([y], ins, undefined)).toBe(true);
  expect(y.data.every((value, i) => Object.is(value, expected.data[i]))).toBe(true);
}

describe('in WebAssembly', () => {
  it.each(ofTwo)('%s has the bits of the reference, for whole, repeated and single operands', (name) => {
    for (const columns of [1, 2, 7, 32]) {
      const shape = [700, columns];
      const [whole, row, one] = [numbers(shape), numbers([columns]).expand(shape), numbers([]).expand(shape)];
      const itsFirstRow = whole.narrow(0, 0, 1).expand(shape);
      for (const [a, b] of [
        [whole, numbers(shape)],
        [whole, row],
        [row, whole],
        [whole, one],
        [one, whole],
        [row, one],
        [row, row],
        [whole, itsFirstRow],
        [itsFirstRow, whole],
      ] as const) {
        agree(name, shape, [a.ndarray, b.ndarray]);
      }
    }
  });

  it.each(ofOne)('%s has the bits of the reference', (name) => {
    for (const shape of [[1001], [600, 3]]) agree(name, shape, [numbers(shape).ndarray]);
    agree(name, [300, 4], [numbers([4]).expand([300, 4]).ndarray]);
    agree(name, [600], [numbers([1203]).narrow(0, 3, 600).ndarray]);
  });

  it('leaves to the reference what repeats or lies in another way, and what is small', () => {
    const y = zeros([40, 50]).ndarray;
    const whole = numbers([40, 50]);
    const column = numbers([40, 1]).expand([40, 50]);
    for (const other of [column, numbers([50, 40]).t()]) {
      expect(kernels.add!([y], [whole.ndarray, other.ndarray], undefined)).toBe(false);
    }
    expect(kernels.add!([numbers([50, 40]).t().ndarray], [whole.ndarray, whole.ndarray], undefined)).toBe(false);
    expect(kernels.add!([zeros([3]).ndarray], [numbers([3]).ndarray, numbers([3]).ndarray], undefined)).toBe(false);
    const mixed = [numbers([5, 1, 20]).expand([5, 20, 20]), numbers([20, 20]).expand([5, 20, 20])];
    const three = mixed.map((x) => x.ndarray);
    expect(kernels.add!([zeros([5, 20, 20]).ndarray], three, undefined)).toBe(false);
  });

  it('sums over the dims around those that are kept as the reference does, and leaves other sums to it', () => {
    const summed = (shape: readonly number[], kept: readonly number[]): boolean => {
      const x = rand(shape, { generator }).ndarray;
      const [expected, y] = [zeros(kept).ndarray, zeros(kept).ndarray];
      reduce.sum.run([expected], [x]);
      const taken = kernels.sum!([y], [x], undefined);
      // Numbers of [0, 1) in another order: relative to their sum, the rounding errors are far below n · 2⁻⁵³.
      if (taken) y.data.forEach((value, i) => void expect(value / expected.data[i]!).toBeCloseTo(1, 12));
      return taken;
    };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 40 }), (lead, m) => {
        const [shape, taken] = [[lead, 60, m], lead * 60 * m >= 512];
        for (const kept of [
          [1, 1, m],
          [lead, 1, 1],
          [1, 60, 1],
          [lead, 60, 1],
          [1, 60, m],
          [1, 1, 1],
        ]) {
          expect(summed(shape, kept)).toBe(taken);
        }
      }),
      { numRuns: 30 },
    );
    expect(summed([20, 30, 40], [20, 1, 40])).toBe(false);
  });

  it('steps down with momentum as the reference does, bit for bit', () => {
    const base: SgdStep = { lr: 0.1, momentum: 0.9, share: 1, weightDecay: 0, sign: 1, nesterov: false, look: 0.9 };
    for (const params of [base, { ...base, weightDecay: 1e-3, share: 0.5 }, { ...base, sign: -1, nesterov: true }]) {
      const start = [numbers([31, 33]), numbers([31, 33]), numbers([31, 33])] as const;
      const [w, v] = [start[0].clone(), start[1].clone()];
      sgdMomentum.run([start[0].ndarray, start[1].ndarray], [start[2].ndarray], params);
      expect(kernels.sgdMomentum!([w.ndarray, v.ndarray], [start[2].ndarray], params)).toBe(true);
      for (const [mine, theirs] of [
        [w, start[0]],
        [v, start[1]],
      ] as const) {
        const expected = theirs.toArray();
        expect(mine.toArray().every((value, i) => Object.is(value, expected[i]))).toBe(true);
      }
    }
  });
});
