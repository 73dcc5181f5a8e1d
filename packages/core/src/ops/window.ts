import { ArgumentError, ShapeError } from '../errors.ts';
import type { Pair } from '../kernels/unfold.ts';
import { checkInteger, describe } from '../options.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { reshape } from './view.ts';

// What convolutions and pools have in common. One-dimensional ones are two-dimensional ones on images of height 1.

/** How many dims a window has. */
export type WindowDims = 1 | 2;

/** One number for all dims of a window, or a list with one number for each. */
export type Sizes = number | readonly number[];

/**
 * Sizes as a pair. Along the height that a one-dimensional operation does not have, the pair holds `min`: a kernel,
 * stride or dilation of 1, a padding of 0.
 * @throws ArgumentError unless they are whole numbers of at least `min`, as many as dims, or one for all
 */
export function pairOf(operation: string, name: string, value: unknown, min: 0 | 1, dims: WindowDims = 2): Pair {
  const list: unknown = typeof value === 'number' ? [value] : value;
  if (!Array.isArray(list) || (list.length !== dims && list.length !== 1)) {
    const wanted = dims === 1 ? 'one number' : 'one number or a list of two';
    throw new ArgumentError(`${operation}: ${name} must be ${wanted}, got ${describe(value)}`);
  }
  for (const size of list) checkInteger(operation, name, size, min);
  const last = list.at(-1) as number;
  return [dims === 1 ? min : (list[0] as number), last];
}

/**
 * `x` as images [n, channels, height, width]: one that has no batch dim becomes a batch of one.
 * @throws ShapeError unless `x` has `dims` + 1 or `dims` + 2 dims
 */
export function imagesOf(operation: string, x: Tensor, dims: WindowDims): Tensor {
  if (x.ndim !== dims + 1 && x.ndim !== dims + 2) {
    const spatial = dims === 1 ? 'length' : 'height, width';
    throw new ShapeError(
      `${operation}: expected an input of shape [n, channels, ${spatial}] or [channels, ${spatial}], ` +
        `got ${formatShape(x.shape)}`,
    );
  }
  if (x.ndim === 4 && dims === 2) return x;
  const n = x.ndim === dims + 2 ? x.shape[0]! : 1;
  const channels = x.shape.at(-dims - 1)!;
  return reshape(x, [n, channels, dims === 1 ? 1 : x.shape.at(-2)!, x.shape.at(-1)!]);
}

/** The reverse of `imagesOf`: `y` without the dims that `x` did not have. */
export function likeInput(y: Tensor, x: Tensor, dims: WindowDims): Tensor {
  if (x.ndim === 4 && dims === 2) return y;
  const shape = x.ndim === dims + 2 ? [y.shape[0]!] : [];
  return reshape(y, [...shape, y.shape[1]!, ...y.shape.slice(4 - dims)]);
}
