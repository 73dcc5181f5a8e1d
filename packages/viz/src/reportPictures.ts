import type { Tensor } from '@ndgrad/core';
import type { Module } from '@ndgrad/nn';

/** Channels (1 or 3), rows, columns. */
export type PictureShape = readonly [channels: number, rows: number, columns: number];

/** Pixels as bytes, row by row, the channels of a pixel side by side. */
export interface Picture {
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
  readonly bytes: Uint8Array;
}

/** Sides of the square pictures that are handed on as flat rows: 8 (digits), 16, 28 (MNIST), 32 (CIFAR), … */
const SIDES = [8, 16, 28, 32, 48, 64, 96, 128, 224];

/** From how many rows and columns on a matrix of numbers is taken for a picture. */
const SMALLEST = 8;

/** The shape of the pictures that these inputs `[n, …]` are; `null` where they are none. */
export function pictureShape(inputs: readonly number[]): PictureShape | null {
  const [, ...row] = inputs;
  if (row.length === 3 && (row[0] === 1 || row[0] === 3)) return row as unknown as PictureShape;
  if (row.length === 2 && Math.min(...row) >= SMALLEST) return [1, row[0]!, row[1]!];
  if (row.length !== 1) return null;
  for (const channels of [1, 3]) {
    const side = SIDES.find((size) => channels * size * size === row[0]);
    if (side !== undefined) return [channels, side, side];
  }
  return null;
}

/**
 * Numbers `[channels, rows, columns]`, in this order, as bytes: from the smallest to the largest, or with `centred` so
 * that 0 becomes the middle grey. What is not finite becomes black.
 */
export function pictureOf(values: ArrayLike<number>, shape: PictureShape, { centred = false } = {}): Picture {
  const [channels, rows, columns] = shape;
  const pixels = rows * columns;
  const [low, high] = rangeOf(values, centred);
  const scale = high > low ? 255 / (high - low) : 0;
  const bytes = new Uint8Array(channels * pixels);
  for (let i = 0; i < bytes.length; i++) {
    const value = values[(i % channels) * pixels + Math.floor(i / channels)]!;
    if (Number.isFinite(value)) bytes[i] = scale === 0 ? 128 : Math.round(scale * (value - low));
  }
  return { channels, rows, columns, bytes };
}

/** From the smallest to the largest finite number, or with `centred` as far below 0 as above. */
function rangeOf(values: ArrayLike<number>, centred: boolean): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    if (values[i]! < low) low = values[i]!;
    if (values[i]! > high) high = values[i]!;
  }
  const most = Math.max(Math.abs(low), Math.abs(high));
  return centred ? [-most, most] : [low, high];
}

/** The weights of a model's first layer as pictures, one per unit or filter. */
export interface WeightPictures {
  /** The parameter's name. */
  readonly name: string;
  /** How many there are; not all may be shown. */
  readonly total: number;
  readonly pictures: readonly Picture[];
}

const MOST = 64;
const BYTES = 60_000;

/**
 * The weights of the first layer as pictures, 0 being the middle grey: those of a linear layer over pictures `[n, …]`,
 * or the filters of a convolution `[out, in, h, w]`, each input channel a picture of its own unless they are 1 or 3.
 * No more than 64, and 60,000 pixels. `null` where the first layer's weights are neither, or too large.
 */
export function weightPictures(model: Module, inputs: readonly number[]): WeightPictures | null {
  const first = model.namedParameters().find(([, parameter]) => parameter.ndim >= 2);
  if (first === undefined) return null;
  const [name, weight] = first;
  const shape = weightShape(weight.shape, inputs);
  if (shape === null) return null;
  const size = shape[0] * shape[1] * shape[2];
  const total = weight.numel() / size;
  if (size > BYTES || total === 0) return null;
  const values = weight.toArray();
  const pictures = Array.from({ length: Math.min(MOST, total, Math.floor(BYTES / size)) }, (_, i) =>
    pictureOf(values.subarray(i * size, (i + 1) * size), shape, { centred: true }),
  );
  return { name, total, pictures };
}

function weightShape(weight: readonly number[], inputs: readonly number[]): PictureShape | null {
  if (weight.length === 4) {
    const [, channels, rows, columns] = weight as [number, number, number, number];
    return rows * columns === 1 ? null : [channels === 3 ? 3 : 1, rows, columns];
  }
  const shape = weight.length === 2 ? pictureShape(inputs) : null;
  return shape !== null && shape[0] * shape[1] * shape[2] === weight[1] ? shape : null;
}

/** The picture of one of `images`, `[h, w]` or `[3, h, w]`; `null` for another shape. */
export function imageOf(pixels: Tensor): Picture | null {
  const { shape } = pixels;
  const [channels, rows, columns] = shape.length === 2 ? [1, ...shape] : shape;
  if (shape.length < 2 || shape.length > 3 || (channels !== 1 && channels !== 3)) return null;
  return pictureOf(pixels.toArray(), [channels, rows!, columns!]);
}
