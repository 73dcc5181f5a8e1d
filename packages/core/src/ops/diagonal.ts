import { arange } from '../create.ts';
import { DimError, ShapeError } from '../errors.ts';
import { type Diagonal, diagonalLayout, placeDiagonal } from '../kernels/diagonal.ts';
import { compute, op } from '../op.ts';
import { checkInteger, readOptions } from '../options.ts';
import { formatShape, normalizeDim, type Shape } from '../shape.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { add, ge, le, where } from './pointwise.ts';
import { unsqueeze } from './view.ts';

// Diagonals are counted from the main one, 0: those above it, to the right, upwards.

const diagonalOp = op({
  name: 'diagonal',
  inputs: ['x'],
  forward: (x, which: Diagonal) => {
    const { shape, stride, offset } = diagonalLayout(x.ndarray, which);
    return viewOf(x, shape, stride, offset);
  },
  backward: { x: (g, { params: which, shapes }): Tensor => placeDiagonalOp(g, { ...which, shape: shapes.x }) },
});

/** The reverse of `diagonal`: `x` as a diagonal of zeros. */
const placeDiagonalOp = op({
  name: 'placeDiagonal',
  inputs: ['x'],
  forward: (x, { shape, ...which }: Diagonal & { shape: Shape }) => compute(placeDiagonal, shape, [x], which),
  backward: { x: (g, { params: which }): Tensor => diagonalOp(g, which) },
});

/**
 * A diagonal of every plane of `dim1` and `dim2` (defaults 0 and 1), as the last dim of a view.
 * @throws DimError for a dim out of range, or the same dim twice
 * @see PyTorch `torch.diagonal`
 */
export function diagonal(x: Tensor, options?: { offset?: number; dim1?: number; dim2?: number }): Tensor {
  const { offset, dim1, dim2 } = readOptions('diagonal', options, { offset: 0, dim1: 0, dim2: 1 });
  checkInteger('diagonal', 'offset', offset, -Infinity);
  const [d1, d2] = [normalizeDim('diagonal', dim1, x.ndim), normalizeDim('diagonal', dim2, x.ndim)];
  if (d1 === d2) throw new DimError(`diagonal: dim1 and dim2 must differ, got ${dim1} and ${dim2}`);
  return diagonalOp(x, { offset, dim1: d1, dim2: d2 });
}

/**
 * Of a list the matrix with that diagonal; of a matrix the diagonal, as a list.
 * @throws ShapeError for anything else
 * @see PyTorch `torch.diag`
 */
export function diag(x: Tensor, options?: { diagonal?: number }): Tensor {
  const { diagonal: offset } = readOptions('diag', options, { diagonal: 0 });
  checkInteger('diag', 'diagonal', offset, -Infinity);
  const which = { offset, dim1: 0, dim2: 1 };
  if (x.ndim === 2) return diagonalOp(x, which);
  if (x.ndim !== 1) throw new ShapeError(`diag: expected a list or a matrix, got ${formatShape(x.shape)}`);
  const size = x.shape[0]! + Math.abs(offset);
  return placeDiagonalOp(x, { ...which, shape: [size, size] });
}

/**
 * The matrices of the last two dims with zeros above the given diagonal (default 0, the main one).
 * @throws ShapeError for fewer than two dims
 * @see PyTorch `torch.tril`
 */
export function tril(x: Tensor, options?: { diagonal?: number }): Tensor {
  return triangle('tril', x, options, ge);
}

/** The matrices of the last two dims with zeros below the given diagonal; otherwise as `tril`. @see PyTorch `torch.triu` */
export function triu(x: Tensor, options?: { diagonal?: number }): Tensor {
  return triangle('triu', x, options, le);
}

function triangle(name: string, x: Tensor, options: { diagonal?: number } | undefined, keeps: typeof ge): Tensor {
  const { diagonal } = readOptions(name, options, { diagonal: 0 });
  checkInteger(name, 'diagonal', diagonal, -Infinity);
  if (x.ndim < 2) throw new ShapeError(`${name}: expected at least 2 dimensions, got ${formatShape(x.shape)}`);
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const lastKept = add(unsqueeze(arange(rows), 1), diagonal); // [rows, 1]: the diagonal's column in each row
  return where(keeps(lastKept, arange(columns)), x, 0);
}
