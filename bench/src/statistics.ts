/** The middle of some numbers and where its middle half lies. */
export interface Summary {
  q1: number;
  median: number;
  q3: number;
}

/** The value below which a share `p` of the numbers lies, interpolated linearly. */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error('quantile: no values');
  const sorted = [...values].sort((a, b) => a - b);
  const at = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return low + (high - low) * (at - Math.floor(at));
}

export const summary = (values: readonly number[]): Summary => ({
  q1: quantile(values, 0.25),
  median: quantile(values, 0.5),
  q3: quantile(values, 0.75),
});

/**
 * How much faster `ours` is than `theirs`: the ratios of their times round by round, so that what slows the machine for
 * a while slows both sides of a ratio.
 */
export function ratios(ours: readonly number[], theirs: readonly number[]): Summary {
  const rounds = Math.min(ours.length, theirs.length);
  return summary(ours.slice(0, rounds).map((time, i) => theirs[i]! / time));
}

/** A number and its standard error. */
export interface Estimate {
  value: number;
  error: number;
}

interface Line {
  slope: Estimate;
  residuals: number[];
}

/** The line of least squares through (x, y). */
function line(x: readonly number[], y: readonly number[]): Line {
  const n = x.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const sxx = sum(x.map((value) => (value - meanX) ** 2));
  const value = sum(x.map((value, i) => (value - meanX) * (y[i]! - meanY))) / sxx;
  const residuals = y.map((value_, i) => value_ - meanY - value * (x[i]! - meanX));
  const variance = sum(residuals.map((r) => r * r)) / (n - 2);
  return { slope: { value, error: Math.sqrt(variance / sxx) }, residuals };
}

/** The exponent e of y ≈ c·xᵉ, by a line through the logarithms. */
export function exponent(x: readonly number[], y: readonly number[]): Estimate {
  return line(x.map(Math.log), y.map(Math.log)).slope;
}

/**
 * How much y grows per x when its noise is itself slow, as memory's is between two collections: the error of the line's
 * slope is widened by √((1+ρ)/(1−ρ)), with ρ the correlation of neighbouring residuals.
 */
export function trend(x: readonly number[], y: readonly number[]): Estimate {
  const { slope, residuals } = line(x, y);
  const power = sum(residuals.map((r) => r * r));
  const neighbours = sum(residuals.slice(1).map((r, i) => r * residuals[i]!));
  const correlation = power === 0 ? 0 : Math.min(Math.max(neighbours / power, 0), 0.98);
  return { value: slope.value, error: slope.error * Math.sqrt((1 + correlation) / (1 - correlation)) };
}

/** By how much, relative to its size, the result differs most from what is expected; NaN differs infinitely. */
export function difference(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const differences = actual.map(
    (value, i) => Math.abs(value - expected[i]!) / Math.max(Math.abs(expected[i]!), 1e-300),
  );
  return differences.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(0, ...differences);
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;
