import { readOptions, type Tensor } from '@ndgrad/core';
import {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyDefaults,
  binaryCrossEntropyWithLogits,
  binaryCrossEntropyWithLogitsDefaults,
} from '../functional/loss/binary.ts';
import type { Buffer } from '../parameter.ts';
import { Loss, stateOf } from './loss.ts';

/**
 * −(target · ln input + (1 − target) · ln(1 − input)), from probabilities; its mean by default.
 * @see `functional.binaryCrossEntropy`; PyTorch `nn.BCELoss`
 */
export class BCELoss extends Loss {
  readonly weight: Buffer | null;

  constructor(options?: BinaryCrossEntropyOptions) {
    const { weight, reduction } = readOptions('BCELoss', options, binaryCrossEntropyDefaults);
    super(reduction);
    this.weight = stateOf(weight);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    return binaryCrossEntropy(input, target, { weight: this.weight, reduction: this.reduction });
  }
}

/**
 * `BCELoss` of σ(input), from unnormalised scores (logits): exact for large scores too.
 * @see `functional.binaryCrossEntropyWithLogits`; PyTorch `nn.BCEWithLogitsLoss`
 */
export class BCEWithLogitsLoss extends Loss {
  readonly weight: Buffer | null;
  readonly posWeight: Buffer | null;

  constructor(options?: BinaryCrossEntropyWithLogitsOptions) {
    const settings = readOptions('BCEWithLogitsLoss', options, binaryCrossEntropyWithLogitsDefaults);
    super(settings.reduction);
    this.weight = stateOf(settings.weight);
    this.posWeight = stateOf(settings.posWeight);
  }

  override forward(input: Tensor, target: Tensor): Tensor {
    const { weight, posWeight, reduction } = this;
    return binaryCrossEntropyWithLogits(input, target, { weight, posWeight, reduction });
  }
}
