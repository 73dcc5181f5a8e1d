import { describe, expect, it } from 'vitest';
import {
  acos,
  add,
  asin,
  atan,
  clamp,
  cosh,
  div,
  erf,
  erfc,
  exp2,
  expm1,
  grad,
  log1p,
  log2,
  maximum,
  mul,
  pow,
  reciprocal,
  rsqrt,
  sinh,
  sub,
  sum,
  type Tensor,
  tan,
  tensor,
  zeros,
} from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];

describe('functions of one number', () => {
  it('have the values of Math, or of their definition', () => {
    const x = tensor([-0.5, 0, 0.25, 2]);
    const byHand: [Tensor, (x: number) => number][] = [
      [exp2(x), (x) => 2 ** x],
      [expm1(x), Math.expm1],
      [log1p(x), Math.log1p],
      [log2(x), Math.log2],
      [tan(x), Math.tan],
      [asin(x), Math.asin],
      [acos(x), Math.acos],
      [atan(x), Math.atan],
      [sinh(x), Math.sinh],
      [cosh(x), Math.cosh],
      [rsqrt(x), (x) => 1 / Math.sqrt(x)],
      [reciprocal(x), (x) => 1 / x],
    ];
    for (const [y, f] of byHand) expect(values(y)).toEqual(values(x).map(f));
  });

  it('keep the digits near 0 that the plain formulas lose', () => {
    expect(expm1(tensor(1e-20)).item()).toBe(1e-20);
    expect(log1p(tensor(1e-20)).item()).toBe(1e-20);
  });

  it('take plain numbers', () => {
    expect(exp2(3).item()).toBe(8);
  });
});

describe('erf and erfc', () => {
  // Computed by the C library (Python's math.erf and math.erfc).
  const expected: [x: number, erf: number, erfc: number][] = [
    [1e-300, 1.1283791670955126e-300, 1],
    [0.1, 0.1124629160182849, 0.8875370839817152],
    [0.46875, 0.4926134732179379, 0.5073865267820621],
    [0.5, 0.5204998778130465, 0.4795001221869535],
    [1, 0.8427007929497149, 0.15729920705028513],
    [2.5, 0.999593047982555, 0.00040695201744495897],
    [4, 0.9999999845827421, 1.541725790028002e-8],
    [5.5, 0.9999999999999927, 7.357847917974398e-15],
    [26, 1, 5.663192408856143e-296],
  ];

  it.each(expected)('at %d are exact to 1e-15', (x, y, rest) => {
    expect(Math.abs(erf(tensor(x)).item() / y - 1)).toBeLessThan(1e-15);
    expect(Math.abs(erfc(tensor(x)).item() / rest - 1)).toBeLessThan(1e-15);
    expect(erf(tensor(-x)).item()).toBe(-erf(tensor(x)).item());
    expect(erfc(tensor(-x)).item()).toBeCloseTo(2 - rest, 15);
  });

  it('have limits, and hand NaN on', () => {
    const x = tensor([-Infinity, -30, 30, Infinity, Number.NaN, -0]);
    expect(values(erf(x))).toEqual([-1, -1, 1, 1, Number.NaN, -0]);
    expect(values(erfc(x))).toEqual([2, 2, 0, 0, Number.NaN, 1]);
  });
});

describe('add and sub', () => {
  it('multiply the second operand by alpha', () => {
    expect(values(add(tensor([1, 2]), tensor([10, 20]), { alpha: 0.5 }))).toEqual([6, 12]);
    expect(values(sub(tensor([1, 2]), 10, { alpha: 2 }))).toEqual([-19, -18]);
    expect(values(tensor([1]).add(2, { alpha: 3 }))).toEqual([7]);
  });

  it('refuse an alpha that is no number', () => {
    expect(() => add(1, tensor(2), { alpha: Number.NaN })).toThrow(/add: alpha must be a finite number, got NaN/);
    expect(() => sub(1, tensor(2), { alhpa: 1 } as never)).toThrow(
      /sub: unknown option "alhpa". Did you mean "alpha"\?/,
    );
  });
});

describe('div', () => {
  const [a, b] = [tensor([7, -7, 7, -7, 6, -6]), tensor([2, 2, -2, -2, 3, 3])];

  it('rounds down, or drops the fraction', () => {
    expect(values(div(a, b, { roundingMode: 'floor' }))).toEqual([3, -4, -4, 3, 2, -2]);
    expect(values(div(a, b, { roundingMode: 'trunc' }))).toEqual([3, -3, -3, 3, 2, -2]);
    expect(values(div(a, b, { roundingMode: null }))).toEqual([3.5, -3.5, -3.5, 3.5, 2, -2]);
  });

  it('rounds down from the exact quotient, not from the rounded one', () => {
    // 1 / 0.1 is 10 in doubles, but the double nearest to 0.1 is larger than 0.1.
    expect(div(tensor(1), 0.1, { roundingMode: 'floor' }).item()).toBe(9);
    expect(div(tensor(1), 0.1, { roundingMode: 'trunc' }).item()).toBe(10);
  });

  it('by 0 is infinite or NaN however it is rounded', () => {
    const x = tensor([1, -1, 0]);
    for (const roundingMode of ['floor', 'trunc', null] as const) {
      expect(values(div(x, 0, { roundingMode }))).toEqual([Infinity, -Infinity, Number.NaN]);
    }
    expect(values(div(tensor([-5, 5]), Infinity, { roundingMode: 'floor' }))).toEqual([-1, 0]);
  });

  it('lets only zeros flow back where it rounds', () => {
    const x = tensor([7.5], { requiresGrad: true });
    div(x, 2, { roundingMode: 'floor' }).backward({ gradient: tensor([Infinity]) });
    expect(values(x.grad!)).toEqual([0]);
  });

  it('refuses another rounding', () => {
    expect(() => div(a, b, { roundingMode: 'round' as 'floor' })).toThrow(
      /div: roundingMode must be one of "trunc", "floor", got "round"/,
    );
  });
});

describe('pow', () => {
  it("is C's at the edges", () => {
    expect(values(pow(tensor([1, -1, 0, -2, 0]), tensor([Number.NaN, Infinity, 0, 3, -1])))).toEqual([
      1,
      1,
      1,
      -8,
      Infinity,
    ]);
  });

  it('has finite gradients at 0 where the exponent allows', () => {
    const [a, b] = [tensor([0, 0, 0], { requiresGrad: true }), tensor([0, 1, 2], { requiresGrad: true })];
    sum(pow(a, b)).backward();
    expect(values(a.grad!)).toEqual([0, 1, 0]);
    expect(values(b.grad!)).toEqual([0, 0, 0]);
  });
});

describe('clamp', () => {
  it('keeps between numbers or tensors, broadcast', () => {
    const x = tensor([-2, 0, 2]);
    expect(values(clamp(x, { min: -1, max: 1 }))).toEqual([-1, 0, 1]);
    expect(values(clamp(x, { max: 1 }))).toEqual([-2, 0, 1]);
    expect(clamp(x, { min: tensor([[-1], [1]]) }).tolist()).toEqual([
      [-1, 0, 2],
      [1, 1, 2],
    ]);
  });

  it('takes the upper bound where they cross, and hands NaN on', () => {
    expect(values(clamp(tensor([-3, 3, Number.NaN]), { min: 1, max: -1 }))).toEqual([-1, -1, Number.NaN]);
    expect(values(clamp(tensor([1]), { min: Number.NaN }))).toEqual([Number.NaN]);
  });

  it('passes the gradient to x on a bound, and to the bound that was taken', () => {
    const x = tensor([-2, -1, 0, 1, 2], { requiresGrad: true });
    const [min, max] = [tensor(-1, { requiresGrad: true }), tensor(1, { requiresGrad: true })];
    clamp(x, { min, max }).backward({ gradient: tensor([1, 2, 3, 4, 5]) });
    expect(values(x.grad!)).toEqual([0, 2, 3, 4, 0]);
    expect([min.grad!.item(), max.grad!.item()]).toEqual([1, 5]);
  });

  it('gives the upper bound all gradient where they cross', () => {
    const [x, min, max] = [[0, 5], 3, 1].map((data) => tensor(data, { requiresGrad: true })) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    sum(clamp(x, { min, max })).backward();
    expect([values(x.grad!), min.grad!.item(), max.grad!.item()]).toEqual([[0, 0], 0, 2]);
  });

  it('in place changes the memory', () => {
    const x = tensor([-2, 0.5, 2]);
    expect(x.clamp_({ min: 0, max: 1 })).toBe(x);
    expect(values(x)).toEqual([0, 0.5, 1]);
    expect(() => x.clamp_({ min: zeros([2, 3]) })).toThrow(/clamp_: \[2, 3\] does not broadcast to \[3\]/);
  });

  it('needs a bound', () => {
    expect(() => clamp(tensor([1]), {})).toThrow(/clamp: give min, max or both, such as \{ min: 0 \}/);
  });
});

describe('ties', () => {
  it('of maximum share the gradient', () => {
    const [a, b] = [tensor([1, 2], { requiresGrad: true }), tensor([1, 3], { requiresGrad: true })];
    const [ga, gb] = grad(sum(maximum(a, b)), [a, b]);
    expect([values(ga!), values(gb!)]).toEqual([
      [0.5, 0],
      [0.5, 1],
    ]);
  });
});

it('numbers alone are refused: there would be no tensor to work on', () => {
  expect(() => pow(2, 3)).toThrow(/pow: expected at least one tensor, got numbers alone; wrap one in tensor\(\)/);
  expect(() => mul(2, 3)).toThrow(/mul: expected at least one tensor/);
});
