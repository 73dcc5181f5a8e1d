import { describe, expect, it } from 'vitest';
import {
  bernoulli,
  defaultGenerator,
  Generator,
  livingGenerators,
  manualSeed,
  rand,
  randint,
  randn,
  randperm,
  tensor,
  zeros,
} from '../src/index.ts';

describe('Generator', () => {
  it("gives mt19937's words", () => {
    const g = new Generator(0);
    expect(Array.from({ length: 4 }, () => g.random32())).toEqual([2357136044, 2546248239, 3071714933, 3626093760]);
    g.manualSeed(5489);
    for (let i = 0; i < 9999; i++) g.random32();
    expect(g.random32()).toBe(4123659995); // the 10,000th word, as the C++ standard demands
  });

  it('counts only the lower 32 bits of a seed', () => {
    expect(new Generator(2 ** 32 + 5).random32()).toBe(new Generator(5).random32());
  });

  it('continues from a saved state, the cached normal number included', () => {
    const generator = new Generator(7);
    randn([3], { generator });
    const state = JSON.parse(JSON.stringify(generator.getState()));
    const expected = randn([5], { generator }).tolist();
    expect(randn([5], { generator: new Generator(1).setState(state) }).tolist()).toEqual(expected);
    expect(new Generator(1).setState(state).initialSeed()).toBe(7);
  });

  it('is among those that live while it is reached', () => {
    const generator = new Generator(7);
    expect(livingGenerators()[0]).toBe(defaultGenerator);
    expect(livingGenerators()).toContain(generator);
  });

  it('refuses seeds and states that are none', () => {
    expect(() => new Generator(1.5)).toThrow(/manualSeed: the seed must be a whole number, got 1.5/);
    expect(() => manualSeed(Number.NaN)).toThrow(/got NaN/);
    const state = new Generator(1).getState();
    expect(() => new Generator().setState({ ...state, words: [1, 2] })).toThrow(
      /setState: not the state of a Generator/,
    );
    expect(() => new Generator().setState({ ...state, position: -1 })).toThrow(/setState/);
  });

  it('starts somewhere new each time it is not seeded', () => {
    expect(new Generator().random64()).not.toBe(new Generator().random64());
  });
});

describe('draws', () => {
  it("are PyTorch's, after the same seed", () => {
    manualSeed(0);
    expect(rand([3]).tolist()).toEqual([0.9700530018065531, 0.707819864399788, 0.45938294312745087]);
    manualSeed(0);
    expect(randn([3]).tolist()).toEqual(
      [1.5409961082440433, -0.2934289057609464, -2.1787893820745574].map((v) => expect.closeTo(v, 14)),
    );
    manualSeed(0);
    expect(randn([16]).toArray()[0]).toBeCloseTo(-2.310411800234176, 14);
    manualSeed(42);
    expect(randint(10, [10]).tolist()).toEqual([2, 7, 6, 4, 6, 5, 0, 4, 0, 3]);
    manualSeed(42);
    expect(randperm(10).tolist()).toEqual([2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
  });

  it('take a generator of their own and leave the default one alone', () => {
    const before = JSON.stringify(defaultGenerator.getState());
    const draw = () => rand([4], { generator: new Generator(3) }).tolist();
    expect(draw()).toEqual(draw());
    expect(JSON.stringify(defaultGenerator.getState())).toBe(before);
  });

  it('fill views in row-major order', () => {
    const x = zeros([3, 2]);
    x.t().uniform_({ generator: new Generator(0) });
    const flat = zeros([6]).uniform_({ generator: new Generator(0) });
    expect([...x.t().toArray()]).toEqual(flat.tolist());
  });

  it('refuse empty ranges and what is no probability', () => {
    expect(() => randint(3, [2], { low: 3 })).toThrow(/randint: no whole numbers from 3 to below 3/);
    expect(() => randperm(-1)).toThrow(/randperm: n must be a whole number of at least 0, got -1/);
    expect(() => bernoulli(tensor([0.5, 1.5]))).toThrow(/bernoulli: every probability must lie in \[0, 1\]/);
    expect(() => zeros([2]).normal_({ std: -1 })).toThrow(/normal_: std must be at least 0, got -1/);
    expect(() => zeros([2]).uniform_({ from: 1, to: 0 })).toThrow(/uniform_: to must be at least from \(1\), got 0/);
    expect(() => zeros([2]).bernoulli_({ p: 2 })).toThrow(/bernoulli_: p must lie in \[0, 1\], got 2/);
  });
});
