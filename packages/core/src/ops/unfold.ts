import { ArgumentError, ShapeError } from '../errors.ts';
import type { Grid, Pair } from '../kernels/unfold.ts';
import * as kernels from '../kernels/unfold.ts';
import { compute, op } from '../op.ts';
import { describe, readOptions } from '../options.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { reshape } from './view.ts';
import { pairOf, type Sizes } from './window.ts';

const area = ([rows, columns]: Pair): number => rows * columns;

// Windows to columns and back: each is the other's gradient.

const unfoldOp = op({
  name: 'unfold',
  inputs: ['x'],
  forward: (x, grid: Grid) => {
    const [n, channels] = x.shape as [number, number];
    return compute(kernels.unfold, [n, channels * area(grid.kernel), area(grid.blocks)], [x], grid);
  },
  backward: {
    x: (g, { params: grid, shapes }): Tensor => foldOp(g, { ...grid, size: shapes.x.slice(2) as [number, number] }),
  },
});

const foldOp = op({
  name: 'fold',
  inputs: ['x'],
  forward: (x, { size, ...grid }: Grid & { size: Pair }) => {
    const [n, lines] = x.shape as [number, number];
    return compute(kernels.fold, [n, lines / area(grid.kernel), ...size], [x], grid);
  },
  backward: { x: (g, { params: grid }): Tensor => unfoldOp(g, grid) },
});

/** How the windows of `unfold` and `fold` slide; each a number, or a pair for rows and columns. */
export interface UnfoldOptions {
  /** Between the pixels of a window (default 1: neighbours). */
  dilation?: Sizes;
  /** Rows and columns of zeros around the image (default 0). */
  padding?: Sizes;
  /** From one window to the next, in pixels (default 1). */
  stride?: Sizes;
}

const defaults: Required<UnfoldOptions> = { dilation: 1, padding: 0, stride: 1 };

/** The number of windows along each dim: ⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1. */
function gridOf(operation: string, size: Pair, kernelSize: Sizes, options: UnfoldOptions | undefined): Grid {
  const { dilation, padding, stride } = readOptions(operation, options, defaults);
  const kernel = exactPair(operation, 'kernelSize', kernelSize, 1);
  const grid = {
    kernel,
    stride: exactPair(operation, 'stride', stride, 1),
    dilation: exactPair(operation, 'dilation', dilation, 1),
    padding: exactPair(operation, 'padding', padding, 0),
  };
  const blocksAlong = (d: 0 | 1) => {
    const room = size[d] + 2 * grid.padding[d] - grid.dilation[d] * (kernel[d] - 1) - 1;
    return Math.floor(room / grid.stride[d]) + 1;
  };
  const blocks: Pair = [blocksAlong(0), blocksAlong(1)];
  if (Math.min(...blocks) < 1) {
    throw new ShapeError(
      `${operation}: no window of ${formatShape(kernel)} with dilation ${formatShape(grid.dilation)} fits into ` +
        `${formatShape(size)} padded by ${formatShape(grid.padding)}; use a smaller kernelSize, or more padding`,
    );
  }
  return { ...grid, blocks };
}

function exactPair(operation: string, name: string, value: Sizes, min: 0 | 1): Pair {
  if (Array.isArray(value) && value.length !== 2) {
    throw new ArgumentError(`${operation}: ${name} must be one number or a list of two, got ${describe(value)}`);
  }
  return pairOf(operation, name, value, min);
}

/**
 * The windows of images as columns (im2col): [n, c, height, width] → [n, c·kernel, blocks], or [c, height, width] →
 * [c·kernel, blocks]. Column b holds window b, channel by channel, row by row; windows are counted row by row.
 * @param kernelSize size of a window in pixels: a number, or a pair
 * @throws ShapeError if no window fits, or for another shape; ArgumentError for sizes that are no whole numbers
 * @see CS231n, "Convolutional networks" (implementation as matrix multiplication); PyTorch `nn.functional.unfold`
 */
export function unfold(input: Tensor, kernelSize: Sizes, options?: UnfoldOptions): Tensor {
  const lead = input.ndim - 3;
  if ((lead !== 0 && lead !== 1) || input.shape.slice(lead).includes(0)) {
    throw new ShapeError(
      `unfold: expected a non-empty input of shape [n, channels, height, width] or [channels, height, width], ` +
        `got ${formatShape(input.shape)}`,
    );
  }
  const size = input.shape.slice(-2) as [number, number];
  const grid = gridOf('unfold', size, kernelSize, options);
  const columns = unfoldOp(lead === 1 ? input : reshape(input, [1, ...input.shape]), grid);
  return lead === 1 ? columns : reshape(columns, columns.shape.slice(1));
}

/**
 * Columns added up in the places of their windows (col2im), the reverse of `unfold` in the sense that each is the
 * other's gradient: [n, c·kernel, blocks] → [n, c, …outputSize], or [c·kernel, blocks] → [c, …outputSize].
 * @param outputSize size of the image in pixels: a number, or a pair
 * @param kernelSize size of a window in pixels: a number, or a pair
 * @throws ShapeError where the columns do not fit the kernel, or their number the windows of an image of that size
 * @see PyTorch `nn.functional.fold`
 */
export function fold(input: Tensor, outputSize: Sizes, kernelSize: Sizes, options?: UnfoldOptions): Tensor {
  const lead = input.ndim - 2;
  if ((lead !== 0 && lead !== 1) || input.shape.slice(lead).includes(0)) {
    throw new ShapeError(
      `fold: expected a non-empty input of shape [n, channels·kernel, blocks] or [channels·kernel, blocks], ` +
        `got ${formatShape(input.shape)}`,
    );
  }
  const size = exactPair('fold', 'outputSize', outputSize, 1);
  const grid = gridOf('fold', size, kernelSize, options);
  const [lines, blocks] = input.shape.slice(-2) as [number, number];
  if (lines % area(grid.kernel) !== 0) {
    throw new ShapeError(
      `fold: columns of ${lines} numbers do not hold windows of ${formatShape(grid.kernel)}: ` +
        `input ${formatShape(input.shape)} needs a multiple of ${area(grid.kernel)} in dim ${lead}`,
    );
  }
  if (blocks !== area(grid.blocks)) {
    throw new ShapeError(
      `fold: an image of ${formatShape(size)} has ${grid.blocks[0]} × ${grid.blocks[1]} = ${area(grid.blocks)} such ` +
        `windows, but input ${formatShape(input.shape)} has ${blocks} columns`,
    );
  }
  const images = foldOp(lead === 1 ? input : reshape(input, [1, ...input.shape]), { ...grid, size });
  return lead === 1 ? images : reshape(images, images.shape.slice(1));
}
