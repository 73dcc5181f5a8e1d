import { expandView } from '../op.ts';
import { readOptions } from '../options.ts';
import { broadcastShapes, sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

/** How far apart two numbers may be: |a − b| ≤ atol + rtol · |b|. */
export interface Closeness {
  /** Default 1e-5. */
  rtol?: number;
  /** Default 1e-8. */
  atol?: number;
  /** Whether NaN is close to NaN (default false). */
  equalNan?: boolean;
}

/**
 * Whether |a − b| ≤ atol + rtol · |b| everywhere; the shapes are broadcast. Equal infinities are close.
 * @see PyTorch `torch.allclose`
 */
export function allclose(a: Tensor, b: Tensor, options?: Closeness): boolean {
  const { rtol, atol, equalNan } = readOptions('allclose', options, { rtol: 1e-5, atol: 1e-8, equalNan: false });
  const shape = broadcastShapes('allclose', a.shape, b.shape);
  const expected = expandView(b, shape).toArray();
  return expandView(a, shape)
    .toArray()
    .every((value, i) => {
      const other = expected[i]!;
      if (value === other) return true;
      if (value !== value || other !== other) return equalNan && value !== value && other !== other;
      return Math.abs(value - other) <= atol + rtol * Math.abs(other) && Math.abs(other) !== Infinity;
    });
}

/** Whether two tensors have the same shape and the same elements; NaN equals nothing. @see PyTorch `torch.equal` */
export function equal(a: Tensor, b: Tensor): boolean {
  if (!sameShape(a.shape, b.shape)) return false;
  const expected = b.toArray();
  return a.toArray().every((value, i) => value === expected[i]);
}
