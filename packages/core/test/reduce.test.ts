import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  all,
  amax,
  amin,
  any,
  argmax,
  argmin,
  Generator,
  grad,
  max,
  mean,
  min,
  randn,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];
const matrix = tensor([
  [1, 5, 3],
  [4, 2, 6],
]);

describe('reductions', () => {
  it('take everything, one dim, or several, and keep them if asked', () => {
    expect(sum(matrix).item()).toBe(21);
    expect(sum(matrix, { dim: 0 }).tolist()).toEqual([5, 7, 9]);
    expect(mean(matrix, { dim: -1, keepdim: true }).tolist()).toEqual([[3], [4]]);
    expect(sum(matrix, { dim: [0, 1] }).shape).toEqual([]);
    expect(sum(matrix, { dim: [-1, 0], keepdim: true }).shape).toEqual([1, 1]);
    expect(amax(matrix, { dim: [] }).item()).toBe(6);
    expect(amin(matrix, { dim: 1 }).tolist()).toEqual([1, 2]);
  });

  it('take scalars, with and without a dim', () => {
    const x = tensor(3);
    expect([sum(x), mean(x, { dim: 0 }), amax(x, { dim: -1, keepdim: true })].map((y) => y.item())).toEqual([3, 3, 3]);
    expect(max(x, { dim: 0 }).indices.shape).toEqual([]);
    expect(argmax(x).item()).toBe(0);
  });

  it('of nothing are 0 and NaN, or refused', () => {
    const nothing = zeros([2, 0]);
    expect(sum(nothing, { dim: 1 }).tolist()).toEqual([0, 0]);
    expect(mean(nothing, { dim: 1 }).tolist()).toEqual([Number.NaN, Number.NaN]);
    expect(sum(nothing, { dim: 0 }).shape).toEqual([0]);
    expect(amax(nothing, { dim: 0 }).shape).toEqual([0]);
    const why = 'nothing to choose from: [2, 0] is empty in a reduced dim';
    expect(() => amax(nothing)).toThrow(`amax: ${why}`);
    expect(() => max(nothing, { dim: 1 })).toThrow(`max: ${why}`);
    expect(() => min(nothing)).toThrow(`min: ${why}`);
    expect(() => argmin(nothing, { dim: 1 })).toThrow(`argmin: ${why}`);
  });

  it('send nothing back from the mean of nothing', () => {
    const x = zeros([2, 0], { requiresGrad: true });
    const g = tensor([1, 2], { requiresGrad: true });
    const [first] = grad(mean(x, { dim: 1 }), x, { gradOutputs: g, createGraph: true });
    expect(values(grad(first!, g, { gradOutputs: zeros([2, 0]) })[0]!)).toEqual([0, 0]);
  });

  it('refuse dims that are not there, twice the same, and positional ones', () => {
    expect(() => sum(matrix, { dim: 2 })).toThrow(/sum: dim 2 is out of range for 2 dimensions \(-2 … 1\)/);
    expect(() => mean(matrix, { dim: [0, -2] })).toThrow(/mean: a dim appears twice in \[0, -2\]/);
    expect(() => amin(tensor(1), { dim: 1 })).toThrow(/amin: dim 1 is out of range for 0 dimensions/);
    expect(() => min(matrix, { dim: 2 })).toThrow(/min: dim 2 is out of range/);
    expect(() => sum(matrix, 1 as never)).toThrow(
      /sum: optional arguments go in one object, such as \{ dim: 1 \}; got 1/,
    );
    expect(() => max(matrix, { keepdim: true } as never)).toThrow(/max: keepdim needs a dim/);
  });

  it('add up the same whichever dims go first', () => {
    const generator = new Generator(3);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 }), (shape) => {
        const x = randn(shape, { generator });
        const inTwo = sum(sum(x, { dim: 0 }), { dim: -1 });
        expect(inTwo.allclose(sum(x, { dim: [0, -1] }), { atol: 1e-12 })).toBe(true);
        expect(sum(x.transpose(0, 1)).allclose(sum(x), { atol: 1e-12 })).toBe(true);
      }),
    );
  });
});

describe('extremes', () => {
  it('come with their places, the first of equal ones', () => {
    const { values: top, indices } = max(
      tensor([
        [1, 3, 3],
        [2, 2, 0],
      ]),
      { dim: 1 },
    );
    expect([top.tolist(), indices.tolist()]).toEqual([
      [3, 2],
      [1, 0],
    ]);
    expect(min(matrix, { dim: 0, keepdim: true }).indices.tolist()).toEqual([[0, 1, 0]]);
    expect(argmax(matrix).item()).toBe(5);
    expect(argmin(matrix, { keepdim: true }).tolist()).toEqual([[0]]);
    expect(argmin(matrix.t(), { dim: 0 }).tolist()).toEqual([0, 1]);
  });

  it('share the gradient among equal ones, or give it to the first along a dim', () => {
    const gradient = (f: (x: Tensor) => Tensor) => {
      const x = tensor([1, 3, 3, 2], { requiresGrad: true });
      return values(grad(f(x), x)[0]!);
    };
    expect(gradient((x) => max(x))).toEqual([0, 0.5, 0.5, 0]);
    expect(gradient((x) => amax(x, { dim: 0 }))).toEqual([0, 0.5, 0.5, 0]);
    expect(gradient((x) => max(x, { dim: 0 }).values)).toEqual([0, 1, 0, 0]);
    expect(gradient((x) => min(x.neg()))).toEqual([-0, -0.5, -0.5, -0]);
  });

  it('are NaN if there is one, which takes the gradient', () => {
    const x = tensor([1, Number.NaN, 2], { requiresGrad: true });
    expect([max(x).item(), amin(x).item(), argmax(x).item()]).toEqual([Number.NaN, Number.NaN, 1]);
    expect(values(grad(max(x), x)[0]!)).toEqual([0, 1, 0]);
    expect(values(grad(min(x, { dim: 0 }).values, x)[0]!)).toEqual([0, 1, 0]);
  });
});

describe('any and all', () => {
  const x = tensor([
    [0, 0, 3],
    [0, Number.NaN, 1],
  ]);

  it('reduce everything or one dim', () => {
    expect([any(x).item(), all(x).item()]).toEqual([1, 0]);
    expect(any(x, { dim: 0 }).tolist()).toEqual([0, 1, 1]);
    expect(all(x, { dim: -2, keepdim: true }).tolist()).toEqual([[0, 0, 1]]);
    expect(x.t().all({ dim: 0 }).tolist()).toEqual([0, 0]);
  });

  it('of nothing are false and true', () => {
    expect([any(zeros([0])).item(), all(zeros([0])).item()]).toEqual([0, 1]);
    expect(any(zeros([2, 0]), { dim: 1 }).tolist()).toEqual([0, 0]);
    expect(all(zeros([2, 0]), { dim: 1 }).tolist()).toEqual([1, 1]);
    expect(all(zeros([0, 2]), { dim: 1, keepdim: true }).shape).toEqual([0, 1]);
  });

  it('refuse dims that are not there, and keepdim without one', () => {
    expect(() => any(x, { dim: 2 })).toThrow(/any: dim 2 is out of range for 2 dimensions \(-2 … 1\)/);
    expect(() => all(x, { dim: [0, 1] as never })).toThrow(/all: dim must be a whole number, got \[0, 1\]/);
    expect(() => all(x, { keepdim: true })).toThrow(/all: keepdim needs a dim/);
  });
});
