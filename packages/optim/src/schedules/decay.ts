import { ArgumentError, checkInteger, checkNumber, describe, readOptions } from '@ndgrad/core';
import { required } from '../checks.ts';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import { EpochScheduler } from './scheduler.ts';

/** Where a run is resumed from without a saved schedule: the epoch that was reached (default −1: the beginning). */
export interface LastEpoch {
  lastEpoch?: number;
}

/** Options of `StepLR`. */
export interface StepLROptions extends LastEpoch {
  /** Epochs from one fall to the next; required. */
  stepSize: number;
  /** Factor of each fall (default 0.1). */
  gamma?: number;
}

/**
 * The rate falls by the factor γ every `stepSize` epochs: α = α₀·γ^⌊epoch/stepSize⌋.
 * @throws ArgumentError for a step size that is not a whole number of at least 1
 * @see CS231n, lecture 7 (step decay); PyTorch `lr_scheduler.StepLR`
 */
export class StepLR extends EpochScheduler {
  private readonly stepSize: number;
  private readonly gamma: number;

  constructor(optimizer: Optimizer, options: StepLROptions) {
    const defaults: Required<StepLROptions> = { stepSize: required, gamma: 0.1, lastEpoch: -1 };
    const { stepSize, gamma, lastEpoch } = readOptions('StepLR', options, defaults);
    checkInteger('StepLR', 'stepSize', stepSize, 1);
    checkNumber('StepLR', 'gamma', gamma);
    super('StepLR', optimizer, lastEpoch);
    this.stepSize = stepSize;
    this.gamma = gamma;
    this.start();
  }

  protected override nextLr({ lr }: ParamGroup): number {
    return this.lastEpoch === 0 || this.lastEpoch % this.stepSize !== 0 ? lr : lr * this.gamma;
  }

  protected override lrAt(baseLr: number): number {
    return baseLr * this.gamma ** Math.floor(this.lastEpoch / this.stepSize);
  }
}

/** Options of `MultiStepLR`. */
export interface MultiStepLROptions extends LastEpoch {
  /** The epochs at which the rate falls; one named twice counts twice. Required. */
  milestones: readonly number[];
  /** Factor of each fall (default 0.1). */
  gamma?: number;
}

/**
 * The rate falls by the factor γ at each milestone: α = α₀·γ^(milestones passed).
 * @throws ArgumentError for milestones that are not whole numbers
 * @see PyTorch `lr_scheduler.MultiStepLR`
 */
export class MultiStepLR extends EpochScheduler {
  private readonly milestones: readonly number[];
  private readonly gamma: number;

  constructor(optimizer: Optimizer, options: MultiStepLROptions) {
    const defaults: Required<MultiStepLROptions> = { milestones: required, gamma: 0.1, lastEpoch: -1 };
    const { milestones, gamma, lastEpoch } = readOptions('MultiStepLR', options, defaults);
    checkMilestones('MultiStepLR', milestones);
    checkNumber('MultiStepLR', 'gamma', gamma);
    super('MultiStepLR', optimizer, lastEpoch);
    this.milestones = [...milestones];
    this.gamma = gamma;
    this.start();
  }

  protected override nextLr({ lr }: ParamGroup): number {
    const here = this.milestones.filter((epoch) => epoch === this.lastEpoch).length;
    return here === 0 ? lr : lr * this.gamma ** here;
  }

  protected override lrAt(baseLr: number): number {
    return baseLr * this.gamma ** this.milestones.filter((epoch) => epoch <= this.lastEpoch).length;
  }
}

/** @throws ArgumentError unless `milestones` is a list of epochs */
export function checkMilestones(operation: string, milestones: unknown): asserts milestones is readonly number[] {
  if (!Array.isArray(milestones)) {
    throw new ArgumentError(`${operation}: milestones must be a list of epochs, got ${describe(milestones)}`);
  }
  milestones.forEach((epoch, i) => void checkInteger(operation, `milestones[${i}]`, epoch));
}

/** Options of `ConstantLR`. */
export interface ConstantLROptions extends LastEpoch {
  /** What the rate is multiplied by at first, in [0, 1] (default 1/3). */
  factor?: number;
  /** For how many epochs (default 5). */
  totalIters?: number;
}

/**
 * The rate is factor·α₀ for the first `totalIters` epochs, then α₀.
 * @throws ArgumentError for a factor outside [0, 1]
 * @see PyTorch `lr_scheduler.ConstantLR`
 */
export class ConstantLR extends EpochScheduler {
  private readonly factor: number;
  private readonly totalIters: number;

  constructor(optimizer: Optimizer, options?: ConstantLROptions) {
    const defaults: Required<ConstantLROptions> = { factor: 1 / 3, totalIters: 5, lastEpoch: -1 };
    const { factor, totalIters, lastEpoch } = readOptions('ConstantLR', options, defaults);
    checkNumber('ConstantLR', 'factor', factor, { test: (v) => v >= 0 && v <= 1, must: 'lie in [0, 1]' });
    checkInteger('ConstantLR', 'totalIters', totalIters);
    super('ConstantLR', optimizer, lastEpoch);
    this.factor = factor;
    this.totalIters = totalIters;
    this.start();
  }

  protected override nextLr({ lr }: ParamGroup): number {
    if (this.lastEpoch === 0) return lr * this.factor;
    return this.lastEpoch === this.totalIters ? lr * (1 / this.factor) : lr;
  }

  protected override lrAt(baseLr: number): number {
    return baseLr * (this.factor + (this.lastEpoch >= this.totalIters ? 1 - this.factor : 0));
  }
}

/** Options of `LinearLR`. */
export interface LinearLROptions extends LastEpoch {
  /** What the rate is multiplied by at first, in (0, 1] (default 1/3). */
  startFactor?: number;
  /** And at the end, in [0, 1] (default 1). */
  endFactor?: number;
  /** After how many epochs (default 5). */
  totalIters?: number;
}

/**
 * The rate goes from startFactor·α₀ to endFactor·α₀ in equal steps, over `totalIters` epochs, and stays: a warm-up.
 * @throws ArgumentError for factors out of range
 * @see PyTorch `lr_scheduler.LinearLR`
 */
export class LinearLR extends EpochScheduler {
  private readonly startFactor: number;
  private readonly endFactor: number;
  private readonly totalIters: number;

  constructor(optimizer: Optimizer, options?: LinearLROptions) {
    const defaults: Required<LinearLROptions> = { startFactor: 1 / 3, endFactor: 1, totalIters: 5, lastEpoch: -1 };
    const { startFactor, endFactor, totalIters, lastEpoch } = readOptions('LinearLR', options, defaults);
    checkNumber('LinearLR', 'startFactor', startFactor, { test: (v) => v > 0 && v <= 1, must: 'lie in (0, 1]' });
    checkNumber('LinearLR', 'endFactor', endFactor, { test: (v) => v >= 0 && v <= 1, must: 'lie in [0, 1]' });
    checkInteger('LinearLR', 'totalIters', totalIters);
    super('LinearLR', optimizer, lastEpoch);
    this.startFactor = startFactor;
    this.endFactor = endFactor;
    this.totalIters = totalIters;
    this.start();
  }

  protected override nextLr({ lr }: ParamGroup): number {
    const { lastEpoch, startFactor, totalIters } = this;
    if (lastEpoch === 0) return lr * startFactor;
    if (lastEpoch > totalIters) return lr;
    const difference = this.endFactor - startFactor;
    return lr * (1 + difference / (totalIters * startFactor + (lastEpoch - 1) * difference));
  }

  protected override lrAt(baseLr: number): number {
    const { startFactor, endFactor, totalIters } = this;
    if (totalIters === 0) return baseLr * (this.lastEpoch === 0 ? startFactor : endFactor);
    return baseLr * (startFactor + ((endFactor - startFactor) * Math.min(totalIters, this.lastEpoch)) / totalIters);
  }
}

/** Options of `ExponentialLR`. */
export interface ExponentialLROptions extends LastEpoch {
  /** Factor of each epoch; required. */
  gamma: number;
}

/**
 * The rate is multiplied by γ every epoch: α = α₀·γ^epoch.
 * @throws ArgumentError for a γ that is no number
 * @see CS231n, lecture 7 (exponential decay); PyTorch `lr_scheduler.ExponentialLR`
 */
export class ExponentialLR extends EpochScheduler {
  private readonly gamma: number;

  constructor(optimizer: Optimizer, options: ExponentialLROptions) {
    const defaults: Required<ExponentialLROptions> = { gamma: required, lastEpoch: -1 };
    const { gamma, lastEpoch } = readOptions('ExponentialLR', options, defaults);
    checkNumber('ExponentialLR', 'gamma', gamma);
    super('ExponentialLR', optimizer, lastEpoch);
    this.gamma = gamma;
    this.start();
  }

  protected override nextLr({ lr }: ParamGroup): number {
    return this.lastEpoch === 0 ? lr : lr * this.gamma;
  }

  protected override lrAt(baseLr: number): number {
    return baseLr * this.gamma ** this.lastEpoch;
  }
}

/** Options of `PolynomialLR`. */
export interface PolynomialLROptions extends LastEpoch {
  /** The epoch at which the rate reaches 0 (default 5). */
  totalIters?: number;
  /** The exponent p (default 1). */
  power?: number;
}

/**
 * The rate falls to 0 as α = α₀·(1 − epoch/totalIters)ᵖ.
 * @throws ArgumentError for options that are no numbers
 * @see PyTorch `lr_scheduler.PolynomialLR`
 */
export class PolynomialLR extends EpochScheduler {
  private readonly totalIters: number;
  private readonly power: number;

  constructor(optimizer: Optimizer, options?: PolynomialLROptions) {
    const defaults: Required<PolynomialLROptions> = { totalIters: 5, power: 1, lastEpoch: -1 };
    const { totalIters, power, lastEpoch } = readOptions('PolynomialLR', options, defaults);
    checkInteger('PolynomialLR', 'totalIters', totalIters);
    checkNumber('PolynomialLR', 'power', power);
    super('PolynomialLR', optimizer, lastEpoch);
    this.totalIters = totalIters;
    this.power = power;
    this.start();
  }

  protected override nextLr({ lr }: ParamGroup): number {
    const { lastEpoch, totalIters } = this;
    if (lastEpoch === 0 || lastEpoch > totalIters) return lr;
    return lr * ((1 - lastEpoch / totalIters) / (1 - (lastEpoch - 1) / totalIters)) ** this.power;
  }

  protected override lrAt(baseLr: number): number {
    const { lastEpoch, totalIters } = this;
    return totalIters === 0 ? baseLr : baseLr * (1 - Math.min(totalIters, lastEpoch) / totalIters) ** this.power;
  }
}
