import { ArgumentError, describe, readOptions, type Tensor } from '@ndgrad/core';
import { required } from '../checks.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkMilestones } from './decay.ts';
import { EpochScheduler, LRScheduler, ratesOf } from './scheduler.ts';

/** Options of `SequentialLR`. */
export interface SequentialLROptions {
  /** The schedules, in order, made on the same optimizer; required. */
  schedulers: readonly EpochScheduler[];
  /** The epochs at which the next one takes over: one fewer, rising. Required. */
  milestones: readonly number[];
}

/**
 * One schedule after another: the next one starts from its epoch 0, with the rates it would have had alone, at each
 * milestone. A warm-up, then a decay:
 *
 * ```ts
 * const warmUp = new LinearLR(optimizer, { startFactor: 0.1 });
 * const decay = new CosineAnnealingLR(optimizer, { TMax: 45 });
 * const schedule = new SequentialLR(optimizer, { schedulers: [warmUp, decay], milestones: [5] });
 * ```
 * @throws ArgumentError for schedules of other optimizers, for such as do not go by epochs, and for milestones that do
 *   not fit
 * @see PyTorch `lr_scheduler.SequentialLR`
 */
export class SequentialLR extends LRScheduler {
  private readonly schedulers: readonly EpochScheduler[];
  private readonly milestones: readonly number[];
  private lastEpoch = 0;

  constructor(optimizer: Optimizer, options: SequentialLROptions) {
    super('SequentialLR', optimizer);
    const defaults: SequentialLROptions = { schedulers: required, milestones: required };
    const { schedulers, milestones } = readOptions('SequentialLR', options, defaults);
    checkSchedulers('SequentialLR', schedulers, optimizer);
    const other = schedulers.findIndex((child) => !(child instanceof EpochScheduler));
    if (other >= 0) {
      throw new ArgumentError(
        `SequentialLR: schedulers[${other}] is a ${describe(schedulers[other])}, which can't be started at a milestone`,
      );
    }
    checkMilestones('SequentialLR', milestones);
    if (milestones.length !== schedulers.length - 1) {
      throw new ArgumentError(
        `SequentialLR: ${schedulers.length} schedulers need ${schedulers.length - 1} milestones, got ${milestones.length}`,
      );
    }
    if (milestones.some((epoch, i) => i > 0 && epoch < milestones[i - 1]!)) {
      throw new ArgumentError(`SequentialLR: milestones must rise, got ${describe(milestones)}`);
    }
    this.schedulers = [...schedulers];
    this.milestones = [...milestones];
    // Each of them set its first rates when it was made: only those of the first one are to hold.
    for (const group of optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
    for (const child of schedulers) child.rewind();
    schedulers[0]!.start();
    this.lastLr = schedulers[0]!.getLastLr();
  }

  override step(_metrics?: number | Tensor): void {
    this.lastEpoch++;
    const turn = this.milestones.filter((epoch) => epoch <= this.lastEpoch).length;
    const child = this.schedulers[turn]!;
    if (turn > 0 && this.milestones[turn - 1] === this.lastEpoch) child.stepTo(0);
    else child.step();
    this.lastLr = child.getLastLr();
  }
}

/** Options of `ChainedScheduler`. */
export interface ChainedSchedulerOptions {
  /** The schedules, made on the same optimizer; required. */
  schedulers: readonly LRScheduler[];
}

/**
 * Several schedules at once: each step is a step of all of them, in order, so that their factors multiply.
 * @throws ArgumentError for schedules of other optimizers
 * @see PyTorch `lr_scheduler.ChainedScheduler`
 */
export class ChainedScheduler extends LRScheduler {
  private readonly schedulers: readonly LRScheduler[];

  constructor(optimizer: Optimizer, options: ChainedSchedulerOptions) {
    super('ChainedScheduler', optimizer);
    const defaults: ChainedSchedulerOptions = { schedulers: required };
    const { schedulers } = readOptions('ChainedScheduler', options, defaults);
    checkSchedulers('ChainedScheduler', schedulers, optimizer);
    this.schedulers = [...schedulers];
  }

  override step(metrics?: number | Tensor): void {
    for (const child of this.schedulers) child.step(metrics);
    this.lastLr = ratesOf(this.optimizer);
  }
}

function checkSchedulers(name: string, schedulers: readonly LRScheduler[], optimizer: Optimizer): void {
  if (!Array.isArray(schedulers) || schedulers.length === 0) {
    throw new ArgumentError(`${name}: schedulers must be a list of schedules, got ${describe(schedulers)}`);
  }
  schedulers.forEach((child, i) => {
    if (!(child instanceof LRScheduler)) {
      throw new ArgumentError(`${name}: schedulers[${i}] must be a schedule, got ${describe(child)}`);
    }
    if (child.optimizer !== optimizer) {
      throw new ArgumentError(`${name}: schedulers[${i}] was made on another optimizer`);
    }
  });
}
