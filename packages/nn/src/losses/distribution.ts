import { readOptions, type Tensor } from '@ndgrad/core';
import {
  checkKLDivReduction,
  type GaussianNLLLossOptions,
  gaussianNllLoss,
  gaussianNllLossDefaults,
  type KLDivOptions,
  klDiv,
  klDivDefaults,
  type PoissonNLLLossOptions,
  poissonNllLoss,
  poissonNllLossDefaults,
} from '../functional/loss/distribution.ts';
import type { Reduction } from '../functional/loss/reduction.ts';
import { Module } from '../module.ts';
import { settingsOf } from '../settings.ts';
import { Loss } from './loss.ts';

/**
 * The Kullback–Leibler divergence, element by element: target · (ln target − input), the input being logarithms. Of its
 * reductions only `batchmean` (and `sum`) is the divergence itself; the default is `mean`, as in PyTorch.
 * @see `functional.klDiv`; PyTorch `nn.KLDivLoss`
 */
export class KLDivLoss extends Module<[input: Tensor, target: Tensor]> {
  readonly reduction: Reduction | 'batchmean';
  readonly logTarget: boolean;

  constructor(options?: KLDivOptions) {
    super();
    const { reduction, logTarget } = readOptions('KLDivLoss', options, klDivDefaults);
    checkKLDivReduction('KLDivLoss', reduction);
    this.reduction = reduction;
    this.logTarget = logTarget;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return klDiv(input, target, { reduction: this.reduction, logTarget: this.logTarget });
  }

  override extraRepr(): string {
    return settingsOf(this);
  }
}

/**
 * The negative log-likelihood of counts under Poisson distributions: e^input − target · input; its mean by default.
 * @see `functional.poissonNllLoss`; PyTorch `nn.PoissonNLLLoss`
 */
export class PoissonNLLLoss extends Loss {
  readonly logInput: boolean;
  readonly full: boolean;
  readonly eps: number;

  constructor(options?: PoissonNLLLossOptions) {
    const settings = readOptions('PoissonNLLLoss', options, poissonNllLossDefaults);
    super(settings.reduction);
    this.logInput = settings.logInput;
    this.full = settings.full;
    this.eps = settings.eps;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { logInput, full, eps, reduction } = this;
    return poissonNllLoss(input, target, { logInput, full, eps, reduction });
  }
}

/**
 * The negative log-likelihood of the target under normal distributions of the expected values `input` and the given
 * variances; its mean by default. Called as `loss.call(input, target, variance)`.
 * @see `functional.gaussianNllLoss`; PyTorch `nn.GaussianNLLLoss`
 */
export class GaussianNLLLoss extends Loss<[input: Tensor, target: Tensor, variance: Tensor]> {
  readonly full: boolean;
  readonly eps: number;

  constructor(options?: GaussianNLLLossOptions) {
    const { full, eps, reduction } = readOptions('GaussianNLLLoss', options, gaussianNllLossDefaults);
    super(reduction);
    this.full = full;
    this.eps = eps;
  }

  override forward(input: Tensor, target: Tensor, variance: Tensor): Tensor {
    const { full, eps, reduction } = this;
    return gaussianNllLoss(input, target, variance, { full, eps, reduction });
  }
}
