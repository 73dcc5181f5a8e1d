import { ArgumentError } from '../errors.ts';
import { readOptions } from '../options.ts';
import { droppedShape, keptShape, normalizeDim, normalizeDims, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { flatten, reshape } from './view.ts';

// How reductions read their options. The primitives keep the reduced dims as sizes of 1, so that their rules broadcast.

/** Which dims a reduction takes (default: all), and whether they stay as dims of size 1 (default: no). */
export interface ReduceOptions {
  dim?: number | Shape | null;
  keepdim?: boolean;
}

/** As `ReduceOptions`, for what works along one dim. */
export interface LaneOptions {
  dim?: number | null;
  keepdim?: boolean;
}

/** Reduces the dims that the options name by a primitive, and drops them unless `keepdim`. */
export function reduce(
  name: string,
  x: Tensor,
  options: ReduceOptions | undefined,
  primitive: (x: Tensor, kept: Shape, dims: readonly number[]) => Tensor,
): Tensor {
  const everything: Required<ReduceOptions> = { dim: null, keepdim: false };
  const { dim, keepdim } = readOptions(name, options, everything);
  const dims = normalizeDims(name, dim, x.ndim);
  const y = primitive(x, keptShape(x.shape, dims), dims);
  return keepdim ? y : reshape(y, droppedShape(x.shape, dims));
}

/** Reads the options of what works along one dim; `keepdim` needs a dim, as in PyTorch. */
export function readLane(name: string, options: LaneOptions | undefined): Required<LaneOptions> {
  const everything: Required<LaneOptions> = { dim: null, keepdim: false };
  const lane = readOptions(name, options, everything);
  if (lane.keepdim && lane.dim === null) throw new ArgumentError(`${name}: keepdim needs a dim`);
  return lane;
}

/** Reduces one dim, or the tensor as one lane, by a primitive, and drops it unless `keepdim`. */
export function lanes(
  name: string,
  x: Tensor,
  options: LaneOptions | undefined,
  primitive: (x: Tensor, dim: number) => Tensor,
): Tensor {
  const { dim, keepdim } = readLane(name, options);
  const d = dim === null ? 0 : normalizeDim(name, dim, x.ndim);
  if (dim === null || x.ndim === 0) return reshape(primitive(flatten(x), 0), []);
  const y = primitive(x, d);
  return keepdim ? y : reshape(y, droppedShape(x.shape, [d]));
}

/** How many elements of `x` go into one when `dims` are reduced. */
export function countOf(x: Tensor, dims: readonly number[]): number {
  return dims.reduce((count, d) => count * x.shape[d]!, 1);
}
