import {
  bernoulli_,
  checkProbability,
  defaultGenerator,
  div,
  empty,
  formatShape,
  type Generator,
  mul,
  readOptions,
  reshape,
  type Shape,
  ShapeError,
  type Tensor,
} from '@ndgrad/core';

/** What the dropout functions take. */
export interface DropoutOptions {
  /** The probability of being dropped (default 0.5). */
  p?: number;
  /** Default true; otherwise the input is returned as it is. */
  training?: boolean;
  generator?: Generator;
}

const defaults: Required<DropoutOptions> = { p: 0.5, training: true, generator: defaultGenerator };

/** x · mask / (1 − p), with a mask of the shape that `maskShape` gives, drawn where it matters. */
function drop(
  operation: string,
  input: Tensor,
  options: DropoutOptions | undefined,
  maskShape: (x: Tensor) => Shape,
): Tensor {
  const { p, training, generator } = readOptions(operation, options, defaults);
  checkProbability(operation, 'p', p);
  const shape = maskShape(input);
  if (p === 0 || !training || input.numel() === 0) return input;
  if (p === 1) return mul(input, 0);
  return mul(input, div(bernoulli_(empty(shape), { p: 1 - p, generator }), 1 - p));
}

/**
 * Sets each element to 0 with probability p, and divides the others by 1 − p, so that the expected value stays.
 * Outside training it does nothing.
 * @throws ArgumentError for a p outside [0, 1]
 * @see Srivastava et al. (2014); CS231n, lecture 7; PyTorch `nn.functional.dropout`
 */
export function dropout(input: Tensor, options?: DropoutOptions): Tensor {
  return drop('dropout', input, options, (x) => x.shape);
}

/**
 * As `dropout`, for whole channels: `[n, c, …]`, each channel of each sample kept or dropped as one.
 * @throws ShapeError for fewer than two dimensions
 * @see Tompson et al. (2015); PyTorch `nn.functional.dropout2d`
 */
export function dropout2d(input: Tensor, options?: DropoutOptions): Tensor {
  return drop('dropout2d', input, options, (x) => channelShape('dropout2d', x));
}

/**
 * As `dropout`, for whole channels of `[n, c, l]`, or unbatched `[c, l]`.
 * @throws ShapeError for another number of dimensions
 * @see PyTorch `nn.functional.dropout1d`
 */
export function dropout1d(input: Tensor, options?: DropoutOptions): Tensor {
  if (input.ndim !== 2 && input.ndim !== 3) {
    throw new ShapeError(`dropout1d: expected [n, c, l] or [c, l], got ${formatShape(input.shape)}`);
  }
  const batched = input.ndim === 2 ? reshape(input, [1, ...input.shape]) : input;
  const y = drop('dropout1d', batched, options, (x) => channelShape('dropout1d', x));
  return input.ndim === 2 ? reshape(y, input.shape) : y;
}

function channelShape(operation: string, x: Tensor): Shape {
  if (x.ndim < 2) {
    throw new ShapeError(`${operation}: expected at least 2 dimensions, [n, c, …], got ${formatShape(x.shape)}`);
  }
  return x.shape.map((size, dim) => (dim < 2 ? size : 1));
}
