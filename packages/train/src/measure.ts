import type { Tensor } from '@ndgrad/core';
import { accuracy, areLabels } from './metrics.ts';

/** Batches `[inputs, targets]`, afresh each time it is iterated: a `DataLoader`, or any such iterable. */
export interface Loader extends Iterable<readonly [inputs: Tensor, targets: Tensor]> {
  /** How many batches, where it is known. */
  readonly length?: number;
  /**
   * An epoch without its first batches, so that one which was broken off is gone on with: what is drawn for the whole
   * epoch, such as its order, is drawn by this call. A loader without it makes those batches, and they are dropped.
   */
  from?(batch: number): Iterable<readonly [inputs: Tensor, targets: Tensor]>;
}

/** From a batch's outputs and targets to their mean loss, a scalar: a loss module, or a function. */
export type Loss = { call(outputs: Tensor, targets: Tensor): Tensor } | ((outputs: Tensor, targets: Tensor) => Tensor);

/** The share of a batch's rows that are right; `null` where that has no meaning. */
export type Accuracy = (outputs: Tensor, targets: Tensor) => number | null;

/** What a loader's rows came to. */
export interface Measured {
  /** The mean over the rows. */
  loss: number;
  /** The share of rows that are right; `null` where the targets are no class labels. */
  accuracy: number | null;
}

/** The accuracy of class labels; `null` for other targets. */
export const labelAccuracy: Accuracy = (outputs, targets) =>
  areLabels(outputs, targets) ? accuracy(outputs, targets) : null;

export function lossOf(loss: Loss, outputs: Tensor, targets: Tensor): Tensor {
  return typeof loss === 'function' ? loss(outputs, targets) : loss.call(outputs, targets);
}

/** Sums over the rows of an epoch so far. */
export interface Sums {
  readonly rows: number;
  readonly batches: number;
  readonly loss: number;
  /** `null` where the targets are no labels. */
  readonly right: number | null;
}

/** Means over rows, of batches of any size. */
export class Means {
  rows = 0;
  batches = 0;
  private lossSum = 0;
  private right: number | null = 0;

  /** @param sums where they begin (default: at nothing) */
  constructor(sums?: Sums) {
    if (sums !== undefined)
      [this.rows, this.batches, this.lossSum, this.right] = [sums.rows, sums.batches, sums.loss, sums.right];
  }

  add(rows: number, loss: number, accuracy: number | null): void {
    this.rows += rows;
    this.batches++;
    this.lossSum += rows * loss;
    this.right = accuracy === null || this.right === null ? null : this.right + rows * accuracy;
  }

  get loss(): number {
    return this.lossSum / this.rows;
  }

  get accuracy(): number | null {
    return this.right === null ? null : this.right / this.rows;
  }

  /** What they are computed from. */
  get sums(): Sums {
    return { rows: this.rows, batches: this.batches, loss: this.lossSum, right: this.right };
  }
}
