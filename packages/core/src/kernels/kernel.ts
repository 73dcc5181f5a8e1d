import ndarray, { type NdArray } from 'ndarray';
import { contiguousStrides, expandStrides, numelOf, type Shape } from '../shape.ts';

/** A view of doubles: shape, stride and offset over a `Float64Array`. */
export type Nd = NdArray<Float64Array>;

/** The memory behind one or more views. Its version grows whenever a kernel writes to it. */
export interface Storage {
  version: number;
}

/** What a kernel is launched on: a view, and the memory that it shows. A `Tensor` is one. */
export interface Operand {
  readonly ndarray: Nd;
  readonly storage: Storage;
}

/**
 * One loop over numbers: reads `ins`, writes into `outs`, allocates nothing that it returns.
 * Views may have any stride; outputs are written whole.
 */
export interface Kernel<P = void> {
  readonly name: string;
  readonly run: (outs: readonly Nd[], ins: readonly Nd[], params: P) => void;
}

/** A provider's way to run a kernel: returns false, having done nothing, for what it does not take. */
export type Attempt = (outs: readonly Nd[], ins: readonly Nd[], params: unknown) => boolean;

/** A contiguous array for a kernel to write whole; what it holds before is arbitrary. */
export function allocate(shape: Shape): Nd {
  return contiguous(unfilled(numelOf(shape)), shape);
}

/** Zeroing a large array takes as long as the arithmetic on it, and Node can do without. */
function unfilled(length: number): Float64Array {
  if (length < 1024 || globalThis.Buffer === undefined) return new Float64Array(length);
  return new Float64Array(Buffer.allocUnsafeSlow(length * Float64Array.BYTES_PER_ELEMENT).buffer);
}

/** All of `data`, in row-major order. */
export function contiguous(data: Float64Array, shape: Shape): Nd {
  return viewAs(data, shape, contiguousStrides(shape), 0);
}

/** A view of `data` that keeps its own copy of `shape` and `stride`. */
export function viewAs(data: Float64Array, shape: Shape, stride: Shape, offset: number): Nd {
  const View = viewOfRank(shape.length);
  if (shape.length === 1) return new View(data, shape[0]!, stride[0]!, offset);
  if (shape.length === 2) return new View(data, shape[0]!, shape[1]!, stride[0]!, stride[1]!, offset);
  return new View(data, ...shape, ...stride, offset);
}

/** A class of ndarray: made of the data, the sizes, the strides and the offset. */
type View = new (data: Float64Array, ...numbers: number[]) => Nd;

const views: View[] = [];

/** ndarray's class of views with so many dims. `ndarray()` finds out each time what `data` is, which takes far longer. */
function viewOfRank(rank: number): View {
  views[rank] ??= ndarray(new Float64Array(1), Array(rank).fill(1)).constructor as View;
  return views[rank];
}

/** `x` repeated to `shape` through strides of 0: reading it broadcasts, accumulating into it sums. */
export function expanded(x: Nd, shape: Shape): Nd {
  const strides = expandStrides(x.shape, x.stride, shape);
  if (strides === null) throw new RangeError(`can't expand [${x.shape}] to [${shape}]`);
  return viewAs(x.data, shape, strides, x.offset);
}
