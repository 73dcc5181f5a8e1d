import { DimError, GradError, IndexError } from '../errors.ts';
import { isGradEnabled } from '../gradMode.ts';
import { normalizeDim } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** A dim that has slices: a scalar has none. */
export function dimOf(operation: string, x: Tensor, dim: number): number {
  if (x.ndim === 0) throw new DimError(`${operation}: a scalar has no dims`);
  return normalizeDim(operation, dim, x.ndim);
}

/**
 * @param what what the indices count, for the message: ` of dim 1 of [2, 3]`
 * @throws IndexError unless every element is a whole number in [0, size)
 */
export function checkIndices(operation: string, index: Tensor, size: number, what: string): void {
  const values = index.toArray();
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value < size && Number.isInteger(value))) {
      throw new IndexError(`${operation}: index ${value} (element ${i}) is not in [0, ${size})${what}`);
    }
  }
}

/** @throws GradError where a change in place would be lost on `backward`, or would change one element several times */
export function checkMutable(operation: string, x: Tensor): void {
  const { shape, stride } = x.ndarray;
  if (shape.some((size, d) => size > 1 && stride[d] === 0)) {
    throw new GradError(`${operation}: this tensor is an expanded view, whose elements share memory; clone() it first`);
  }
  if (x.node !== null) {
    throw new GradError(
      `${operation}: this tensor was computed by ${x.node.op.name}, and a change in place would falsify its gradient; ` +
        `use the operation without "_", or detach() first`,
    );
  }
  if (x.requiresGrad && isGradEnabled()) {
    throw new GradError(
      `${operation}: a leaf that wants a gradient can only be changed in place inside noGrad(() => …)`,
    );
  }
}
