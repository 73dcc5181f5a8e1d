import fc from 'fast-check';
import { expect } from 'vitest';
import { Generator, permute, randn } from '../src/index.ts';
import { type Attempt, allocate, contiguous, type Kernel, type Nd } from '../src/kernels/kernel.ts';
import { reserve } from '../src/kernels/wasm/arena.ts';
import { missing } from '../src/kernels/wasm/kernels.ts';

// What tests of a provider's kernels have in common: they are compared with the reference.

const generator = new Generator(11);

/** Where an operand lies: in order, outside WebAssembly's memory or in it; or its last two dims the other way round. */
export type Place = 'outside' | 'inside' | 'turned';

export const places = fc.constantFrom<Place>('outside', 'inside', 'turned');

/** Random numbers. */
export function numbers(shape: readonly number[], place: Place = 'outside'): Nd {
  if (place === 'turned' && shape.length > 1) {
    const dims = shape.map((_, d) => d);
    const turn = (list: readonly number[]) => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!];
    return permute(randn(turn(shape), { generator }), turn(dims)).ndarray;
  }
  return moved(randn(shape, { generator }).ndarray, place);
}

/** A contiguous array, as it is or copied to WebAssembly's memory. */
function moved(x: Nd, place: Place): Nd {
  if (place !== 'inside' || missing() !== null) return x;
  const block = reserve(x.size)!;
  block.set(x.data);
  return contiguous(block, x.shape);
}

/** An array full of NaN, for a kernel to write whole. */
export function unwritten(shape: readonly number[], place: Place = 'outside'): Nd {
  const y = allocate(shape);
  y.data.fill(Number.NaN);
  return moved(y, place);
}

/** What a kernel is launched with, but for its results. */
export interface Given<P> {
  readonly shapes: readonly (readonly number[])[];
  readonly ins: readonly Nd[];
  readonly params: P;
  readonly place?: Place;
}

/** Runs a kernel both ways, into memory full of NaN, and compares: up to `tolerance`, relative to 1 or to the result. */
export function agree<P>(
  kernel: Kernel<P>,
  attempt: Attempt,
  { shapes, ins, params, place }: Given<P>,
  tolerance = 1e-12,
) {
  const expected = shapes.map((shape) => unwritten(shape));
  const ys = shapes.map((shape) => unwritten(shape, place));
  kernel.run(expected, ins, params);
  expect(attempt(ys, ins, params)).toBe(true);
  expected.forEach(({ data }, k) => void expectClose(ys[k]!.data, data, tolerance));
}

/** Equal up to `tolerance`, relative to 1 or to the result; NaN and infinities exactly. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i]!, expected[i]!];
    if (!Object.is(a, b) && !(Math.abs(a - b) <= tolerance * Math.max(1, Math.abs(b)))) {
      expect.fail(`element ${i}: ${a}, but the reference has ${b}`);
    }
  }
}
