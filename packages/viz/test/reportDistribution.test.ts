import { tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { commonRange, distribution, Histories } from '../src/reportDistribution.ts';

describe('distribution', () => {
  it('has mean, spread, zeros and the histogram', () => {
    const { count, mean, std, zeros, notFinite, low, high, shares } = distribution([0, 0, 1, 2, 3, 4], {
      bins: 4,
      tail: 0,
    });
    expect([count, mean, zeros, notFinite, low, high]).toEqual([6, 10 / 6, 2 / 6, 0, 0, 4]);
    expect(std).toBeCloseTo(Math.sqrt(30 / 6 - (10 / 6) ** 2), 12);
    expect(shares).toEqual([2 / 6, 1 / 6, 1 / 6, 2 / 6]); // the last bar has its upper end
  });

  it('counts apart what is not finite', () => {
    const { mean, notFinite, shares } = distribution([1, Number.NaN, 3, Number.POSITIVE_INFINITY], {
      bins: 2,
      tail: 0,
    });
    expect([mean, notFinite, shares]).toEqual([2, 0.5, [0.5, 0.5]]);
  });

  it('leaves far numbers out of the bars', () => {
    const values = [...Array.from({ length: 999 }, (_, i) => i / 999), 1e6];
    const { high, shares } = distribution(values);
    expect(high).toBeLessThan(1);
    expect(shares.reduce((a, b) => a + b)).toBeGreaterThan(0.98);
  });

  it('gives a constant, and nothing at all, a range', () => {
    expect(distribution([5, 5], { bins: 1 })).toMatchObject({ low: 2.5, high: 7.5, shares: [1], std: 0 });
    expect(distribution([0], { bins: 1 })).toMatchObject({ low: -0.5, high: 0.5 });
    expect(distribution([], { bins: 2 })).toMatchObject({ count: 0, low: 0, high: 1, shares: [0, 0], notFinite: 0 });
    expect(distribution([]).mean).toBeNaN();
  });

  it('takes a sample of very many numbers, evenly', () => {
    const { count, mean } = distribution(Float64Array.from({ length: 200_000 }, (_, i) => i % 10));
    expect(count).toBe(200_000);
    expect(mean).toBe(0); // every tenth
    expect(distribution(Float64Array.from({ length: 150_001 }, (_, i) => i)).mean).toBeCloseTo(75_000, -1);
  });

  it('has more bars for more numbers', () => {
    expect([4, 100, 10_000].map((n) => distribution(new Float64Array(n)).shares.length)).toEqual([8, 20, 40]);
  });
});

it('a range common to several groups spans all their finite numbers', () => {
  expect(commonRange([[1, 2], [-3, Number.NaN], [Number.POSITIVE_INFINITY]])).toEqual([-3, 2]);
  expect(commonRange([[4]])).toEqual([2, 6]);
  expect(commonRange([])).toEqual([0, 1]);
});

it('histories keep the order of the layers and of the steps', () => {
  const histories = new Histories();
  histories.add('b', 0, tensor([1, 3]));
  histories.add('a', 0, tensor([5]));
  histories.add('b', 4, distribution([7]));
  expect(
    histories
      .get()
      .map(({ name, moments }) => [name, ...moments.map(({ step, distribution: { mean } }) => [step, mean])]),
  ).toEqual([
    ['b', [0, 2], [4, 7]],
    ['a', [0, 5]],
  ]);
});
