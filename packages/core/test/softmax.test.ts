import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exp, logSoftmax, logsumexp, softmax, sum, type Tensor, tensor, zeros } from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];

describe('softmax, logSoftmax and logsumexp', () => {
  it('have the values of their formulas', () => {
    const x = tensor([0, Math.log(3)]); // e^x = 1, 3
    expect(softmax(x, 0).allclose(tensor([0.25, 0.75]), { rtol: 1e-15 })).toBe(true);
    expect(logSoftmax(x, -1).allclose(tensor([Math.log(0.25), Math.log(0.75)]), { rtol: 1e-15 })).toBe(true);
    expect(logsumexp(x, 0).item()).toBeCloseTo(Math.log(4), 15);
  });

  it('stay finite for large logits, and do not change when all are shifted', () => {
    expect(values(softmax(tensor([1e4, -1e4, 1e4]), 0))).toEqual([0.5, 0, 0.5]);
    expect(values(logSoftmax(tensor([-1e4, 1e4]), 0))).toEqual([-2e4, 0]);
    expect(logsumexp(tensor([1e4, 1e4]), 0).item()).toBeCloseTo(1e4 + Math.LN2, 11);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: -1000, max: 1000 }),
        (list, shift) => {
          const x = tensor(list);
          expect(values(softmax(x.add(shift), 0))).toEqual(values(softmax(x, 0)));
          expect(sum(softmax(x, 0)).item()).toBeCloseTo(1, 14);
          expect(exp(logSoftmax(x, 0)).allclose(softmax(x, 0), { rtol: 1e-13, atol: 1e-300 })).toBe(true);
        },
      ),
    );
  });

  it('take infinities as limits: of nothing but −∞, logsumexp is −∞ and softmax NaN', () => {
    const x = tensor([
      [-Infinity, 0],
      [-Infinity, -Infinity],
    ]);
    expect(values(logsumexp(x, 1))).toEqual([0, -Infinity]);
    expect(values(softmax(x, 1))).toEqual([0, 1, Number.NaN, Number.NaN]);
    expect(logsumexp(tensor([1, Infinity]), 0).item()).toBe(Infinity);
  });

  it('take scalars, several dims, and nothing', () => {
    expect([softmax(tensor(3), 0).item(), logSoftmax(tensor(3), -1).item(), logsumexp(tensor(3), 0).item()]).toEqual([
      1, 0, 3,
    ]);
    expect(logsumexp(zeros([2, 3]), [0, 1], { keepdim: true }).tolist()).toEqual([[Math.log(6)]]);
    expect(softmax(zeros([0, 2]), 1).shape).toEqual([0, 2]);
    expect(values(logsumexp(zeros([2, 0]), 1))).toEqual([-Infinity, -Infinity]);
  });

  it('refuse dims that are not there, or twice there', () => {
    expect(() => softmax(zeros([2]), 1)).toThrow(/softmax: dim 1 is out of range for 1 dimensions/);
    expect(() => logSoftmax(zeros([2]), undefined as never)).toThrow(/logSoftmax: dim must be a whole number/);
    expect(() => logsumexp(zeros([2, 2]), [0, 0])).toThrow(/logsumexp: a dim appears twice/);
  });
});
