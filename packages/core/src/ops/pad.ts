import { tensor } from '../create.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import * as kernels from '../kernels/pad.ts';
import { compute, op } from '../op.ts';
import { checkChoice, checkInteger, describe, readOptions } from '../options.ts';
import { formatShape, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { indexSelect } from './indexing.ts';
import { clone } from './pointwise.ts';
import { narrow } from './view.ts';

interface Frame {
  shape: Shape;
  /** Where the input begins in the output. */
  starts: readonly number[];
  value: number;
}

const framed = op({
  name: 'pad',
  inputs: ['x'],
  forward: (x, { shape, ...params }: Frame) => compute(kernels.pad, shape, [x], params),
  backward: {
    x: (g, { params: { starts }, shapes }) => shapes.x.reduce((part, size, d) => narrow(part, d, starts[d]!, size), g),
  },
});

/** What padding is filled with: a value, or the input mirrored at its ends, its ends repeated, the input repeated. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** Options of `pad`. */
export interface PadOptions {
  /** Default `'constant'`. */
  mode?: PadMode;
  /** What a constant padding is filled with (default 0). */
  value?: number | null;
}

/** Elements to put before and after a dim; negative ones are cut off. */
interface Margin {
  dim: number;
  before: number;
  after: number;
}

/**
 * `input` with elements put before and after its last dims. Negative numbers cut elements off.
 * @param pad two numbers for each dim, before and after, from the last dim on: [left, right], [left, right, top,
 *   bottom], …. Modes other than `'constant'` take one, two or three dims, behind [n, channels] or [channels]
 *   (`'circular'`: [n, channels])
 * @throws ShapeError where there are too many numbers, or the input is too small for them; ArgumentError for an odd
 *   number of them, or an unknown mode
 * @see PyTorch `nn.functional.pad`
 */
export function pad(input: Tensor, pad: readonly number[], options?: PadOptions): Tensor {
  const { mode, value } = readOptions('pad', options, { mode: 'constant' as PadMode, value: null as number | null });
  checkChoice('pad', 'mode', mode, ['constant', 'reflect', 'replicate', 'circular']);
  const margins = marginsOf(input, pad);
  if (mode === 'constant') return padConstant(input, margins, value ?? 0);
  if (value !== null && value !== 0) throw new ArgumentError(`pad: mode "${mode}" takes no value, got ${value}`);
  checkPlanes(mode, input, margins.length);
  // Every row, column, … of the result is one of the input's.
  const padded = margins
    .filter(({ before, after }) => before !== 0 || after !== 0)
    .reduce((x, margin) => indexSelect(x, margin.dim, tensor(sources[mode](input, margin))), input);
  return padded === input ? clone(input) : padded;
}

function marginsOf(input: Tensor, pad: readonly number[]): Margin[] {
  if (!Array.isArray(pad) || pad.length % 2 !== 0) {
    throw new ArgumentError(`pad: expected two numbers for each dim, such as [left, right], got ${describe(pad)}`);
  }
  for (const size of pad) checkInteger('pad', 'a padding', size, -Infinity);
  if (pad.length > 2 * input.ndim) {
    throw new ShapeError(
      `pad: ${pad.length} numbers for ${formatShape(input.shape)}: at most ${2 * input.ndim}, two for each dim`,
    );
  }
  const dims = Array.from({ length: pad.length / 2 }, (_, i) => input.ndim - 1 - i);
  return dims.map((dim, i) => ({ dim, before: pad[2 * i]!, after: pad[2 * i + 1]! }));
}

function padConstant(input: Tensor, margins: readonly Margin[], value: number): Tensor {
  const starts = input.shape.map(() => 0);
  const shape = [...input.shape];
  const grows = margins.some(({ before, after }) => before > 0 || after > 0);
  let x = input;
  for (const { dim, before, after } of margins) {
    const size = input.shape[dim]!;
    const [first, end] = [Math.max(-before, 0), size + Math.min(after, 0)];
    shape[dim] = size + before + after;
    if (first > end || (grows && shape[dim] === 0)) throw tooSmall(input, dim, before, after);
    starts[dim] = Math.max(before, 0);
    x = narrow(x, dim, first, end - first);
  }
  return grows ? framed(x, { shape, starts, value }) : clone(x);
}

function tooSmall(input: Tensor, dim: number, before: number, after: number): ShapeError {
  return new ShapeError(
    `pad: dim ${dim} of ${formatShape(input.shape)} has no room for a padding of ${before} before and ${after} after`,
  );
}

/** For each mode, which element of the margin's dim each element of the result shows. */
const sources = { reflect, replicate, circular };

function reflect(input: Tensor, margin: Margin): number[] {
  const size = input.shape[margin.dim]!;
  if (margin.before >= size || margin.after >= size) {
    throw new ShapeError(
      `pad: mode "reflect" needs a padding smaller than the dim, got ${margin.before} before and ${margin.after} ` +
        `after dim ${margin.dim} of ${formatShape(input.shape)}`,
    );
  }
  const bounce = (i: number) => (i < 0 ? -i : i >= size ? 2 * (size - 1) - i : i);
  return places(input, margin).map(bounce);
}

function replicate(input: Tensor, margin: Margin): number[] {
  const last = input.shape[margin.dim]! - 1;
  return places(input, margin).map((i) => Math.min(Math.max(i, 0), last));
}

/** Repeats what is left of the dim when negative paddings have been cut off. */
function circular(input: Tensor, margin: Margin): number[] {
  const size = input.shape[margin.dim]!;
  const first = Math.max(-margin.before, 0);
  const period = size + Math.min(margin.after, 0) - first;
  if (Math.max(margin.before, margin.after) > period) {
    throw new ShapeError(
      `pad: mode "circular" can't go around more than once: ${margin.before} before and ${margin.after} after ` +
        `dim ${margin.dim} of ${formatShape(input.shape)}`,
    );
  }
  return places(input, margin).map((i) => first + ((i - first + period) % period));
}

/** Positions from the margin's first element on, counted from the input's first. */
function places(input: Tensor, { dim, before, after }: Margin): number[] {
  const length = input.shape[dim]! + before + after;
  if (length < 1) throw tooSmall(input, dim, before, after);
  return Array.from({ length }, (_, i) => i - before);
}

/** Modes that copy elements of the input need some, and [n, channels] or [channels] in front. */
function checkPlanes(mode: PadMode, input: Tensor, dims: number): void {
  const lead = input.ndim - dims;
  const fits = dims >= 1 && dims <= 3 && (lead === 2 || (lead === 1 && mode !== 'circular'));
  if (!fits) {
    const front = mode === 'circular' ? '[n, channels]' : '[n, channels] or [channels]';
    throw new ShapeError(
      `pad: mode "${mode}" pads one, two or three dims behind ${front}, not ${dims} of ${formatShape(input.shape)}`,
    );
  }
  if (input.shape.slice(1).includes(0)) {
    throw new ShapeError(`pad: mode "${mode}": only the first dim may be empty, got ${formatShape(input.shape)}`);
  }
}
