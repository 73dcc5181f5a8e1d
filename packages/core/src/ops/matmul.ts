import { ShapeError } from '../errors.ts';
import * as kernels from '../kernels/matmul.ts';
import { compute, expandView, op } from '../op.ts';
import { checkNumber, readOptions } from '../options.ts';
import { expandStrides, formatShape, sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { add, mul } from './pointwise.ts';
import { mT, reshape, squeeze, unsqueeze } from './view.ts';

/** ∂L/∂a and ∂L/∂b, for L of a·b. */
const factors = {
  a: (g: Tensor, { b }: { b: Tensor }): Tensor => product(g, mT(b)), // [n, m] · [m, k]
  b: (g: Tensor, { a }: { a: Tensor }): Tensor => product(mT(a), g), // [k, n] · [n, m]
};

/** Every product of a batch: [… n, k] · [… k, m] → [… n, m], the leading dims broadcast. */
const product = op({
  name: 'matmul',
  inputs: ['a', 'b'],
  broadcastBefore: 2,
  forward: (a, b) => compute(kernels.bmm, [...a.shape.slice(0, -1), b.shape.at(-1)!], [a, b]),
  backward: factors,
});

/** c + a·b for matrices, or for batches of them; c is broadcast. */
const affine = op({
  name: 'addmm',
  inputs: ['c', 'a', 'b'],
  forward: (c, a, b) => {
    const shape = [...a.shape.slice(0, -1), b.shape.at(-1)!];
    return compute(kernels.affine, shape, [expandView(c, shape), a, b]);
  },
  backward: { c: (g, { shapes }) => (sameShape(g.shape, shapes.c) ? g : sumTo(g, shapes.c)), ...factors },
});

/**
 * The matrix product [… n, k] · [… k, m] → [… n, m]; leading dims are broadcast. A list of k numbers is taken as a row
 * on the left and as a column on the right, and that dim is dropped from the result.
 * @throws ShapeError where the inner dimensions differ, or for a scalar
 * @see PyTorch `torch.matmul`
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 0 || b.ndim === 0) throw new ShapeError('matmul: scalars have no matrix product; use mul');
  return multiply('matmul', a, b);
}

function multiply(operation: string, a: Tensor, b: Tensor): Tensor {
  checkInner(operation, a, b);
  if (a.ndim === 1) return squeeze(multiply(operation, unsqueeze(a, 0), b), { dim: b.ndim === 1 ? 0 : -2 });
  if (b.ndim === 1) return squeeze(multiply(operation, a, unsqueeze(b, 1)), { dim: -1 });
  if (a.ndim > 2 && b.ndim === 2) {
    // One large product instead of many small ones with the same b.
    return reshape(product(reshape(a, [a.shape.slice(0, -1).reduce((m, n) => m * n, 1), a.shape.at(-1)!]), b), [
      ...a.shape.slice(0, -1),
      b.shape[1]!,
    ]);
  }
  return product(a, b);
}

/** The product of two matrices: [n, k] · [k, m] → [n, m]. @throws ShapeError for anything else @see PyTorch `torch.mm` */
export function mm(a: Tensor, b: Tensor): Tensor {
  checkDims('mm', [a, 2], [b, 2]);
  return multiply('mm', a, b);
}

/**
 * The products of two batches of matrices: [batch, n, k] · [batch, k, m] → [batch, n, m].
 * @throws ShapeError for anything else
 * @see PyTorch `torch.bmm`
 */
export function bmm(a: Tensor, b: Tensor): Tensor {
  checkBatches('bmm', a, b);
  return multiply('bmm', a, b);
}

/** A matrix times a vector: [n, k] · [k] → [n]. @throws ShapeError for anything else @see PyTorch `torch.mv` */
export function mv(a: Tensor, b: Tensor): Tensor {
  checkDims('mv', [a, 2], [b, 1]);
  return multiply('mv', a, b);
}

/** The inner product of two vectors: [k] · [k] → []. @throws ShapeError for anything else @see PyTorch `torch.dot` */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkDims('dot', [a, 1], [b, 1]);
  return multiply('dot', a, b);
}

/** The outer product of two vectors: [n] · [m] → [n, m]. @throws ShapeError for anything else @see PyTorch `torch.outer` */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkDims('outer', [a, 1], [b, 1]);
  return mul(unsqueeze(a, 1), b);
}

/** Options of `addmm` and `baddbmm`. */
export interface WeightOptions {
  /** The weight of the tensor that is added (default 1); at 0 it is left out, NaN and all. */
  beta?: number;
  /** The weight of the product (default 1). */
  alpha?: number;
}

/**
 * beta · input + alpha · a·b, with matrices [n, k] · [k, m]; `input` is broadcast to [n, m].
 * @throws ShapeError where the shapes do not fit
 * @see PyTorch `torch.addmm`
 */
export function addmm(input: Tensor, a: Tensor, b: Tensor, options?: WeightOptions): Tensor {
  checkDims('addmm', [a, 2], [b, 2]);
  return weighed('addmm', input, a, b, options);
}

/**
 * beta · input + alpha · a·b for batches of matrices [batch, n, k] · [batch, k, m]; `input` is broadcast to
 * [batch, n, m].
 * @throws ShapeError where the shapes do not fit
 * @see PyTorch `torch.baddbmm`
 */
export function baddbmm(input: Tensor, a: Tensor, b: Tensor, options?: WeightOptions): Tensor {
  checkBatches('baddbmm', a, b);
  return weighed('baddbmm', input, a, b, options);
}

function weighed(operation: string, input: Tensor, a: Tensor, b: Tensor, options: WeightOptions | undefined): Tensor {
  checkInner(operation, a, b);
  const { beta, alpha } = readOptions(operation, options, { beta: 1, alpha: 1 });
  checkNumber(operation, 'beta', beta);
  checkNumber(operation, 'alpha', alpha);
  const shape = [...a.shape.slice(0, -1), b.shape.at(-1)!];
  if (expandStrides(input.shape, input.ndarray.stride, shape) === null) {
    throw new ShapeError(`${operation}: input ${formatShape(input.shape)} does not broadcast to ${formatShape(shape)}`);
  }
  if (alpha === 1 && beta === 1) return affine(input, a, b);
  const scaled = alpha === 1 ? product(a, b) : mul(product(a, b), alpha);
  if (beta === 0) return scaled;
  return add(scaled, beta === 1 ? input : mul(input, beta));
}

function checkInner(operation: string, a: Tensor, b: Tensor): void {
  const [columns, rows] = [a.shape.at(-1), b.shape.at(b.ndim === 1 ? 0 : -2)];
  if (columns === rows) return;
  throw new ShapeError(
    `${operation}: inner dimensions differ: ${formatShape(a.shape)} · ${formatShape(b.shape)} (${columns} ≠ ${rows})`,
  );
}

function checkBatches(operation: string, a: Tensor, b: Tensor): void {
  checkDims(operation, [a, 3], [b, 3]);
  if (a.shape[0] !== b.shape[0]) {
    throw new ShapeError(`${operation}: batch sizes differ: ${formatShape(a.shape)} · ${formatShape(b.shape)}`);
  }
}

function checkDims(operation: string, ...operands: [x: Tensor, ndim: number][]): void {
  if (operands.every(([x, ndim]) => x.ndim === ndim)) return;
  const wanted = operands.map(([, ndim]) => ndim).join(' and ');
  const got = operands.map(([x]) => formatShape(x.shape)).join(' and ');
  throw new ShapeError(`${operation}: expected ${wanted} dimensions, got ${got}`);
}
