import { zerosLike } from '../create.ts';
import { ArgumentError } from '../errors.ts';
import * as erfKernels from '../kernels/erf.ts';
import * as kernels from '../kernels/pointwise.ts';
import { binary, compute, op, unary } from '../op.ts';
import { checkChoice, checkNumber, readOptions } from '../options.ts';
import { asTensor, type Tensor, type TensorLike } from '../tensor.ts';

/** Options of `add` and `sub`. */
export interface ScaledOptions {
  /** What the second operand is multiplied by first (default 1). */
  alpha?: number;
}

/** Options of `div`. */
export interface DivOptions {
  /** `trunc` drops the fraction of the quotient, `floor` rounds it down; no gradient flows then. */
  roundingMode?: 'trunc' | 'floor' | null;
}

/** Options of `clamp`: at least one bound, each a number or a tensor. */
export interface ClampOptions {
  min?: TensorLike | null;
  max?: TensorLike | null;
}

// Arithmetic                            y                  ∂L/∂a                            ∂L/∂b

const addOp = binary('add', kernels.add, { a: (g) => g, b: (g) => g });
const subOp = binary('sub', kernels.sub, { a: (g) => g, b: (g) => neg(g) });
/** a · b, element by element, broadcast. */
export const mul = binary('mul', kernels.mul, { a: (g, { b }) => mul(g, b), b: (g, { a }) => mul(g, a) });
const divOp = binary('div', kernels.div, {
  a: (g, { b }) => divOp(g, b),
  b: (g, { a, b }) => neg(mul(g, divOp(divOp(a, b), b))),
});
const flat = { a: (g: Tensor) => zerosLike(g), b: (g: Tensor) => zerosLike(g) };
const divFloor = binary('divFloor', kernels.divFloor, flat);
const divTrunc = binary('divTrunc', kernels.divTrunc, flat);

/** a + alpha · b, broadcast (default alpha 1). @see PyTorch `torch.add` */
export function add(a: TensorLike, b: TensorLike, options?: ScaledOptions): Tensor {
  return addOp(a, scaled('add', b, options));
}

/** a − alpha · b, broadcast (default alpha 1). @see PyTorch `torch.sub` */
export function sub(a: TensorLike, b: TensorLike, options?: ScaledOptions): Tensor {
  return subOp(a, scaled('sub', b, options));
}

function scaled(operation: string, b: TensorLike, options: ScaledOptions | undefined): TensorLike {
  if (options === undefined) return b;
  const { alpha } = readOptions(operation, options, { alpha: 1 });
  checkNumber(operation, 'alpha', alpha);
  return alpha === 1 ? b : mul(asTensor(operation, b), alpha);
}

/** a / b, element by element, broadcast; rounded if a `roundingMode` is given. @see PyTorch `torch.div` */
export function div(a: TensorLike, b: TensorLike, options?: DivOptions): Tensor {
  if (options === undefined) return divOp(a, b);
  const { roundingMode } = readOptions('div', options, { roundingMode: null as DivOptions['roundingMode'] });
  if (roundingMode === null) return divOp(a, b);
  checkChoice('div', 'roundingMode', roundingMode, ['trunc', 'floor']);
  return roundingMode === 'trunc' ? divTrunc(a, b) : divFloor(a, b);
}

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

const clampOp = op({
  name: 'clamp',
  inputs: ['x', 'min', 'max'],
  broadcastBefore: 0,
  forward: (x, min, max) => compute(kernels.clamp, x.shape, [x, min, max]),
  backward: {
    x: (g, { x, min, max }): Tensor => where(mul(ge(x, min), le(x, max)), g, 0),
    min: (g, { x, min, max }): Tensor => where(mul(lt(x, min), lt(min, max)), g, 0),
    max: (g, { x, min, max }): Tensor => where(maximum(gt(x, max), lt(max, min)), g, 0),
  },
});
/**
 * x kept between two bounds, numbers or tensors, broadcast; `max` counts where they cross. The gradient goes to what the
 * result was taken from: to x on a bound, too.
 * @throws ArgumentError unless at least one bound is given
 * @see PyTorch `torch.clamp`
 */
export function clamp(x: TensorLike, options: ClampOptions): Tensor {
  const none: Required<ClampOptions> = { min: null, max: null };
  const { min, max } = readOptions('clamp', options, none);
  if (min === null && max === null) throw new ArgumentError('clamp: give min, max or both, such as { min: 0 }');
  return clampOp(x, min ?? -Infinity, max ?? Infinity);
}

// Functions of one number               y                  ∂L/∂x

/** −x */
export const neg = unary('neg', kernels.neg, (g) => neg(g));
/** |x|; its gradient at 0 is 0. */
export const abs = unary('abs', kernels.abs, (g, { x }) => mul(g, sign(x)));
/** −1, 0 or 1. No gradient flows through it but zeros. */
export const sign = unary('sign', kernels.sign, (g) => zerosLike(g));
/** x² */
export const square = unary('square', kernels.square, (g, { x }) => mul(g, mul(2, x)));
/** √x; its gradient at 0 is infinite. */
export const sqrt = unary('sqrt', kernels.sqrt, (g, { y }) => div(g, mul(2, y)));
/** 1 / √x */
export const rsqrt = unary('rsqrt', kernels.rsqrt, (g, { y }) => mul(g, mul(-0.5, mul(y, square(y)))));
/** 1 / x */
export const reciprocal = unary('reciprocal', kernels.reciprocal, (g, { y }) => neg(mul(g, square(y))));

/** eˣ */
export const exp = unary('exp', kernels.exp, (g, { y }) => mul(g, y));
/** 2ˣ */
export const exp2 = unary('exp2', kernels.exp2, (g, { y }) => mul(g, mul(y, Math.LN2)));
/** eˣ − 1, without the loss of digits near 0. */
export const expm1 = unary('expm1', kernels.expm1, (g, { y }) => mul(g, add(y, 1)));
/** The natural logarithm: ln x. */
export const log = unary('log', kernels.log, (g, { x }) => div(g, x));
/** ln(1 + x), without the loss of digits near 0. */
export const log1p = unary('log1p', kernels.log1p, (g, { x }) => div(g, add(x, 1)));
/** The logarithm to base 2. */
export const log2 = unary('log2', kernels.log2, (g, { x }) => div(g, mul(x, Math.LN2)));

/** The sine of x radians. */
export const sin = unary('sin', kernels.sin, (g, { x }) => mul(g, cos(x)));
/** The cosine of x radians. */
export const cos = unary('cos', kernels.cos, (g, { x }) => neg(mul(g, sin(x))));
/** The tangent of x radians. */
export const tan = unary('tan', kernels.tan, (g, { y }) => mul(g, add(square(y), 1)));
/** The angle in [−π/2, π/2] whose sine is x, in radians. */
export const asin = unary('asin', kernels.asin, (g, { x }) => mul(g, rsqrt(sub(1, square(x)))));
/** The angle in [0, π] whose cosine is x, in radians. */
export const acos = unary('acos', kernels.acos, (g, { x }) => neg(mul(g, rsqrt(sub(1, square(x))))));
/** The angle in (−π/2, π/2) whose tangent is x, in radians. */
export const atan = unary('atan', kernels.atan, (g, { x }) => div(g, add(square(x), 1)));

/** The hyperbolic sine: (eˣ − e⁻ˣ) / 2. */
export const sinh = unary('sinh', kernels.sinh, (g, { x }) => mul(g, cosh(x)));
/** The hyperbolic cosine: (eˣ + e⁻ˣ) / 2. */
export const cosh = unary('cosh', kernels.cosh, (g, { x }) => mul(g, sinh(x)));
/** The hyperbolic tangent: (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ). */
export const tanh = unary('tanh', kernels.tanh, (g, { y }) => mul(g, sub(1, square(y))));
/** The logistic function σ(x) = 1 / (1 + e⁻ˣ). */
export const sigmoid = unary('sigmoid', kernels.sigmoid, (g, { y }) => mul(g, mul(sub(1, y), y)));
/** The error function: 2/√π · ∫ exp(−t²) from 0 to x. */
export const erf = unary('erf', erfKernels.erf, (g, { x }) => mul(g, bell(x)));
/** 1 − erf x, without the loss of digits where that is small. */
export const erfc = unary('erfc', erfKernels.erfc, (g, { x }) => neg(mul(g, bell(x))));
const bell = (x: Tensor): Tensor => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI));

/** A copy in memory of its own. */
export const clone = unary('clone', kernels.copy, (g) => g);

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
