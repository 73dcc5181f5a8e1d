import { tensor } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Point, strongWolfe } from '../src/strongWolfe.ts';

/** Searches along t for a function with its derivative. */
function search(f: (t: number) => number, slope: (t: number) => number, first: number) {
  const trials: number[] = [];
  const at = (t: number): Point => ({ t, loss: f(t), gradient: tensor([slope(t)]), slope: slope(t) });
  const trial = (t: number) => {
    trials.push(t);
    return at(t);
  };
  const found = strongWolfe(trial, at(0), first, 1, 1e-9);
  return { ...found, trials };
}

describe('strongWolfe', () => {
  it('takes a first trial that satisfies both conditions', () => {
    const { point, evaluations } = search(
      (t) => (t - 1) ** 2,
      (t) => 2 * (t - 1),
      0.9,
    );
    expect([point.t, evaluations]).toEqual([0.9, 1]);
  });

  it('hits the minimum of a parabola with its first interpolation', () => {
    const { point, trials } = search(
      (t) => (t - 1) ** 2,
      (t) => 2 * (t - 1),
      30,
    );
    expect(trials).toHaveLength(2);
    expect(point.t).toBeCloseTo(1, 12);
  });

  it('goes on while it falls steeply', () => {
    const { point, trials } = search(
      (t) => (t - 50) ** 2,
      (t) => 2 * (t - 50),
      0.1,
    );
    // No further than ten times the last trial.
    expect(trials[1]).toBeCloseTo(1, 12);
    expect(Math.abs(point.slope)).toBeLessThanOrEqual(0.9 * 100);
  });

  it('gives up after 25 steps on what falls without end', () => {
    const { evaluations } = search(
      (t) => -t - t ** 1.5,
      (t) => -1 - 1.5 * Math.sqrt(t),
      1e-30,
    );
    expect(evaluations).toBe(26);
  });

  it('ends on points that satisfy both conditions, whatever the quartic and the first trial', () => {
    const coefficient = fc.double({ min: -3, max: 3, noNaN: true });
    const size = fc.double({ min: 0.1, max: 5, noNaN: true });
    fc.assert(
      fc.property(size, coefficient, coefficient, size, size, (a, b, c, d, first) => {
        const f = (t: number) => a * t ** 4 + b * t ** 3 + c * t * t - d * t;
        const slope = (t: number) => 4 * a * t ** 3 + 3 * b * t * t + 2 * c * t - d;
        const { point } = search(f, slope, first);
        expect(point.loss).toBeLessThanOrEqual(1e-4 * point.t * -d + 1e-12);
        expect(Math.abs(point.slope)).toBeLessThanOrEqual(0.9 * d + 1e-6);
      }),
    );
  });
});
