import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cumprod, cumsum, Generator, grad, prod, randn, sum, type Tensor, tensor, zeros } from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];
const gradient = (f: (x: Tensor) => Tensor, data: number[]) => {
  const x = tensor(data, { requiresGrad: true });
  return values(grad(sum(f(x)), x)[0]!);
};

describe('cumsum and cumprod', () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);

  it('run along a dim', () => {
    expect(cumsum(x, 1).tolist()).toEqual([
      [1, 3, 6],
      [4, 9, 15],
    ]);
    expect(cumprod(x, 0).tolist()).toEqual([
      [1, 2, 3],
      [4, 10, 18],
    ]);
    expect(cumsum(x.t(), -1).tolist()).toEqual([
      [1, 5],
      [2, 7],
      [3, 9],
    ]);
  });

  it('leave scalars and nothing as they are', () => {
    expect(cumsum(tensor(3), 0).tolist()).toBe(3);
    expect(cumprod(tensor(3), -1).tolist()).toBe(3);
    expect(cumprod(zeros([2, 0]), 1).shape).toEqual([2, 0]);
  });

  it('refuse dims that are not there', () => {
    expect(() => cumsum(x, 2)).toThrow(/cumsum: dim 2 is out of range for 2 dimensions \(-2 … 1\)/);
    expect(() => cumprod(tensor(1), 1)).toThrow(/cumprod: dim 1 is out of range for 0 dimensions/);
    expect(() => cumsum(x, undefined as never)).toThrow(/cumsum: dim must be a whole number, got undefined/);
  });

  it('differentiate products through zeros', () => {
    // y = [a, ab, abc, abcd] at (2, 0, 3, 0): ∂/∂a = 1 + b + bc + bcd = 1, ∂/∂b = a(1 + c + cd) = 8, ∂/∂c = 0, ∂/∂d = 0
    expect(gradient((x) => cumprod(x, 0), [2, 0, 3, 0])).toEqual([1, 8, 0, 0]);
  });

  it('end in the sum and the product, whatever the shape and dim', () => {
    const generator = new Generator(5);
    const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(shape, fc.nat(2), (sizes, at) => {
        const dim = at % sizes.length;
        const x = randn(sizes, { generator });
        expect(cumsum(x, dim).select(dim, -1).allclose(sum(x, { dim }), { atol: 1e-12 })).toBe(true);
        expect(cumprod(x, dim).select(dim, -1).allclose(prod(x, { dim }), { atol: 1e-12 })).toBe(true);
      }),
    );
  });
});

describe('prod', () => {
  it('is over everything or one dim, and 1 of nothing', () => {
    expect(
      prod(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ).item(),
    ).toBe(24);
    expect(
      prod(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        { dim: 0, keepdim: true },
      ).tolist(),
    ).toEqual([[3, 8]]);
    expect(prod(zeros([0])).item()).toBe(1);
    expect(prod(zeros([2, 0]), { dim: 1 }).tolist()).toEqual([1, 1]);
    expect(prod(tensor(5), { dim: 0 }).tolist()).toBe(5);
  });

  it('has the product of the others for a gradient, zeros or not', () => {
    expect(gradient(prod, [2, 3, 4])).toEqual([12, 8, 6]);
    expect(gradient(prod, [2, 0, 4])).toEqual([0, 8, 0]);
    expect(gradient(prod, [0, 2, 0])).toEqual([0, 0, 0]);
  });

  it('curves through several zeros along a dim, but, as in PyTorch, not over everything', () => {
    const curvature = (f: (x: Tensor) => Tensor) => {
      const x = tensor([0, 2, 0], { requiresGrad: true });
      const [first] = grad(f(x), x, { createGraph: true });
      return values(grad(first!, x, { gradOutputs: tensor([1, 0, 0]) })[0]!);
    };
    expect(curvature((x) => prod(x, { dim: 0 }))).toEqual([0, 0, 2]); // ∂²(abc)/∂a∂c = b
    expect(curvature((x) => prod(x))).toEqual([0, 0, 0]);
  });

  it('refuses several dims, and keepdim without one', () => {
    expect(() => prod(zeros([2, 2]), { dim: [0, 1] as never })).toThrow(
      /prod: dim must be a whole number, got \[0, 1\]/,
    );
    expect(() => prod(zeros([2]), { keepdim: true })).toThrow(/prod: keepdim needs a dim/);
    expect(() => prod(zeros([2]), { dim: 1 })).toThrow(/prod: dim 1 is out of range/);
  });
});
