import { ArgumentError, describe, readOptions } from '@ndgrad/core';
import { required } from '../checks.ts';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import type { LastEpoch } from './decay.ts';
import { checkPerGroup, EpochScheduler, type PerGroup } from './scheduler.ts';

/** Options of `LambdaLR` and `MultiplicativeLR`. */
export interface LambdaLROptions extends LastEpoch {
  /** From the epoch to a factor: one function for all groups, or one for each. Required. */
  lrLambda: PerGroup<(epoch: number) => number>;
}

abstract class ByFunction extends EpochScheduler {
  private readonly lrLambda: PerGroup<(epoch: number) => number>;

  constructor(name: string, optimizer: Optimizer, options: LambdaLROptions) {
    const defaults: Required<LambdaLROptions> = { lrLambda: required, lastEpoch: -1 };
    const { lrLambda, lastEpoch } = readOptions(name, options, defaults);
    super(name, optimizer, lastEpoch);
    checkPerGroup(name, 'lrLambda', lrLambda, optimizer, checkFunction);
    this.lrLambda = lrLambda;
    this.start();
  }

  protected factor(i: number): number {
    return this.settingOf('lrLambda', this.lrLambda, i)(this.lastEpoch);
  }
}

function checkFunction(operation: string, name: string, value: unknown): void {
  if (typeof value !== 'function') {
    throw new ArgumentError(`${operation}: ${name} must be a function of the epoch, got ${describe(value)}`);
  }
}

/**
 * The rate is α₀·f(epoch), for any function f.
 * @throws ArgumentError for what is no function, or a list of them that is not as long as there are groups
 * @see PyTorch `lr_scheduler.LambdaLR`
 */
export class LambdaLR extends ByFunction {
  constructor(optimizer: Optimizer, options: LambdaLROptions) {
    super('LambdaLR', optimizer, options);
  }

  protected override nextLr(_group: ParamGroup, i: number): number {
    return this.baseLrs[i]! * this.factor(i);
  }
}

/**
 * The rate is multiplied by f(epoch) in every step, the first one (epoch 1) on.
 * @throws ArgumentError as `LambdaLR`
 * @see PyTorch `lr_scheduler.MultiplicativeLR`
 */
export class MultiplicativeLR extends ByFunction {
  constructor(optimizer: Optimizer, options: LambdaLROptions) {
    super('MultiplicativeLR', optimizer, options);
  }

  protected override nextLr({ lr }: ParamGroup, i: number): number {
    return this.lastEpoch > 0 ? lr * this.factor(i) : lr;
  }
}
