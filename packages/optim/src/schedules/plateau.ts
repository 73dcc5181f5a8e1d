import { ArgumentError, checkChoice, checkInteger, checkNumber, describe, readOptions, Tensor } from '@ndgrad/core';
import { checkAtLeast0 } from '../checks.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkPerGroup, LRScheduler, type PerGroup, ratesOf } from './scheduler.ts';

/** Options of `ReduceLROnPlateau`. */
export interface ReduceLROnPlateauOptions {
  /** Whether less is better, as for a loss (default `min`), or more, as for an accuracy (`max`). */
  mode?: 'min' | 'max';
  /** Factor of each fall, in [0, 1) (default 0.1). */
  factor?: number;
  /** How many epochs without improvement are put up with (default 10). */
  patience?: number;
  /** By how much a metric must be better to count (default 1e-4). */
  threshold?: number;
  /** Whether `threshold` is a share of the best metric (default `rel`), or a difference from it (`abs`). */
  thresholdMode?: 'rel' | 'abs';
  /** Epochs after a fall in which bad ones are not counted (default 0). */
  cooldown?: number;
  /** The smallest rate, for all groups or for each (default 0). */
  minLr?: PerGroup<number>;
  /** A fall by less than this is not made (default 1e-8). */
  eps?: number;
}

/**
 * The rate falls by a factor when a metric has not become better for more than `patience` epochs.
 *
 * ```ts
 * const schedule = new ReduceLROnPlateau(optimizer, { patience: 3 });
 * schedule.step(validationLoss); // after every epoch
 * ```
 * @throws ArgumentError for options out of range
 * @see PyTorch `lr_scheduler.ReduceLROnPlateau`
 */
export class ReduceLROnPlateau extends LRScheduler {
  private readonly mode: 'min' | 'max';
  private readonly factor: number;
  private readonly patience: number;
  private readonly threshold: number;
  private readonly thresholdMode: 'rel' | 'abs';
  private readonly cooldown: number;
  private readonly minLr: PerGroup<number>;
  private readonly eps: number;
  private best: number;
  private numBadEpochs = 0;
  private cooldownCounter = 0;

  constructor(optimizer: Optimizer, options?: ReduceLROnPlateauOptions) {
    const name = 'ReduceLROnPlateau';
    super(name, optimizer);
    const read = readOptions(name, options, { ...defaults });
    checkChoice(name, 'mode', read.mode, ['min', 'max']);
    checkNumber(name, 'factor', read.factor, { test: (v) => v >= 0 && v < 1, must: 'lie in [0, 1)' });
    checkInteger(name, 'patience', read.patience);
    checkNumber(name, 'threshold', read.threshold);
    checkChoice(name, 'thresholdMode', read.thresholdMode, ['rel', 'abs']);
    checkInteger(name, 'cooldown', read.cooldown);
    checkPerGroup(name, 'minLr', read.minLr, optimizer, checkAtLeast0);
    checkAtLeast0(name, 'eps', read.eps);
    this.mode = read.mode;
    this.factor = read.factor;
    this.patience = read.patience;
    this.threshold = read.threshold;
    this.thresholdMode = read.thresholdMode;
    this.cooldown = read.cooldown;
    this.minLr = read.minLr;
    this.eps = read.eps;
    this.best = read.mode === 'min' ? Infinity : -Infinity;
  }

  /**
   * Compares the epoch's metric with the best one, and lowers the rate where its time has come.
   * @param metrics a number, or a tensor of one element; NaN counts as no improvement
   * @throws ArgumentError without a metric
   */
  override step(metrics?: number | Tensor): void {
    const metric = metrics instanceof Tensor ? metrics.item() : metrics;
    if (typeof metric !== 'number') {
      throw new ArgumentError(`ReduceLROnPlateau: step needs the epoch's metric, a number; got ${describe(metric)}`);
    }
    if (this.isBetter(metric)) {
      this.best = metric;
      this.numBadEpochs = 0;
    } else {
      this.numBadEpochs++;
    }
    if (this.cooldownCounter > 0) {
      this.cooldownCounter--;
      this.numBadEpochs = 0;
    }
    if (this.numBadEpochs > this.patience) {
      this.reduce();
      this.cooldownCounter = this.cooldown;
      this.numBadEpochs = 0;
    }
    this.lastLr = ratesOf(this.optimizer);
  }

  private isBetter(metric: number): boolean {
    const { best, threshold } = this;
    const share = this.thresholdMode === 'rel';
    if (this.mode === 'min') return metric < (share ? best * (1 - threshold) : best - threshold);
    return metric > (share ? best * (threshold + 1) : best + threshold);
  }

  private reduce(): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      const least = Array.isArray(this.minLr) ? (this.minLr[i] ?? 0) : (this.minLr as number);
      const lower = Math.max(group.lr * this.factor, least);
      if (group.lr - lower > this.eps) group.lr = lower;
    });
  }
}

const defaults: Required<ReduceLROnPlateauOptions> = {
  mode: 'min',
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: 'rel',
  cooldown: 0,
  minLr: 0,
  eps: 1e-8,
};
