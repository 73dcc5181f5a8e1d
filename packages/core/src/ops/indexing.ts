import { fromArray, zeros } from '../create.ts';
import { ShapeError } from '../errors.ts';
import * as kernels from '../kernels/indexing.ts';
import { compute, op } from '../op.ts';
import { readOptions } from '../options.ts';
import { broadcastShapes, contiguousStrides, formatShape, keptShape, normalizeDim } from '../shape.ts';
import type { Tensor, TensorLike } from '../tensor.ts';
import { expand } from './broadcast.ts';
import { checkIndices } from './checks.ts';
import { where } from './pointwise.ts';
import { flatten, narrow, reshape } from './view.ts';

const gatherOp = op({
  name: 'gather',
  inputs: ['input', 'index'],
  forward: (input, index, { dim }: { dim: number }) => compute(kernels.gather, index.shape, [input, index], { dim }),
  backward: {
    input: (g, { index, params: { dim }, shapes }): Tensor => scatterAddOp(zeros(shapes.input), index, g, { dim }),
    index: null,
  },
});

const scatterAddOp = op({
  name: 'scatterAdd',
  inputs: ['input', 'index', 'src'],
  forward: (input, index, src, { dim }: { dim: number }) =>
    compute(kernels.scatterAdd, input.shape, [input, index, src], { dim }),
  backward: {
    input: (g) => g,
    index: null,
    src: (g, { index, params: { dim } }): Tensor => gatherOp(g, index, { dim }),
  },
});

const indexSelectOp = op({
  name: 'indexSelect',
  inputs: ['input', 'index'],
  forward: (input, index, { dim }: { dim: number }) => {
    const shape = input.shape.map((size, d) => (d === dim ? index.numel() : size));
    return compute(kernels.indexSelect, shape, [input, index], { dim });
  },
  backward: {
    input: (g, { index, params: { dim }, shapes }): Tensor => indexAddOp(g, index, { dim, size: shapes.input[dim]! }),
    index: null,
  },
});

/** The reverse of `indexSelect`: rows added into zeros. */
const indexAddOp = op({
  name: 'indexAdd',
  inputs: ['src', 'index'],
  forward: (src, index, { dim, size }: { dim: number; size: number }) => {
    const shape = src.shape.map((n, d) => (d === dim ? size : n));
    return compute(kernels.indexAdd, shape, [src, index], { dim });
  },
  backward: { src: (g, { index, params: { dim } }): Tensor => indexSelectOp(g, index, { dim }), index: null },
});

/**
 * Picks along `dim`: y[i][j] = input[index[i][j]][j] (for dim 0). `index` has as many dims as `input` and, except in
 * `dim`, no larger sizes; the result has its shape.
 * @throws IndexError for an index outside [0, input.shape[dim]); ShapeError where the sizes do not fit
 * @see PyTorch `torch.gather`
 */
export function gather(input: Tensor, dim: number, index: Tensor): Tensor {
  const d = normalizeDim('gather', dim, input.ndim);
  checkLanes('gather', input, index, d);
  checkIndices('gather', index, input.shape[d] ?? 1, ` of dim ${dim} of ${formatShape(input.shape)}`);
  return gatherOp(input, index, { dim: d });
}

/**
 * `input` with `src` added where `index` says: y[index[i][j]][j] += src[i][j] (for dim 0). The reverse of `gather`.
 * @throws IndexError for an index outside [0, input.shape[dim]); ShapeError where the sizes do not fit
 * @see PyTorch `torch.scatter_add`
 */
export function scatterAdd(input: Tensor, dim: number, index: Tensor, src: Tensor): Tensor {
  const d = normalizeDim('scatterAdd', dim, input.ndim);
  checkLanes('scatterAdd', input, index, d);
  checkLanes('scatterAdd', src, index, -1);
  checkIndices('scatterAdd', index, input.shape[d] ?? 1, ` of dim ${dim} of ${formatShape(input.shape)}`);
  const used = index.shape.reduce((x, size, i) => narrow(x, i, 0, size), src);
  return scatterAddOp(input, index, used, { dim: d });
}

/**
 * Whole slices picked along `dim`: slice i of the result is slice index[i] of `input`.
 * @param index one dim (or a scalar) of whole numbers in [0, input.shape[dim])
 * @throws IndexError for an index out of range
 * @see PyTorch `torch.index_select`
 */
export function indexSelect(input: Tensor, dim: number, index: Tensor): Tensor {
  if (index.ndim > 1)
    throw new ShapeError(`indexSelect: index must have one dimension, got ${formatShape(index.shape)}`);
  const d = normalizeDim('indexSelect', dim, input.ndim);
  checkIndices('indexSelect', index, input.shape[d] ?? 1, ` of dim ${dim} of ${formatShape(input.shape)}`);
  if (input.ndim === 0) return reshape(indexSelectOp(reshape(input, [1]), reshape(index, [-1]), { dim: 0 }), []);
  return indexSelectOp(input, reshape(index, [-1]), { dim: d });
}

/**
 * Picks along `dim` as `gather` does, the other dims being broadcast; without a `dim`, from the tensor as one list.
 * @throws IndexError for an index out of range; ShapeError for another number of dims
 * @see PyTorch `torch.take_along_dim`
 */
export function takeAlongDim(input: Tensor, indices: Tensor, options?: { dim?: number | null }): Tensor {
  const { dim } = readOptions('takeAlongDim', options, { dim: null as number | null });
  if (dim === null) return gather(flatten(input), 0, flatten(indices));
  if (indices.ndim !== input.ndim) {
    throw new ShapeError(
      `takeAlongDim: indices ${formatShape(indices.shape)} must have as many dims as ${formatShape(input.shape)}`,
    );
  }
  const d = normalizeDim('takeAlongDim', dim, input.ndim);
  const common = broadcastShapes('takeAlongDim', keptShape(input.shape, [d]), keptShape(indices.shape, [d]));
  const along = (x: Tensor) => expand(x, x.ndim === 0 ? [] : common.map((size, i) => (i === d ? x.shape[d]! : size)));
  return gather(along(input), d, along(indices));
}

/**
 * `value` wherever the mask is not 0, `input` elsewhere; the mask and `input` are broadcast.
 * @param value a number or a scalar
 * @throws ShapeError for a value of more than one number, or a mask that does not fit
 * @see PyTorch `torch.masked_fill`
 */
export function maskedFill(input: Tensor, mask: Tensor, value: TensorLike): Tensor {
  if (typeof value !== 'number' && value.ndim > 0) {
    throw new ShapeError(`maskedFill: the value must be a number or a scalar, got shape ${formatShape(value.shape)}`);
  }
  broadcastShapes('maskedFill', input.shape, mask.shape);
  return where(mask, value, input);
}

/**
 * Where the elements are that are not 0, in row-major order: one row of indices for each, `[n, x.ndim]`.
 * @see PyTorch `torch.nonzero`
 */
export function nonzero(x: Tensor): Tensor {
  const found: number[] = [];
  const steps = contiguousStrides(x.shape);
  let count = 0;
  x.toArray().forEach((value, at) => {
    if (value === 0) return;
    count++;
    steps.forEach((step, d) => void found.push(Math.floor(at / step) % x.shape[d]!));
  });
  return fromArray(Float64Array.from(found), { shape: [count, x.ndim] });
}

function checkLanes(operation: string, x: Tensor, index: Tensor, dim: number): void {
  if (x.ndim !== index.ndim || index.shape.some((size, d) => d !== dim && size > x.shape[d]!)) {
    throw new ShapeError(
      `${operation}: index ${formatShape(index.shape)} does not fit ${formatShape(x.shape)}: ` +
        'it needs as many dims, and sizes that are no larger',
    );
  }
}
