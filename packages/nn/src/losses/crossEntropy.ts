import { readOptions, type Tensor } from '@ndgrad/core';
import {
  type CrossEntropyOptions,
  crossEntropy,
  crossEntropyDefaults,
  type NLLLossOptions,
  nllLoss,
  nllLossDefaults,
} from '../functional/loss/crossEntropy.ts';
import type { Buffer } from '../parameter.ts';
import { Loss, stateOf } from './loss.ts';

/**
 * The softmax loss, from unnormalised scores (logits): −ln softmax(input)[target], in nats. Takes scores `[N, C]`,
 * `[N, C, d1, …]` or `[C]` and labels `[N]`, `[N, d1, …]` or a scalar (or probabilities of the scores' shape); gives
 * their mean, unless `reduction` says otherwise.
 * @see CS231n, lecture 3; `functional.crossEntropy`; PyTorch `nn.CrossEntropyLoss`
 */
export class CrossEntropyLoss extends Loss {
  readonly weight: Buffer | null;
  readonly ignoreIndex: number;
  readonly labelSmoothing: number;

  constructor(options?: CrossEntropyOptions) {
    const settings = readOptions('CrossEntropyLoss', options, crossEntropyDefaults);
    super(settings.reduction);
    this.weight = stateOf(settings.weight);
    this.ignoreIndex = settings.ignoreIndex;
    this.labelSmoothing = settings.labelSmoothing;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, labelSmoothing, reduction } = this;
    return crossEntropy(input, target, { weight, ignoreIndex, labelSmoothing, reduction });
  }
}

/**
 * −input[target], the negative log-likelihood of labels, from log-probabilities (of `LogSoftmax`, say). Shapes are those
 * of `CrossEntropyLoss`.
 * @see `functional.nllLoss`; PyTorch `nn.NLLLoss`
 */
export class NLLLoss extends Loss {
  readonly weight: Buffer | null;
  readonly ignoreIndex: number;

  constructor(options?: NLLLossOptions) {
    const settings = readOptions('NLLLoss', options, nllLossDefaults);
    super(settings.reduction);
    this.weight = stateOf(settings.weight);
    this.ignoreIndex = settings.ignoreIndex;
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, ignoreIndex, reduction } = this;
    return nllLoss(input, target, { weight, ignoreIndex, reduction });
  }
}
