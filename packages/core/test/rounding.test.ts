import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, ceil, div, floor, fmod, mul, remainder, round, type Tensor, tensor, trunc } from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];

describe('rounding', () => {
  const x = tensor([-1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 2.7]);

  it('goes down, up, towards 0, or to the nearest with halves to the even one', () => {
    expect(values(floor(x))).toEqual([-2, -1, -1, 0, 1, 2, 2]);
    expect(values(ceil(x))).toEqual([-1, -0, -0, 1, 2, 3, 3]);
    expect(values(trunc(x))).toEqual([-1, -0, -0, 0, 1, 2, 2]);
    expect(values(round(x))).toEqual([-2, -0, -0, 0, 2, 2, 3]);
  });

  it('keeps decimals, or drops digits before the point', () => {
    expect(values(round(tensor([1.2345, -0.125]), { decimals: 2 }))).toEqual([1.23, -0.12]);
    expect(values(round(tensor([1250, 1750, -1234.5]), { decimals: -2 }))).toEqual([1200, 1800, -1200]);
  });

  it('leaves what is whole or infinite alone, and hands NaN on', () => {
    const special = [2 ** 53, -(2 ** 52) - 1, Infinity, -Infinity, Number.NaN, -0, 0.49999999999999994];
    expect(values(round(tensor(special)))).toEqual([...special.slice(0, 6), 0]);
  });

  it('lets zeros flow back, whatever arrives', () => {
    const y = tensor([0.3, 1.7], { requiresGrad: true });
    round(y, { decimals: 1 }).backward({ gradient: tensor([Infinity, 2]) });
    expect(values(y.grad!)).toEqual([0, 0]);
  });

  it('refuses a number of decimals that is not whole', () => {
    expect(() => round(x, { decimals: 0.5 })).toThrow(/round: decimals must be a whole number/);
  });
});

describe('the rest of a division', () => {
  const [a, b] = [tensor([7, -7, 7, -7, 6, -6]), tensor([3, 3, -3, -3, 3, 3])];

  it('has the sign of the dividend (fmod) or of the divisor (remainder)', () => {
    expect(values(fmod(a, b))).toEqual([1, -1, 1, -1, 0, -0]);
    expect(values(remainder(a, b))).toEqual([1, 2, -2, -1, 0, -0]);
  });

  it('by 0 is NaN, and by infinity the dividend, unless the signs differ', () => {
    expect(values(remainder(tensor([1, 5, -5]), tensor([0, Infinity, Infinity])))).toEqual([Number.NaN, 5, Infinity]);
    expect(values(fmod(tensor([1, -5]), tensor([0, Infinity])))).toEqual([Number.NaN, -5]);
  });

  it('flows back to the dividend, and −quotient times to the divisor', () => {
    const [x, y] = [tensor([7, -7], { requiresGrad: true }), tensor([3, 3], { requiresGrad: true })];
    remainder(x, y).backward({ gradient: tensor([1, 10]) });
    expect([values(x.grad!), values(y.grad!)]).toEqual([
      [1, 10],
      [-2, 30],
    ]);
  });

  it('makes up the dividend again with the rounded quotient', () => {
    const number = fc.integer({ min: -1000, max: 1000 }).map((n) => n / 8);
    const divisor = number.filter((n) => n !== 0);
    fc.assert(
      fc.property(number, divisor, (x, y) => {
        const [a, b] = [tensor(x), tensor(y)];
        const down = div(a, b, { roundingMode: 'floor' });
        const cut = div(a, b, { roundingMode: 'trunc' });
        expect(add(mul(down, b), remainder(a, b)).item() + 0).toBe(x);
        expect(add(mul(cut, b), fmod(a, b)).item() + 0).toBe(x);
      }),
    );
  });
});
