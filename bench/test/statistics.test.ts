import { expect, it } from 'vitest';
import { difference, exponent, quantile, ratios, summary, trend } from '../src/statistics.ts';

it('quantiles lie between the numbers, linearly, whatever their order', () => {
  expect(summary([4, 1, 3, 2])).toEqual({ q1: 1.75, median: 2.5, q3: 3.25 });
  expect(summary([7])).toEqual({ q1: 7, median: 7, q3: 7 });
  expect(quantile([10, 20, 30], 1)).toBe(30);
  expect(() => quantile([], 0.5)).toThrow('no values');
});

it('ratios are taken round by round, so that a slow hour does not count', () => {
  expect(ratios([1, 10, 2], [2, 20, 4])).toEqual({ q1: 2, median: 2, q3: 2 });
  expect(ratios([4, 4, 4], [2, 2]).median).toBe(0.5);
});

it('the exponent of a power is found, with no error where nothing is off', () => {
  const sizes = [16, 32, 64, 128];
  const { value, error } = exponent(
    sizes,
    sizes.map((n) => 3 * n ** 1.5),
  );
  expect(value).toBeCloseTo(1.5, 12);
  expect(error).toBeCloseTo(0, 12);
});

it('a trend has its slope, and an error that grows when neighbours err together', () => {
  const x = Array.from({ length: 100 }, (_, i) => i);
  const along = (noise: (i: number) => number) => x.map((i) => 5 + 2 * i + noise(i));
  expect(
    trend(
      x,
      along(() => 0),
    ).value,
  ).toBeCloseTo(2, 12);
  const alternating = trend(
    x,
    along((i) => i % 2),
  );
  const slow = trend(
    x,
    along((i) => (i % 20 < 10 ? 1 : 0)),
  );
  expect(slow.error).toBeGreaterThan(2 * alternating.error);
});

it('a difference is relative, and infinite for NaN or another length', () => {
  expect(difference([2, 3.03], [2, 3])).toBeCloseTo(0.01, 12);
  expect(difference([Number.NaN], [1])).toBe(Number.POSITIVE_INFINITY);
  expect(difference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
});
