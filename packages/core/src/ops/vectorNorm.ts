import { zerosLike } from '../create.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import { op } from '../op.ts';
import { describe, readOptions } from '../options.ts';
import { formatShape, numelOf, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { isnan } from './logic.ts';
import { abs, div, eq, mul, ne, pow, sign, sqrt, square, where } from './pointwise.ts';
import { amax, amin } from './reduce.ts';
import { type ReduceOptions, reduce } from './reduction.ts';

/** Options of `norm`. */
export interface VectorNormOptions extends ReduceOptions {
  /** Which norm: any number, ±Infinity included, or `fro`, which is 2 (default 2). */
  p?: number | 'fro';
}

interface Measure {
  p: number;
  /** The input's shape with a 1 in every reduced dim. */
  shape: Shape;
  dims: readonly number[];
}

const normOp = op({
  name: 'norm',
  inputs: ['x'],
  forward: (x, { p, shape, dims }: Measure) => {
    if (p === Infinity) return amax(abs(x), { dim: dims, keepdim: true });
    if (p === -Infinity) return amin(abs(x), { dim: dims, keepdim: true });
    if (p === 0) return sumTo(ne(x, 0), shape);
    if (p === 1) return sumTo(abs(x), shape);
    if (p === 2) return sqrt(sumTo(square(x), shape));
    return pow(sumTo(pow(abs(x), p), shape), 1 / p);
  },
  backward: { x: (g, { x, y, params }) => normGradient(g, x, y, params) },
});

/** sign(x) · (|x| / y)^(p−1), and 0 wherever x or y is 0. */
function normGradient(g: Tensor, x: Tensor, y: Tensor, { p, shape }: Measure): Tensor {
  if (p === 0) return zerosLike(x);
  if (p === 1) return mul(g, sign(x));
  if (p === Infinity || p === -Infinity) {
    const reached = where(isnan(x), 1, eq(abs(x), y));
    return mul(sign(x), mul(reached, div(g, sumTo(reached, shape)))); // equal ones share it
  }
  const zero = eq(y, 0);
  const length = where(zero, 1, y); // whatever is divided by here counts for nothing in the end
  if (p === 2) return mul(g, where(zero, 0, div(x, length)));
  const size = where(eq(x, 0), 1, abs(x));
  return mul(mul(sign(x), pow(size, p - 1)), where(zero, 0, mul(g, pow(length, 1 - p))));
}

/**
 * The p-norm over the given dims, (Σ |x|ᵖ)^(1/p); for p = 0 the number of elements that are not 0, for ±∞ the largest or
 * smallest |x|. Its gradient at 0 is 0.
 * @throws ShapeError for a norm of nothing that has no value (p < 0 or ∞)
 * @see PyTorch `torch.norm`
 */
export function norm(x: Tensor, options?: VectorNormOptions): Tensor {
  const everything: Required<VectorNormOptions> = { p: 2, dim: null, keepdim: false };
  const { p: given, dim, keepdim } = readOptions('norm', options, everything);
  const p = given === 'fro' ? 2 : given;
  if (typeof p !== 'number' || Number.isNaN(p)) {
    throw new ArgumentError(`norm: p must be a number or "fro", got ${describe(p)}`);
  }
  return reduce('norm', x, { dim, keepdim }, (x, shape, dims) => {
    if (x.numel() === 0 && numelOf(shape) > 0 && (p < 0 || p === Infinity)) {
      throw new ShapeError(`norm: there is no ${p}-norm of nothing: ${formatShape(x.shape)} is empty in a reduced dim`);
    }
    return normOp(x, { p, shape, dims });
  });
}
