import { ArgumentError } from '../errors.ts';
import { op } from '../op.ts';
import { checkInteger, describe, readOptions } from '../options.ts';
import type { Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { expand, sumTo } from './broadcast.ts';
import { div, eq, mul, sqrt, square, sub, where } from './pointwise.ts';
import { countOf, type ReduceOptions, reduce } from './reduction.ts';

/** Options of `variance` and `std`. */
export interface VarianceOptions extends ReduceOptions {
  /** What the number of elements is reduced by before the division (default 1, Bessel's correction). */
  correction?: number | null;
  /** Another way to say it: true for a correction of 1, false for 0. */
  unbiased?: boolean | null;
}

interface Moment {
  /** The input's shape with a 1 in every reduced dim. */
  shape: Shape;
  /** How many elements go into one. */
  count: number;
  correction: number;
  /** Whether everything is reduced, without a dim being named. */
  whole: boolean;
}

const deviations = (x: Tensor, { shape, count }: Moment): Tensor => sub(x, div(sumTo(x, shape), count));

function varianceOf(x: Tensor, moment: Moment): Tensor {
  const squares = sumTo(square(deviations(x, moment)), moment.shape);
  return div(squares, Math.max(moment.count - moment.correction, 0));
}

/** 2 · (x − mean) / (n − correction); infinite, as in PyTorch, where all of one element is corrected away. */
function varianceGradient(g: Tensor, x: Tensor, moment: Moment): Tensor {
  const { count, correction, whole } = moment;
  if (whole && count === correction) return expand(mul(g, Infinity), x.shape);
  return mul(mul(g, 2 / (count - correction)), deviations(x, moment));
}

const varianceOp = op({
  name: 'var',
  inputs: ['x'],
  forward: (x, moment: Moment) => varianceOf(x, moment),
  backward: { x: (g, { x, params: moment }) => varianceGradient(g, x, moment) },
});

const stdOp = op({
  name: 'std',
  inputs: ['x'],
  forward: (x, moment: Moment) => sqrt(varianceOf(x, moment)),
  backward: {
    x: (g, { x, y, params: moment }) => {
      const none = eq(y, 0);
      return varianceGradient(where(none, 0, div(g, mul(2, where(none, 1, y)))), x, moment);
    },
  },
});

/**
 * The variance over the given dims, Σ (x − mean)² / (n − correction). Exported as `var`, too.
 * @throws ArgumentError where both `unbiased` and `correction` are given
 * @see PyTorch `torch.var`
 */
export function variance(x: Tensor, options?: VarianceOptions): Tensor {
  return moment('var', x, options, varianceOp);
}
export { variance as var };

/** The standard deviation, √variance; its gradient is 0 where all elements are equal. @see PyTorch `torch.std` */
export function std(x: Tensor, options?: VarianceOptions): Tensor {
  return moment('std', x, options, stdOp);
}

function moment(name: string, x: Tensor, options: VarianceOptions | undefined, primitive: typeof varianceOp): Tensor {
  const unknown: Required<VarianceOptions> = { dim: null, keepdim: false, unbiased: null, correction: null };
  const { unbiased, correction: given, dim, keepdim } = readOptions(name, options, unknown);
  if (unbiased !== null && given !== null) throw new ArgumentError(`${name}: give unbiased or correction, not both`);
  if (unbiased !== null && typeof unbiased !== 'boolean') {
    throw new ArgumentError(`${name}: unbiased must be true or false, got ${describe(unbiased)}`);
  }
  const correction = given ?? (unbiased === false ? 0 : 1);
  checkInteger(name, 'correction', correction, -Infinity);
  const whole = dim === null || x.ndim === 0;
  return reduce(name, x, { dim, keepdim }, (x, shape, dims) => {
    return primitive(x, { shape, count: countOf(x, dims), correction, whole });
  });
}
