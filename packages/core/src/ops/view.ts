import { DimError, ShapeError } from '../errors.ts';
import { place } from '../kernels/indexing.ts';
import { copy } from '../kernels/pointwise.ts';
import { compute, op } from '../op.ts';
import { checkInteger, readOptions } from '../options.ts';
import { contiguousStrides, formatShape, inferShape, normalizeDim, type Shape, viewStrides } from '../shape.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { dimOf } from './checks.ts';

const reshapeOp = op({
  name: 'reshape',
  inputs: ['x'],
  forward: (x, shape: Shape) => {
    const strides = viewStrides(x.shape, x.ndarray.stride, shape);
    if (strides !== null) return viewOf(x, shape, strides, x.ndarray.offset);
    return viewOf(compute(copy, x.shape, [x]), shape, contiguousStrides(shape), 0);
  },
  backward: { x: (g, { shapes }): Tensor => reshapeOp(g, shapes.x) },
});

const permuteOp = op({
  name: 'permute',
  inputs: ['x'],
  forward: (x, dims: Shape) => {
    const { shape, stride, offset } = x.ndarray;
    return viewOf(
      x,
      dims.map((d) => shape[d]!),
      dims.map((d) => stride[d]!),
      offset,
    );
  },
  backward: {
    x: (g, { params: dims }): Tensor =>
      permuteOp(
        g,
        dims.map((_, d) => dims.indexOf(d)),
      ),
  },
});

interface Slice {
  dim: number;
  start: number;
  length: number;
}

const narrowOp = op({
  name: 'narrow',
  inputs: ['x'],
  forward: (x, { dim, start, length }: Slice) => {
    const { shape, stride, offset } = x.ndarray;
    return viewOf(
      x,
      shape.map((size, d) => (d === dim ? length : size)),
      stride,
      offset + start * stride[dim]!,
    );
  },
  backward: { x: (g, { params: slice, shapes }): Tensor => placeOp(g, { ...slice, shape: shapes.x }) },
});

/** The reverse of `narrow`: `x` as a slice of zeros. */
const placeOp = op({
  name: 'place',
  inputs: ['x'],
  forward: (x, { shape, dim, start }: Slice & { shape: Shape }) => compute(place, shape, [x], { dim, start }),
  backward: { x: (g, { params: slice }): Tensor => narrowOp(g, slice) },
});

/**
 * The same elements, in the same row-major order, under another shape: a view where strides can tell it, else a copy.
 * One size may be −1, to be inferred.
 * @throws ShapeError if the number of elements differs
 * @see PyTorch `torch.reshape`
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return reshapeOp(x, inferShape('reshape', shape, x.shape));
}

/**
 * The dims in another order, as a view: dim i of the result is dim `dims[i]` of `x`.
 * @throws DimError unless `dims` names each dim once
 */
export function permute(x: Tensor, dims: Shape): Tensor {
  const order = dims.map((d) => normalizeDim('permute', d, x.ndim));
  if (order.length !== x.ndim || new Set(order).size !== x.ndim) {
    throw new DimError(
      `permute: ${formatShape(dims)} must name each of the ${x.ndim} dims of ${formatShape(x.shape)} once`,
    );
  }
  return permuteOp(x, order);
}

/** Two dims exchanged, as a view. @throws DimError for a dim out of range */
export function transpose(x: Tensor, dim0: number, dim1: number): Tensor {
  const [a, b] = [normalizeDim('transpose', dim0, x.ndim), normalizeDim('transpose', dim1, x.ndim)];
  const order = x.shape.map((_, d) => (d === a ? b : d === b ? a : d));
  return permuteOp(x, order);
}

/** A matrix with rows and columns exchanged, as a view; of at most two dims. @throws DimError for more dims */
export function t(x: Tensor): Tensor {
  if (x.ndim > 2)
    throw new DimError(`t: expected at most 2 dimensions, got ${formatShape(x.shape)}; use transpose or mT`);
  return x.ndim < 2 ? x : transpose(x, 0, 1);
}

/** Every matrix of a batch transposed, as a view: [… n, m] → [… m, n]. @throws DimError for fewer than two dims */
export function mT(x: Tensor): Tensor {
  if (x.ndim < 2) throw new DimError(`mT: expected at least 2 dimensions, got ${formatShape(x.shape)}`);
  return transpose(x, -2, -1);
}

/**
 * Dims of size 1 dropped: all of them, or those of `dim` that have size 1.
 * @see PyTorch `torch.squeeze`
 */
export function squeeze(x: Tensor, options?: { dim?: number | Shape | null }): Tensor {
  const { dim } = readOptions('squeeze', options, { dim: null as number | Shape | null });
  const named = dim === null ? null : [dim].flat().map((d) => normalizeDim('squeeze', d, x.ndim));
  return reshapeOp(
    x,
    x.shape.filter((size, d) => size !== 1 || (named !== null && !named.includes(d))),
  );
}

/** A dim of size 1 put in at `dim`, which counts in the result: −1 is its last. @throws DimError for a dim out of range */
export function unsqueeze(x: Tensor, dim: number): Tensor {
  const at = normalizeDim('unsqueeze', dim, x.ndim + 1);
  return reshapeOp(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/**
 * The dims from `startDim` to `endDim` (defaults: all) made into one.
 * @see PyTorch `torch.flatten`
 */
export function flatten(x: Tensor, options?: { startDim?: number; endDim?: number }): Tensor {
  const { startDim, endDim } = readOptions('flatten', options, { startDim: 0, endDim: -1 });
  const [start, end] = [normalizeDim('flatten', startDim, x.ndim), normalizeDim('flatten', endDim, x.ndim)];
  if (start > end) throw new DimError(`flatten: startDim ${startDim} comes after endDim ${endDim}`);
  const size = x.shape.slice(start, end + 1).reduce((a, b) => a * b, 1);
  return reshapeOp(x, [...x.shape.slice(0, start), size, ...x.shape.slice(end + 1)]);
}

/**
 * `length` slices along `dim`, from `start` on, as a view. A negative start counts from the end.
 * @throws ShapeError if the slice does not lie inside the tensor
 * @see PyTorch `torch.narrow`
 */
export function narrow(x: Tensor, dim: number, start: number, length: number): Tensor {
  const d = dimOf('narrow', x, dim);
  checkInteger('narrow', 'start', start, -x.shape[d]!);
  checkInteger('narrow', 'length', length);
  const from = start < 0 ? start + x.shape[d]! : start;
  if (from + length > x.shape[d]!) {
    throw new ShapeError(`narrow: ${length} from ${start} on do not fit in dim ${dim} of ${formatShape(x.shape)}`);
  }
  return narrowOp(x, { dim: d, start: from, length });
}

/** The slice at `index` along `dim`, without that dim, as a view. @throws ShapeError for an index out of range */
export function select(x: Tensor, dim: number, index: number): Tensor {
  const d = dimOf('select', x, dim);
  const size = x.shape[d]!;
  if (!Number.isInteger(index) || index < -size || index >= size) {
    throw new ShapeError(`select: index ${index} is out of range for dim ${dim} of ${formatShape(x.shape)}`);
  }
  const slice = narrowOp(x, { dim: d, start: index < 0 ? index + size : index, length: 1 });
  return reshapeOp(
    slice,
    x.shape.filter((_, i) => i !== d),
  );
}
