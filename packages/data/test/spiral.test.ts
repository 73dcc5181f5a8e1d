import { readFileSync } from 'node:fs';
import { Generator, manualSeed } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { spiral } from '../src/index.ts';

const recorded = JSON.parse(
  readFileSync(new URL('../../../conformance/data/pytorch/training/spiral_mlp.json', import.meta.url), 'utf8'),
) as { seed: number; X: { shape: number[]; data: number[] }; y: { data: number[] } };

/** One unit in the last place of a double. */
const ulp = (x: number): number => 2 ** Math.floor(Math.log2(Math.abs(x))) * Number.EPSILON;

describe('spiral', () => {
  it("draws the points of PyTorch's recorded training run", () => {
    const { inputs, targets } = spiral({ generator: new Generator(recorded.seed) });
    expect(inputs.shape).toEqual(recorded.X.shape);
    expect(Array.from(targets.toArray())).toEqual(recorded.y.data);
    // A point (r sin t, r cos t) moves by r·Δt where t is off by Δt: 4 units in the last place of the angle are allowed.
    const points = inputs.toArray();
    recorded.X.data.forEach((value, i) => {
      const [arm, place] = [Math.floor(i / 200), Math.floor((i % 200) / 2) / 99];
      expect(Math.abs(points[i]! - value)).toBeLessThanOrEqual(4 * place * ulp(4 * arm + 4 * place));
    });
  });

  it('draws from the default generator, and leaves it where PyTorch would', () => {
    manualSeed(7);
    const first = spiral().inputs.toArray();
    const generator = new Generator(7);
    expect(spiral({ generator }).inputs.toArray()).toEqual(first);
    expect(spiral({ generator }).inputs.toArray()).not.toEqual(first);
  });

  it('without noise has arms of the stated angles', () => {
    const { inputs, targets, length, featureNames } = spiral({ pointsPerClass: 3, classes: 2, noise: 0 });
    expect([length, featureNames, targets.tolist()]).toEqual([6, ['x', 'y'], [0, 0, 0, 1, 1, 1]]);
    // radius 0, 1/2, 1; angle 0, 2, 4 on the first arm and 4, 6, 8 on the second
    const expected = [0, 0, Math.sin(2) / 2, Math.cos(2) / 2, Math.sin(4), Math.cos(4)];
    expected.push(0, 0, Math.sin(6) / 2, Math.cos(6) / 2, Math.sin(8), Math.cos(8));
    const points = inputs.toArray();
    expected.forEach((value, i) => expect(points[i]).toBeCloseTo(value, 15));
  });

  it.each([
    [{ pointsPerClass: 0 }, 'spiral: pointsPerClass must be a whole number of at least 1, got 0'],
    [{ classes: 2.5 }, 'spiral: classes must be a whole number of at least 1, got 2.5'],
    [{ noise: -1 }, 'spiral: noise must be a number of at least 0, got -1'],
    [{ noise: Number.NaN }, 'spiral: noise must be a number of at least 0, got NaN'],
    [{ points: 5 }, 'spiral: unknown option "points".'],
  ])('refuses %o', (options, message) => {
    expect(() => spiral(options as object)).toThrow(message);
  });
});
