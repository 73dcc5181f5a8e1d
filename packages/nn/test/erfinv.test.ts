import { erf, linspace, tensor } from '@ndgrad/core';
import { expect, it } from 'vitest';
import { erfinv } from '../src/erfinv.ts';

it('is right to the last digits, in the middle and far out', () => {
  // mpmath, 30 digits: [float(erfinv(mpf(y))) for y in …]
  const expected: [y: number, x: number][] = [
    [0, 0],
    [1e-10, 8.862269254527581e-11],
    [-0.5, -0.4769362762044699],
    [0.7, 0.7328690779592167],
    [0.75, 0.8134198475976185],
    [0.99, 1.8213863677184494],
    [0.999999, 3.458910737275499],
    [-0.9999999999, -4.572824958544925],
  ];
  for (const [y, x] of expected) {
    expect(Math.abs(erfinv(tensor(y)).item() - x)).toBeLessThanOrEqual(5e-15 * Math.abs(x));
  }
});

it('undoes erf', () => {
  const x = linspace(-2, 2, 101);
  erfinv(erf(x))
    .sub(x)
    .toArray()
    .forEach((error) => {
      expect(Math.abs(error)).toBeLessThan(1e-14);
    });
});

it('is infinite at ±1 and nothing beyond', () => {
  expect(erfinv(tensor([1, -1, 1.5, Number.NaN])).tolist()).toEqual([Infinity, -Infinity, Number.NaN, Number.NaN]);
});
