import { ArgumentError, checkChoice, checkInteger, checkNumber, readOptions } from '@ndgrad/core';
import { checkAtLeast0, checkBoolean, checkPositive, required } from '../checks.ts';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import type { LastEpoch } from './decay.ts';
import { momentumOption, setMomentum } from './momentum.ts';
import { checkOptimizer, checkPerGroup, EpochScheduler, type PerGroup } from './scheduler.ts';

/** Options of `OneCycleLR`. */
export interface OneCycleLROptions extends LastEpoch {
  /** The largest rate, for all groups or for each; required. */
  maxLr: PerGroup<number>;
  /** Steps (batches) of the whole run; may be left out where `epochs` and `stepsPerEpoch` are given. */
  totalSteps?: number | null;
  epochs?: number | null;
  stepsPerEpoch?: number | null;
  /** The share of the steps in which the rate rises, in [0, 1] (default 0.3). */
  pctStart?: number;
  /** How the rate gets from one value to the next (default `cos`). */
  annealStrategy?: 'cos' | 'linear';
  /** Whether the momentum (or β₁) falls while the rate rises, and the other way round (default true). */
  cycleMomentum?: boolean;
  /** The smallest momentum (default 0.85). */
  baseMomentum?: PerGroup<number>;
  /** The largest momentum (default 0.95). */
  maxMomentum?: PerGroup<number>;
  /** The first rate is `maxLr` / `divFactor` (default 25). */
  divFactor?: number;
  /** The last rate is the first one / `finalDivFactor` (default 1e4). */
  finalDivFactor?: number;
  /** Whether to fall to the first rate as fast as it rose, and then to the last one (default false). */
  threePhase?: boolean;
}

const defaults: Required<OneCycleLROptions> = {
  maxLr: required,
  totalSteps: null,
  epochs: null,
  stepsPerEpoch: null,
  pctStart: 0.3,
  annealStrategy: 'cos',
  cycleMomentum: true,
  baseMomentum: 0.85,
  maxMomentum: 0.95,
  divFactor: 25,
  finalDivFactor: 1e4,
  threePhase: false,
  lastEpoch: -1,
};

/** From one rate to another, and from one momentum to another, until a step that may be a fraction. */
interface Phase {
  endStep: number;
  lr: readonly [RateName, RateName];
  momentum: readonly [MomentumName, MomentumName];
}

type RateName = 'initial' | 'max' | 'min';
type MomentumName = 'base' | 'max';

/**
 * One cycle over the whole run: the rate rises from maxLr/divFactor to maxLr, then falls to nearly 0. For a step per batch.
 * @throws ArgumentError for options out of range, for an optimizer that has neither momentum nor betas to cycle, and on
 *   a step beyond the last
 * @see Smith & Topin, 2018; PyTorch `lr_scheduler.OneCycleLR`
 */
export class OneCycleLR extends EpochScheduler {
  private readonly maxLr: PerGroup<number>;
  private readonly totalSteps: number;
  private readonly pctStart: number;
  private readonly annealStrategy: 'cos' | 'linear';
  private readonly cycleMomentum: boolean;
  private readonly baseMomentum: PerGroup<number>;
  private readonly maxMomentum: PerGroup<number>;
  private readonly divFactor: number;
  private readonly finalDivFactor: number;
  private readonly threePhase: boolean;

  constructor(optimizer: Optimizer, options: OneCycleLROptions) {
    const read = readOptions('OneCycleLR', options, defaults);
    check(optimizer, read);
    const { maxLr, divFactor, lastEpoch } = read;
    if (lastEpoch === -1) {
      optimizer.paramGroups.forEach((group, i) => {
        group.initialLr = (Array.isArray(maxLr) ? (maxLr as number[])[i]! : (maxLr as number)) / divFactor;
      });
    }
    super('OneCycleLR', optimizer, lastEpoch);
    this.maxLr = maxLr;
    this.totalSteps = totalStepsOf(read);
    this.pctStart = read.pctStart;
    this.annealStrategy = read.annealStrategy;
    this.cycleMomentum = read.cycleMomentum;
    this.baseMomentum = read.baseMomentum;
    this.maxMomentum = read.maxMomentum;
    this.divFactor = divFactor;
    this.finalDivFactor = read.finalDivFactor;
    this.threePhase = read.threePhase;
    this.start();
  }

  protected override nextLr(group: ParamGroup, i: number): number {
    const step = this.lastEpoch;
    if (step > this.totalSteps) {
      throw new ArgumentError(`OneCycleLR: step ${step} is beyond the last, totalSteps: ${this.totalSteps}`);
    }
    const phases = this.phases();
    const found = phases.findIndex(({ endStep }) => step <= endStep);
    const at = found < 0 ? phases.length - 1 : found;
    const { endStep, lr, momentum } = phases[at]!;
    const startStep = at === 0 ? 0 : phases[at - 1]!.endStep;
    const share = (step - startStep) / (endStep - startStep);
    if (this.cycleMomentum) {
      const momenta = {
        base: this.settingOf('baseMomentum', this.baseMomentum, i),
        max: this.settingOf('maxMomentum', this.maxMomentum, i),
      };
      setMomentum(group, this.anneal(momenta[momentum[0]], momenta[momentum[1]], share));
    }
    const max = this.settingOf('maxLr', this.maxLr, i);
    const initial = max / this.divFactor;
    const rates = { initial, max, min: initial / this.finalDivFactor };
    return this.anneal(rates[lr[0]], rates[lr[1]], share);
  }

  private phases(): Phase[] {
    const top = this.pctStart * this.totalSteps - 1;
    const end = this.totalSteps - 1;
    const rise: Phase = { endStep: top, lr: ['initial', 'max'], momentum: ['max', 'base'] };
    if (!this.threePhase) return [rise, { endStep: end, lr: ['max', 'min'], momentum: ['base', 'max'] }];
    const bottom = 2 * this.pctStart * this.totalSteps - 2;
    return [
      rise,
      { endStep: bottom, lr: ['max', 'initial'], momentum: ['base', 'max'] },
      { endStep: end, lr: ['initial', 'min'], momentum: ['max', 'max'] },
    ];
  }

  private anneal(start: number, end: number, share: number): number {
    if (this.annealStrategy === 'linear') return (end - start) * share + start;
    return end + ((start - end) / 2) * (Math.cos(Math.PI * share) + 1);
  }
}

function totalStepsOf({ totalSteps, epochs, stepsPerEpoch }: Required<OneCycleLROptions>): number {
  return totalSteps ?? epochs! * stepsPerEpoch!;
}

function check(optimizer: Optimizer, options: Required<OneCycleLROptions>): void {
  const name = 'OneCycleLR';
  checkOptimizer(name, optimizer);
  checkPerGroup(name, 'maxLr', options.maxLr, optimizer, checkAtLeast0);
  if (options.totalSteps !== null) {
    checkInteger(name, 'totalSteps', options.totalSteps, 1);
  } else {
    if (options.epochs === null || options.stepsPerEpoch === null) {
      throw new ArgumentError(`${name}: pass totalSteps, or both epochs and stepsPerEpoch`);
    }
    checkInteger(name, 'epochs', options.epochs, 1);
    checkInteger(name, 'stepsPerEpoch', options.stepsPerEpoch, 1);
  }
  checkNumber(name, 'pctStart', options.pctStart, { test: (v) => v >= 0 && v <= 1, must: 'lie in [0, 1]' });
  checkChoice(name, 'annealStrategy', options.annealStrategy, ['cos', 'linear']);
  checkBoolean(name, 'cycleMomentum', options.cycleMomentum);
  checkPerGroup(name, 'baseMomentum', options.baseMomentum, optimizer, checkAtLeast0);
  checkPerGroup(name, 'maxMomentum', options.maxMomentum, optimizer, checkAtLeast0);
  checkPositive(name, 'divFactor', options.divFactor);
  checkPositive(name, 'finalDivFactor', options.finalDivFactor);
  checkBoolean(name, 'threePhase', options.threePhase);
  if (options.cycleMomentum && momentumOption(optimizer) === null) {
    throw new ArgumentError(`${name}: this optimizer has neither momentum nor betas; pass { cycleMomentum: false }`);
  }
}
