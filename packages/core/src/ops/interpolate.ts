import { tensor } from '../create.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import { checkChoice, checkInteger, checkNumber, describe, readOptions } from '../options.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { indexSelect } from './indexing.ts';
import { add, clone, mul } from './pointwise.ts';
import { reshape } from './view.ts';

/** How pixels between pixels are made: the one before them; or a straight line between two, in one, two or three dims. */
export type InterpolateMode = 'nearest' | 'linear' | 'bilinear' | 'trilinear';

/** Options of `interpolate`: either `size` or `scaleFactor`; numbers, or lists with one number for each dim. */
export interface InterpolateOptions {
  /** The new size of the dims behind [n, channels]. */
  size?: number | readonly number[] | null;
  /** The new size as a multiple of the old one, rounded down. */
  scaleFactor?: number | readonly number[] | null;
  /** Default `'nearest'`. */
  mode?: InterpolateMode;
}

const defaults: Required<InterpolateOptions> = { size: null, scaleFactor: null, mode: 'nearest' };

/** How many dims each mode works on. */
const dimsOf: Record<InterpolateMode, readonly number[]> = {
  nearest: [1, 2, 3],
  linear: [1],
  bilinear: [2],
  trilinear: [3],
};

/** One dim, and how many old pixels a new pixel is wide. */
interface Scaling {
  dim: number;
  from: number;
  to: number;
  step: number;
}

/**
 * Images made larger or smaller. Along each dim, new pixel i comes from place i·step of the old ones (`'nearest'`: the
 * pixel there), or from (i + ½)·step − ½ (linear modes: between the two pixels next to it, none beyond the border),
 * where step is 1 / scaleFactor, or old size / new size.
 * @param input [n, channels, …], with one to three dims to be resized
 * @returns [n, channels, …size]
 * @throws ArgumentError unless one of `size` and `scaleFactor` is given, as many numbers as dims; ShapeError for an
 *   input that the mode does not work on, or that would lose all pixels
 * @see PyTorch `nn.functional.interpolate` (`align_corners=False`)
 */
export function interpolate(input: Tensor, options?: InterpolateOptions): Tensor {
  const { size, scaleFactor, mode } = readOptions('interpolate', options, defaults);
  checkChoice('interpolate', 'mode', mode, Object.keys(dimsOf) as InterpolateMode[]);
  if (!dimsOf[mode].includes(input.ndim - 2) || input.shape.slice(1).includes(0)) {
    const dims = dimsOf[mode].map((n) => `[n, channels${', size'.repeat(n)}]`).join(', ');
    throw new ShapeError(
      `interpolate: mode "${mode}" takes a non-empty input of shape ${dims}, got ${formatShape(input.shape)}`,
    );
  }
  const scalings = scalingsOf(input, size, scaleFactor);
  const resized =
    mode === 'nearest'
      ? scalings.filter(({ step }) => step !== 1).reduce(nearest, input)
      : scalings.filter(({ from, to }) => from !== to).reduce(linear, input);
  return resized === input ? clone(input) : resized;
}

function scalingsOf(
  input: Tensor,
  size: number | readonly number[] | null,
  scaleFactor: number | readonly number[] | null,
): Scaling[] {
  if ((size === null) === (scaleFactor === null)) {
    throw new ArgumentError('interpolate: give either size or scaleFactor');
  }
  const dims = input.ndim - 2;
  const given = size ?? scaleFactor;
  const numbers: readonly number[] = Array.isArray(given) ? given : new Array(dims).fill(given);
  if (numbers.length !== dims) {
    throw new ArgumentError(
      `interpolate: expected one number or ${dims}, one for each dim behind [n, channels] of ` +
        `${formatShape(input.shape)}, got ${describe(given)}`,
    );
  }
  return numbers.map((number, i) => {
    const [dim, from] = [i + 2, input.shape[i + 2]!];
    if (size !== null) checkInteger('interpolate', 'size', number, 1);
    else checkNumber('interpolate', 'scaleFactor', number, { test: (v) => v > 0, must: 'be greater than 0' });
    const to = size === null ? Math.floor(from * number) : number;
    if (to < 1) {
      throw new ShapeError(
        `interpolate: scaleFactor ${number} leaves nothing of dim ${dim} of ${formatShape(input.shape)}`,
      );
    }
    return { dim, from, to, step: size === null ? 1 / number : from / to };
  });
}

function nearest(x: Tensor, { dim, from, to, step }: Scaling): Tensor {
  // Rounded to single precision first, as in PyTorch, so that 2.9999999999999996 is 3.
  const sources = Array.from({ length: to }, (_, i) => Math.min(Math.floor(Math.fround(i * step)), from - 1));
  return indexSelect(x, dim, tensor(sources));
}

function linear(x: Tensor, { dim, from, to, step }: Scaling): Tensor {
  const places = Array.from({ length: to }, (_, i) => Math.max((i + 0.5) * step - 0.5, 0));
  const before = places.map((place) => Math.min(Math.floor(place), from - 1));
  const after = before.map((i) => Math.min(i + 1, from - 1));
  const shares = places.map((place, i) => Math.min(place - before[i]!, 1));
  const along = (numbers: number[]) =>
    reshape(
      tensor(numbers),
      x.shape.map((_, d) => (d === dim ? to : 1)),
    );
  return add(
    mul(indexSelect(x, dim, tensor(before)), along(shares.map((share) => 1 - share))),
    mul(indexSelect(x, dim, tensor(after)), along(shares)),
  );
}
