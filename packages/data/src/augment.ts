import {
  ArgumentError,
  add,
  cat,
  checkChoice,
  checkInteger,
  checkNumber,
  checkProbability,
  clamp,
  defaultGenerator,
  describe,
  flip,
  formatShape,
  type Generator,
  lt,
  max,
  mean,
  min,
  mul,
  narrow,
  type PadMode,
  pad,
  rand,
  randint,
  readOptions,
  ShapeError,
  sub,
  sum,
  Tensor,
  tensor,
  where,
} from '@ndgrad/core';

// Pictures changed at random in ways that do not change what they show, so that a model never sees the same one twice.

/**
 * From a batch of images `[n, channels, height, width]` to another of as many; each image gets draws of its own. In
 * use:
 *
 * ```ts
 * const [flip, crop] = [randomHorizontalFlip(), randomCrop(32, { padding: 4 })];
 * const train = new DataLoader(new MappedDataset(cifar10(folder).train, (x) => crop(flip(x))), { batchSize: 64 });
 * ```
 * Of the training part alone. A batch is made when the loader comes to it, so a seeded run repeats bit for bit.
 */
export type Transform = (images: Tensor) => Tensor;

/**
 * Each image mirrored left to right with probability `p`, else as it is.
 * @param options `p`: default 0.5
 * @throws ArgumentError for a `p` outside [0, 1]; the transform, ShapeError for what is no batch of images
 * @see CS231n, lecture 7 (data augmentation); torchvision `RandomHorizontalFlip`
 */
export function randomHorizontalFlip(options?: { p?: number; generator?: Generator }): Transform {
  const { p, generator } = readOptions('randomHorizontalFlip', options, { p: 0.5, generator: defaultGenerator });
  checkProbability('randomHorizontalFlip', 'p', p);
  return (images) => {
    const [n] = sizesOf('randomHorizontalFlip', images);
    const mirrored = lt(rand([n, 1, 1, 1], { generator }), p);
    return where(mirrored, flip(images, 3), images);
  };
}

/** Options of `randomCrop`. */
export interface RandomCropOptions {
  /** Pixels put around the image on each side before it is cut (default 0). */
  padding?: number;
  /** What they are filled with: `value`, or the image itself, as in `pad` (default `'constant'`). */
  mode?: PadMode;
  /** For the mode `'constant'` (default 0: black, or the mean where the images are standardized). */
  value?: number;
  /** Draws the places (default: the one that `manualSeed` seeds). */
  generator?: Generator;
}

const uncropped: Required<RandomCropOptions> = {
  padding: 0,
  mode: 'constant',
  value: 0,
  generator: defaultGenerator,
};

/**
 * A window of each image, every place in the padded image being equally likely.
 * @param size rows and columns of the window, in pixels: a number for both, or a pair
 * @throws ArgumentError for sizes that are no whole numbers, and an unknown mode; the transform, ShapeError for what is no batch of images,
 *   and for a window larger than the padded image
 * @see CS231n, lecture 7 (data augmentation); torchvision `RandomCrop`
 */
export function randomCrop(size: number | readonly [rows: number, columns: number], options?: RandomCropOptions) {
  const { padding, mode, value, generator } = readOptions('randomCrop', options, uncropped);
  const [rows, columns] = typeof size === 'number' ? [size, size] : size;
  checkInteger('randomCrop', 'size', rows, 1);
  checkInteger('randomCrop', 'size', columns, 1);
  checkInteger('randomCrop', 'padding', padding);
  checkNumber('randomCrop', 'value', value);
  checkChoice('randomCrop', 'mode', mode, ['constant', 'reflect', 'replicate', 'circular']);
  const margins = [padding, padding, padding, padding];
  return (images: Tensor): Tensor => {
    const [n, , height, width] = sizesOf('randomCrop', images);
    const room = [height + 2 * padding - rows, width + 2 * padding - columns] as const;
    if (Math.min(...room) < 0) {
      throw new ShapeError(
        `randomCrop: a window of ${rows} × ${columns} is larger than the images of ${height} × ${width} with a ` +
          `padding of ${padding}; use more padding`,
      );
    }
    const padded = padding === 0 ? images : pad(images, margins, mode === 'constant' ? { value } : { mode });
    const [tops, lefts] = room.map((places) => randint(places + 1, [n], { generator }).toArray());
    const window = (x: Tensor, top: number, left: number) => narrow(narrow(x, 2, top, rows), 3, left, columns);
    if (n === 0) return window(padded, 0, 0);
    return cat(Array.from({ length: n }, (_, i) => window(narrow(padded, 0, i, 1), tops![i]!, lefts![i]!)));
  };
}

/** Options of `colorJitter`; each at least 0 (the default: left as it is). */
export interface ColorJitterOptions {
  brightness?: number;
  contrast?: number;
  saturation?: number;
  /** Draws the factors (default: the one that `manualSeed` seeds). */
  generator?: Generator;
}

const unjittered: Required<ColorJitterOptions> = {
  brightness: 0,
  contrast: 0,
  saturation: 0,
  generator: defaultGenerator,
};

/** What the eye makes of red, green and blue (ITU-R BT.601). */
const LUMA = [0.299, 0.587, 0.114];

/**
 * Brightness, contrast and saturation of each image changed, in this order: x ← f·x + (1 − f)·other, cut off to
 * [0, 1], with f drawn evenly from [max(0, 1 − strength), 1 + strength]. `other` is black for brightness, the mean of
 * the image in grey for contrast, the image in grey (0.299 R + 0.587 G + 0.114 B) for saturation.
 *
 * Takes images of one or three channels in [0, 1]: a standardizer comes after it.
 * @throws ArgumentError for a strength that is no number of at least 0; the transform, ShapeError for images of other
 *   channels, and ArgumentError for pixels outside [0, 1]
 * @see CS231n, lecture 7 (data augmentation); torchvision `ColorJitter`
 */
export function colorJitter(options?: ColorJitterOptions): Transform {
  const { generator, ...strengths } = readOptions('colorJitter', options, unjittered);
  for (const [name, strength] of Object.entries(strengths)) {
    checkNumber('colorJitter', name, strength, { test: (v) => v >= 0, must: 'be a number of at least 0' });
  }
  const others = {
    brightness: () => 0,
    contrast: (x: Tensor) => grey(mean(x, { dim: [2, 3], keepdim: true })),
    saturation: grey,
  };
  const steps = (['brightness', 'contrast', 'saturation'] as const).filter((name) => strengths[name] > 0);
  return (images) => {
    checkPixels(images);
    const [n] = sizesOf('colorJitter', images);
    return steps.reduce((x, name) => {
      const [low, high] = [Math.max(0, 1 - strengths[name]), 1 + strengths[name]];
      const factor = add(mul(rand([n, 1, 1, 1], { generator }), high - low), low);
      const mixed = add(mul(x, factor), mul(sub(1, factor), others[name](x)));
      return clamp(mixed, { min: 0, max: 1 });
    }, images);
  };
}

/** `[n, 3, …]` → `[n, 1, …]`; what has one channel is grey already. */
function grey(x: Tensor): Tensor {
  return x.shape[1] === 1 ? x : sum(mul(x, tensor(LUMA, { shape: [3, 1, 1] })), { dim: 1, keepdim: true });
}

function checkPixels(images: Tensor): void {
  const [, channels] = sizesOf('colorJitter', images);
  if (channels !== 1 && channels !== 3) {
    throw new ShapeError(`colorJitter: expected images of one or three channels, got ${formatShape(images.shape)}`);
  }
  if (images.numel() === 0) return;
  const [low, high] = [min(images).item(), max(images).item()];
  if (low >= 0 && high <= 1) return;
  throw new ArgumentError(
    `colorJitter: expected pixels in [0, 1], got ${low} to ${high}; standardize the images after it, not before`,
  );
}

function sizesOf(operation: string, images: Tensor): readonly [n: number, c: number, h: number, w: number] {
  if (images instanceof Tensor && images.ndim === 4) return images.shape as [number, number, number, number];
  const got = images instanceof Tensor ? formatShape(images.shape) : describe(images);
  throw new ShapeError(`${operation}: expected a batch of images [n, channels, height, width], got ${got}`);
}
