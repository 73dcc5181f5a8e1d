import { isContiguous, numelOf } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { inverseRoot, type NormParams, numberAt, setNumber, slopeOf } from '../norm.ts';
import { allOf, FEW } from './elementwise.ts';
import type { Functions } from './functions.ts';
import { stage } from './instance.ts';
import { withRoom } from './room.ts';

/** Runs a function on arrays that lie in order, with rooms for lists of `kept` numbers. */
function run(
  outs: readonly Nd[],
  ins: readonly Nd[],
  kept: number,
  lists: number,
  body: (wasm: Functions, outs: readonly number[], ins: readonly number[], lists: readonly Float64Array[]) => void,
): boolean {
  if ([...outs, ...ins].some((x) => !isContiguous(x.shape, x.stride)) || ins[0]!.size < FEW) return false;
  return withRoom(
    Array.from({ length: lists }, () => kept),
    (...rooms) => {
      const staged = stage(ins.map(allOf), outs.map(allOf));
      if (staged === null) return false;
      body(staged.wasm, staged.outs, staged.ins, rooms);
      staged.finish();
      return true;
    },
  );
}

/** Sums over all dims but some neighbours: y[k] = Σ x[outer][k][inner]. */
const sum: Attempt = ([y], [x]) => {
  const sizes = aroundKept(x!.shape, y!.shape);
  if (sizes === null) return false;
  return run([y!], [x!], 0, 0, (wasm, outs, ins) => wasm.sumAround(...sizes, 0, ins[0]!, outs[0]!));
};

type Sizes = readonly [outer: number, kept: number, inner: number];

/** The sizes before, of and behind the dims that are kept; `null` where others lie between them. */
function aroundKept(shape: readonly number[], kept: readonly number[]): Sizes | null {
  const isReduced = (d: number) => kept[d] === 1 && shape[d] !== 1;
  const isKept = (d: number) => kept[d] !== 1;
  const dims = shape.map((_, d) => d);
  const first = dims.find(isKept) ?? 0;
  const end = (dims.findLast(isKept) ?? -1) + 1;
  if (dims.slice(first, end).some(isReduced)) return null;
  return [numelOf(shape.slice(0, first)), numelOf(shape.slice(first, end)), numelOf(shape.slice(end))];
}

const sizesOf = ({ shape }: Nd): Sizes => shape as [number, number, number];

/** Visits the kept some at a time, so that what is read twice stays in the second cache. */
function eachPart([outer, kept, inner]: Sizes, visit: (part: Part) => void): void {
  const most = inner === 1 ? kept : Math.max(Math.floor(CACHE / (outer * inner)), 1);
  for (let first = 0; first < kept; first += most) {
    const count = Math.min(most, kept - first);
    visit({
      first,
      end: first + count,
      sizes: [outer, count, inner, 8 * (kept - count) * inner],
      at: 8 * first * inner,
    });
  }
}

/** Some of the kept. */
interface Part {
  readonly first: number;
  readonly end: number;
  readonly sizes: readonly [outer: number, kept: number, inner: number, gap: number];
  /** Where they begin in x, in bytes. */
  readonly at: number;
}

/** In elements. */
const CACHE = 2 ** 15;

/** Where the numbers of a part begin in a list, in bytes. */
const from = (list: Float64Array | undefined, { first }: Part): number => list!.byteOffset + 8 * first;

const moments: Attempt = ([mean, variance], [x]) => {
  const sizes = sizesOf(x!);
  const [outer, kept, inner] = sizes;
  return run([], [x!], kept, 2, (wasm, _, [at], [means, squares]) => {
    eachPart(sizes, (part) => {
      wasm.sumAround(...part.sizes, at! + part.at, from(means, part));
      for (let k = part.first; k < part.end; k++) means![k]! /= outer * inner;
      wasm.squaresAround(...part.sizes, at! + part.at, from(means, part), from(squares, part));
    });
    for (let k = 0; k < kept; k++) {
      setNumber(mean!, k, means![k]!);
      setNumber(variance!, k, squares![k]! / (outer * inner));
    }
  });
};

const normalize: Attempt = ([y], [x, mean, variance, weight, bias], params) => {
  const { eps } = params as NormParams;
  const sizes = sizesOf(x!);
  return run([y!], [x!], sizes[1], 3, (wasm, [to], [at], [means, scales, shifts]) => {
    for (let k = 0; k < sizes[1]; k++) {
      means![k] = numberAt(mean!, k);
      scales![k] = inverseRoot(variance!, eps, k) * numberAt(weight!, k);
      shifts![k] = numberAt(bias!, k);
    }
    wasm.normalize(...sizes, 0, at!, means!.byteOffset, scales!.byteOffset, shifts!.byteOffset, to!);
  });
};

const normalizeGradient: Attempt = ([gx, gweight, gbias], [g, x, mean, variance, weight], params) => {
  const { eps, isOwn } = params as NormParams;
  const sizes = sizesOf(x!);
  const [outer, kept, inner] = sizes;
  return run([gx!], [g!, x!], kept, 4, (wasm, [to], [atG, atX], [means, sums, products, scales]) => {
    for (let k = 0; k < kept; k++) means![k] = numberAt(mean!, k);
    eachPart(sizes, (part) => {
      const [m, s, p] = [from(means, part), from(sums, part), from(products, part)];
      wasm.productsAround(...part.sizes, atX! + part.at, m, atG! + part.at, s, p);
      for (let k = part.first; k < part.end; k++) {
        const inverse = inverseRoot(variance!, eps, k);
        setNumber(gbias!, k, sums![k]!);
        setNumber(gweight!, k, products![k]! * inverse);
        const { shift, slope } = slopeOf(sums![k]!, products![k]!, inverse, outer * inner);
        scales![k] = inverse * numberAt(weight!, k);
        sums![k] = isOwn ? shift : 0;
        products![k] = slope;
        if (!isOwn) means![k] = 0;
      }
      const places = [atG! + part.at, atX! + part.at, to! + part.at] as const;
      if (isOwn) wasm.normalizeGradient(...part.sizes, places[0], places[1], m, from(scales, part), s, p, places[2]);
      else wasm.normalize(...part.sizes, places[0], m, from(scales, part), s, places[2]); // (g − 0) · scale + 0
    });
  });
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { sum, moments, normalize, normalizeGradient };
