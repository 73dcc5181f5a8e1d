import { describe, expect, it } from 'vitest';
import {
  fromArray,
  gradcheck,
  gradgradcheck,
  manualSeed,
  mul,
  numericalGradient,
  op,
  randn,
  square,
  tensor,
  zeros,
} from '../src/index.ts';

manualSeed(0);

describe('numericalGradient', () => {
  it('is off by about h forward and by about h² central, and counts its evaluations', () => {
    const x = tensor([1, 2]);
    let evaluations = 0;
    const f = (v: typeof x) => {
      evaluations++;
      return v.pow(3).sum(); // 3x² = 3, 12; error forward 3xh, central h²
    };
    const forward = numericalGradient(f, x, { h: 1e-3, method: 'forward' }).toArray();
    expect(evaluations).toBe(3);
    const central = numericalGradient(f, x, { h: 1e-3 }).toArray();
    expect(evaluations).toBe(7);
    expect(forward[0]! - 3).toBeCloseTo(3e-3, 5);
    expect(central[0]! - 3).toBeCloseTo(1e-6, 9);
    expect(x.tolist()).toEqual([1, 2]);
  });

  it('gives the gradients of the worked example by both methods', () => {
    const weights = tensor([2, 5, 1]);
    const loss = (w: typeof weights) => {
      const [a, b, c] = w.toArray() as unknown as [number, number, number];
      return Math.abs(15 - (a * 1 + b * 2) * c);
    };
    for (const method of ['forward', 'central'] as const) {
      const g = numericalGradient(loss, weights, { h: 1e-5, method }).toArray();
      [-1, -2, -12].forEach((expected, i) => expect(g[i]).toBeCloseTo(expected, 6));
    }
  });

  it('takes views and scalars', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]).t();
    expect([...numericalGradient((v) => v.select(0, 0).sum(), x).toArray()]).toEqual(
      [1, 1, 0, 0].map((v) => expect.closeTo(v, 8)),
    );
    expect(numericalGradient(square, tensor(3)).item()).toBeCloseTo(6, 8);
  });

  it('refuses a step of 0 and an unknown method', () => {
    expect(() => numericalGradient((x) => x, tensor(1), { h: 0 })).toThrow(
      /numericalGradient: h must be greater than 0, got 0/,
    );
    expect(() => numericalGradient((x) => x, tensor(1), { method: 'backward' as 'forward' })).toThrow(
      /method must be one of "forward", "central", got "backward"/,
    );
  });
});

describe('gradcheck and gradgradcheck', () => {
  const wrong = op({
    name: 'wrong',
    inputs: ['a', 'b'],
    forward: (a, b) => mul(a, b),
    backward: { a: (g, { b }) => mul(g, b), b: (g, { a }) => mul(g, mul(a, 1.01)) },
  });
  const wrongTwice = op({
    name: 'wrongTwice',
    inputs: ['x'],
    forward: (x) => square(x),
    backward: { x: (g, { x }) => mul(g, mul(2, x.detach())) },
  });

  it('pass for right rules, with several inputs and outputs', () => {
    const [x, y] = [randn([2, 3], { requiresGrad: true }), randn([3], { requiresGrad: true })];
    expect(gradcheck((a, b) => [a.mul(b), a.sum().exp()], [x, y])).toBe(true);
    expect(gradgradcheck((a, b) => [a.mul(b).tanh(), b.sum()], [x, y])).toBe(true);
  });

  it('name the input, the index and both numbers where a rule is wrong', () => {
    const inputs = [tensor([1, 1]), tensor([2, 3], { requiresGrad: true })];
    expect(() => gradcheck(wrong, inputs)).toThrow(
      /gradcheck: input 1, index \[0\]: .* output 0, index \[0\], is 1\.01, but by central differences (1\.0|0\.99)/,
    );
  });

  it('catch a second derivative that is missing', () => {
    const x = tensor([1, 2], { requiresGrad: true });
    expect(gradcheck(wrongTwice, x)).toBe(true);
    expect(() => gradgradcheck(wrongTwice, x)).toThrow(/gradgradcheck: input 0/);
  });

  it('refuse inputs of which none wants a gradient', () => {
    expect(() => gradcheck(square, zeros([2]))).toThrow(/gradcheck: no input wants a gradient/);
  });

  it('leave the inputs as they were', () => {
    const data = Float64Array.of(0.1, 0.7);
    gradcheck(square, fromArray(data, { requiresGrad: true }));
    expect([...data]).toEqual([0.1, 0.7]);
  });
});
