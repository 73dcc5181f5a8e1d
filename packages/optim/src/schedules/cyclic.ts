import { ArgumentError, checkChoice, checkNumber, describe, readOptions } from '@ndgrad/core';
import { checkAtLeast0, checkBoolean, checkPositive, required } from '../checks.ts';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import type { LastEpoch } from './decay.ts';
import { momentumOption, setMomentum } from './momentum.ts';
import { checkOptimizer, checkPerGroup, EpochScheduler, type PerGroup } from './scheduler.ts';

/** Options of `CyclicLR`. */
export interface CyclicLROptions extends LastEpoch {
  /** The smallest rate, for all groups or for each; required. */
  baseLr: PerGroup<number>;
  /** The largest rate of the first cycle; required. */
  maxLr: PerGroup<number>;
  /** Steps from the smallest rate to the largest (default 2000). */
  stepSizeUp?: number;
  /** Steps back (default: as many). */
  stepSizeDown?: number | null;
  /** How the height changes: `triangular` not at all (default), `triangular2` halved each cycle, `exp_range` γ^step. */
  mode?: 'triangular' | 'triangular2' | 'exp_range';
  /** γ of `exp_range` (default 1). */
  gamma?: number;
  /** A height of one's own, instead of `mode`. */
  scaleFn?: ((x: number) => number) | null;
  /** Whether `scaleFn` is given the number of the cycle, from 1 on (default `cycle`), or that of the step. */
  scaleMode?: 'cycle' | 'iterations';
  /** Whether the momentum falls while the rate rises (default true). */
  cycleMomentum?: boolean;
  /** The smallest momentum (default 0.8). */
  baseMomentum?: PerGroup<number>;
  /** The largest momentum (default 0.9). */
  maxMomentum?: PerGroup<number>;
}

const defaults: Required<CyclicLROptions> = {
  baseLr: required,
  maxLr: required,
  stepSizeUp: 2000,
  stepSizeDown: null,
  mode: 'triangular',
  gamma: 1,
  scaleFn: null,
  scaleMode: 'cycle',
  cycleMomentum: true,
  baseMomentum: 0.8,
  maxMomentum: 0.9,
  lastEpoch: -1,
};

/**
 * The rate goes up and down between two bounds, step by step (batch by batch):
 *
 *   α = base + (max − base)·x·h,  x from 0 to 1 in `stepSizeUp` steps and back in `stepSizeDown`, h the height by `mode`
 *
 * and the momentum the other way: max − (max − base)·x·h.
 * @throws ArgumentError for options out of range, or an optimizer without `momentum` where that is to be cycled
 * @see Smith, 2017; PyTorch `lr_scheduler.CyclicLR`
 */
export class CyclicLR extends EpochScheduler {
  private readonly maxLr: PerGroup<number>;
  private readonly stepSizeUp: number;
  private readonly stepSizeDown: number;
  private readonly mode: 'triangular' | 'triangular2' | 'exp_range';
  private readonly gamma: number;
  private readonly scaleFn: ((x: number) => number) | null;
  private readonly scaleMode: 'cycle' | 'iterations';
  private readonly cycleMomentum: boolean;
  private readonly baseMomentum: PerGroup<number>;
  private readonly maxMomentum: PerGroup<number>;

  constructor(optimizer: Optimizer, options: CyclicLROptions) {
    const read = readOptions('CyclicLR', options, defaults);
    check(optimizer, read);
    const { baseLr, lastEpoch } = read;
    const baseOf = (i: number) => (Array.isArray(baseLr) ? (baseLr as number[])[i]! : (baseLr as number));
    if (lastEpoch === -1) {
      optimizer.paramGroups.forEach((group, i) => {
        group.lr = baseOf(i);
      });
    }
    super('CyclicLR', optimizer, lastEpoch);
    this.maxLr = read.maxLr;
    this.stepSizeUp = read.stepSizeUp;
    this.stepSizeDown = read.stepSizeDown ?? read.stepSizeUp;
    this.mode = read.mode;
    this.gamma = read.gamma;
    this.scaleFn = read.scaleFn;
    this.scaleMode = scaleModeOf(read);
    this.cycleMomentum = read.cycleMomentum;
    this.baseMomentum = read.baseMomentum;
    this.maxMomentum = read.maxMomentum;
    this.start();
    this.baseLrs = optimizer.paramGroups.map((_, i) => baseOf(i));
  }

  protected override nextLr(group: ParamGroup, i: number): number {
    const share = this.share();
    const height = this.height();
    if (this.cycleMomentum) {
      const [least, most] = [
        this.settingOf('baseMomentum', this.baseMomentum, i),
        this.settingOf('maxMomentum', this.maxMomentum, i),
      ];
      setMomentum(group, most - (most - least) * share * height);
    }
    const baseLr = this.baseLrs[i]!;
    return baseLr + (this.settingOf('maxLr', this.maxLr, i) - baseLr) * share * height;
  }

  /** x: how far up we are. */
  private share(): number {
    const total = this.stepSizeUp + this.stepSizeDown;
    const turn = this.stepSizeUp / total;
    const x = 1 + this.lastEpoch / total - this.cycle();
    return x <= turn ? x / turn : (x - 1) / (turn - 1);
  }

  /** Counted from 1. */
  private cycle(): number {
    return Math.floor(1 + this.lastEpoch / (this.stepSizeUp + this.stepSizeDown));
  }

  private height(): number {
    const at = this.scaleMode === 'cycle' ? this.cycle() : this.lastEpoch;
    if (this.scaleFn !== null) return this.scaleFn(at);
    if (this.mode === 'triangular') return 1;
    return this.mode === 'triangular2' ? 1 / 2 ** (at - 1) : this.gamma ** at;
  }
}

function scaleModeOf({ scaleFn, scaleMode, mode }: Required<CyclicLROptions>): 'cycle' | 'iterations' {
  if (scaleFn !== null) return scaleMode;
  return mode === 'exp_range' ? 'iterations' : 'cycle';
}

function check(optimizer: Optimizer, options: Required<CyclicLROptions>): void {
  const name = 'CyclicLR';
  checkOptimizer(name, optimizer);
  checkPerGroup(name, 'baseLr', options.baseLr, optimizer, checkAtLeast0);
  checkPerGroup(name, 'maxLr', options.maxLr, optimizer, checkAtLeast0);
  checkPositive(name, 'stepSizeUp', options.stepSizeUp);
  if (options.stepSizeDown !== null) checkPositive(name, 'stepSizeDown', options.stepSizeDown);
  if (options.scaleFn === null) checkChoice(name, 'mode', options.mode, ['triangular', 'triangular2', 'exp_range']);
  else if (typeof options.scaleFn !== 'function') {
    throw new ArgumentError(`${name}: scaleFn must be a function, got ${describe(options.scaleFn)}`);
  }
  checkNumber(name, 'gamma', options.gamma);
  checkChoice(name, 'scaleMode', options.scaleMode, ['cycle', 'iterations']);
  checkBoolean(name, 'cycleMomentum', options.cycleMomentum);
  checkPerGroup(name, 'baseMomentum', options.baseMomentum, optimizer, checkAtLeast0);
  checkPerGroup(name, 'maxMomentum', options.maxMomentum, optimizer, checkAtLeast0);
  if (options.cycleMomentum && momentumOption(optimizer) !== 'momentum') {
    throw new ArgumentError(`${name}: this optimizer has no momentum to cycle; pass { cycleMomentum: false }`);
  }
}
