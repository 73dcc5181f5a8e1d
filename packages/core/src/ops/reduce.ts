import { ShapeError } from '../errors.ts';
import * as kernels from '../kernels/reduce.ts';
import { compute, op } from '../op.ts';
import { readOptions } from '../options.ts';
import { droppedShape, formatShape, keptShape, normalizeDim, numelOf, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { expand, sumTo } from './broadcast.ts';
import { gather } from './indexing.ts';
import { isnan } from './logic.ts';
import { div, eq, mul, where } from './pointwise.ts';
import { countOf, type LaneOptions, lanes, type ReduceOptions, readLane, reduce } from './reduction.ts';
import { flatten, reshape } from './view.ts';

export type { LaneOptions, ReduceOptions } from './reduction.ts';

/** Equal extremes share the gradient evenly. */
const shareAmongTies = (g: Tensor, { x, y }: { x: Tensor; y: Tensor }): Tensor => {
  const ties = eq(x, y);
  return mul(ties, div(g, sumTo(ties, y.shape)));
};

/** The same where the extreme is NaN: all NaN share it. */
const shareAmongTiesOrNaN = (g: Tensor, { x, y }: { x: Tensor; y: Tensor }): Tensor => {
  const ties = where(isnan(y), isnan(x), eq(x, y));
  return mul(ties, div(g, sumTo(ties, y.shape)));
};

const maxOp = op({
  name: 'max',
  inputs: ['x'],
  forward: (x, shape: Shape) => compute(kernels.amax, shape, [x]),
  backward: { x: shareAmongTiesOrNaN },
});

const minOp = op({
  name: 'min',
  inputs: ['x'],
  forward: (x, shape: Shape) => compute(kernels.amin, shape, [x]),
  backward: { x: shareAmongTiesOrNaN },
});

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

const anyOp = op({
  name: 'any',
  inputs: ['x'],
  forward: (x, dim: number) => compute(kernels.any, keptShape(x.shape, [dim]), [x]),
  backward: { x: null },
});

const allOp = op({
  name: 'all',
  inputs: ['x'],
  forward: (x, dim: number) => compute(kernels.all, keptShape(x.shape, [dim]), [x]),
  backward: { x: null },
});

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

/** The sum over the given dims. @see PyTorch `torch.sum` */
export function sum(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce('sum', x, options, sumTo);
}

const meanOp = op({
  name: 'mean',
  inputs: ['x'],
  forward: (x, { shape, count }: { shape: Shape; count: number }) => div(sumTo(x, shape), count),
  // The mean of nothing is 0/0, but nothing flows back from it.
  backward: { x: (g, { params: { count }, shapes }) => expand(div(g, Math.max(count, 1)), shapes.x) },
});

/** The mean over the given dims; NaN of nothing. @see PyTorch `torch.mean` */
export function mean(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce('mean', x, options, (x, shape, dims) => meanOp(x, { shape, count: countOf(x, dims) }));
}

/** 1 if any element, of all or along `dim`, is not 0; 0 of nothing. NaN is not 0. @see PyTorch `torch.any` */
export function any(x: Tensor, options?: LaneOptions): Tensor {
  return lanes('any', x, options, anyOp);
}

/** 1 if no element, of all or along `dim`, is 0; 1 of nothing. @see PyTorch `torch.all` */
export function all(x: Tensor, options?: LaneOptions): Tensor {
  return lanes('all', x, options, allOp);
}

/**
 * The largest element over the given dims; NaN if there is one. Equal ones share the gradient evenly.
 * @throws ShapeError where there is nothing to choose from
 * @see PyTorch `torch.amax`
 */
export function amax(x: Tensor, options?: ReduceOptions): Tensor {
  return reduce('amax', x, options, (x, shape) => amaxOp(nonempty('amax', x, shape), shape));
}

/**
 * The smallest element over the given dims; NaN if there is one. Equal ones share the gradient evenly.
 * @throws ShapeError where there is nothing to choose from
 * @see PyTorch `torch.amin`
 */
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
  const { dim, keepdim } = readOptions(name, options, { dim: null as number | null, keepdim: false });
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
 * @throws ShapeError where there is nothing to choose from; DimError for a dim out of range
 * @see PyTorch `torch.max`
 */
export function max(x: Tensor): Tensor;
export function max(x: Tensor, options: { dim: number; keepdim?: boolean }): Extremes;
export function max(x: Tensor, options?: LaneOptions): Tensor | Extremes {
  const { dim, keepdim } = readLane('max', options);
  if (dim !== null) return extremes('max', x, dim, keepdim, argmaxOp);
  return reduce('max', x, {}, (x, shape) => maxOp(nonempty('max', x, shape), shape));
}

/** The smallest element; otherwise as `max`. @see PyTorch `torch.min` */
export function min(x: Tensor): Tensor;
export function min(x: Tensor, options: { dim: number; keepdim?: boolean }): Extremes;
export function min(x: Tensor, options?: LaneOptions): Tensor | Extremes {
  const { dim, keepdim } = readLane('min', options);
  if (dim !== null) return extremes('min', x, dim, keepdim, argminOp);
  return reduce('min', x, {}, (x, shape) => minOp(nonempty('min', x, shape), shape));
}

/** What stands where the primitive finds it, so that the gradient goes there and nowhere else. */
function extremes(name: string, x: Tensor, dim: number, keepdim: boolean, primitive: typeof argmaxOp): Extremes {
  const d = normalizeDim(name, dim, x.ndim);
  const kept = keptShape(x.shape, [d]);
  const positions = primitive(nonempty(name, x, kept), { shape: kept, dim: d });
  const shape = keepdim ? kept : droppedShape(x.shape, [d]);
  return { values: reshape(gather(x, d, positions), shape), indices: reshape(positions, shape) };
}
