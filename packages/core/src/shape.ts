import { ArgumentError, DimError, ShapeError } from './errors.ts';
import { describe } from './options.ts';

/** The sizes of a tensor's dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** How many elements a shape holds: the product of its sizes. */
export function numelOf(shape: Shape): number {
  let n = 1;
  for (const size of shape) n *= size;
  return n;
}

/** Row-major strides, in elements: the last dimension moves by 1. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= Math.max(shape[i]!, 1);
  }
  return strides;
}

/** Whether the elements lie one after another in row-major order. Dimensions of size 1 do not matter. */
export function isContiguous(shape: Shape, stride: Shape): boolean {
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size === 0) return true;
    if (size !== 1 && stride[i] !== step) return false;
    step *= size;
  }
  return true;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** `[64, 784]` */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** @throws ArgumentError unless every size is a whole number of at least 0. */
export function checkShape(operation: string, shape: unknown): asserts shape is Shape {
  const valid = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 0);
  if (!valid) {
    throw new ArgumentError(
      `${operation}: a shape is a list of whole numbers of at least 0, such as [2, 3]; got ${describe(shape)}`,
    );
  }
}

/** A dim counted from the front: −1 is the last. A scalar takes 0 and −1, as in PyTorch. */
export function normalizeDim(operation: string, dim: unknown, ndim: number): number {
  const range = Math.max(ndim, 1);
  if (typeof dim !== 'number' || !Number.isInteger(dim)) {
    throw new DimError(`${operation}: dim must be a whole number, got ${describe(dim)}`);
  }
  if (dim < -range || dim >= range) {
    throw new DimError(`${operation}: dim ${dim} is out of range for ${ndim} dimensions (${-range} … ${range - 1})`);
  }
  return dim < 0 ? dim + range : dim;
}

/**
 * The dims of a reduction, ascending. `null` and `[]` mean all of them.
 * @throws DimError for a dim out of range or named twice.
 */
export function normalizeDims(operation: string, dim: number | Shape | null, ndim: number): number[] {
  if (dim === null || (Array.isArray(dim) && dim.length === 0)) return Array.from({ length: ndim }, (_, i) => i);
  const dims = (Array.isArray(dim) ? dim : [dim]).map((d) => normalizeDim(operation, d, ndim));
  if (new Set(dims).size < dims.length) throw new DimError(`${operation}: a dim appears twice in ${describe(dim)}`);
  return ndim === 0 ? [] : dims.sort((a, b) => a - b);
}

/** `shape` with the given dims set to 1: what a reduction with `keepdim` leaves. */
export function keptShape(shape: Shape, dims: Shape): number[] {
  return shape.map((size, i) => (dims.includes(i) ? 1 : size));
}

/** `shape` without the given dims. */
export function droppedShape(shape: Shape, dims: Shape): number[] {
  return shape.filter((_, i) => !dims.includes(i));
}

/**
 * The common shape of tensors that are broadcast together: aligned at the right, where sizes agree or one is 1.
 * @throws ShapeError naming the shapes and the first dim that does not fit.
 */
export function broadcastShapes(operation: string, ...shapes: Shape[]): Shape {
  let common = shapes[0]!;
  for (const shape of shapes) if (!sameShape(common, shape)) common = broadcastPair(operation, common, shape, shapes);
  return common;
}

function broadcastPair(operation: string, a: Shape, b: Shape, all: readonly Shape[]): number[] {
  const ndim = Math.max(a.length, b.length);
  const common = new Array<number>(ndim);
  for (let i = 0; i < ndim; i++) {
    const m = a[a.length - ndim + i] ?? 1;
    const n = b[b.length - ndim + i] ?? 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `${operation}: shapes ${all.map(formatShape).join(' and ')} do not broadcast: ` +
          `sizes ${m} and ${n} at dim ${i - ndim} differ and neither is 1`,
      );
    }
    common[i] = m === 1 ? n : m;
  }
  return common;
}

/** Fills in the one −1 of a wanted shape, and checks that it holds as many elements as `from`. */
export function inferShape(operation: string, wanted: Shape, from: Shape): number[] {
  const total = numelOf(from);
  const fail = (why: string): never => {
    throw new ShapeError(`${operation}: ${formatShape(from)} (${total} elements) → ${formatShape(wanted)}: ${why}`);
  };
  if (!Array.isArray(wanted) || wanted.some((size) => !Number.isInteger(size) || size < -1)) {
    throw new ArgumentError(
      `${operation}: a shape is a list of whole numbers (one may be -1), such as [2, -1]; got ${describe(wanted)}`,
    );
  }
  if (wanted.filter((size) => size === -1).length > 1) fail('only one size may be -1');
  const known = numelOf(wanted.filter((size) => size !== -1));
  if (!wanted.includes(-1)) return known === total ? [...wanted] : fail(`that would hold ${known}`);
  if (known === 0 || total % known !== 0) fail(`-1 can't be inferred from ${known}`);
  return wanted.map((size) => (size === -1 ? total / known : size));
}

/**
 * Strides that show the same elements, in the same order, under another shape; `null` where that needs a copy.
 * Works on runs of dimensions that move as one, as PyTorch's `view` does.
 */
export function viewStrides(shape: Shape, stride: Shape, wanted: Shape): number[] | null {
  if (numelOf(shape) === 0 || shape.length === 0) return contiguousStrides(wanted);
  const strides = new Array<number>(wanted.length);
  let next = wanted.length - 1;
  let runSize = 1;
  let runStride = stride[shape.length - 1]!;
  for (let d = shape.length - 1; d >= 0; d--) {
    runSize *= shape[d]!;
    const runEnds = d === 0 || (shape[d - 1] !== 1 && stride[d - 1] !== runSize * runStride);
    if (!runEnds) continue;
    let placed = 1;
    while (next >= 0 && (placed < runSize || wanted[next] === 1)) {
      strides[next] = placed * runStride;
      placed *= wanted[next--]!;
    }
    if (placed !== runSize) return null;
    if (d > 0) {
      runSize = 1;
      runStride = stride[d - 1]!;
    }
  }
  return next === -1 ? strides : null;
}

/** Strides that show `shape` as the larger `wanted`: 0 wherever a size of 1 is repeated. `null` where it does not fit. */
export function expandStrides(shape: Shape, stride: Shape, wanted: Shape): number[] | null {
  const lead = wanted.length - shape.length;
  if (lead < 0) return null;
  const strides = new Array<number>(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const size = i < lead ? 1 : shape[i - lead]!;
    if (size !== wanted[i] && size !== 1) return null;
    strides[i] = size === wanted[i] && i >= lead ? stride[i - lead]! : 0;
  }
  return strides;
}
