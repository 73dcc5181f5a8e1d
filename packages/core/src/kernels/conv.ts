import ops from 'ndarray-ops';
import { isContiguous } from '../shape.ts';
import { allocate, type Kernel, type Nd, viewAs } from './kernel.ts';
import { bmm } from './matmul.ts';
import { addColumns, clear, type Grid, unfold } from './unfold.ts';

/** How windows slide in a convolution. */
export interface ConvGrid extends Grid {
  /** The channels on both sides are cut into this many groups; each group of one sees its group of the other. */
  groups: number;
}

// All three are products with the windows of an image as columns, which are written out for some windows of one image at
// a time, so that they stay in the cache, and are not kept. Each is the gradient of each other.

/** What convolutions are made of, as one provider has it. */
export interface Means {
  /** y = a·b, or y += a·b, for matrices. */
  multiply(y: Nd, a: Nd, b: Nd, adds: boolean): void;
  /** Writes the windows of an image as columns. */
  unfold(columns: Nd, image: Nd, grid: Grid): void;
  /** Adds columns in the places of their windows. */
  fold(image: Nd, columns: Nd, grid: Grid): void;
  /** Runs `body` with an array of arbitrary numbers. */
  withRoom(length: number, body: (room: Float64Array) => void): void;
}

/** y = bias + weight · windows of x: [n, in, h, w], [out, in / groups, kernel], [out] → [n, out, blocks] */
export function convolve(means: Means, y: Nd, x: Nd, weight: Nd, bias: Nd, grid: ConvGrid): void {
  const matrix = matrixOf(weight);
  fillChannels(y, bias);
  eachBand(means, x, y, grid, (image, columns, part, band) => {
    if (image !== null) means.unfold(columns, image, band);
    eachGroup(grid.groups, [part, matrix, columns], ([yg, wg, cg]) => means.multiply(yg!, wg!, cg!, true));
  });
}

/** x = bias + weightᵀ · y, added in the windows: [n, in, blocks], [in, out / groups, kernel], [out] → [n, out, h, w] */
export function convolveTransposed(means: Means, x: Nd, y: Nd, weight: Nd, bias: Nd, grid: ConvGrid): void {
  const matrix = matrixOf(weight);
  fillChannels(x, bias);
  eachBand(means, x, contiguousOf(y), grid, (image, columns, part, band) => {
    eachGroup(grid.groups, [columns, matrix, part], ([cg, wg, yg]) => {
      means.multiply(cg!, wg!.transpose(1, 0), yg!, image === null);
    });
    if (image !== null) means.fold(image, columns, band);
  });
}

/** weight = y · (windows of x)ᵀ, summed over the batch: [n, in, h, w], [n, out, blocks] → [out, in / groups, kernel] */
export function convolveForWeight(means: Means, weight: Nd, x: Nd, y: Nd, grid: ConvGrid): void {
  const matrix = matrixOf(weight);
  clear(weight);
  eachBand(means, x, contiguousOf(y), grid, (image, columns, part, band) => {
    if (image !== null) means.unfold(columns, image, band);
    eachGroup(grid.groups, [matrix, part, columns], ([wg, yg, cg]) => {
      means.multiply(wg!, yg!, cg!.transpose(1, 0), true);
    });
  });
}

/** As many columns at a time as have about this many numbers. */
const ROOM = 2 ** 16;

/**
 * Visits the windows of each image, some rows of them at a time, with the room for their columns and with the part of
 * `blocks` [n, channels, rows, columns] that belongs to them, as a matrix. Where columns are the image itself, they are
 * a view of it, and the image is `null`.
 */
function eachBand(
  means: Means,
  images: Nd,
  blocks: Nd,
  grid: ConvGrid,
  visit: (image: Nd | null, columns: Nd, part: Nd, band: Grid) => void,
): void {
  const [rows, width] = grid.blocks;
  const lines = images.shape[1]! * grid.kernel[0] * grid.kernel[1];
  const isPlain = isImage(images, grid);
  const most = isPlain ? rows : Math.min(Math.max(Math.floor(ROOM / (lines * width)), 1), rows);
  means.withRoom(isPlain ? 0 : lines * most * width, (room) => {
    for (let i = 0; i < images.shape[0]!; i++) {
      const from = images.offset + i * images.stride[0]!;
      const image = isPlain ? null : viewAs(images.data, [1, ...images.shape.slice(1)], images.stride, from);
      for (let row = 0; row < rows; row += most) {
        const count = Math.min(most, rows - row) * width;
        const at = blocks.offset + i * blocks.stride[0]! + row * width;
        const columns = isPlain
          ? viewAs(images.data, [lines, count], [images.stride[1]!, 1], from)
          : viewAs(room, [lines, count], [count, 1], 0);
        const padding = [grid.padding[0] - row * grid.stride[0], grid.padding[1]] as const;
        visit(image, columns, viewAs(blocks.data, [blocks.shape[1]!, count], [rows * width, 1], at), {
          ...grid,
          padding,
          blocks: [count / width, width],
        });
      }
    }
  });
}

/** Whether every pixel is a window of its own, and the pixels of a channel lie in line. */
function isImage({ shape, stride }: Nd, grid: Grid): boolean {
  const isPixel = [...grid.kernel, ...grid.stride].every((size) => size === 1) && grid.padding.every((p) => p === 0);
  const isWhole = grid.blocks[0] === shape[2] && grid.blocks[1] === shape[3];
  return isPixel && isWhole && isContiguous(shape.slice(2), stride.slice(2));
}

/** Visits the groups of matrices, cut along their rows. */
function eachGroup(groups: number, matrices: readonly Nd[], visit: (group: readonly Nd[]) => void): void {
  for (let g = 0; g < groups; g++) {
    visit(
      matrices.map((x) => {
        const rows = x.shape[0]! / groups;
        return viewAs(x.data, [rows, x.shape[1]!], x.stride, x.offset + g * rows * x.stride[0]!);
      }),
    );
  }
}

/** [rows, …] as [rows, the rest] */
function matrixOf(weight: Nd): Nd {
  const { data, shape, offset } = contiguousOf(weight);
  const columns = shape.slice(1).reduce((a, b) => a * b, 1);
  return viewAs(data, [shape[0]!, columns], [columns, 1], offset);
}

function contiguousOf(x: Nd): Nd {
  if (isContiguous(x.shape, x.stride)) return x;
  const copy = allocate(x.shape);
  ops.assign(copy, x);
  return copy;
}

/** images[i][c] = values[c] */
function fillChannels({ data, shape, offset }: Nd, values: Nd): void {
  const [n, channels, height, width] = shape as [number, number, number, number];
  let at = offset;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < channels; c++, at += height * width) {
      data.fill(values.data[values.offset + c * values.stride[0]!]!, at, at + height * width);
    }
  }
}

const reference: Means = {
  multiply(y, a, b, adds) {
    const product = adds ? allocate(y.shape) : y;
    bmm.run([product], [a, b]);
    if (adds) ops.addeq(y, product);
  },
  unfold: (columns, image, grid) => unfold.run([oneOf(columns)], [image], grid),
  fold: (image, columns, grid) => addColumns(image, oneOf(columns), grid),
  withRoom: (length, body) => body(new Float64Array(length)),
};

/** A matrix as a batch of one. */
export const oneOf = (x: Nd): Nd => viewAs(x.data, [1, ...x.shape], [0, ...x.stride], x.offset);

/** Runs `body` with a contiguous array in the place of `y`. */
function withContiguous(y: Nd, body: (y: Nd) => void): void {
  const whole = isContiguous(y.shape, y.stride) ? y : allocate(y.shape);
  body(whole);
  if (whole !== y) ops.assign(y, whole);
}

export const conv: Kernel<ConvGrid> = {
  name: 'conv',
  run: ([y], [x, weight, bias], grid) =>
    withContiguous(y!, (whole) => convolve(reference, whole, x!, weight!, bias!, grid)),
};

export const convTranspose: Kernel<ConvGrid> = {
  name: 'convTranspose',
  run: ([x], [y, weight, bias], grid) =>
    withContiguous(x!, (whole) => convolveTransposed(reference, whole, y!, weight!, bias!, grid)),
};

export const convWeight: Kernel<ConvGrid> = {
  name: 'convWeight',
  run: ([weight], [x, y], grid) =>
    withContiguous(weight!, (whole) => convolveForWeight(reference, whole, x!, y!, grid)),
};
