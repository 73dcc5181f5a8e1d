import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ArgumentError, Generator, manualSeed, multinomial, ShapeError, tensor, zeros } from '../src/index.ts';

interface Draw {
  call: string;
  args: [number[], ...number[]];
  options: object;
  result: { data: number[] };
}

function recorded(seed: string, call: string): { seed: number; draw: Draw }[] {
  const file = new URL(`../../../conformance/data/pytorch/random/seed_${seed}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: { seed: number; draws: Draw[] }[] };
  return cases
    .filter(({ draws }) => draws.length === 1 && draws[0]!.call === call)
    .map(({ seed, draws }) => ({ seed, draw: draws[0]! }));
}

describe.each(['0', '42', '2147483653'])('after PyTorch seed %s', (seed) => {
  it('multinomial draws the same categories', () => {
    const programs = recorded(seed, 'multinomial');
    expect(programs.length).toBeGreaterThan(0);
    for (const { seed, draw } of programs) {
      manualSeed(seed);
      const [weights, count] = draw.args as [number[], number];
      expect(multinomial(tensor(weights), count, draw.options).tolist()).toEqual(draw.result.data);
    }
  });

  it('exponential_ draws the same numbers', () => {
    const programs = recorded(seed, 'exponential_');
    expect(programs.length).toBeGreaterThan(0);
    for (const { seed, draw } of programs) {
      manualSeed(seed);
      const drawn = zeros(draw.args[0]).exponential_(draw.options).toArray();
      drawn.forEach((value, i) => {
        expect(Math.abs(value / draw.result.data[i]! - 1)).toBeLessThanOrEqual(4 * Number.EPSILON);
      });
    }
  });
});

describe('multinomial', () => {
  it('draws each row by its own weights, however it lies in memory', () => {
    const weights = tensor([
      [0, 1],
      [5, 0],
      [0, 2],
    ]).t(); // columns of memory: [0, 5, 0] and [1, 0, 2]
    const generator = new Generator(1);
    const y = multinomial(weights, 20, { replacement: true, generator });
    expect(y.shape).toEqual([2, 20]);
    expect(new Set(y.select(0, 0).toArray())).toEqual(new Set([1]));
    expect(new Set(y.select(0, 1).toArray())).toEqual(new Set([0, 2]));
    expect(weights.multinomial(1, { generator }).select(0, 0).tolist()).toEqual([1]);
  });

  it('draws in proportion to the weights', () => {
    const y = multinomial(tensor([1, 3, 6]), 10000, { replacement: true, generator: new Generator(2) });
    for (const [category, share] of [0.1, 0.3, 0.6].entries()) {
      expect(y.eq(category).mean().item()).toBeCloseTo(share, 1.7); // within 0.01, 2 standard deviations
    }
  });

  it('draws each category once without replacement, the likely ones first', () => {
    const y = multinomial(tensor([1e-9, 1, 1e9]), 3, { generator: new Generator(3) });
    expect(y.tolist()).toEqual([2, 1, 0]);
  });

  it('works on no rows', () => {
    expect(multinomial(zeros([0, 3]), 2).shape).toEqual([0, 2]);
  });

  it('refuses weights and counts that make no sense', () => {
    expect(() => multinomial(tensor([1, -1]), 1)).toThrow(
      'multinomial: every weight must be a finite number of at least 0, got -1',
    );
    expect(() => multinomial(tensor([1, Infinity]), 1)).toThrow(/got Infinity/);
    expect(() => multinomial(tensor([1, Number.NaN]), 2, { replacement: true })).toThrow(/got NaN/);
    expect(() =>
      multinomial(
        tensor([
          [1, 1],
          [0, 0],
        ]),
        1,
      ),
    ).toThrow('multinomial: the weights of row 1 are all 0');
    expect(() => multinomial(tensor([1, 1]), 3)).toThrow(
      'multinomial: 3 draws without replacement from 2 categories; set replacement: true',
    );
    expect(() => multinomial(tensor([1, 1]), 0)).toThrow(ArgumentError);
    expect(() => multinomial(tensor(1), 1)).toThrow(ShapeError);
    expect(() => multinomial(zeros([2, 0]), 1)).toThrow(
      'multinomial: expected weights [c] or [n, c] with c > 0, got [2, 0]',
    );
  });
});

describe('exponential_', () => {
  it('has mean 1/λ', () => {
    const x = zeros([10000]).exponential_({ lambd: 4, generator: new Generator(1) });
    expect(x.mean().item()).toBeCloseTo(0.25, 2);
    expect(x.min().item()).toBeGreaterThanOrEqual(0);
  });

  it('needs a positive rate', () => {
    expect(() => zeros([2]).exponential_({ lambd: 0 })).toThrow('exponential_: lambd must be above 0, got 0');
    expect(() => zeros([2]).exponential_({ lambda: 1 } as object)).toThrow(/Did you mean "lambd"\?/);
  });
});
