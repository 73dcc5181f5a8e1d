import { ArgumentError, ShapeError } from '../errors.ts';
import * as kernels from '../kernels/activation.ts';
import { compute, op, unary } from '../op.ts';
import { checkChoice, checkNumber, describe, readOptions } from '../options.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { dimOf } from './checks.ts';
import { abs, add, div, erf, ge, gt, le, lt, mul, neg, sigmoid, tanh, where } from './pointwise.ts';
import { pick } from './scatter.ts';
import { step } from './step.ts';
import { narrow, reshape } from './view.ts';

// What layers apply to each element. Where a slope jumps, the left one counts, except where said otherwise.

// Cut off

/** max(0, x); its gradient at 0 is 0. @see CS231n, lecture 6; PyTorch `nn.functional.relu` */
export const relu = op({
  name: 'relu',
  inputs: ['x'],
  forward: (x) => compute(kernels.relu, x.shape, [x]),
  backward: { x: (g, { y }) => step(g, y) },
  scattered: ({ values, positions, shape, there }, { y }) => ({
    x: { values: step(values, there ?? pick(y, positions)), positions, shape, there: null },
  }),
});

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
export function leakyRelu(x: Tensor, options?: { negativeSlope?: number }): Tensor {
  const { negativeSlope } = readOptions('leakyRelu', options, { negativeSlope: 0.01 });
  checkNumber('leakyRelu', 'negativeSlope', negativeSlope);
  return leakyReluOp(x, { slope: negativeSlope });
}

const preluOp = op({
  name: 'prelu',
  inputs: ['x', 'weight'],
  broadcastBefore: 0,
  forward: (x, weight) => compute(kernels.prelu, x.shape, [x, weight]),
  backward: {
    x: (g, { x, weight }) => where(gt(x, 0), g, mul(g, weight)),
    weight: (g, { x }) => where(gt(x, 0), 0, mul(g, x)),
  },
});
/**
 * x where x > 0, else weight · x, the slope being learnt (He et al., 2015).
 * @param weight one number for all, or one for each channel (dim 1; the single channel of a list), `[C]`
 * @throws ShapeError for another number of weights
 * @see PyTorch `nn.functional.prelu`
 */
export function prelu(x: Tensor, weight: Tensor): Tensor {
  if (weight.ndim > 1) {
    throw new ShapeError(`prelu: weight must be one number or a list, got ${formatShape(weight.shape)}`);
  }
  if (weight.numel() === 1) return preluOp(x, reshape(weight, []));
  const channels = x.ndim > 1 ? x.shape[1]! : 1;
  if (x.ndim === 0 || weight.numel() !== channels) {
    throw new ShapeError(
      `prelu: ${formatShape(x.shape)} has ${channels} channels (dim 1), but there are ${weight.numel()} weights`,
    );
  }
  return preluOp(x, reshape(weight, [channels, ...x.shape.slice(2).map(() => 1)]));
}

const hardtanhOp = op({
  name: 'hardtanh',
  inputs: ['x'],
  forward: (x, { min, max }: { min: number; max: number }) => compute(kernels.hardtanh, x.shape, [x], [min, max]),
  backward: { x: (g, { x, params: { min, max } }) => where(mul(gt(x, min), lt(x, max)), g, 0) },
});
/**
 * min(max(x, minVal), maxVal) (defaults −1 and 1); its gradient at the bounds is 0, unlike that of `clamp`.
 * @see PyTorch `nn.functional.hardtanh`
 */
export function hardtanh(x: Tensor, options?: { minVal?: number; maxVal?: number }): Tensor {
  const { minVal, maxVal } = readOptions('hardtanh', options, { minVal: -1, maxVal: 1 });
  checkBound('hardtanh', 'minVal', minVal);
  checkBound('hardtanh', 'maxVal', maxVal);
  return hardtanhOp(x, { min: minVal, max: maxVal });
}

/** min(max(0, x), 6). @see PyTorch `nn.functional.relu6` */
export function relu6(x: Tensor): Tensor {
  return hardtanhOp(x, { min: 0, max: 6 });
}

const thresholdOp = op({
  name: 'threshold',
  inputs: ['x'],
  forward: (x, { above, value }: { above: number; value: number }) =>
    compute(kernels.threshold, x.shape, [x], [above, value]),
  backward: { x: (g, { x, params: { above } }) => where(le(x, above), 0, g) },
});
/** x where x > threshold, else `value`. @see PyTorch `nn.functional.threshold` */
export function threshold(x: Tensor, threshold: number, value: number): Tensor {
  checkBound('threshold', 'threshold', threshold);
  checkBound('threshold', 'value', value);
  return thresholdOp(x, { above: threshold, value });
}

// Exponential below 0

/** scale · x above 0, depth · (e^(rate · x) − 1) below. */
interface Elu {
  scale: number;
  depth: number;
  rate: number;
}
const eluOp = op({
  name: 'elu',
  inputs: ['x'],
  forward: (x, { scale, depth, rate }: Elu) => compute(kernels.elu, x.shape, [x], [scale, depth, rate]),
  backward: { x: (g, { x, params }) => mul(g, eluSlope(x, params)) },
});
/** An operation of its own, since eˣ of a large x that `where` drops would still make NaN of a second derivative. */
const eluSlope = op({
  name: 'eluSlope',
  inputs: ['x'],
  forward: (x, { scale, depth, rate }: Elu) => compute(kernels.eluSlope, x.shape, [x], [scale, depth, rate]),
  backward: { x: (g, { x, y, params: { rate } }): Tensor => where(ge(x, 0), 0, mul(g, mul(y, rate))) },
});
/**
 * x where x > 0, else alpha · (eˣ − 1) (default alpha 1; Clevert et al., 2016).
 * @see PyTorch `nn.functional.elu`
 */
export function elu(x: Tensor, options?: { alpha?: number }): Tensor {
  const { alpha } = readOptions('elu', options, { alpha: 1 });
  checkNumber('elu', 'alpha', alpha);
  return eluOp(x, { scale: 1, depth: alpha, rate: 1 });
}

/**
 * λ · elu(x) with λ = 1.0507… and alpha = 1.6733…, which keep mean 0 and variance 1 from layer to layer (Klambauer et
 * al., 2017).
 * @see PyTorch `nn.functional.selu`
 */
export function selu(x: Tensor): Tensor {
  const lambda = 1.0507009873554805;
  return eluOp(x, { scale: lambda, depth: lambda * 1.6732632423543772, rate: 1 });
}

/**
 * x where x > 0, else alpha · (e^(x / alpha) − 1) (default alpha 1), whose slope does not jump at 0 (Barron, 2017).
 * @throws ArgumentError for an alpha of 0
 * @see PyTorch `nn.functional.celu`
 */
export function celu(x: Tensor, options?: { alpha?: number }): Tensor {
  const { alpha } = readOptions('celu', options, { alpha: 1 });
  checkNumber('celu', 'alpha', alpha, { test: (value) => value !== 0, must: 'be a number other than 0' });
  return eluOp(x, { scale: 1, depth: alpha, rate: 1 / alpha });
}

// Smooth

const softplusOp = op({
  name: 'softplus',
  inputs: ['x'],
  forward: (x, { beta, above }: { beta: number; above: number }) =>
    compute(kernels.softplus, x.shape, [x], [beta, above]),
  backward: {
    x: (g, { x, params: { beta, above } }) => {
      const scaled = mul(x, beta);
      const bent = where(ge(scaled, above), above, scaled); // the curvature ends at the threshold, the slope jumps behind it
      return where(gt(scaled, above), g, mul(g, sigmoid(bent)));
    },
  },
});
/**
 * ln(1 + e^(beta · x)) / beta (default beta 1), a smooth max(0, x); x itself where beta · x exceeds the threshold
 * (default 20).
 * @see PyTorch `nn.functional.softplus`
 */
export function softplus(x: Tensor, options?: { beta?: number; threshold?: number }): Tensor {
  const { beta, threshold } = readOptions('softplus', options, { beta: 1, threshold: 20 });
  checkNumber('softplus', 'beta', beta);
  checkBound('softplus', 'threshold', threshold);
  return softplusOp(x, { beta, above: threshold });
}

/** ln σ(x) = −ln(1 + e⁻ˣ), exact for large |x| too. @see PyTorch `nn.functional.logsigmoid` */
export const logsigmoid = unary('logsigmoid', kernels.logsigmoid, (g, { x }) => mul(g, sigmoid(neg(x))));

/** x · σ(x), also called swish (Ramachandran et al., 2017). @see PyTorch `nn.functional.silu` */
export function silu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}

/** x · tanh(softplus(x)) (Misra, 2020). @see PyTorch `nn.functional.mish` */
export function mish(x: Tensor): Tensor {
  return mul(x, tanh(softplus(x)));
}

/** x / (1 + |x|). @see PyTorch `nn.functional.softsign` */
export function softsign(x: Tensor): Tensor {
  return div(x, add(abs(x), 1));
}

/**
 * x · Φ(x), with Φ the standard normal distribution function (Hendrycks & Gimpel, 2016): x/2 · (1 + erf(x/√2)); or its
 * approximation x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))).
 * @param options.approximate `none` (default) or `tanh`
 * @see PyTorch `nn.functional.gelu`
 */
export function gelu(x: Tensor, options?: { approximate?: 'none' | 'tanh' }): Tensor {
  const { approximate } = readOptions('gelu', options, { approximate: 'none' as 'none' | 'tanh' });
  checkChoice('gelu', 'approximate', approximate, ['none', 'tanh']);
  if (approximate === 'none') return mul(mul(x, 0.5), add(1, erf(mul(x, Math.SQRT1_2))));
  const cubic = add(x, mul(0.044715, mul(x, mul(x, x))));
  return mul(mul(x, 0.5), add(1, tanh(mul(Math.sqrt(2 / Math.PI), cubic))));
}

/**
 * The gated linear unit: `x` is halved along `dim` (default the last) into a and b; the result is a · σ(b)
 * (Dauphin et al., 2017).
 * @throws ShapeError if the size of that dim is odd; DimError for a scalar
 * @see PyTorch `nn.functional.glu`
 */
export function glu(x: Tensor, options?: { dim?: number }): Tensor {
  const { dim } = readOptions('glu', options, { dim: -1 });
  const size = x.shape[dimOf('glu', x, dim)]!;
  if (size % 2 !== 0) {
    throw new ShapeError(`glu: dim ${dim} of ${formatShape(x.shape)} can't be halved: ${size} is odd`);
  }
  return mul(narrow(x, dim, 0, size / 2), sigmoid(narrow(x, dim, size / 2, size / 2)));
}

/** @throws ArgumentError unless `value` is a number; it may be infinite. */
function checkBound(operation: string, name: string, value: unknown): void {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    throw new ArgumentError(`${operation}: ${name} must be a number, got ${describe(value)}`);
  }
}
