import { ArgumentError, ShapeError } from '../errors.ts';
import type { Windows } from '../kernels/pool.ts';
import type { Pair } from '../kernels/unfold.ts';
import { checkInteger, describe } from '../options.ts';
import { formatShape, type Shape } from '../shape.ts';
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

// The windows of pools

/** How windows may lie; sizes are numbers, or lists with one number for each dim. */
export interface FrameOptions {
  stride: Sizes | null;
  padding: Sizes;
  dilation: Sizes;
  ceilMode: boolean;
}

/** Windows that slide along a dim. */
export interface Slide extends Windows {
  dim: number;
  /** Of the dim that the windows slide along. */
  size: number;
  /** What the sum of each window is divided by for a mean. */
  counts: readonly number[];
}
/** How windows lie on an image. */
export interface Frame {
  kernel: Pair;
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  ceilMode: boolean;
}

export function frameOf(
  operation: string,
  kernelSize: Sizes,
  { stride, padding, dilation, ceilMode }: FrameOptions,
  dims: WindowDims,
): Frame {
  const kernel = pairOf(operation, 'kernelSize', kernelSize, 1, dims);
  const frame: Frame = {
    kernel,
    stride: stride === null || sameAsKernel(stride) ? kernel : pairOf(operation, 'stride', stride, 1, dims),
    padding: pairOf(operation, 'padding', padding, 0, dims),
    dilation: pairOf(operation, 'dilation', dilation, 1, dims),
    ceilMode,
  };
  if (frame.padding.some((size, d) => size > kernel[d]! / 2)) {
    throw new ArgumentError(
      `${operation}: padding must be at most half of kernelSize, got ${describe(padding)} with ${describe(kernelSize)}`,
    );
  }
  return frame;
}

/** PyTorch takes an empty list for no stride at all. */
const sameAsKernel = (stride: Sizes): boolean => Array.isArray(stride) && stride.length === 0;

/** The windows of an image of so many pixels, along the rows' and the columns' dim. */
export function slides(
  operation: string,
  [height, width]: Shape,
  frame: Frame,
  countPadding = false,
): [rows: Slide, columns: Slide] {
  const rows = slide(2, height!, frame, countPadding);
  const columns = slide(3, width!, frame, countPadding);
  if (rows.starts.length < 1 || columns.starts.length < 1) {
    throw new ShapeError(
      `${operation}: no window of ${frame.kernel.join(' × ')} fits into ${height} × ${width} pixels padded by ` +
        `${frame.padding.join(' × ')}; use a smaller kernelSize, or ceilMode`,
    );
  }
  if ([rows, columns].some(({ starts, ends }) => starts.some((start, i) => start >= ends[i]!))) {
    throw new ShapeError(`${operation}: a window would see nothing but padding; use less padding or dilation`);
  }
  return [rows, columns];
}

function slide(dim: 2 | 3, size: number, frame: Frame, countPadding: boolean): Slide {
  const along = (pair: Pair): number => pair[dim - 2]!;
  const [kernel, stride, padding, dilation] = [frame.kernel, frame.stride, frame.padding, frame.dilation].map(
    along,
  ) as [number, number, number, number];
  const span = dilation * (kernel - 1) + 1;
  const steps = (size + 2 * padding - span) / stride;
  let count = Math.max((frame.ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1, 0);
  if (frame.ceilMode && (count - 1) * stride >= size + padding) count--; // it would begin behind the image
  const starts: number[] = [];
  const ends: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < count; i++) {
    const first = i * stride - padding;
    const start = first < 0 ? first + dilation * Math.ceil(-first / dilation) : first;
    const end = Math.min(first + span, size);
    starts.push(start);
    ends.push(end);
    counts.push(countPadding ? Math.min(first + span, size + padding) - first : end - start);
  }
  return { dim, size, starts, ends, step: dilation, counts };
}
