import ops from 'ndarray-ops';
import { isContiguous } from '../shape.ts';
import type { Kernel, Nd } from './kernel.ts';

/** One number for the rows, one for the columns. */
export type Pair = readonly [rows: number, columns: number];

/** How windows slide over images of shape [n, channels, height, width]. */
export interface Grid {
  /** Size of a window, in pixels. */
  kernel: Pair;
  /** From one window to the next, in pixels. */
  stride: Pair;
  /** Between the pixels of a window: 1 for neighbours. */
  dilation: Pair;
  /**
   * Rows and columns of zeros before the image; below 0, so many of its own are left out. What windows see behind its
   * end is 0 as well.
   */
  padding: Pair;
  /** How many windows there are. */
  blocks: Pair;
}

/** Windows become columns (im2col): [n, c, height, width] → [n, c·kernel, blocks]. */
export const unfold: Kernel<Grid> = {
  name: 'unfold',
  run: ([columns], [image], grid) => {
    clear(columns!);
    eachPixel(image!, columns!, grid, (inImage, inColumns, rows, length) => {
      const { data: to, step: toStep, rowStep: toRow } = inColumns;
      const { data: from, step: fromStep, rowStep: fromRow } = inImage;
      for (let r = 0, t = inColumns.start, f = inImage.start; r < rows; r++, t += toRow, f += fromRow) {
        for (let i = 0; i < length; i++) to[t + i * toStep] = from[f + i * fromStep]!;
      }
    });
  },
};

/** Columns are added up in the places of their windows (col2im): [n, c·kernel, blocks] → [n, c, height, width]. */
export const fold: Kernel<Grid> = {
  name: 'fold',
  run: ([image], [columns], grid) => {
    clear(image!);
    addColumns(image!, columns!, grid);
  },
};

/** Columns are added to what stands in the places of their windows. */
export function addColumns(image: Nd, columns: Nd, grid: Grid): void {
  eachPixel(image, columns, grid, (inImage, inColumns, rows, length) => {
    const { data: to, step: toStep, rowStep: toRow } = inImage;
    const { data: from, step: fromStep, rowStep: fromRow } = inColumns;
    for (let r = 0, t = inImage.start, f = inColumns.start; r < rows; r++, t += toRow, f += fromRow) {
      for (let i = 0; i < length; i++) to[t + i * toStep]! += from[f + i * fromStep]!;
    }
  });
}

/** Zeros; a plain fill is several times as fast as a loop. */
export function clear(x: Nd): void {
  if (isContiguous(x.shape, x.stride)) x.data.fill(0, x.offset, x.offset + x.size);
  else ops.assigns(x, 0);
}

/** A rectangle of an array: where it begins, from one element to the next, and from one row to the next. */
interface Rectangle {
  data: Float64Array;
  start: number;
  step: number;
  rowStep: number;
}

/**
 * Visits every pixel of the window, for every plane: those windows that find the pixel inside the image are a
 * rectangle of rows × length windows, which shows the image, spread by the stride, and lies in a line of the columns.
 */
function eachPixel(
  image: Nd,
  columns: Nd,
  { kernel, stride, dilation, padding, blocks }: Grid,
  visit: (inImage: Rectangle, inColumns: Rectangle, rows: number, length: number) => void,
): void {
  const [n, channels] = image.shape as [number, number];
  const [imageStep, channelStep, rowStep, pixelStep] = image.stride as [number, number, number, number];
  const [batchStep, lineStep, blockStep] = columns.stride as [number, number, number];
  const inImage = { data: image.data, start: 0, step: stride[1] * pixelStep, rowStep: stride[0] * rowStep };
  const inColumns = { data: columns.data, start: 0, step: blockStep, rowStep: blocks[1] * blockStep };
  // Window i finds the pixel at place i·stride + shift; those from `first` to before `end` find it inside.
  const inside = (d: 0 | 1, k: number) => {
    const shift = k * dilation[d] - padding[d];
    const within = (place: number) => Math.min(Math.max(Math.ceil((place - shift) / stride[d]), 0), blocks[d]);
    const first = within(0);
    return { first, count: within(image.shape[d + 2]!) - first, place: first * stride[d] + shift };
  };
  const rows = Array.from({ length: kernel[0] }, (_, k) => inside(0, k));
  const runs = Array.from({ length: kernel[1] }, (_, k) => inside(1, k));
  for (let i = 0; i < n; i++) {
    let line = columns.offset + i * batchStep;
    for (let c = 0; c < channels; c++) {
      const plane = image.offset + i * imageStep + c * channelStep;
      for (const row of rows) {
        for (const run of runs) {
          inImage.start = plane + row.place * rowStep + run.place * pixelStep;
          inColumns.start = line + (row.first * blocks[1] + run.first) * blockStep;
          visit(inImage, inColumns, row.count, run.count);
          line += lineStep;
        }
      }
    }
  }
}
