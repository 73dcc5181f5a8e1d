import ops from 'ndarray-ops';
import { isContiguous } from '../shape.ts';
import { relu } from './activation.ts';
import { allocate, contiguous, type Kernel, type Nd, viewAs } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';
import { bmm } from './matmul.ts';
import { type Windows, windowDrop, windowMax } from './pool.ts';
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
  /** Runs `body` with the windows of images [n, c, h, w], and room for so many numbers of their columns. */
  withWindows(images: Nd, grid: Grid, length: number, body: (windows: ImageWindows, room: Float64Array) => void): void;
}

/** Windows of images, written out some rows at a time as columns [c·kernel, windows]. */
export interface ImageWindows {
  /** Writes those of image i as columns. */
  unfold(i: number, firstRow: number, rows: number): void;
  /** Adds the columns in their places in image i. */
  fold(i: number, firstRow: number, rows: number): void;
}

/** y = bias + weight · windows of x: [n, in, h, w], [out, in / groups, kernel], [out] → [n, out, blocks] */
export function convolve(means: Means, y: Nd, x: Nd, weight: Nd, bias: Nd, grid: ConvGrid): void {
  const matrix = matrixOf(weight);
  eachBand(means, x, y, grid, (columns, part, { unfold }) => {
    unfold();
    fillRows(part, bias);
    eachGroup(grid.groups, part, matrix, columns, (yg, wg, cg) => means.multiply(yg, wg, cg, true));
  });
}

/** x = bias + weightᵀ · y, added in the windows: [n, in, blocks], [in, out / groups, kernel], [out] → [n, out, h, w] */
export function convolveTransposed(means: Means, x: Nd, y: Nd, weight: Nd, bias: Nd, grid: ConvGrid): void {
  const matrix = matrixOf(weight);
  eachBand(means, x, contiguousOf(y), grid, (columns, part, { fold, isImage, newImage }) => {
    if (newImage !== null) fillRows(newImage, bias);
    eachGroup(grid.groups, columns, matrix, part, (cg, wg, yg) => {
      means.multiply(cg, wg.transpose(1, 0), yg, isImage);
    });
    fold();
  });
}

/**
 * weight = y · (windows of x)ᵀ, summed over the batch: [n, in, h, w], [n, out, blocks] → [out, in / groups, kernel]; and,
 * where it is given, bias = Σ y, [out], over all but the channels.
 */
export function convolveForWeight(means: Means, weight: Nd, bias: Nd | undefined, x: Nd, y: Nd, grid: ConvGrid): void {
  const matrix = matrixOf(weight);
  const sums = bias && viewAs(bias.data, [bias.shape[0]!, 1], [bias.stride[0]!, 1], bias.offset);
  const ones = new Float64Array(grid.blocks[0] * grid.blocks[1]).fill(1);
  clear(weight);
  if (bias) clear(bias);
  eachBand(means, x, contiguousOf(y), grid, (columns, part, { unfold }) => {
    unfold();
    eachGroup(grid.groups, matrix, part, columns, (wg, yg, cg) => {
      means.multiply(wg, yg, cg.transpose(1, 0), true);
    });
    if (sums) means.multiply(sums, part, viewAs(ones, [part.shape[1]!, 1], [1, 1], 0), true);
  });
}

/** As many columns at a time as have about this many numbers. */
const ROOM = 2 ** 16;

/** Some rows of an image's windows. */
interface Band {
  unfold(): void;
  fold(): void;
  /** Whether the columns are the image itself, so that there is nothing to write out. */
  readonly isImage: boolean;
  /** The image, [c, pixels], where these are its first windows; such of one that lies in order. */
  newImage: Nd | null;
}

/**
 * Visits the windows of each image, some rows of them at a time, with the matrix of their columns and that of the part of
 * `blocks` [n, channels, rows, columns] that belongs to them. The matrices are the same ones all the time, moved along.
 */
function eachBand(
  means: Means,
  images: Nd,
  blocks: Nd,
  grid: ConvGrid,
  visit: (columns: Nd, part: Nd, band: Band) => void,
): void {
  const [height, width] = grid.blocks;
  const lines = images.shape[1]! * grid.kernel[0] * grid.kernel[1];
  const isImage = isPixels(images, grid);
  const most = isImage ? height : Math.min(Math.max(Math.floor(ROOM / (lines * width)), 1), height);
  means.withWindows(images, grid, isImage ? 0 : lines * most * width, (windows, room) => {
    let [i, row, rows] = [0, 0, 0];
    const band: Band = {
      unfold: () => isImage || windows.unfold(i, row, rows),
      fold: () => isImage || windows.fold(i, row, rows),
      isImage,
      newImage: null,
    };
    const [channels, pixels] = [images.shape[1]!, images.shape[2]! * images.shape[3]!];
    const whole = viewAs(images.data, [channels, pixels], [images.stride[1]!, 1], 0);
    const matrices = (rows: number) => ({
      columns: isImage
        ? viewAs(images.data, [lines, rows * width], [images.stride[1]!, 1], 0)
        : viewAs(room, [lines, rows * width], [rows * width, 1], 0),
      part: viewAs(blocks.data, [blocks.shape[1]!, rows * width], [height * width, 1], 0),
    });
    const [usual, last] = [matrices(most), matrices(height % most)];
    for (i = 0; i < images.shape[0]!; i++) {
      for (row = 0; row < height; row += most) {
        rows = Math.min(most, height - row);
        const { columns, part } = rows === most ? usual : last;
        whole.offset = images.offset + i * images.stride[0]!;
        band.newImage = row === 0 ? whole : null;
        if (isImage) columns.offset = whole.offset;
        part.offset = blocks.offset + i * blocks.stride[0]! + row * width;
        visit(columns, part, band);
      }
    }
  });
}

/** Whether every pixel is a window of its own, and the pixels of a channel lie in line. */
function isPixels({ shape, stride }: Nd, grid: Grid): boolean {
  const areOne = [...grid.kernel, ...grid.stride].every((size) => size === 1) && grid.padding.every((p) => p === 0);
  const isWhole = grid.blocks[0] === shape[2] && grid.blocks[1] === shape[3];
  return areOne && isWhole && isContiguous(shape.slice(2), stride.slice(2));
}

/** Visits the groups of three matrices, cut along their rows. */
function eachGroup(groups: number, a: Nd, b: Nd, c: Nd, visit: (a: Nd, b: Nd, c: Nd) => void): void {
  if (groups === 1) {
    visit(a, b, c);
    return;
  }
  const part = (x: Nd, g: number) => {
    const rows = x.shape[0]! / groups;
    return viewAs(x.data, [rows, x.shape[1]!], x.stride, x.offset + g * rows * x.stride[0]!);
  };
  for (let g = 0; g < groups; g++) visit(part(a, g), part(b, g), part(c, g));
}

/** [rows, …] as [rows, the rest] */
function matrixOf(weight: Nd): Nd {
  const { data, shape, offset } = contiguousOf(weight);
  const columns = shape.slice(1).reduce((a, b) => a * b, 1);
  return viewAs(data, [shape[0]!, columns], [columns, 1], offset);
}

/** A view itself, if its elements lie in order; else a copy. */
export function contiguousOf(x: Nd): Nd {
  if (isContiguous(x.shape, x.stride)) return x;
  const copy = allocate(x.shape);
  ops.assign(copy, x);
  return copy;
}

/** matrix[row][…] = values[row], for rows that lie in line. */
function fillRows({ data, shape, stride, offset }: Nd, values: Nd): void {
  const [rows, columns] = shape as [number, number];
  for (let row = 0, at = offset; row < rows; row++, at += stride[0]!) {
    data.fill(values.data[values.offset + row * values.stride[0]!]!, at, at + columns);
  }
}

/** Runs `body` with windows that are written out by plain loops. */
export const withPlainWindows: Means['withWindows'] = (images, grid, length, body) => {
  const room = new Float64Array(length);
  body(plainWindows(images, room, grid), room);
};

function plainWindows(images: Nd, room: Float64Array, grid: Grid): ImageWindows {
  const [lines, width] = [images.shape[1]! * grid.kernel[0] * grid.kernel[1], grid.blocks[1]];
  const band = (i: number, firstRow: number, rows: number) => ({
    image: viewAs(images.data, [1, ...images.shape.slice(1)], images.stride, images.offset + i * images.stride[0]!),
    columns: viewAs(room, [1, lines, rows * width], [0, rows * width, 1], 0),
    grid: bandOf(grid, firstRow, rows),
  });
  return {
    unfold(i, firstRow, rows) {
      const { image, columns, grid } = band(i, firstRow, rows);
      unfold.run([columns], [image], grid);
    },
    fold(i, firstRow, rows) {
      const { image, columns, grid } = band(i, firstRow, rows);
      addColumns(image, columns, grid);
    },
  };
}

/** The grid of some rows of the windows. */
const bandOf = (grid: Grid, firstRow: number, rows: number): Grid => ({
  ...grid,
  padding: [grid.padding[0] - firstRow * grid.stride[0], grid.padding[1]],
  blocks: [rows, grid.blocks[1]],
});

const reference: Means = {
  multiply(y, a, b, adds) {
    const product = adds ? allocate(y.shape) : y;
    bmm.run([product], [a, b]);
    if (adds) ops.addeq(y, product);
  },
  withWindows: withPlainWindows,
};

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

/** Writes the gradient of the weight and, where there is a second output, that of the bias. */
export const convWeight: Kernel<ConvGrid> = {
  name: 'convWeight',
  run: ([weight, bias], [x, y], grid) =>
    withContiguous(weight!, (whole) => convolveForWeight(reference, whole, bias, x!, y!, grid)),
};

/** Of fewer weights a convolution needs no matrix product: WebAssembly computes it as fast from the pixels themselves. */
export const FEW_WEIGHTS = 2 ** 12;

/**
 * The maxima of windows of max(0, the convolution), and where they stand: as `conv`, `relu` and `windowMax`, in a row; but
 * those that are 0, through which no gradient flows, stand nowhere, at −1.
 */
export const convReluMax: Kernel<ConvGrid & { rows: Windows; columns: Windows }> = {
  name: 'convReluMax',
  run: ([maxima, positions], [x, weight, bias], params) => {
    const y = allocate([x!.shape[0]!, weight!.shape[0]!, ...params.blocks]);
    convolve(reference, y, x!, weight!, bias!, params);
    relu.run([y], [y]);
    windowMax.run([maxima!, positions!], [y], params);
    const [from, to] = [laneOf(maxima!, 3), laneOf(positions!, 3)];
    eachLane([maxima!, positions!], 3, (first, at) => {
      for (let j = 0; j < from.size; j++) {
        if (maxima!.data[first! + j * from.step]! <= 0) positions!.data[at! + j * to.step] = -1;
      }
    });
  },
};

/** Of a convolution whose gradient is scattered. */
export interface ScatteredGrid extends ConvGrid {
  /** Which gradients are wanted; that of the bias only with that of the weight. */
  wants: Readonly<Record<'x' | 'weight' | 'bias', boolean>>;
}

/**
 * The gradients of a convolution where that of its result is 0 but at some positions of its planes, as `windowDrop` takes
 * them: those that are wanted of [image, weight, bias] from [image for the weight's, weight for the image's, values,
 * positions].
 */
export const scatteredConv: Kernel<ScatteredGrid> = {
  name: 'scatteredConv',
  run: (outs, ins, grid) => {
    const { toX, toWeight, x, weight, values, positions } = scatteredViews(outs, ins, grid);
    const y = allocate([...values.shape.slice(0, 2), ...grid.blocks]);
    windowDrop.run([y], [values, positions]);
    if (toX) convTranspose.run([toX], [y, weight!, noBias(toX)], grid);
    if (x) convWeight.run(toWeight, [x, y], grid);
  },
};

/** The views of a launch by their names: of [weight, bias] those that are wanted; the others where they are there. */
export function scatteredViews(outs: readonly Nd[], ins: readonly Nd[], { wants }: ScatteredGrid) {
  const [toWeight, given] = [[...outs], [...ins]];
  const toX = wants.x ? toWeight.shift() : undefined;
  const x = wants.weight ? given.shift() : undefined;
  const weight = wants.x ? given.shift() : undefined;
  return { toX, toWeight, x, weight, values: given[0]!, positions: given[1]! };
}

export type ScatteredViews = ReturnType<typeof scatteredViews>;

/** For each channel of images a 0. */
export const noBias = ({ shape }: Nd): Nd => contiguous(new Float64Array(shape[1]!), [shape[1]!]);
