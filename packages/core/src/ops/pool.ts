import { tensor } from '../create.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import { launch } from '../kernels/launch.ts';
import type { Windows } from '../kernels/pool.ts';
import * as kernels from '../kernels/pool.ts';
import { compute, op, unwritten } from '../op.ts';
import { checkInteger, describe, readOptions } from '../options.ts';
import { formatShape, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { div, mul } from './pointwise.ts';
import { drop, fromPlaces } from './scatter.ts';
import { reshape } from './view.ts';
import { frameOf, imagesOf, likeInput, type Sizes, type Slide, slides, type WindowDims } from './window.ts';

/** Options of the pools with a fixed window; sizes are numbers, or lists with one number for each dim. */
export interface PoolOptions {
  /** From one window to the next, in pixels (default: `kernelSize`, so that windows do not overlap). */
  stride?: Sizes | null;
  /** Pixels around the input, at most half of `kernelSize` (default 0): −∞ for a maximum, 0 for an average. */
  padding?: Sizes;
  /** Whether the last window may reach beyond the padding, as long as it does not begin there (default false). */
  ceilMode?: boolean;
}

/** Options of `maxPool1d` and `maxPool2d`. */
export interface MaxPoolOptions extends PoolOptions {
  /** Between the pixels of a window (default 1: neighbours). */
  dilation?: Sizes;
  /** Whether to give `{ output, indices }` instead of the output alone (default false). */
  returnIndices?: boolean;
}

/** Options of `avgPool1d`. */
export interface AvgPoolOptions extends PoolOptions {
  /** Whether the padding counts in the number that a sum is divided by (default true). */
  countIncludePad?: boolean;
}

/** Maxima, and where each stands in its plane, counted row by row. */
export interface Pooled {
  output: Tensor;
  indices: Tensor;
}

const maxDefaults: Required<MaxPoolOptions> = {
  stride: null,
  padding: 0,
  dilation: 1,
  ceilMode: false,
  returnIndices: false,
};
const avgDefaults: Required<AvgPoolOptions> = { stride: null, padding: 0, ceilMode: false, countIncludePad: true };

/** Options that ask for `{ output, indices }`. */
export type WithIndices<Options> = Options & { returnIndices: true };
/** Options that ask for the output alone. */
export type WithoutIndices<Options> = Options & { returnIndices?: false };

const maxPoolOp = op({
  name: 'maxPool',
  inputs: ['x', 'maxima', 'positions'],
  // Where the windows lie is told for those who read records.
  forward: (_, maxima, _positions, _windows: { rows: Windows; columns: Windows }) => maxima,
  backward: {
    x: (g, { positions, shapes }): Tensor => drop(g, positions, shapes.x),
    maxima: null,
    positions: null,
  },
  fused: (g, { y, positions, shapes }) => ({ x: fromPlaces(g, positions, shapes.x, y) }),
});

// Sums of windows along one dim and their reverse: each is the other's gradient.

const resized = (shape: Shape, dim: number, size: number) => shape.map((n, d) => (d === dim ? size : n));
const windowSum = op({
  name: 'windowSum',
  inputs: ['x'],
  forward: (x, slide: Slide) =>
    compute(kernels.windowSum, resized(x.shape, slide.dim, slide.starts.length), [x], slide),
  backward: { x: (g, { params: slide }): Tensor => windowSpread(g, slide) },
});
const windowSpread = op({
  name: 'windowSpread',
  inputs: ['x'],
  forward: (x, slide: Slide) => compute(kernels.windowSpread, resized(x.shape, slide.dim, slide.size), [x], slide),
  backward: { x: (g, { params: slide }): Tensor => windowSum(g, slide) },
});

/**
 * The largest element of each window of a length; NaN if there is one. The first of equal ones takes the gradient.
 * @param input [n, channels, length], or [channels, length]
 * @param kernelSize size of a window
 * @returns [n, channels, windows], or without n, where windows = ⌊(length + 2·padding − dilation·(kernelSize − 1) − 1)
 *   / stride⌋ + 1 (⌈ ⌉ with `ceilMode`); with `returnIndices`, `{ output, indices }`
 * @throws ShapeError if no window fits; ArgumentError for sizes that are no whole numbers, or a padding above half of
 *   `kernelSize`
 * @see PyTorch `nn.functional.max_pool1d`
 */
export function maxPool1d(input: Tensor, kernelSize: Sizes, options: WithIndices<MaxPoolOptions>): Pooled;
export function maxPool1d(input: Tensor, kernelSize: Sizes, options?: WithoutIndices<MaxPoolOptions>): Tensor;
export function maxPool1d(input: Tensor, kernelSize: Sizes, options?: MaxPoolOptions): Tensor | Pooled {
  return maxPool('maxPool1d', 1, input, kernelSize, options);
}

/**
 * The largest element of each window of an image; NaN if there is one. The first of equal ones takes the gradient.
 * @param input [n, channels, height, width], or [channels, height, width]
 * @param kernelSize size of a window in pixels: a number, or a pair
 * @returns [n, channels, rows, columns], or without n, each of ⌊(size + 2·padding − dilation·(kernelSize − 1) − 1) /
 *   stride⌋ + 1 (⌈ ⌉ with `ceilMode`); with `returnIndices`, `{ output, indices }`
 * @throws ShapeError if no window fits; ArgumentError for sizes that are no whole numbers, or a padding above half of
 *   `kernelSize`
 * @see CS231n, lecture 5; PyTorch `nn.functional.max_pool2d`
 */
export function maxPool2d(input: Tensor, kernelSize: Sizes, options: WithIndices<MaxPoolOptions>): Pooled;
export function maxPool2d(input: Tensor, kernelSize: Sizes, options?: WithoutIndices<MaxPoolOptions>): Tensor;
export function maxPool2d(input: Tensor, kernelSize: Sizes, options?: MaxPoolOptions): Tensor | Pooled {
  return maxPool('maxPool2d', 2, input, kernelSize, options);
}

function maxPool(name: string, dims: WindowDims, input: Tensor, kernelSize: Sizes, options?: MaxPoolOptions) {
  const { returnIndices, ...given } = readOptions(name, options, maxDefaults);
  const x = pixelsOf(name, input, dims);
  const [rows, columns] = slides(name, x.shape.slice(2), frameOf(name, kernelSize, given, dims));
  return pickMaxima(x, rows, columns, returnIndices, (y) => likeInput(y, input, dims));
}

/**
 * The largest element of each of `outputSize` windows that cover an image evenly: window i begins at
 * ⌊i·size / outputSize⌋ and ends before ⌈(i + 1)·size / outputSize⌉.
 * @param input [n, channels, height, width], or [channels, height, width]
 * @param outputSize rows and columns: a number for both, or a pair, where `null` keeps the input's
 * @returns [n, channels, …outputSize], or without n; with `returnIndices`, `{ output, indices }`
 * @throws ShapeError for another shape; ArgumentError for another `outputSize`
 * @see PyTorch `nn.functional.adaptive_max_pool2d`
 */
export function adaptiveMaxPool2d(input: Tensor, outputSize: AdaptiveSizes, options: WithIndices<object>): Pooled;
export function adaptiveMaxPool2d(input: Tensor, outputSize: AdaptiveSizes, options?: WithoutIndices<object>): Tensor;
export function adaptiveMaxPool2d(
  input: Tensor,
  outputSize: AdaptiveSizes,
  options?: { returnIndices?: boolean },
): Tensor | Pooled {
  const { returnIndices } = readOptions('adaptiveMaxPool2d', options, { returnIndices: false });
  const x = pixelsOf('adaptiveMaxPool2d', input, 2, input.shape.slice(1));
  const [rows, columns] = evenly('adaptiveMaxPool2d', x, outputSize);
  return pickMaxima(x, rows, columns, returnIndices, (y) => likeInput(y, input, 2));
}

/** The gradient of each maximum goes to where it stands, and nowhere else. */
function pickMaxima(
  x: Tensor,
  rows: Slide,
  columns: Slide,
  returnIndices: boolean,
  arrange: (y: Tensor) => Tensor,
): Tensor | Pooled {
  const shape = [x.shape[0]!, x.shape[1]!, rows.starts.length, columns.starts.length];
  const [maxima, positions] = [unwritten(shape), unwritten(shape)];
  launch(kernels.windowMax, [maxima, positions], [x], { rows, columns });
  const output = arrange(maxPoolOp(x, maxima, positions, { rows, columns }));
  return returnIndices ? { output, indices: arrange(positions) } : output;
}

/**
 * The mean of each window of a length.
 * @param input [n, channels, length], or [channels, length]
 * @param kernelSize size of a window
 * @returns [n, channels, windows], or without n, where windows = ⌊(length + 2·padding − kernelSize) / stride⌋ + 1
 *   (⌈ ⌉ with `ceilMode`)
 * @throws ShapeError if no window fits; ArgumentError for sizes that are no whole numbers, or a padding above half of
 *   `kernelSize`
 * @see PyTorch `nn.functional.avg_pool1d`
 */
export function avgPool1d(input: Tensor, kernelSize: Sizes, options?: AvgPoolOptions): Tensor {
  return avgPool('avgPool1d', 1, input, kernelSize, readOptions('avgPool1d', options, avgDefaults), null);
}

/**
 * The mean of each window of an image.
 * @param input [n, channels, height, width], or [channels, height, width]
 * @param kernelSize size of a window in pixels: a number, or a pair
 * @param options.divisorOverride what each sum is divided by, instead of the number of pixels: a whole number
 * @returns [n, channels, rows, columns], or without n, each of ⌊(size + 2·padding − kernelSize) / stride⌋ + 1 (⌈ ⌉ with
 *   `ceilMode`)
 * @throws ShapeError if no window fits; ArgumentError for sizes that are no whole numbers, or a padding above half of
 *   `kernelSize`
 * @see PyTorch `nn.functional.avg_pool2d`
 */
export function avgPool2d(
  input: Tensor,
  kernelSize: Sizes,
  options?: AvgPoolOptions & { divisorOverride?: number | null },
): Tensor {
  const { divisorOverride, ...given } = readOptions('avgPool2d', options, {
    ...avgDefaults,
    divisorOverride: null as number | null,
  });
  if (divisorOverride !== null) checkInteger('avgPool2d', 'divisorOverride', divisorOverride, -Infinity);
  if (divisorOverride === 0) throw new ArgumentError('avgPool2d: divisorOverride must not be 0');
  return avgPool('avgPool2d', 2, input, kernelSize, given, divisorOverride);
}

function avgPool(
  name: string,
  dims: WindowDims,
  input: Tensor,
  kernelSize: Sizes,
  { countIncludePad, ...given }: Required<AvgPoolOptions>,
  divisor: number | null,
): Tensor {
  const x = pixelsOf(name, input, dims);
  const [rows, columns] = slides(
    name,
    x.shape.slice(2),
    frameOf(name, kernelSize, { ...given, dilation: 1 }, dims),
    countIncludePad,
  );
  return likeInput(averages(x, rows, columns, divisor), input, dims);
}

/**
 * The mean of each of `outputSize` windows that cover an image evenly: window i begins at ⌊i·size / outputSize⌋ and
 * ends before ⌈(i + 1)·size / outputSize⌉.
 * @param input [n, channels, height, width], or [channels, height, width]
 * @param outputSize rows and columns: a number for both, or a pair, where `null` keeps the input's
 * @returns [n, channels, …outputSize], or without n
 * @throws ShapeError for another shape; ArgumentError for another `outputSize`
 * @see PyTorch `nn.functional.adaptive_avg_pool2d`
 */
export function adaptiveAvgPool2d(input: Tensor, outputSize: AdaptiveSizes): Tensor {
  const x = pixelsOf('adaptiveAvgPool2d', input, 2, input.shape.slice(-2));
  const [rows, columns] = evenly('adaptiveAvgPool2d', x, outputSize);
  return likeInput(averages(x, rows, columns, null), input, 2);
}

/** The means of windows, summed along the columns, then along the rows. */
function averages(x: Tensor, rows: Slide, columns: Slide, divisor: number | null): Tensor {
  const sums = windowSum(windowSum(x, columns), rows);
  const counts = () => mul(reshape(tensor([...rows.counts]), [rows.counts.length, 1]), tensor([...columns.counts]));
  return div(sums, divisor ?? counts());
}

// Windows that cover an image evenly, and images

/** The rows and columns of an adaptive pool: one number for both, or a pair; `null` keeps the input's. */
export type AdaptiveSizes = number | readonly (number | null)[];

function evenly(operation: string, x: Tensor, outputSize: AdaptiveSizes): [rows: Slide, columns: Slide] {
  const sizes: unknown = typeof outputSize === 'number' ? [outputSize, outputSize] : outputSize;
  if (!Array.isArray(sizes) || sizes.length !== 2) {
    throw new ArgumentError(
      `${operation}: outputSize must be one number or a list of two, got ${describe(outputSize)}`,
    );
  }
  const [rows, columns] = sizes.map((wanted: number | null, d) => {
    const [dim, size] = [d + 2, x.shape[d + 2]!];
    const count = wanted ?? size;
    checkInteger(operation, 'outputSize', count, 0);
    const starts = Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
    const ends = starts.map((_, i) => Math.ceil(((i + 1) * size) / count));
    return { dim, size, starts, ends, step: 1, counts: starts.map((start, i) => ends[i]! - start) };
  });
  return [rows!, columns!];
}

/** `input` as images; what `needed` tells of its shape must not be empty: by default, all but the batch. */
function pixelsOf(operation: string, input: Tensor, dims: WindowDims, needed?: Shape): Tensor {
  const x = imagesOf(operation, input, dims);
  if (!(needed ?? x.shape.slice(1)).includes(0)) return x;
  throw new ShapeError(`${operation}: only the batch may be empty, got an input of shape ${formatShape(input.shape)}`);
}
