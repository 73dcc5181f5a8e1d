import * as kernels from '../kernels/pointwise.ts';
import { binary, compute, op, unary } from '../op.ts';
import { checkNumber, readOptions } from '../options.ts';
import type { Tensor, TensorLike } from '../tensor.ts';

// Arithmetic                            y                  ∂L/∂a                            ∂L/∂b

/** a + b, broadcast. */
export const add = binary('add', kernels.add, { a: (g) => g, b: (g) => g });
/** a − b, broadcast. */
export const sub = binary('sub', kernels.sub, { a: (g) => g, b: (g) => neg(g) });
/** a · b, element by element, broadcast. */
export const mul = binary('mul', kernels.mul, { a: (g, { b }) => mul(g, b), b: (g, { a }) => mul(g, a) });
/** a / b, element by element, broadcast. */
export const div = binary('div', kernels.div, {
  a: (g, { b }) => div(g, b),
  b: (g, { a, b }) => neg(mul(g, div(div(a, b), b))),
});
/** aᵇ, broadcast. The gradient of a is 0 where b = 0; that of b is 0 where a = 0 and b ≥ 0. */
export const pow = binary('pow', kernels.pow, {
  a: (g, { a, b }) => where(eq(b, 0), 0, mul(g, mul(b, pow(a, sub(b, 1))))),
  b: (g, { a, b, y }) => where(mul(eq(a, 0), ge(b, 0)), 0, mul(g, mul(y, log(a)))),
});
/** The larger of a and b; NaN if either is. Equal values share the gradient evenly. */
export const maximum = binary('maximum', kernels.maximum, {
  a: (g, { a, b }) => where(lt(a, b), 0, where(eq(a, b), div(g, 2), g)),
  b: (g, { a, b }) => where(gt(a, b), 0, where(eq(a, b), div(g, 2), g)),
});
/** The smaller of a and b; NaN if either is. Equal values share the gradient evenly. */
export const minimum = binary('minimum', kernels.minimum, {
  a: (g, { a, b }) => where(gt(a, b), 0, where(eq(a, b), div(g, 2), g)),
  b: (g, { a, b }) => where(lt(a, b), 0, where(eq(a, b), div(g, 2), g)),
});

// Functions of one number          y               ∂L/∂x

/** −x */
export const neg = unary('neg', kernels.neg, (g) => neg(g));
/** eˣ */
export const exp = unary('exp', kernels.exp, (g, { y }) => mul(g, y));
/** The natural logarithm: ln x. */
export const log = unary('log', kernels.log, (g, { x }) => div(g, x));
/** √x; its gradient at 0 is infinite. */
export const sqrt = unary('sqrt', kernels.sqrt, (g, { y }) => div(g, mul(2, y)));
/** x² */
export const square = unary('square', kernels.square, (g, { x }) => mul(g, mul(2, x)));
/** |x|; its gradient at 0 is 0. */
export const abs = unary('abs', kernels.abs, (g, { x }) => mul(g, sign(x)));
/** −1, 0 or 1. No gradient flows through it but zeros. */
export const sign = unary('sign', kernels.sign, (g) => mul(g, 0));
/** The hyperbolic tangent. */
export const tanh = unary('tanh', kernels.tanh, (g, { y }) => mul(g, sub(1, square(y))));
/** The logistic function σ(x) = 1 / (1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid', kernels.sigmoid, (g, { y }) => mul(g, mul(sub(1, y), y)));
/** max(0, x); its gradient at 0 is 0. */
export const relu = unary('relu', kernels.relu, (g, { y }) => where(le(y, 0), 0, g));
/** A copy in memory of its own. */
export const clone = unary('clone', kernels.copy, (g) => g);

const leakyReluOp = op({
  name: 'leakyRelu',
  inputs: ['x'],
  forward: (x, { slope }: { slope: number }) => compute(kernels.leakyRelu, x.shape, [x], [slope]),
  backward: { x: (g, { x, params: { slope } }) => where(gt(x, 0), g, mul(g, slope)) },
});
/**
 * x where x > 0, else negativeSlope · x (default 0.01).
 * @see PyTorch `nn.functional.leaky_relu`
 */
export function leakyRelu(x: TensorLike, options?: { negativeSlope?: number }): Tensor {
  const { negativeSlope } = readOptions('leakyRelu', options, { negativeSlope: 0.01 });
  checkNumber('leakyRelu', 'negativeSlope', negativeSlope);
  return leakyReluOp(x, { slope: negativeSlope });
}

// Comparisons, broadcast: 1 for true, 0 for false

const noGradient = { a: null, b: null };
/** 1 where a = b, else 0. */
export const eq = binary('eq', kernels.eq, noGradient);
/** 1 where a ≠ b, else 0. */
export const ne = binary('ne', kernels.ne, noGradient);
/** 1 where a < b, else 0. */
export const lt = binary('lt', kernels.lt, noGradient);
/** 1 where a ≤ b, else 0. */
export const le = binary('le', kernels.le, noGradient);
/** 1 where a > b, else 0. */
export const gt = binary('gt', kernels.gt, noGradient);
/** 1 where a ≥ b, else 0. */
export const ge = binary('ge', kernels.ge, noGradient);

/** `input` where the condition is not 0, `other` elsewhere; all three are broadcast. */
export const where = op({
  name: 'where',
  inputs: ['condition', 'input', 'other'],
  broadcastBefore: 0,
  forward: (condition, input, other) => compute(kernels.where, condition.shape, [condition, input, other]),
  backward: {
    condition: null,
    input: (g, { condition }): Tensor => where(condition, g, 0),
    other: (g, { condition }): Tensor => where(condition, 0, g),
  },
});
