import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cosSin, log } from '../src/accurate.ts';

// The exact values, by series in decimal arithmetic of 60 digits, rounded once.
describe('cosSin', () => {
  it.each([
    [0.0, 1.0, 0.0],
    [1e-9, 1.0, 1e-9],
    [0.1, 0.9950041652780258, 0.09983341664682815],
    [1.0, 0.5403023058681398, 0.8414709848078965],
    [2.0, -0.4161468365471424, 0.9092974268256817],
    [4.0, -0.6536436208636119, -0.7568024953079282],
    [4.71238898038469, -1.8369701987210297e-16, -1.0],
    [5.5, 0.70866977429126, -0.7055403255703919],
    [6.2, 0.9965420970232175, -0.0830894028174964],
    [6.283185307179586, 1.0, -2.4492935982947064e-16],
  ])('of %d is right to the last bit', (angle, cos, sin) => {
    expect(cosSin(angle)).toEqual([cos, sin].map((value) => (value === 0 ? expect.closeTo(0, 300) : value)));
  });

  it('is within a unit in the last place of the engine everywhere', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2 * Math.PI, noNaN: true }), (angle) => {
        const [cos, sin] = cosSin(angle);
        expect(Math.abs(cos - Math.cos(angle))).toBeLessThanOrEqual(unitOf(cos));
        expect(Math.abs(sin - Math.sin(angle))).toBeLessThanOrEqual(unitOf(sin));
      }),
    );
  });
});

describe('log', () => {
  it.each([
    [1.0, 0.0],
    [0.5, -Math.LN2],
    [1.1102230246251565e-16, -36.7368005696771],
    [0.9999999999999999, -1.1102230246251565e-16],
    [0.25, -1.3862943611198906],
    [0.9, -0.10536051565782628],
    [0.3333333333333333, -1.0986122886681098],
  ])('of %d is right to the last bit', (x, expected) => {
    expect(log(x)).toBe(expected);
  });

  it('is within a unit in the last place of the engine everywhere', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
        expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(unitOf(log(x)));
      }),
    );
  });
});

function unitOf(x: number): number {
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(x), 1e-300))) - 52);
}
