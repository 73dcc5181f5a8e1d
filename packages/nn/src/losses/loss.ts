import type { Tensor } from '@ndgrad/core';
import { checkReduction, type Reduction } from '../functional/loss/reduction.ts';
import { Module } from '../module.ts';
import { Buffer } from '../parameter.ts';
import { settingsOf } from '../settings.ts';

/** What all losses share. They are called with the predictions first: `loss.call(input, target)`. */
export abstract class Loss<Inputs extends Tensor[] = [input: Tensor, target: Tensor]> extends Module<Inputs> {
  constructor(readonly reduction: Reduction) {
    super();
    checkReduction(this.label, reduction);
  }

  override extraRepr(): string {
    return settingsOf(this);
  }
}

/** A weight as part of a loss's state. */
export function stateOf(weight: Tensor | null): Buffer | null {
  return weight === null ? null : new Buffer(weight);
}
