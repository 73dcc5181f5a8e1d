import { describe, expect, it } from 'vitest';
import { grad, norm, type Tensor, tensor, zeros } from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];

describe('norm', () => {
  const x = tensor([
    [3, -4],
    [0, 2],
  ]);

  it('measures by any p', () => {
    expect(norm(tensor([3, -4])).item()).toBe(5);
    expect(norm(x, { p: 'fro' }).item()).toBe(Math.sqrt(29));
    expect(norm(x, { p: 1, dim: 1 }).tolist()).toEqual([7, 2]);
    expect(norm(x, { p: 0, dim: 0, keepdim: true }).tolist()).toEqual([[1, 2]]);
    expect(norm(x, { p: Infinity, dim: [0, 1] }).item()).toBe(4);
    expect(norm(x, { p: -Infinity, dim: -1 }).tolist()).toEqual([3, 0]);
    expect(norm(tensor([3, -4]), { p: 3 }).item()).toBeCloseTo(91 ** (1 / 3), 14);
    expect(norm(tensor([4, 9]), { p: 0.5 }).item()).toBeCloseTo(25, 13);
    expect(norm(tensor([2, 2]), { p: -1 }).item()).toBe(1);
  });

  it('of nothing is 0, where it has a value', () => {
    expect(norm(zeros([2, 0]), { dim: 1 }).tolist()).toEqual([0, 0]);
    expect(norm(zeros([0, 2]), { p: Infinity, dim: 1 }).shape).toEqual([0]);
    const why = /norm: there is no (-1|Infinity)-norm of nothing: \[2, 0\] is empty in a reduced dim/;
    expect(() => norm(zeros([2, 0]), { p: Infinity, dim: 1 })).toThrow(why);
    expect(() => norm(zeros([2, 0]), { p: -1 })).toThrow(why);
  });

  it.each([0, 0.5, 1, 1.5, 2, 3, Infinity, -Infinity, -1])('has gradient 0 and no curvature at 0, for p = %d', (p) => {
    const zero = tensor([0, 0], { requiresGrad: true });
    const [first] = grad(norm(zero, { p }), zero, { createGraph: true });
    expect(values(first!).map(Math.abs)).toEqual([0, 0]);
    if (!first!.requiresGrad) return;
    const [second] = grad(first!, zero, { gradOutputs: tensor([1, 2]), allowUnused: true });
    expect(values(second ?? zeros([2])).map(Math.abs)).toEqual([0, 0]);
  });

  it('shares the gradient of the largest among equal ones', () => {
    const x = tensor([2, -2, 1], { requiresGrad: true });
    expect(values(grad(norm(x, { p: Infinity }), x)[0]!)).toEqual([0.5, -0.5, 0]);
  });

  it('refuses what is no p', () => {
    expect(() => norm(x, { p: 'nuc' as never })).toThrow(/norm: p must be a number or "fro", got "nuc"/);
    expect(() => norm(x, { p: Number.NaN })).toThrow(/norm: p must be a number or "fro", got NaN/);
    expect(() => norm(x, { dim: 2 })).toThrow(/norm: dim 2 is out of range/);
  });
});
