import { readOptions, type Tensor } from '@ndgrad/core';
import {
  type MarginRankingLossOptions,
  type MultiMarginLossOptions,
  marginRankingLoss,
  marginRankingLossDefaults,
  multilabelMarginLoss,
  multiMarginLoss,
  multiMarginLossDefaults,
  softMarginLoss,
} from '../functional/loss/margin.ts';
import { type ReductionOptions, reductionDefaults } from '../functional/loss/reduction.ts';
import type { Buffer } from '../parameter.ts';
import { Loss, stateOf } from './loss.ts';

/**
 * The multiclass SVM loss: Σ over j ≠ y of max(0, margin + input[j] − input[y])ᵖ, divided by the number of classes.
 * Takes scores `[N, C]` or `[C]` and labels `[N]` or a scalar; gives the mean, unless `reduction` says otherwise.
 * @see CS231n, lecture 3; `functional.multiMarginLoss`; PyTorch `nn.MultiMarginLoss`
 */
export class MultiMarginLoss extends Loss {
  readonly p: 1 | 2;
  readonly margin: number;
  readonly weight: Buffer | null;

  constructor(options?: MultiMarginLossOptions) {
    const settings = readOptions('MultiMarginLoss', options, multiMarginLossDefaults);
    super(settings.reduction);
    this.p = settings.p;
    this.margin = settings.margin;
    this.weight = stateOf(settings.weight);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { p, margin, weight, reduction } = this;
    return multiMarginLoss(input, target, { p, margin, weight, reduction });
  }
}

/**
 * The hinge loss for several labels a sample, which stand in the target before its first −1.
 * @see `functional.multilabelMarginLoss`; PyTorch `nn.MultiLabelMarginLoss`
 */
export class MultiLabelMarginLoss extends Loss {
  constructor(options?: ReductionOptions) {
    super(readOptions('MultiLabelMarginLoss', options, reductionDefaults).reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return multilabelMarginLoss(input, target, { reduction: this.reduction });
  }
}

/** ln(1 + e^(−target · input)), with targets of ±1; its mean by default. @see PyTorch `nn.SoftMarginLoss` */
export class SoftMarginLoss extends Loss {
  constructor(options?: ReductionOptions) {
    super(readOptions('SoftMarginLoss', options, reductionDefaults).reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return softMarginLoss(input, target, { reduction: this.reduction });
  }
}

/**
 * max(0, margin − target · (input1 − input2)), with targets of ±1 and a margin of 0 by default; its mean by default.
 * @see `functional.marginRankingLoss`; PyTorch `nn.MarginRankingLoss`
 */
export class MarginRankingLoss extends Loss<[input1: Tensor, input2: Tensor, target: Tensor]> {
  readonly margin: number;

  constructor(options?: MarginRankingLossOptions) {
    const { margin, reduction } = readOptions('MarginRankingLoss', options, marginRankingLossDefaults);
    super(reduction);
    this.margin = margin;
  }

  override forward(input1: Tensor, input2: Tensor, target: Tensor): Tensor {
    return marginRankingLoss(input1, input2, target, { margin: this.margin, reduction: this.reduction });
  }
}
