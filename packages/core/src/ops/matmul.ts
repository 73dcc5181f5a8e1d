import { ShapeError } from '../errors.ts';
import { bmm as bmmKernel } from '../kernels/matmul.ts';
import { compute, op } from '../op.ts';
import { formatShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { mT, reshape, squeeze, unsqueeze } from './view.ts';

/** Every product of a batch: [… n, k] · [… k, m] → [… n, m], the leading dims broadcast. */
const product = op({
  name: 'matmul',
  inputs: ['a', 'b'],
  broadcastBefore: 2,
  forward: (a, b) => compute(bmmKernel, [...a.shape.slice(0, -1), b.shape.at(-1)!], [a, b]),
  backward: {
    a: (g, { b }): Tensor => product(g, mT(b)), // [n, m] · [m, k]
    b: (g, { a }): Tensor => product(mT(a), g), // [k, n] · [n, m]
  },
});

/**
 * The matrix product [… n, k] · [… k, m] → [… n, m]; leading dims are broadcast. A list of k numbers is taken as a row
 * on the left and as a column on the right, and that dim is dropped from the result.
 * @throws ShapeError where the inner dimensions differ, or for a scalar
 * @see PyTorch `torch.matmul`
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 0 || b.ndim === 0) throw new ShapeError('matmul: scalars have no matrix product; use mul');
  if (a.ndim === 1) return squeeze(matmul(unsqueeze(a, 0), b), { dim: b.ndim === 1 ? 0 : -2 });
  if (b.ndim === 1) return squeeze(matmul(a, unsqueeze(b, 1)), { dim: -1 });
  if (a.shape.at(-1) !== b.shape.at(-2)) {
    throw new ShapeError(
      `matmul: inner dimensions differ: ${formatShape(a.shape)} · ${formatShape(b.shape)} ` +
        `(${a.shape.at(-1)} ≠ ${b.shape.at(-2)})`,
    );
  }
  if (a.ndim > 2 && b.ndim === 2) {
    // One large product instead of many small ones with the same b.
    return reshape(product(reshape(a, [a.shape.slice(0, -1).reduce((m, n) => m * n, 1), a.shape.at(-1)!]), b), [
      ...a.shape.slice(0, -1),
      b.shape[1]!,
    ]);
  }
  return product(a, b);
}

/** The product of two matrices: [n, k] · [k, m] → [n, m]. @throws ShapeError for anything else */
export function mm(a: Tensor, b: Tensor): Tensor {
  checkDims('mm', [a, 2], [b, 2]);
  return matmul(a, b);
}

/** The products of two batches of matrices: [batch, n, k] · [batch, k, m] → [batch, n, m]. @throws ShapeError for anything else */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkDims('bmm', [a, 3], [b, 3]);
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError(`bmm: batch sizes differ: ${formatShape(a.shape)} · ${formatShape(b.shape)}`);
  }
  return matmul(a, b);
}

function checkDims(operation: string, ...operands: [x: Tensor, ndim: number][]): void {
  if (operands.every(([x, ndim]) => x.ndim === ndim)) return;
  const wanted = operands.map(([, ndim]) => ndim).join(' and ');
  const got = operands.map(([x]) => formatShape(x.shape)).join(' and ');
  throw new ShapeError(`${operation}: expected ${wanted} dimensions, got ${got}`);
}
