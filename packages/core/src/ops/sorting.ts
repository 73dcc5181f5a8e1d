import { IndexError } from '../errors.ts';
import { order } from '../kernels/sorting.ts';
import { compute, op } from '../op.ts';
import { checkInteger, readOptions } from '../options.ts';
import { formatShape, normalizeDim, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { gather } from './indexing.ts';

/** Options of `sort` and `argsort`. */
export interface SortOptions {
  /** Along which dim (default −1, the last). */
  dim?: number;
  /** Whether the largest comes first (default false). */
  descending?: boolean;
}

/** Options of `topk`. */
export interface TopkOptions {
  /** Along which dim (default −1, the last). */
  dim?: number;
  /** Whether the largest or the smallest are wanted (default true, the largest). */
  largest?: boolean;
}

/** Elements in order, and where they stood. */
export interface Sorted {
  values: Tensor;
  indices: Tensor;
}

const orderOp = op({
  name: 'argsort',
  inputs: ['x'],
  forward: (x, { shape, ...params }: { shape: Shape; dim: number; descending: boolean }) =>
    compute(order, shape, [x], params),
  backward: { x: null },
});

/** What stands at the indices, so that each gradient goes back to where its element stood. */
const inOrder = (x: Tensor, dim: number, indices: Tensor): Sorted => ({ values: gather(x, dim, indices), indices });

/**
 * The elements in order along `dim`, and where each stood. Equal ones keep their order; NaN counts as the largest.
 * @throws DimError for a dim out of range
 * @see PyTorch `torch.sort`
 */
export function sort(x: Tensor, options?: SortOptions): Sorted {
  const { dim, descending } = readOptions('sort', options, { dim: -1, descending: false });
  const d = normalizeDim('sort', dim, x.ndim);
  return inOrder(x, d, orderOp(x, { shape: x.shape, dim: d, descending }));
}

/** Where the elements stand, in order along `dim`; otherwise as `sort`. @see PyTorch `torch.argsort` */
export function argsort(x: Tensor, options?: SortOptions): Tensor {
  const { dim, descending } = readOptions('argsort', options, { dim: -1, descending: false });
  return orderOp(x, { shape: x.shape, dim: normalizeDim('argsort', dim, x.ndim), descending });
}

/**
 * The k largest or smallest elements along `dim`, the most extreme first, and where each stands; of equal ones, the
 * first. NaN counts as the largest.
 * @throws IndexError for more elements than there are
 * @see PyTorch `torch.topk`
 */
export function topk(x: Tensor, k: number, options?: TopkOptions): Sorted {
  const { dim, largest } = readOptions('topk', options, { dim: -1, largest: true });
  const d = normalizeDim('topk', dim, x.ndim);
  checkInteger('topk', 'k', k);
  if (k > (x.shape[d] ?? 1)) {
    throw new IndexError(`topk: k = ${k} is more than dim ${dim} of ${formatShape(x.shape)} holds`);
  }
  const shape = x.shape.map((size, i) => (i === d ? k : size));
  return inOrder(x, d, orderOp(x, { shape, dim: d, descending: largest }));
}
