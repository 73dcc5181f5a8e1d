import {
  add,
  checkNumber,
  clamp,
  div,
  eq,
  formatShape,
  minimum,
  mul,
  ne,
  readOptions,
  ShapeError,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from '@ndgrad/core';
import { pairwiseDistance } from '../distance.ts';
import { checkBroadcast, checkSameNdim } from './checks.ts';
import { type ReductionOptions, reduced, reductionDefaults } from './reduction.ts';

/** What `hingeEmbeddingLoss` takes. */
export interface HingeEmbeddingLossOptions extends ReductionOptions {
  /** How large the input should be where the target is −1 (default 1). */
  margin?: number;
}

export const hingeEmbeddingLossDefaults = { ...reductionDefaults, margin: 1 };

/**
 * The input where the target is 1, max(0, margin − input) where it is −1: the input being a distance, of likes and of
 * unlikes. Broadcast.
 * @see PyTorch `nn.functional.hinge_embedding_loss`
 */
export function hingeEmbeddingLoss(input: Tensor, target: Tensor, options?: HingeEmbeddingLossOptions): Tensor {
  const { margin, reduction } = readOptions('hingeEmbeddingLoss', options, hingeEmbeddingLossDefaults);
  checkNumber('hingeEmbeddingLoss', 'margin', margin);
  checkBroadcast('hingeEmbeddingLoss', input, target);
  const unlike = where(ne(target, 1), clamp(sub(margin, input), { min: 0 }), 0);
  return reduced('hingeEmbeddingLoss', add(unlike, where(ne(target, -1), input, 0)), reduction);
}

/** What `cosineEmbeddingLoss` takes. */
export interface CosineEmbeddingLossOptions extends ReductionOptions {
  /** The cosine above which unlikes cost, in [−1, 1] (default 0). */
  margin?: number;
}

export const cosineEmbeddingLossDefaults = { ...reductionDefaults, margin: 0 };

const smallest = Math.fround(1e-12);

/**
 * 1 − cos(input1, input2) where the target is 1, max(0, cos − margin) where it is −1.
 * @param input1 `[N, D]`, or unbatched `[D]`
 * @param input2 as input1
 * @param target `[N]` or a scalar
 * @throws ShapeError where shapes do not fit
 * @see PyTorch `nn.functional.cosine_embedding_loss`
 */
export function cosineEmbeddingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options?: CosineEmbeddingLossOptions,
): Tensor {
  const { margin, reduction } = readOptions('cosineEmbeddingLoss', options, cosineEmbeddingLossDefaults);
  checkNumber('cosineEmbeddingLoss', 'margin', margin);
  if (target.ndim > 1 || input1.ndim !== target.ndim + 1 || input2.ndim !== input1.ndim) {
    throw new ShapeError(
      'cosineEmbeddingLoss: expected inputs [N, D] and a target [N], or [D] and a scalar, got ' +
        `${formatShape(input1.shape)}, ${formatShape(input2.shape)} and ${formatShape(target.shape)}`,
    );
  }
  const dim = target.ndim;
  const squared = (x: Tensor) => add(sum(square(x), { dim }), smallest);
  const cosine = div(sum(mul(input1, input2), { dim }), sqrt(mul(squared(input1), squared(input2))));
  const like = where(eq(target, 1), sub(1, cosine), 0);
  const unlike = where(eq(target, -1), clamp(sub(cosine, margin), { min: 0 }), 0);
  return reduced('cosineEmbeddingLoss', add(like, unlike), reduction);
}

/** What `tripletMarginLoss` takes. */
export interface TripletMarginLossOptions extends ReductionOptions {
  /** By how much the negative should be farther away than the positive (default 1). */
  margin?: number;
  /** The norm of the distance (default 2). */
  p?: number;
  /** Added to every difference (default 1e-6), so that no distance is 0. */
  eps?: number;
  /** Whether the distance of positive and negative counts too, if it is the smaller (default false). */
  swap?: boolean;
}

export const tripletMarginLossDefaults = { ...reductionDefaults, margin: 1, p: 2, eps: 1e-6, swap: false };

/**
 * max(0, margin + d(anchor, positive) − d(anchor, negative)), with d the `pairwiseDistance`. Broadcast.
 * @param anchor `[N, D]`, or unbatched `[D]`
 * @throws ShapeError unless all three have as many dims
 * @see Balntas et al. (2016); PyTorch `nn.functional.triplet_margin_loss`
 */
export function tripletMarginLoss(
  anchor: Tensor,
  positive: Tensor,
  negative: Tensor,
  options?: TripletMarginLossOptions,
): Tensor {
  const { margin, p, eps, swap, reduction } = readOptions('tripletMarginLoss', options, tripletMarginLossDefaults);
  checkNumber('tripletMarginLoss', 'margin', margin);
  checkSameNdim('tripletMarginLoss', anchor, positive, negative);
  checkBroadcast('tripletMarginLoss', anchor, positive, negative);
  const distance = (a: Tensor, b: Tensor) => pairwiseDistance(a, b, { p, eps });
  const near = distance(anchor, positive);
  const far = distance(anchor, negative);
  const farther = swap ? minimum(far, distance(positive, negative)) : far;
  return reduced('tripletMarginLoss', clamp(add(sub(near, farther), margin), { min: 0 }), reduction);
}
