import { op } from '../op.ts';
import { readOptions } from '../options.ts';
import { droppedShape, keptShape, normalizeDim, normalizeDims, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { abs, add, div, eq, exp, log, mul, sub, where } from './pointwise.ts';
import { amax } from './reduce.ts';
import { reshape } from './view.ts';

// All three subtract the largest logit first: exp never overflows, and one term of its sum is 1.

const softmaxOp = op({
  name: 'softmax',
  inputs: ['x'],
  forward: (x, { dim, shape }: Lane) => {
    const e = exp(sub(x, amax(x, { dim, keepdim: true })));
    return div(e, sumTo(e, shape));
  },
  backward: { x: (g, { y, params: { shape } }) => mul(y, sub(g, sumTo(mul(g, y), shape))) },
});

const logSoftmaxOp = op({
  name: 'logSoftmax',
  inputs: ['x'],
  forward: (x, { dim, shape }: Lane) => {
    const shifted = sub(x, amax(x, { dim, keepdim: true }));
    return sub(shifted, log(sumTo(exp(shifted), shape)));
  },
  backward: { x: (g, { y, params: { shape } }) => sub(g, mul(exp(y), sumTo(g, shape))) },
});

const logsumexpOp = op({
  name: 'logsumexp',
  inputs: ['x'],
  forward: (x, { dims, shape }: { dims: readonly number[]; shape: Shape }) => {
    const top = amax(x, { dim: dims, keepdim: true });
    const finite = where(eq(abs(top), Infinity), 0, top); // ∞ − ∞ would be NaN
    return add(log(sumTo(exp(sub(x, finite)), shape)), finite);
  },
  backward: { x: (g, { x, y }) => mul(g, exp(sub(x, y))) },
});

interface Lane {
  dim: number;
  /** The input's shape with a 1 at `dim`. */
  shape: Shape;
}

function laneAlong(operation: string, x: Tensor, dim: number): Lane {
  const d = normalizeDim(operation, dim, x.ndim);
  return { dim: d, shape: keptShape(x.shape, [d]) };
}

/**
 * eˣ / Σ eˣ along `dim`: positive numbers that sum to 1, in the shape of x.
 * @throws DimError for a dim that x does not have
 * @see CS231n, lecture 2 (softmax classifier); PyTorch `nn.functional.softmax`
 */
export function softmax(x: Tensor, dim: number): Tensor {
  const lane = laneAlong('softmax', x, dim);
  return x.numel() === 0 ? mul(x, 1) : softmaxOp(x, lane);
}

/**
 * ln softmax(x) along `dim`, in the shape of x, without the loss of digits that taking the logarithm afterwards would
 * bring.
 * @throws DimError for a dim that x does not have
 * @see PyTorch `nn.functional.log_softmax`
 */
export function logSoftmax(x: Tensor, dim: number): Tensor {
  const lane = laneAlong('logSoftmax', x, dim);
  return x.numel() === 0 ? mul(x, 1) : logSoftmaxOp(x, lane);
}

/**
 * ln Σ eˣ over `dim` (one or several), which the result lacks, or with `keepdim` (default false) has as 1.
 * @throws DimError for a dim that x does not have, or that is named twice
 * @see PyTorch `torch.logsumexp`
 */
export function logsumexp(x: Tensor, dim: number | Shape, options?: { keepdim?: boolean }): Tensor {
  const { keepdim } = readOptions('logsumexp', options, { keepdim: false });
  const dims = normalizeDims('logsumexp', dim, x.ndim);
  const shape = keptShape(x.shape, dims);
  // Of nothing: ln 0.
  const y = x.numel() === 0 ? log(sumTo(exp(x), shape)) : logsumexpOp(x, { dims, shape });
  return keepdim ? y : reshape(y, droppedShape(x.shape, dims));
}
