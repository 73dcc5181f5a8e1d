import { zeros } from '../create.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import { type ConvGrid, FEW_WEIGHTS } from '../kernels/conv.ts';
import type { Pair } from '../kernels/unfold.ts';
import { areOpsObserved } from '../op.ts';
import { checkChoice, checkInteger, readOptions } from '../options.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { convOp, convReluPool, convTransposeOp } from './convolution.ts';
import type { MaxPoolOptions } from './pool.ts';
import { reshape } from './view.ts';
import { frameOf, imagesOf, likeInput, pairOf, type Sizes, slides, type WindowDims } from './window.ts';

/** Options of `conv1d` and `conv2d`; sizes are numbers, or lists with one number for each dim. */
export interface ConvOptions {
  /** Added to each output channel: `[out]`. */
  bias?: Tensor | null;
  /** From one window to the next, in pixels (default 1). */
  stride?: Sizes;
  /**
   * Zeros around the input, in pixels (default 0). `'valid'`: none; `'same'`: as many as keep the size, where an odd
   * one goes behind (only with a stride of 1).
   */
  padding?: Sizes | 'same' | 'valid';
  /** Between the pixels of a window (default 1: neighbours). */
  dilation?: Sizes;
  /** Input and output channels are cut into this many groups; each output group sees its input group (default 1). */
  groups?: number;
}

/** Options of `convTranspose2d`; sizes are numbers, or pairs for rows and columns. */
export interface ConvTransposeOptions {
  /** Added to each output channel: `[out]`. */
  bias?: Tensor | null;
  /** From one window of the output to the next, in pixels (default 1). */
  stride?: Sizes;
  /** Rows and columns cut from each side of the output (default 0). */
  padding?: Sizes;
  /** Rows and columns appended to the output, fewer than `stride` or `dilation` (default 0). */
  outputPadding?: Sizes;
  /** Input and output channels are cut into this many groups; each output group sees its input group (default 1). */
  groups?: number;
  /** Between the pixels of a window (default 1: neighbours). */
  dilation?: Sizes;
}

const convDefaults: Required<ConvOptions> = { bias: null, stride: 1, padding: 0, dilation: 1, groups: 1 };
const transposeDefaults: Required<ConvTransposeOptions> = {
  bias: null,
  stride: 1,
  padding: 0,
  outputPadding: 0,
  groups: 1,
  dilation: 1,
};

/**
 * Convolution over lengths (cross-correlation, as in all of deep learning): y[o, i] = b[o] + Σ over c, k of
 * w[o, c, k] · x[c, stride·i + dilation·k − padding], with x = 0 in the padding.
 * @param input [n, in, length], or [in, length]
 * @param weight [out, in / groups, kernel]
 * @returns [n, out, ⌊(length + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1], or without n
 * @throws ShapeError where channels, groups, bias or kernel do not fit; ArgumentError for sizes that are no whole numbers
 * @see PyTorch `nn.functional.conv1d`
 */
export function conv1d(input: Tensor, weight: Tensor, options?: ConvOptions): Tensor {
  return convolve('conv1d', 1, input, weight, options);
}

/**
 * Convolution over images (cross-correlation, as in all of deep learning): y[o, i, j] = b[o] + Σ over c, k, l of
 * w[o, c, k, l] · x[c, stride·i + dilation·k − padding, stride·j + dilation·l − padding], with x = 0 in the padding.
 * @param input [n, in, height, width], or [in, height, width]
 * @param weight [out, in / groups, kernel, kernel]
 * @returns [n, out, rows, columns], or without n; each of ⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1
 * @throws ShapeError where channels, groups, bias or kernel do not fit; ArgumentError for sizes that are no whole numbers
 * @see CS231n, lecture 5; PyTorch `nn.functional.conv2d`
 */
export function conv2d(input: Tensor, weight: Tensor, options?: ConvOptions): Tensor {
  return convolve('conv2d', 2, input, weight, options);
}

/** Options of `convReluPool2d`. */
export interface ConvReluPoolOptions extends ConvOptions {
  /** Stride, padding, dilation and ceilMode of the pool. */
  pool?: Omit<MaxPoolOptions, 'returnIndices'>;
}

/**
 * `maxPool2d(relu(conv2d(input, weight, options)), kernelSize, options.pool)`, to the bit, as one operation: image by
 * image, so that what lies between stays in the processor's cache, and is not kept. `nn.Sequential` does so by itself.
 * @param input [n, in, height, width], or [in, height, width]
 * @param weight [out, in / groups, kernel, kernel]
 * @param kernelSize of the pool's windows in pixels: a number, or a pair
 * @returns [n, out, rows, columns], or without n, as of `maxPool2d`; `null` where one by one is as fast, for many weights or
 *   large images, and while somebody sees every operation (`observeOps`)
 * @throws as `conv2d` and `maxPool2d`
 * @see CS231n, lecture 5 (the layers of a convolutional network)
 */
export function convReluPool2d(
  input: Tensor,
  weight: Tensor,
  kernelSize: Sizes,
  options?: ConvReluPoolOptions,
): Tensor | null {
  if (areOpsObserved()) return null;
  const name = 'convReluPool2d';
  const { pool, ...given } = readOptions(name, options, { ...convDefaults, pool: {} });
  const { x, filters, bias, grid } = prepared(name, 2, input, weight, given);
  const frame = frameOf(name, kernelSize, readOptions(name, pool, poolDefaults), 2);
  const [rows, columns] = slides(name, grid.blocks, frame);
  const numbers = filters.shape[0]! * grid.blocks[0] * grid.blocks[1];
  if (filters.numel() >= FEW_WEIGHTS || numbers > IN_CACHE || x.numel() === 0) return null;
  return likeInput(convReluPool(x, filters, bias, { ...grid, rows, columns }), input, 2);
}

/** So many numbers stay in a processor's second cache. */
const IN_CACHE = 2 ** 15;

const poolDefaults: Required<Omit<MaxPoolOptions, 'returnIndices'>> = {
  stride: null,
  padding: 0,
  dilation: 1,
  ceilMode: false,
};

function convolve(name: string, dims: WindowDims, input: Tensor, weight: Tensor, options?: ConvOptions): Tensor {
  const { x, filters, bias, grid } = prepared(name, dims, input, weight, readOptions(name, options, convDefaults));
  return likeInput(convOp(x, filters, bias, grid), input, dims);
}

/** What the operations take: images, filters and bias, and how windows slide. */
function prepared(
  name: string,
  dims: WindowDims,
  input: Tensor,
  weight: Tensor,
  { bias, padding, groups, ...given }: Required<ConvOptions>,
) {
  const x = imagesOf(name, input, dims);
  const kernel = kernelOf(name, weight, groups, dims);
  const out = weight.shape[0]!;
  checkChannels(name, input, weight, groups, x.shape[1]!, weight.shape[1]! * groups);
  checkBias(name, bias, out);
  const stride = pairOf(name, 'stride', given.stride, 1, dims);
  const dilation = pairOf(name, 'dilation', given.dilation, 1, dims);
  const span = reach(kernel, dilation);
  const [before, after] = paddingOf(name, padding, stride, span, dims);
  const along = (d: 0 | 1, size: number) => Math.floor((size + before[d] + after[d] - span[d] - 1) / stride[d]) + 1;
  const blocks: Pair = [along(0, x.shape[2]!), along(1, x.shape[3]!)];
  checkRoom(name, x, blocks, `a kernel of ${formatShape(weight.shape.slice(2))} in`, 'use more padding');

  const grid: ConvGrid = { kernel, stride, dilation, padding: before, blocks, groups };
  const filters = dims === 2 ? weight : reshape(weight, [out, weight.shape[1]!, ...kernel]);
  return { x, filters, bias: bias ?? zeros([out]), grid };
}

/**
 * Transposed convolution over images: the gradient of `conv2d` with respect to its input, so that it turns shapes the
 * other way. Each input pixel adds the kernel, multiplied by it, to the output, windows `stride` apart.
 * @param input [n, in, height, width], or [in, height, width]
 * @param weight [in, out / groups, kernel, kernel]
 * @returns [n, out, rows, columns], or without n; each of (size − 1)·stride − 2·padding + dilation·(kernel − 1) +
 *   outputPadding + 1
 * @throws ShapeError where channels, groups or bias do not fit; ArgumentError for sizes that are no whole numbers
 * @see CS231n, lecture 11 (learnable upsampling); PyTorch `nn.functional.conv_transpose2d`
 */
export function convTranspose2d(input: Tensor, weight: Tensor, options?: ConvTransposeOptions): Tensor {
  const name = 'convTranspose2d';
  const { bias, groups, ...given } = readOptions(name, options, transposeDefaults);
  const x = imagesOf(name, input, 2);
  const kernel = kernelOf(name, weight, groups, 2);
  const [, channels, height, width] = x.shape as [number, number, number, number];
  const out = weight.shape[1]! * groups;
  checkChannels(name, input, weight, groups, channels, weight.shape[0]!);
  checkBias(name, bias, out);
  const stride = pairOf(name, 'stride', given.stride, 1);
  const padding = pairOf(name, 'padding', given.padding, 0);
  const dilation = pairOf(name, 'dilation', given.dilation, 1);
  const extra = outputPaddingOf(given.outputPadding, stride, dilation);
  const along = (d: 0 | 1, size: number) =>
    (size - 1) * stride[d] - 2 * padding[d] + reach(kernel, dilation)[d] + extra[d] + 1;
  const size: Pair = [along(0, height), along(1, width)];
  checkRoom(name, x, size, `an output of ${formatShape(size)} for`, 'use less padding');

  const grid = { kernel, stride, dilation, padding, blocks: [height, width], groups, size } as const;
  return likeInput(convTransposeOp(x, weight, bias ?? zeros([out]), grid), input, 2);
}

/** How far the last pixel of a window lies from the first. */
function reach(kernel: Pair, dilation: Pair): Pair {
  return [dilation[0] * (kernel[0] - 1), dilation[1] * (kernel[1] - 1)];
}

function paddingOf(
  operation: string,
  padding: Sizes | string,
  stride: Pair,
  span: Pair,
  dims: WindowDims,
): [before: Pair, after: Pair] {
  if (typeof padding !== 'string') {
    const pair = pairOf(operation, 'padding', padding, 0, dims);
    return [pair, pair];
  }
  checkChoice(operation, 'padding', padding, ['same', 'valid']);
  if (padding === 'valid')
    return [
      [0, 0],
      [0, 0],
    ];
  if (Math.max(...stride) > 1) {
    throw new ArgumentError(`${operation}: padding 'same' needs a stride of 1, got ${formatShape(stride)}`);
  }
  const before: Pair = [Math.floor(span[0] / 2), Math.floor(span[1] / 2)];
  return [before, [span[0] - before[0], span[1] - before[1]]];
}

function outputPaddingOf(given: Sizes, stride: Pair, dilation: Pair): Pair {
  const extra = pairOf('convTranspose2d', 'outputPadding', given, 0);
  if (extra.some((size, d) => size >= Math.max(stride[d]!, dilation[d]!))) {
    throw new ArgumentError(
      `convTranspose2d: outputPadding must be smaller than stride or dilation, got ${formatShape(extra)} with ` +
        `stride ${formatShape(stride)} and dilation ${formatShape(dilation)}`,
    );
  }
  return extra;
}

function kernelOf(operation: string, weight: Tensor, groups: number, dims: WindowDims): Pair {
  const shape = formatShape(weight.shape);
  if (weight.ndim !== dims + 2 || weight.shape.slice(2).includes(0)) {
    const kernel = dims === 1 ? 'kernel' : 'kernel, kernel';
    throw new ShapeError(`${operation}: expected a weight of shape [channels, channels, ${kernel}], got ${shape}`);
  }
  checkInteger(operation, 'groups', groups, 1);
  if (weight.shape[0]! < groups || weight.shape[0]! % groups !== 0) {
    throw new ShapeError(`${operation}: dim 0 of weight ${shape} can't be cut into ${groups} equal groups`);
  }
  return [dims === 1 ? 1 : weight.shape[2]!, weight.shape.at(-1)!];
}

function checkChannels(
  operation: string,
  input: Tensor,
  weight: Tensor,
  groups: number,
  channels: number,
  wanted: number,
): void {
  if (channels === wanted) return;
  throw new ShapeError(
    `${operation}: input ${formatShape(input.shape)} has ${channels} channels, but weight ` +
      `${formatShape(weight.shape)} with groups ${groups} takes ${wanted}`,
  );
}

function checkBias(operation: string, bias: Tensor | null, out: number): void {
  if (bias === null || (bias.ndim === 1 && bias.shape[0] === out)) return;
  throw new ShapeError(`${operation}: expected a bias of shape [${out}], got ${formatShape(bias.shape)}`);
}

/** @throws ShapeError unless there is room for a window, in images that have pixels (an empty batch needs none) */
function checkRoom(operation: string, x: Tensor, sizes: Pair, what: string, fix: string): void {
  if (Math.min(...sizes) >= 1 && (x.numel() > 0 || x.shape[0] === 0 || x.shape[1] === 0)) return;
  throw new ShapeError(`${operation}: no room for ${what} an input of ${x.shape[2]} × ${x.shape[3]} pixels; ${fix}`);
}
