import { readOptions, type Tensor } from '@ndgrad/core';
import { type ReductionOptions, reductionDefaults } from '../functional/loss/reduction.ts';
import {
  type HuberLossOptions,
  huberLoss,
  huberLossDefaults,
  l1Loss,
  mseLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
  smoothL1LossDefaults,
} from '../functional/loss/regression.ts';
import { Loss } from './loss.ts';

/** The squared error, (input − target)²; its mean by default. @see PyTorch `nn.MSELoss` */
export class MSELoss extends Loss {
  constructor(options?: ReductionOptions) {
    super(readOptions('MSELoss', options, reductionDefaults).reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return mseLoss(input, target, { reduction: this.reduction });
  }
}

/** The absolute error, |input − target|; its mean by default. @see PyTorch `nn.L1Loss` */
export class L1Loss extends Loss {
  constructor(options?: ReductionOptions) {
    super(readOptions('L1Loss', options, reductionDefaults).reduction);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return l1Loss(input, target, { reduction: this.reduction });
  }
}

/**
 * With d = input − target: d² / (2 beta) for |d| < beta (default 1), |d| − beta / 2 beyond; its mean by default.
 * @see `functional.smoothL1Loss`; PyTorch `nn.SmoothL1Loss`
 */
export class SmoothL1Loss extends Loss {
  readonly beta: number;

  constructor(options?: SmoothL1LossOptions) {
    const { beta, reduction } = readOptions('SmoothL1Loss', options, smoothL1LossDefaults);
    super(reduction);
    this.beta = beta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return smoothL1Loss(input, target, { beta: this.beta, reduction: this.reduction });
  }
}

/**
 * With d = input − target: d² / 2 for |d| < delta (default 1), delta · (|d| − delta / 2) beyond; its mean by default.
 * @see `functional.huberLoss`; PyTorch `nn.HuberLoss`
 */
export class HuberLoss extends Loss {
  readonly delta: number;

  constructor(options?: HuberLossOptions) {
    const { delta, reduction } = readOptions('HuberLoss', options, huberLossDefaults);
    super(reduction);
    this.delta = delta;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return huberLoss(input, target, { delta: this.delta, reduction: this.reduction });
  }
}
