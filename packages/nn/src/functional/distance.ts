import {
  add,
  broadcastShapes,
  checkNumber,
  clamp,
  div,
  expand,
  maximum,
  mul,
  norm,
  op,
  readOptions,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from '@ndgrad/core';

/** What `cosineSimilarity` takes. */
export interface CosineSimilarityOptions {
  /** Along which dim the vectors lie, counted after broadcasting (default 1). */
  dim?: number;
  /** The least length that a vector is divided by (default 1e-8). */
  eps?: number;
}

/** What `normalize` takes. */
export interface NormalizeOptions {
  /** Which norm (default 2). */
  p?: number;
  /** Along which dim the vectors lie (default 1). */
  dim?: number;
  /** The least norm that a vector is divided by (default 1e-12). */
  eps?: number;
}

/** What `pairwiseDistance` takes. */
export interface PairwiseDistanceOptions {
  /** Which norm (default 2). */
  p?: number;
  /** Added to every difference (default 1e-6), so that no distance is 0. */
  eps?: number;
  /** Whether the last dim stays, with size 1 (default false). */
  keepdim?: boolean;
}

/**
 * Lengths along a dim, which stays, of at least `eps`. The gradient is x / y also where the length is smaller, as
 * PyTorch's is.
 */
const length = op({
  name: 'length',
  inputs: ['x'],
  forward: (x, { dim, eps }: { dim: number; eps: number }) =>
    maximum(sqrt(sum(square(x), { dim, keepdim: true })), eps),
  backward: { x: (g, { x, y }) => mul(g, div(x, y)) },
});

/**
 * The cosine of the angle between vectors: x1·x2 / (max(‖x1‖, eps) · max(‖x2‖, eps)). Broadcast.
 * @returns the common shape without `dim`
 * @throws ShapeError where shapes do not broadcast; DimError for a dim out of range
 * @see PyTorch `nn.functional.cosine_similarity`
 */
export function cosineSimilarity(x1: Tensor, x2: Tensor, options?: CosineSimilarityOptions): Tensor {
  const { dim, eps } = readOptions('cosineSimilarity', options, { dim: 1, eps: 1e-8 });
  checkNumber('cosineSimilarity', 'eps', eps);
  const shape = broadcastShapes('cosineSimilarity', x1.shape, x2.shape);
  const direction = (x: Tensor) => {
    const whole = expand(x, shape);
    return div(whole, length(whole, { dim, eps }));
  };
  return sum(mul(direction(x1), direction(x2)), { dim });
}

/**
 * Vectors of norm 1: input / max(‖input‖ₚ, eps).
 * @throws DimError for a dim out of range
 * @see PyTorch `nn.functional.normalize`
 */
export function normalize(input: Tensor, options?: NormalizeOptions): Tensor {
  const { p, dim, eps } = readOptions('normalize', options, { p: 2, dim: 1, eps: 1e-12 });
  checkNumber('normalize', 'eps', eps);
  return div(input, clamp(norm(input, { p, dim, keepdim: true }), { min: eps }));
}

/**
 * ‖x1 − x2 + eps‖ₚ over the last dim. Broadcast: `[N, D]` and `[N, D]`, or `[D]`, to `[N]`.
 * @throws ShapeError where shapes do not broadcast
 * @see PyTorch `nn.functional.pairwise_distance`
 */
export function pairwiseDistance(x1: Tensor, x2: Tensor, options?: PairwiseDistanceOptions): Tensor {
  const { p, eps, keepdim } = readOptions('pairwiseDistance', options, { p: 2, eps: 1e-6, keepdim: false });
  checkNumber('pairwiseDistance', 'eps', eps);
  return norm(add(sub(x1, x2), eps), { p, dim: -1, keepdim });
}
