import { ShapeError } from '../errors.ts';
import * as kernels from '../kernels/reduce.ts';
import { compute, op } from '../op.ts';
import { readOptions } from '../options.ts';
import { droppedShape, formatShape, keptShape, normalizeDim, normalizeDims, numelOf, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { gather } from './indexing.ts';
import { div, eq, mul } from './pointwise.ts';
import { flatten, reshape } from './view.ts';

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

const everything: { dim: number | Shape | null; keepdim: boolean } = { dim: null, keepdim: false };
const oneLane: { dim: number | null; keepdim: boolean } = { dim: null, keepdim: false };

// The primitives keep the reduced dims as sizes of 1, so that their rules broadcast.

/** Equal extremes share the gradient evenly. */
const shareAmongTies = (g: Tensor, { x, y }: { x: Tensor; y: Tensor }): Tensor => {
  const ties = eq(x, y);
  return mul(ties, div(g, sumTo(ties, y.shape)));
};
const amaxOp = op({
  name: 'amax',
  inputs: ['x'],
  forward: (x, shape: Shape) => compute(kernels.amax, shape, [x]),
  backward: { x: shareAmongTies },
});
const aminOp = op({
  name: 'amin',
  inputs: ['x'],
  forward: (x, shape: Shape) => compute(kernels.amin, shape, [x]),
  backward: { x: shareAmongTies },
});
interface Lane {
  shape: Shape;
  dim: number;
}
const argmaxOp = op({
  name: 'argmax',
  inputs: ['x'],
  forward: (x, { shape, dim }: Lane) => compute(kernels.argmax, shape, [x], { dim }),
  backward: { x: null },
});
const argminOp = op({
  name: 'argmin',
  inputs: ['x'],
  forward: (x, { shape, dim }: Lane) => compute(kernels.argmin, shape, [x], { dim }),
  backward: { x: null },
});

/** Reduces the dims that the options name by a primitive, and drops them unless `keepdim`. */
function reduce(
  name: string,
  x: Tensor,
  options: ReduceOptions | undefined,
  primitive: (x: Tensor, shape: Shape) => Tensor,
): Tensor {
  const { dim, keepdim } = readOptions(name, options, everything);
  const dims = normalizeDims(name, dim, x.ndim);
  const y = primitive(x, keptShape(x.shape, dims));
  return keepdim ? y : reshape(y, droppedShape(x.shape, dims));
}

/** The sum over the given dims. @see PyTorch `torch.sum` */
export function sum(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce('sum', x, options, sumTo);
}

/** The mean over the given dims; NaN of nothing. @see PyTorch `torch.mean` */
export function mean(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce('mean', x, options, (x, shape) => div(sumTo(x, shape), x.numel() / numelOf(shape)));
}

/** The largest element over the given dims; NaN if there is one. Equal ones share the gradient evenly. */
export function amax(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce('amax', x, options, (x, shape) => amaxOp(nonempty('amax', x, shape), shape));
}

/** The smallest element over the given dims; NaN if there is one. Equal ones share the gradient evenly. */
export function amin(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce('amin', x, options, (x, shape) => aminOp(nonempty('amin', x, shape), shape));
}

function nonempty(name: string, x: Tensor, shape: Shape): Tensor {
  if (x.numel() === 0 && numelOf(shape) > 0) {
    throw new ShapeError(`${name}: nothing to choose from: ${formatShape(x.shape)} is empty in a reduced dim`);
  }
  return x;
}

/** Where the first largest element stands: along `dim`, or (default) in row-major order. @see PyTorch `torch.argmax` */
export function argmax(x: Tensor, options?: LaneOptions): Tensor {
  return position('argmax', x, options, argmaxOp);
}

/** Where the first smallest element stands; otherwise as `argmax`. */
export function argmin(x: Tensor, options?: LaneOptions): Tensor {
  return position('argmin', x, options, argminOp);
}

function position(name: string, x: Tensor, options: LaneOptions | undefined, primitive: typeof argmaxOp): Tensor {
  const { dim, keepdim } = readOptions(name, options, oneLane);
  const lanes = dim === null ? flatten(x) : x;
  const d = dim === null ? 0 : normalizeDim(name, dim, x.ndim);
  const shape = keptShape(lanes.shape, [d]);
  const y = primitive(nonempty(name, lanes, shape), { shape, dim: d });
  if (dim === null) return reshape(y, keepdim ? x.shape.map(() => 1) : []);
  return keepdim ? y : reshape(y, droppedShape(x.shape, [d]));
}

/** Extremes along a dim, and where they stand. */
export interface Extremes {
  values: Tensor;
  indices: Tensor;
}

/**
 * The largest element of all (equal ones share the gradient evenly); or, given a `dim`, the largest along it and where
 * each stands (the first of equal ones, which takes the gradient).
 * @see PyTorch `torch.max`
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, options: { dim: number; keepdim?: boolean }): Extremes;
export function max(x: Tensor, options?: LaneOptions): Tensor | Extremes {
  const { dim, keepdim } = readOptions('max', options, oneLane);
  return dim === null ? amax(x) : extremes(x, dim, keepdim, argmax(x, { dim, keepdim: true }));
}

/** The smallest element; otherwise as `max`. @see PyTorch `torch.min` */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, options: { dim: number; keepdim?: boolean }): Extremes;
export function min(x: Tensor, options?: LaneOptions): Tensor | Extremes {
  const { dim, keepdim } = readOptions('min', options, oneLane);
  return dim === null ? amin(x) : extremes(x, dim, keepdim, argmin(x, { dim, keepdim: true }));
}

/** What stands at `indices` (with the dim kept), so that the gradient goes there and nowhere else. */
function extremes(x: Tensor, dim: number, keepdim: boolean, indices: Tensor): Extremes {
  const values = gather(x, dim, indices);
  const shape = keepdim ? indices.shape : droppedShape(x.shape, [normalizeDim('max', dim, x.ndim)]);
  return { values: reshape(values, shape), indices: reshape(indices, shape) };
}
