import ops from 'ndarray-ops';
import type { Shape } from '../shape.ts';
import { type Kernel, type Nd, viewAs } from './kernel.ts';

/** Which diagonal of the planes of `dim1` and `dim2`: 0 is the main one, those above it (to the right) count upwards. */
export interface Diagonal {
  offset: number;
  dim1: number;
  dim2: number;
}

/** How a diagonal lies in memory: the other dims, then that of the diagonal. */
export function diagonalLayout({ shape, stride, offset: start }: Nd, { offset, dim1, dim2 }: Diagonal) {
  const [down, right] = [Math.max(-offset, 0), Math.max(offset, 0)];
  const length = Math.max(Math.min(shape[dim1]! - down, shape[dim2]! - right), 0);
  const others = (sizes: Shape) => sizes.filter((_, d) => d !== dim1 && d !== dim2);
  return {
    shape: [...others(shape), length],
    stride: [...others(stride), stride[dim1]! + stride[dim2]!],
    offset: length === 0 ? start : start + down * stride[dim1]! + right * stride[dim2]!,
  };
}

/** y is 0, but for the diagonal, which is x. */
export const placeDiagonal: Kernel<Diagonal> = {
  name: 'placeDiagonal',
  run: ([y], [x], which) => {
    ops.assigns(y!, 0);
    const { shape, stride, offset } = diagonalLayout(y!, which);
    ops.assign(viewAs(y!.data, shape, stride, offset), x!);
  },
};
