import { describe, expect, it } from 'vitest';
import { grad, std, type Tensor, tensor, var as variable, variance, zeros } from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];
const gradient = (f: (x: Tensor) => Tensor, data: number[]) => {
  const x = tensor(data, { requiresGrad: true });
  return values(grad(f(x), x)[0]!);
};

describe('variance and std', () => {
  // Deviations from the mean 3: −2, −1, 0, 3; their squares sum to 14.
  const x = tensor([1, 2, 3, 6]);

  it('divide the squared deviations by n − 1, n, or n − correction', () => {
    expect(variance(x).item()).toBeCloseTo(14 / 3, 14);
    expect(variance(x, { unbiased: false }).item()).toBe(3.5);
    expect(variance(x, { correction: 2 }).item()).toBe(7);
    expect(variance(x, { correction: -3 }).item()).toBe(2);
    expect(std(x, { correction: 2 }).item()).toBe(Math.sqrt(7));
    expect(variable(x, { unbiased: true }).item()).toBe(variance(x).item());
    expect(x.var().item()).toBe(variance(x).item());
  });

  it('take dims, and keep them', () => {
    const matrix = tensor([
      [1, 3],
      [5, 9],
    ]);
    expect(variance(matrix, { dim: 1 }).tolist()).toEqual([2, 8]);
    expect(variance(matrix, { dim: [0, 1], keepdim: true, correction: 0 }).tolist()).toEqual([[8.75]]);
    expect(std(matrix.t(), { dim: 0 }).tolist()).toEqual([Math.SQRT2, Math.sqrt(8)]);
  });

  it('are NaN of nothing and of one number, and infinite where all numbers are corrected away', () => {
    expect(variance(zeros([0])).item()).toBeNaN();
    expect(std(tensor(1)).item()).toBeNaN();
    expect(std(tensor(1), { correction: 0 }).item()).toBe(0);
    expect(variance(tensor([1, 2]), { correction: 5 }).item()).toBe(Infinity);
  });

  it('do not lose their digits to a large mean', () => {
    expect(variance(x.add(1e8)).item()).toBeCloseTo(14 / 3, 7);
  });

  it('have gradients, which are 0 for equal numbers', () => {
    expect(gradient((x) => variance(x, { correction: 0 }), [1, 2, 3, 6])).toEqual([-1, -0.5, 0, 1.5]); // 2(x − 3)/4
    expect(gradient(std, [3, 3, 3])).toEqual([0, 0, 0]);
    expect(gradient(variance, [1])).toEqual([Infinity]);
  });

  it('have no curvature for equal numbers either, and no NaN', () => {
    const x = tensor([3, 3], { requiresGrad: true });
    const [first] = grad(std(x), x, { createGraph: true });
    expect(values(grad(first!, x, { gradOutputs: tensor([1, 0]) })[0]!)).toEqual([0, 0]);
  });

  it('refuse two ways to say the same, what is no correction, and wrong dims', () => {
    expect(() => variance(x, { unbiased: true, correction: 1 })).toThrow(/var: give unbiased or correction, not both/);
    expect(() => std(x, { unbiased: 1 as never })).toThrow(/std: unbiased must be true or false, got 1/);
    expect(() => std(x, { correction: 0.5 })).toThrow(/std: correction must be a whole number/);
    expect(() => std(x, { dim: [0, 0] })).toThrow(/std: a dim appears twice/);
  });
});
