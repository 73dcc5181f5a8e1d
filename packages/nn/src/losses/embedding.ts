import { readOptions, type Tensor } from '@ndgrad/core';
import {
  type CosineEmbeddingLossOptions,
  cosineEmbeddingLoss,
  cosineEmbeddingLossDefaults,
  type HingeEmbeddingLossOptions,
  hingeEmbeddingLoss,
  hingeEmbeddingLossDefaults,
  type TripletMarginLossOptions,
  tripletMarginLoss,
  tripletMarginLossDefaults,
} from '../functional/loss/embedding.ts';
import { Loss } from './loss.ts';

/**
 * The input where the target is 1, max(0, margin − input) where it is −1 (margin 1 by default); its mean by default.
 * @see `functional.hingeEmbeddingLoss`; PyTorch `nn.HingeEmbeddingLoss`
 */
export class HingeEmbeddingLoss extends Loss {
  readonly margin: number;

  constructor(options?: HingeEmbeddingLossOptions) {
    const { margin, reduction } = readOptions('HingeEmbeddingLoss', options, hingeEmbeddingLossDefaults);
    super(reduction);
    this.margin = margin;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return hingeEmbeddingLoss(input, target, { margin: this.margin, reduction: this.reduction });
  }
}

/**
 * 1 − cos(input1, input2) where the target is 1, max(0, cos − margin) where it is −1 (margin 0 by default); its mean by
 * default. Takes `[N, D]`, `[N, D]` and `[N]`, or unbatched `[D]`, `[D]` and a scalar.
 * @see `functional.cosineEmbeddingLoss`; PyTorch `nn.CosineEmbeddingLoss`
 */
export class CosineEmbeddingLoss extends Loss<[input1: Tensor, input2: Tensor, target: Tensor]> {
  readonly margin: number;

  constructor(options?: CosineEmbeddingLossOptions) {
    const { margin, reduction } = readOptions('CosineEmbeddingLoss', options, cosineEmbeddingLossDefaults);
    super(reduction);
    this.margin = margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return cosineEmbeddingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}

/**
 * max(0, margin + d(anchor, positive) − d(anchor, negative)), with d the p-norm of the difference; its mean by default.
 * Takes three `[N, D]`, or unbatched `[D]`.
 * @see `functional.tripletMarginLoss`; PyTorch `nn.TripletMarginLoss`
 */
export class TripletMarginLoss extends Loss<[anchor: Tensor, positive: Tensor, negative: Tensor]> {
  readonly margin: number;
  readonly p: number;
  readonly eps: number;
  readonly swap: boolean;

  constructor(options?: TripletMarginLossOptions) {
    const settings = readOptions('TripletMarginLoss', options, tripletMarginLossDefaults);
    super(settings.reduction);
    this.margin = settings.margin;
    this.p = settings.p;
    this.eps = settings.eps;
    this.swap = settings.swap;
  }

  override forward(anchor: Tensor, positive: Tensor, negative: Tensor): Tensor {
    const { margin, p, eps, swap, reduction } = this;
    return tripletMarginLoss(anchor, positive, negative, { margin, p, eps, swap, reduction });
  }
}
