import { zeros } from '../create.ts';
import { ShapeError } from '../errors.ts';
import * as kernels from '../kernels/indexing.ts';
import { compute, op } from '../op.ts';
import { formatShape, normalizeDim } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { checkIndices } from './checks.ts';
import { narrow, reshape } from './view.ts';

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

function checkLanes(operation: string, x: Tensor, index: Tensor, dim: number): void {
  if (x.ndim !== index.ndim || index.shape.some((size, d) => d !== dim && size > x.shape[d]!)) {
    throw new ShapeError(
      `${operation}: index ${formatShape(index.shape)} does not fit ${formatShape(x.shape)}: ` +
        'it needs as many dims, and sizes that are no larger',
    );
  }
}
