import { Tensor } from '@ndgrad/core';

/** How numbers are distributed. */
export interface Distribution {
  /** How many numbers there are; the rest is of 20,000 of them at most, evenly taken. */
  readonly count: number;
  /** Of those that are finite; NaN where there are none. */
  readonly mean: number;
  readonly std: number;
  /** The share of exact zeros. */
  readonly zeros: number;
  /** The share that is NaN or infinite. */
  readonly notFinite: number;
  /** Bars of equal width from `low` to `high`, which leave out the outermost 1 %. */
  readonly low: number;
  readonly high: number;
  /** The share of the finite numbers in each bar. */
  readonly shares: readonly number[];
}

/** How a histogram is made. */
interface Bars {
  bins?: number;
  tail?: number;
  range?: readonly [low: number, high: number];
}

const MOST = 20_000;

/** Left out of the bars at each end, so that a few far numbers don't press all others into one bar. */
const TAIL = 0.005;

/**
 * The distribution of numbers. The histogram has `bins` bars (default: up to 40, of few numbers fewer) and leaves out the
 * share `tail` at each end, or goes over the given `range`.
 */
export function distribution(
  values: ArrayLike<number>,
  { bins = Math.max(8, Math.min(40, Math.ceil(2 * Math.sqrt(values.length)))), tail = TAIL, range }: Bars = {},
): Distribution {
  const taken = evenly(values, MOST);
  const sorted = finiteOf(taken).sort();
  const mean = meanOf(sorted, (value) => value);
  const [low, high] = range ?? rangeOf(sorted, tail);
  return {
    count: values.length,
    mean,
    std: Math.sqrt(meanOf(sorted, (value) => (value - mean) ** 2)),
    zeros: meanOf(sorted, (value) => (value === 0 ? 1 : 0)),
    notFinite: taken.length === 0 ? 0 : 1 - sorted.length / taken.length,
    low,
    high,
    shares: sharesOf(sorted, low, high, bins),
  };
}

function evenly(values: ArrayLike<number>, most: number): Float64Array {
  const taken = new Float64Array(Math.min(values.length, most));
  const step = Math.max(1, values.length / most);
  for (let i = 0; i < taken.length; i++) taken[i] = values[Math.floor(i * step)]!;
  return taken;
}

function finiteOf(values: Float64Array): Float64Array {
  let count = 0;
  const finite = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) finite[count++] = values[i]!;
  return finite.subarray(0, count);
}

function meanOf(values: Float64Array, of: (value: number) => number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += of(values[i]!);
  return sum / values.length;
}

/** From the smallest to the largest finite number of all; a constant gets a range around it. */
export function commonRange(groups: Iterable<ArrayLike<number>>): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const values of groups) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) continue;
      low = Math.min(low, values[i]!);
      high = Math.max(high, values[i]!);
    }
  }
  return rangeOf(low > high ? new Float64Array() : Float64Array.of(low, high), 0);
}

/** A constant gets a range around it. */
function rangeOf(sorted: Float64Array, tail: number): [low: number, high: number] {
  if (sorted.length === 0) return [0, 1];
  const last = sorted.length - 1;
  const [low, high] = [sorted[Math.floor(tail * last)]!, sorted[Math.ceil((1 - tail) * last)]!];
  if (high > low) return [low, high];
  const half = low === 0 ? 0.5 : Math.abs(low) / 2;
  return [low - half, high + half];
}

function sharesOf(sorted: Float64Array, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < sorted.length; i++) {
    const value = sorted[i]!;
    if (value < low || value > high) continue;
    counts[Math.min(bins - 1, Math.floor((bins * (value - low)) / (high - low)))]!++;
  }
  return counts.map((count) => count / Math.max(1, sorted.length));
}

/** How a layer's numbers were distributed at several steps. */
export interface History {
  readonly name: string;
  readonly moments: readonly { readonly step: number; readonly distribution: Distribution }[];
}

/** Distributions of several layers, step by step. */
export class Histories {
  private readonly byName = new Map<string, { step: number; distribution: Distribution }[]>();

  add(name: string, step: number, values: Tensor | Distribution): void {
    const moments = this.byName.get(name) ?? [];
    this.byName.set(name, moments);
    moments.push({ step, distribution: values instanceof Tensor ? distribution(values.toArray()) : values });
  }

  get(): History[] {
    return [...this.byName].map(([name, moments]) => ({ name, moments }));
  }
}
