import {
  amax,
  arange,
  checkIndices,
  checkInteger,
  checkNumber,
  div,
  eq,
  formatShape,
  gather,
  IndexError,
  indexSelect,
  mul_,
  ne,
  noGrad,
  norm,
  onesLike,
  op,
  readOptions,
  reshape,
  ShapeError,
  scatterAdd,
  select,
  type Tensor,
  unsqueeze,
  where,
  zeros,
} from '@ndgrad/core';

/** What `embedding` takes besides the indices and the weight. */
export interface EmbeddingOptions {
  /** The row whose gradient stays 0; −1 is the last (default: none). */
  paddingIdx?: number | null;
  /** Rows that are looked up and whose norm is larger are shortened to it first, in place (default: none). */
  maxNorm?: number | null;
  /** The p of that p-norm (default 2). */
  normType?: number;
  /** Whether a row's gradient is divided by how often it was looked up (default false). */
  scaleGradByFreq?: boolean;
  /** Of no effect: gradients are never sparse. */
  sparse?: boolean;
}

export const embeddingDefaults: Required<EmbeddingOptions> = {
  paddingIdx: null,
  maxNorm: null,
  normType: 2,
  scaleGradByFreq: false,
  sparse: false,
};

/**
 * Rows of a table: y[…] = weight[input[…]], `[…]` and `[rows, d]` to `[…, d]`.
 * @throws IndexError for an index outside [0, rows); ShapeError for a weight that is no matrix
 * @see PyTorch `nn.functional.embedding`
 */
export function embedding(input: Tensor, weight: Tensor, options?: EmbeddingOptions): Tensor {
  const { paddingIdx, maxNorm, normType, scaleGradByFreq } = readOptions('embedding', options, embeddingDefaults);
  if (weight.ndim !== 2) {
    throw new ShapeError(`embedding: the weight must be [rows, d], got ${formatShape(weight.shape)}`);
  }
  const [count, width] = weight.shape as [number, number];
  checkIndices('embedding', input, count, ` for the weight ${formatShape(weight.shape)}`);
  const padding = paddingIdx === null ? null : paddingRow('embedding', paddingIdx, count);
  const indices = reshape(input.detach(), [input.numel()]);
  if (maxNorm !== null) shorten(weight, indices, maxNorm, normType);
  let rows = indexSelect(weight, 0, indices); // [n, d]
  if (scaleGradByFreq) {
    const counts = gather(scatterAdd(zeros([count]), 0, indices, onesLike(indices)), 0, indices);
    rows = perLookup(rows, unsqueeze(counts, 1));
  }
  if (padding !== null) rows = where(unsqueeze(ne(indices, padding), 1), rows, rows.detach());
  return reshape(rows, [...input.shape, width]);
}

/** A row counted from the front. @throws IndexError for a row that there is not */
export function paddingRow(operation: string, paddingIdx: number, count: number): number {
  if (!Number.isInteger(paddingIdx) || paddingIdx < -count || paddingIdx >= count) {
    throw new IndexError(`${operation}: paddingIdx ${paddingIdx} is not a row of ${count}`);
  }
  return paddingIdx < 0 ? paddingIdx + count : paddingIdx;
}

/** The rows themselves, whose gradient is divided by the counts. */
const perLookup = op({
  name: 'embedding',
  inputs: ['rows', 'counts'],
  broadcastBefore: 0,
  forward: (rows) => rows,
  backward: { rows: (g, { counts }) => divided(g, counts), counts: null },
});

/** g / counts, as PyTorch has it: the second derivative knows nothing of the division. */
const divided = op({
  name: 'embeddingBackward',
  inputs: ['g', 'counts'],
  broadcastBefore: 0,
  forward: (g, counts) => div(g, counts),
  backward: { g: (h) => h, counts: null },
});

/** Scales the rows that are looked up and whose p-norm is above `maxNorm` down to it. */
function shorten(weight: Tensor, indices: Tensor, maxNorm: number, p: number): void {
  checkNumber('embedding', 'maxNorm', maxNorm);
  noGrad(() => {
    for (const index of new Set(indices.toArray())) {
      const row = select(weight, 0, index);
      const length = norm(row, { p }).item();
      if (length > maxNorm) mul_(row, maxNorm / (length + 1e-7));
    }
  });
}

/**
 * Class numbers as rows that are 1 at the class and 0 elsewhere: `[…]` to `[…, classes]`. No gradient flows.
 * @param options numClasses (default −1: the largest class + 1)
 * @throws IndexError for a class outside [0, numClasses); ShapeError where classes are to be counted in an empty tensor
 * @see PyTorch `nn.functional.one_hot`
 */
export function oneHot(tensor: Tensor, options?: { numClasses?: number }): Tensor {
  const { numClasses } = readOptions('oneHot', options, { numClasses: -1 });
  checkInteger('oneHot', 'numClasses', numClasses, -1);
  if (tensor.numel() === 0 && numClasses <= 0) {
    throw new ShapeError('oneHot: an empty tensor does not tell how many classes there are; give numClasses');
  }
  checkIndices('oneHot', tensor, numClasses === -1 ? Infinity : numClasses, '');
  const count = numClasses === -1 ? amax(tensor.detach()).item() + 1 : numClasses;
  return eq(unsqueeze(tensor, -1), arange(count));
}
