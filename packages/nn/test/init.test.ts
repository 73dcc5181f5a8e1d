import { readFileSync } from 'node:fs';
import {
  ArgumentError,
  arange,
  empty,
  Generator,
  manualSeed,
  matmul,
  mT,
  ones,
  ShapeError,
  type Tensor,
  zeros,
} from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { init, Parameter } from '../src/index.ts';

type Initializer = (tensor: Tensor, ...rest: unknown[]) => Tensor;

/** Programs of PyTorch's draws, each from its seed on: those that call one initializer. */
function recorded(seed: string) {
  const file = new URL(`../../../conformance/data/pytorch/random/seed_${seed}.json`, import.meta.url);
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as {
    cases: {
      id: string;
      seed: number;
      draws: { call: string; args: [number[], ...unknown[]]; options: object; result: { data: number[] } }[];
    }[];
  };
  return cases.filter(({ draws }) => draws.length === 1 && draws[0]!.call.startsWith('init.'));
}

const camelCase = (name: string) => name.replace(/(?<=[a-z])_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** How far apart in units in the last place of what was added to the mean. */
const ulps = (a: number, b: number, mean: number) =>
  Math.abs(a - b) / (Number.EPSILON * Math.max(Math.abs(a), Math.abs(mean), 2 ** -1022));

describe.each(['0', '42', '2147483653'])("PyTorch's initial values from seed %s", (seed) => {
  it.each(recorded(seed).map((program) => [program.id, program] as const))('%s', (_, { seed, draws }) => {
    const { call, args, options, result } = draws[0]!;
    manualSeed(seed);
    const initialize = (init as unknown as Record<string, Initializer>)[camelCase(call.slice('init.'.length))]!;
    const [shape, ...rest] = args;
    const values = Array.from(initialize(zeros(shape), ...rest, options).toArray());
    const expected = result.data;
    if (/orthogonal_|trunc_normal_/.test(call)) {
      values.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-12);
      });
    } else if (/normal_|sparse_/.test(call)) {
      const { mean = 0 } = options as { mean?: number };
      values.forEach((value, i) => {
        expect(ulps(value, expected[i]!, mean)).toBeLessThanOrEqual(4);
      });
    } else expect(values).toEqual(expected);
  });
});

describe('every initializer', () => {
  it('fills a parameter in place and returns it, without history', () => {
    const weight = new Parameter(empty([4, 4]));
    for (const fill of [init.ones_, init.zeros_, init.eye_, init.uniform_, init.normal_, init.xavierUniform_]) {
      expect(fill(weight)).toBe(weight);
    }
    for (const fill of [init.xavierNormal_, init.kaimingUniform_, init.kaimingNormal_, init.orthogonal_]) {
      expect(fill(weight)).toBe(weight);
    }
    expect(init.sparse_(weight, 0.5)).toBe(weight);
    expect(init.constant_(weight, 3)).toBe(weight);
    expect(weight.isLeaf && weight.requiresGrad).toBe(true);
    expect(weight.toArray()).toEqual(new Float64Array(16).fill(3));
  });

  it('draws from the generator that it is given', () => {
    for (const fill of [
      init.uniform_,
      init.normal_,
      init.xavierUniform_,
      init.xavierNormal_,
      init.kaimingUniform_,
      init.kaimingNormal_,
      init.orthogonal_,
      init.truncNormal_,
      (x: Tensor, options: object) => init.sparse_(x, 0.5, options),
    ]) {
      const draw = () => fill(zeros([5, 4]), { generator: new Generator(3) }).tolist();
      expect(draw()).toEqual(draw());
    }
  });
});

describe('calculateGain', () => {
  it('is what the nonlinearity takes away', () => {
    expect(init.calculateGain('linear')).toBe(1);
    expect(init.calculateGain('conv_transpose2d')).toBe(1);
    expect(init.calculateGain('sigmoid')).toBe(1);
    expect(init.calculateGain('tanh')).toBe(5 / 3);
    expect(init.calculateGain('relu')).toBe(Math.SQRT2);
    expect(init.calculateGain('leaky_relu')).toBe(Math.sqrt(2 / 1.0001));
    expect(init.calculateGain('leaky_relu', { param: 0.2 })).toBe(Math.sqrt(2 / (1 + 0.2 ** 2)));
    expect(init.calculateGain('selu')).toBe(0.75);
  });

  it('refuses what it does not know', () => {
    expect(() => init.calculateGain('leakyRelu' as 'relu')).toThrow(/Did you mean "leaky_relu"\?/);
    expect(() => init.calculateGain('leaky_relu', { param: Number.NaN })).toThrow(/param must be a finite number/);
  });
});

describe('fans', () => {
  it('are the sizes of dims 1 and 0 times the kernel area', () => {
    // fan in 3·2·2 = 12, fan out 5·4 = 20: bounds √(6/32), √(3/12)·√2, √(3/20)·√2
    const bound = (fill: (x: Tensor) => Tensor) =>
      Math.max(
        ...fill(zeros([5, 3, 2, 2]))
          .toArray()
          .map(Math.abs),
      );
    manualSeed(1);
    expect(bound(init.xavierUniform_)).toBeLessThan(Math.sqrt(6 / 32));
    expect(bound(init.xavierUniform_)).toBeGreaterThan(0.9 * Math.sqrt(6 / 32));
    expect(bound(init.kaimingUniform_)).toBeLessThan(Math.sqrt(6 / 12));
    expect(bound(init.kaimingUniform_)).toBeGreaterThan(0.9 * Math.sqrt(6 / 12));
    const out = bound((x) => init.kaimingUniform_(x, { mode: 'fan_out' }));
    expect(out).toBeLessThan(Math.sqrt(6 / 20));
    expect(out).toBeGreaterThan(0.9 * Math.sqrt(6 / 20));
  });

  it('need two dims', () => {
    expect(() => init.xavierUniform_(zeros([3]))).toThrow(ShapeError);
    expect(() => init.kaimingNormal_(zeros([3]))).toThrow(
      'kaimingNormal_: fan in and fan out need at least 2 dimensions, got [3]; use uniform_ or normal_',
    );
    expect(() => init.kaimingUniform_(zeros([3, 3]), { mode: 'fanIn' as 'fan_in' })).toThrow(
      /kaimingUniform_: mode must be one of "fan_in", "fan_out", got "fanIn"/,
    );
  });
});

it('empty tensors are left alone where PyTorch leaves them alone', () => {
  for (const fill of [init.kaimingUniform_, init.kaimingNormal_, init.orthogonal_]) {
    expect(fill(zeros([0, 3])).shape).toEqual([0, 3]);
  }
});

it('bad ranges are refused', () => {
  expect(() => init.uniform_(zeros([2]), { a: 1, b: 0 })).toThrow(ArgumentError);
  expect(() => init.normal_(zeros([2]), { std: -1 })).toThrow(/std must be at least 0, got -1/);
  expect(() => init.xavierNormal_(zeros([2, 2]), { gain: Number.NaN })).toThrow(/gain must be a finite number/);
});

it('eye_ takes matrices only', () => {
  expect(init.eye_(ones([2, 3])).tolist()).toEqual([
    [1, 0, 0],
    [0, 1, 0],
  ]);
  expect(() => init.eye_(zeros([3]))).toThrow('eye_: expected a matrix, got [3]');
});

describe('dirac_', () => {
  it('passes channels on, in each group', () => {
    const weight = init.dirac_(ones([4, 2, 3]), { groups: 2 });
    expect(weight.tolist()).toEqual(
      [0, 1, 0, 1].map((channel) => [0, 1].map((input) => (input === channel ? [0, 1, 0] : [0, 0, 0]))),
    );
  });

  it('leaves out channels that have no input', () => {
    expect(init.dirac_(ones([3, 1, 1])).toArray()).toEqual(Float64Array.of(1, 0, 0));
  });

  it('refuses other shapes', () => {
    expect(() => init.dirac_(zeros([2, 2]))).toThrow('dirac_: expected 3, 4 or 5 dimensions, got [2, 2]');
    expect(() => init.dirac_(zeros([3, 2, 2]), { groups: 2 })).toThrow(
      'dirac_: the first size must be divisible by groups: 3 by 2 is not whole',
    );
  });
});

describe('orthogonal_', () => {
  it('has orthonormal rows or columns, whichever are fewer, times the gain', () => {
    for (const shape of [
      [3, 5],
      [5, 3],
      [2, 3, 4],
    ]) {
      const w = init.orthogonal_(zeros(shape), { gain: 2, generator: new Generator(1) }).flatten({ startDim: 1 });
      const n = Math.min(...w.shape);
      const product = w.shape[0]! <= w.shape[1]! ? matmul(w, mT(w)) : matmul(mT(w), w);
      product.toArray().forEach((value, i) => {
        expect(value).toBeCloseTo(i % (n + 1) === 0 ? 4 : 0, 13);
      });
    }
  });

  it('needs two dims', () => {
    expect(() => init.orthogonal_(zeros([3]))).toThrow('orthogonal_: expected at least 2 dimensions, got [3]');
  });
});

describe('sparse_', () => {
  it('sets the same share of each column to 0, rounded up', () => {
    const w = init.sparse_(zeros([5, 7]), 0.5, { std: 1, generator: new Generator(2) });
    expect(w.eq(0).sum({ dim: 0 }).tolist()).toEqual(new Array(7).fill(3));
  });

  it('refuses what is no share, and no matrix', () => {
    expect(() => init.sparse_(zeros([2, 2]), 1.5)).toThrow(/sparsity must lie in \[0, 1\], got 1.5/);
    expect(() => init.sparse_(arange(3), 0.5)).toThrow('sparse_: expected a matrix, got [3]');
  });
});

describe('truncNormal_', () => {
  it('lies between its bounds, with the mean and the std of a normal distribution that is cut there', () => {
    const x = init.truncNormal_(zeros([20000]), { mean: 1, std: 2, a: -1, b: 3, generator: new Generator(4) });
    expect(x.min().item()).toBeGreaterThanOrEqual(-1);
    expect(x.max().item()).toBeLessThanOrEqual(3);
    expect(x.mean().item()).toBeCloseTo(1, 1);
    // cut at one standard deviation: variance 1 − 2φ(1)/(2Φ(1) − 1) = 0.2911, times 4
    expect(x.sub(1).square().mean().item()).toBeCloseTo(4 * 0.2911, 1);
  });

  it('refuses bounds and widths that make no sense', () => {
    expect(() => init.truncNormal_(zeros([2]), { a: 1, b: 0 })).toThrow(
      'truncNormal_: b must be at least a (1), got 0',
    );
    expect(() => init.truncNormal_(zeros([2]), { std: 0 })).toThrow('truncNormal_: std must be above 0, got 0');
    expect(() => init.truncNormal_(zeros([2]), { mean: Number.NaN })).toThrow(/mean must be a finite number/);
  });
});
