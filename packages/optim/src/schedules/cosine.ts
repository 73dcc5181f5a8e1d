import { checkInteger, checkNumber, readOptions, type Tensor } from '@ndgrad/core';
import { checkAtLeast0, required } from '../checks.ts';
import type { Optimizer, ParamGroup } from '../optimizer.ts';
import type { LastEpoch } from './decay.ts';
import { EpochScheduler } from './scheduler.ts';

/** Options of `CosineAnnealingLR`. */
export interface CosineAnnealingLROptions extends LastEpoch {
  /** Epochs from the largest rate to the smallest: half a period. Required. */
  TMax: number;
  /** The smallest rate (default 0). */
  etaMin?: number;
}

/**
 * The rate falls along half a cosine: α = η + (α₀ − η)(1 + cos(π·epoch/T))/2 with T = `TMax`, η = `etaMin`; after T
 * epochs it rises again.
 * @throws ArgumentError for a `TMax` that is not a whole number of at least 1
 * @see Loshchilov & Hutter, 2017; CS231n, lecture 7; PyTorch `lr_scheduler.CosineAnnealingLR`
 */
export class CosineAnnealingLR extends EpochScheduler {
  private readonly TMax: number;
  private readonly etaMin: number;

  constructor(optimizer: Optimizer, options: CosineAnnealingLROptions) {
    const defaults: Required<CosineAnnealingLROptions> = { TMax: required, etaMin: 0, lastEpoch: -1 };
    const { TMax, etaMin, lastEpoch } = readOptions('CosineAnnealingLR', options, defaults);
    checkInteger('CosineAnnealingLR', 'TMax', TMax, 1);
    checkNumber('CosineAnnealingLR', 'etaMin', etaMin);
    super('CosineAnnealingLR', optimizer, lastEpoch);
    this.TMax = TMax;
    this.etaMin = etaMin;
    this.start();
  }

  /** From the present rate, so that it chains; at the bottom, where that is a fixed point, from the base rate. */
  protected override nextLr({ lr }: ParamGroup, i: number): number {
    const { lastEpoch, TMax, etaMin } = this;
    if (lastEpoch === 0) return lr;
    const baseLr = this.baseLrs[i]!;
    if (this.stepCount === 1) return this.lrAt(baseLr);
    if ((lastEpoch - 1 - TMax) % (2 * TMax) === 0) return lr + ((baseLr - etaMin) * (1 - Math.cos(Math.PI / TMax))) / 2;
    const ratio = (1 + Math.cos((Math.PI * lastEpoch) / TMax)) / (1 + Math.cos((Math.PI * (lastEpoch - 1)) / TMax));
    return ratio * (lr - etaMin) + etaMin;
  }

  protected override lrAt(baseLr: number): number {
    return this.etaMin + ((baseLr - this.etaMin) * (1 + Math.cos((Math.PI * this.lastEpoch) / this.TMax))) / 2;
  }
}

/** Options of `CosineAnnealingWarmRestarts`. */
export interface CosineAnnealingWarmRestartsOptions extends LastEpoch {
  /** Epochs until the first restart; required. */
  T0: number;
  /** By how much each period is longer than the one before, a whole number of at least 1 (default 1). */
  TMult?: number;
  /** The smallest rate (default 0). */
  etaMin?: number;
}

/**
 * The rate falls along half a cosine, and starts anew: α = η + (α₀ − η)(1 + cos(π·t/T))/2, t epochs after the last
 * restart, with T = `T0` at first and T·`TMult` after each restart.
 * @throws ArgumentError for periods that are not whole numbers of at least 1
 * @see Loshchilov & Hutter, 2017; PyTorch `lr_scheduler.CosineAnnealingWarmRestarts`
 */
export class CosineAnnealingWarmRestarts extends EpochScheduler {
  private readonly T0: number;
  private readonly TMult: number;
  private readonly etaMin: number;
  /** The present period, and where in it we are. */
  private TI: number;
  private TCur: number;

  constructor(optimizer: Optimizer, options: CosineAnnealingWarmRestartsOptions) {
    const name = 'CosineAnnealingWarmRestarts';
    const defaults: Required<CosineAnnealingWarmRestartsOptions> = { T0: required, TMult: 1, etaMin: 0, lastEpoch: -1 };
    const { T0, TMult, etaMin, lastEpoch } = readOptions(name, options, defaults);
    checkInteger(name, 'T0', T0, 1);
    checkInteger(name, 'TMult', TMult, 1);
    checkNumber(name, 'etaMin', etaMin);
    super(name, optimizer, lastEpoch);
    this.T0 = T0;
    this.TMult = TMult;
    this.etaMin = etaMin;
    this.TI = T0;
    this.TCur = lastEpoch;
    this.start();
  }

  override step(_metrics?: number | Tensor): void {
    if (this.lastEpoch < 0) {
      this.stepTo(0);
      return;
    }
    this.TCur++;
    if (this.TCur >= this.TI) {
      this.TCur -= this.TI;
      this.TI *= this.TMult;
    }
    this.advance(this.lastEpoch + 1, (_, i) => this.annealed(i));
  }

  /** Jumps to an epoch, which may be a fraction: epoch + batch/batches sets the rate batch by batch. */
  override stepTo(epoch: number): void {
    checkAtLeast0(this.name, 'epoch', epoch);
    let [start, period] = [0, this.T0];
    if (this.TMult === 1) {
      start = epoch - (epoch % period);
    } else {
      while (epoch >= start + period) {
        start += period;
        period *= this.TMult;
      }
    }
    this.TI = period;
    this.TCur = epoch - start;
    this.advance(Math.floor(epoch), (_, i) => this.annealed(i));
  }

  protected override nextLr(_group: ParamGroup, i: number): number {
    return this.annealed(i);
  }

  private annealed(i: number): number {
    return this.etaMin + ((this.baseLrs[i]! - this.etaMin) * (1 + Math.cos((Math.PI * this.TCur) / this.TI))) / 2;
  }
}
