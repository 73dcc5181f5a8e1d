import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLandmark, MeanCurve, rounded, Samples, thinned, thinnedPoints } from '../src/reportCurves.ts';

describe('MeanCurve', () => {
  it('keeps every point of a short curve', () => {
    const curve = new MeanCurve(4);
    for (let x = 1; x <= 7; x++) curve.add(x, x * x);
    expect(curve.get()).toEqual({ x: [1, 2, 3, 4, 5, 6, 7], y: [1, 4, 9, 16, 25, 36, 49] });
  });

  it('has means of neighbours of a long one', () => {
    const curve = new MeanCurve(2);
    for (let x = 1; x <= 9; x++) curve.add(x, 10 * x);
    // at 4 points they become 2 of 2, at 4 of those 2 of 4: 1–4, 5–8, and 9 alone
    expect(curve.get()).toEqual({ x: [2.5, 6.5, 9], y: [25, 65, 90] });
  });

  it('never has more than twice its capacity, and keeps the mean of all', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 400 }),
        (values) => {
          const curve = new MeanCurve(5);
          values.forEach((value, i) => curve.add(i, value));
          const { x, y } = curve.get();
          expect(x.length).toBeLessThan(10);
          expect(y).toHaveLength(x.length);
          expect([...x].sort((a, b) => a - b)).toEqual(x);
          const [low, high] = [Math.min(...values), Math.max(...values)];
          for (const value of y) expect(value >= low - 1e-9 && value <= high + 1e-9).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('Samples', () => {
  const takenOf = (steps: number, samples: Samples<number>) => {
    let taken = 0;
    for (let step = 1; step <= steps; step++) {
      if (!samples.wants(step)) continue;
      taken++;
      samples.add(step, -step);
    }
    return taken;
  };

  it('keeps every other step when there are too many, and wants fewer from then on', () => {
    const samples = new Samples<number>(null, 2);
    takenOf(9, samples);
    // 1 2 3 4 → 1 3; 5 7 → 1 5; 9
    expect(samples.get().map(({ step }) => step)).toEqual([1, 5, 9]);
    expect(samples.get()[1]).toEqual({ step: 5, value: -5 });
  });

  it('takes no more than it keeps of a run whose length is known', () => {
    const samples = new Samples<number>(3000);
    expect(takenOf(3000, samples)).toBe(125);
    expect(samples.get()).toHaveLength(125);
    expect(samples.get()[1]!.step).toBe(25);
  });
});

it('landmarks are the powers of four', () => {
  expect(Array.from({ length: 300 }, (_, step) => step).filter(isLandmark)).toEqual([1, 4, 16, 64, 256]);
});

it('thinned items are evenly spaced, the first and the last among them', () => {
  expect(thinned([0, 1, 2, 3, 4, 5, 6, 7, 8], 5)).toEqual([0, 2, 4, 6, 8]);
  expect(thinned([1, 2], 5)).toEqual([1, 2]);
  expect(thinned([1, 2, 3], 1)).toEqual([1]);
  expect(thinned([], 3)).toEqual([]);
  expect(thinnedPoints({ x: [1, 2, 3], y: [4, 5, 6] }, 2)).toEqual({ x: [1, 3], y: [4, 6] });
});

it('numbers are rounded to significant digits', () => {
  expect([1234567, 0.000123456, -0.1 - 0.2].map((value) => rounded(value))).toEqual([1234600, 0.00012346, -0.3]);
  expect(rounded(Number.NaN)).toBeNaN();
});
