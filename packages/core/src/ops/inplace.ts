import { ArgumentError, GradError, ShapeError } from '../errors.ts';
import { isGradEnabled } from '../gradMode.ts';
import { allocate, type Kernel } from '../kernels/kernel.ts';
import { launch } from '../kernels/launch.ts';
import * as elementwise from '../kernels/pointwise.ts';
import * as draws from '../kernels/random.ts';
import { expandView } from '../op.ts';
import { checkNumber, checkProbability, readOptions } from '../options.ts';
import { defaultGenerator, type Generator } from '../random.ts';
import { expandStrides, formatShape } from '../shape.ts';
import { asTensor, Tensor, type TensorLike } from '../tensor.ts';
import { checkMutable } from './checks.ts';
import { add, type ClampOptions, clamp, clone, type ScaledOptions, sub } from './pointwise.ts';

// For what has no history: weights under noGrad, buffers, fresh tensors.

/** `other` as it is written into `x`: shown in its shape, and read before anything is written. */
function operandOf(operation: string, x: Tensor, other: TensorLike): Tensor {
  checkMutable(operation, x);
  const operand = asTensor(operation, other);
  if (operand.requiresGrad && isGradEnabled()) {
    throw new GradError(`${operation}: a gradient could not flow into the operand; use the operation without "_"`);
  }
  if (expandStrides(operand.shape, operand.ndarray.stride, x.shape) === null) {
    throw new ShapeError(`${operation}: ${formatShape(operand.shape)} does not broadcast to ${formatShape(x.shape)}`);
  }
  return expandView(operand.storage === x.storage ? clone(operand.detach()) : operand, x.shape);
}

function combine(operation: string, kernel: Kernel, x: Tensor, other: TensorLike): Tensor {
  launch(kernel, [x], [x, operandOf(operation, x, other)], undefined);
  return x;
}

function replace(operation: string, x: Tensor, other: TensorLike): Tensor {
  launch(elementwise.copy, [x], [operandOf(operation, x, other)], undefined);
  return x;
}

/** x ← x + alpha · other (default alpha 1) */
export function add_(x: Tensor, other: TensorLike, options?: ScaledOptions): Tensor {
  if (options === undefined) return combine('add_', elementwise.add, x, other);
  return replace('add_', x, add(x.detach(), other, options));
}
/** x ← x − alpha · other (default alpha 1) */
export function sub_(x: Tensor, other: TensorLike, options?: ScaledOptions): Tensor {
  if (options === undefined) return combine('sub_', elementwise.sub, x, other);
  return replace('sub_', x, sub(x.detach(), other, options));
}
/** x ← x · other */
export const mul_ = (x: Tensor, other: TensorLike): Tensor => combine('mul_', elementwise.mul, x, other);
/** x ← x / other */
export const div_ = (x: Tensor, other: TensorLike): Tensor => combine('div_', elementwise.div, x, other);
/** x ← other, broadcast */
export const copy_ = (x: Tensor, other: TensorLike): Tensor => replace('copy_', x, other);

/** x ← x kept between `min` and `max`, numbers or tensors */
export function clamp_(x: Tensor, options: ClampOptions): Tensor {
  return replace('clamp_', x, clamp(x.detach(), options));
}

/** x ← value everywhere */
export function fill_(x: Tensor, value: number): Tensor {
  if (typeof value !== 'number') throw new ArgumentError(`fill_: expected a number, got ${typeof value}`);
  checkMutable('fill_', x);
  launch(elementwise.fill, [x], [], value);
  return x;
}

/** x ← 0 */
export const zero_ = (x: Tensor): Tensor => fill_(x, 0);

/** Draws every element anew, in row-major order. */
function draw<P>(operation: string, kernel: Kernel<P>, x: Tensor, params: P, inputs: Tensor[] = []): Tensor {
  checkMutable(operation, x);
  if (x.isContiguous()) {
    launch(kernel, [x], inputs, params);
    return x;
  }
  const fresh = new Tensor(allocate(x.shape));
  launch(kernel, [fresh], inputs, params);
  launch(elementwise.copy, [x], [fresh], undefined);
  return x;
}

/** Draws from the uniform distribution on [from, to) (default [0, 1)). @see PyTorch `Tensor.uniform_` */
export function uniform_(x: Tensor, options?: { from?: number; to?: number; generator?: Generator }): Tensor {
  const params = readOptions('uniform_', options, { from: 0, to: 1, generator: defaultGenerator });
  checkNumber('uniform_', 'from', params.from);
  checkNumber('uniform_', 'to', params.to, {
    test: (to) => to >= params.from,
    must: `be at least from (${params.from})`,
  });
  return draw('uniform_', draws.uniform, x, params);
}

/** Draws from the normal distribution (default mean 0, std 1). @see PyTorch `Tensor.normal_` */
export function normal_(x: Tensor, options?: { mean?: number; std?: number; generator?: Generator }): Tensor {
  const params = readOptions('normal_', options, { mean: 0, std: 1, generator: defaultGenerator });
  checkNumber('normal_', 'mean', params.mean);
  checkNumber('normal_', 'std', params.std, { test: (std) => std >= 0, must: 'be at least 0' });
  return draw('normal_', draws.normal, x, params);
}

/** Draws 1 with probability p (default 0.5), else 0. @see PyTorch `Tensor.bernoulli_` */
export function bernoulli_(x: Tensor, options?: { p?: number; generator?: Generator }): Tensor {
  const { p, generator } = readOptions('bernoulli_', options, { p: 0.5, generator: defaultGenerator });
  checkProbability('bernoulli_', 'p', p);
  return draw('bernoulli_', draws.bernoulli, x, { generator }, [asTensor('bernoulli_', p)]);
}

/** Draws from the exponential distribution λe^(−λx) (default λ = 1). @see PyTorch `Tensor.exponential_` */
export function exponential_(x: Tensor, options?: { lambd?: number; generator?: Generator }): Tensor {
  const params = readOptions('exponential_', options, { lambd: 1, generator: defaultGenerator });
  checkNumber('exponential_', 'lambd', params.lambd, { test: (v) => v > 0, must: 'be above 0' });
  return draw('exponential_', draws.exponential, x, params);
}
