import {
  batchNorm,
  checkInteger,
  checkNumber,
  formatShape,
  instanceNorm,
  noGrad,
  ones,
  readOptions,
  reshape,
  ShapeError,
  type Tensor,
  zeros,
} from '@ndgrad/core';
import { Module } from '../module.ts';
import { Buffer, Parameter } from '../parameter.ts';
import { changed } from './sizes.ts';

/** What the layers take that may keep running statistics. */
export interface RunningNormOptions {
  /** Added to the variance (default 1e-5). */
  eps?: number;
  /** How far each batch moves the running statistics (default 0.1); `null` makes them plain averages of all batches. */
  momentum?: number | null;
  /** Whether weight and bias are learnt. */
  affine?: boolean;
  /** Whether running mean and variance are kept, for evaluation. */
  trackRunningStats?: boolean;
}

/** Per channel: weight and bias, where learnt, and the running statistics, where kept. */
abstract class RunningNorm extends Module {
  readonly eps: number;
  readonly momentum: number | null;
  readonly affine: boolean;
  readonly trackRunningStats: boolean;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: Buffer | null;
  readonly runningVar: Buffer | null;
  readonly numBatchesTracked: Buffer | null;

  constructor(
    readonly numFeatures: number,
    options: RunningNormOptions | undefined,
    private readonly usual: Required<RunningNormOptions>,
  ) {
    super();
    const { eps, momentum, affine, trackRunningStats } = readOptions(super.label, options, usual);
    checkInteger(super.label, 'numFeatures', numFeatures);
    checkNumber(super.label, 'eps', eps);
    if (momentum !== null) checkNumber(super.label, 'momentum', momentum);
    this.eps = eps;
    this.momentum = momentum;
    this.affine = affine;
    this.trackRunningStats = trackRunningStats;
    this.weight = affine ? new Parameter(ones([numFeatures])) : null;
    this.bias = affine ? new Parameter(zeros([numFeatures])) : null;
    this.runningMean = trackRunningStats ? new Buffer(zeros([numFeatures])) : null;
    this.runningVar = trackRunningStats ? new Buffer(ones([numFeatures])) : null;
    this.numBatchesTracked = trackRunningStats ? new Buffer(zeros([])) : null;
  }

  override extraRepr(): string {
    const { eps, momentum, affine, trackRunningStats } = this;
    return [this.numFeatures, ...changed({ eps, momentum, affine, trackRunningStats }, this.usual)].join(', ');
  }

  override get label(): string {
    return `${super.label} ${this.numFeatures}`;
  }
}

const batchDefaults: Required<RunningNormOptions> = { eps: 1e-5, momentum: 0.1, affine: true, trackRunningStats: true };

/** y = (x − mean)/√(var + eps) · weight + bias, over all but the channel dim. */
abstract class BatchNorm extends RunningNorm {
  /** The shapes that are taken, by number of dimensions. */
  protected abstract readonly shapes: Record<number, string>;

  constructor(numFeatures: number, options?: RunningNormOptions) {
    super(numFeatures, options, batchDefaults);
  }

  override forward(x: Tensor): Tensor {
    checkDims(this, x, this.shapes);
    const { weight, bias, eps, numBatchesTracked } = this;
    const tracked = this.training && numBatchesTracked !== null ? numBatchesTracked.item() + 1 : null;
    const y = batchNorm(x, this.runningMean, this.runningVar, {
      weight,
      bias,
      eps,
      training: this.training || this.runningMean === null,
      momentum: this.momentum ?? (tracked === null ? 0 : 1 / tracked),
    });
    if (tracked !== null) noGrad(() => numBatchesTracked!.fill_(tracked));
    return y;
  }
}

/**
 * Batch normalisation of features `[n, c]` or sequences `[n, c, l]`: y = (x − mean)/√(var + eps) · weight + bias, mean
 * and (biased) variance being each channel's over the batch. In evaluation, the running ones, whose variance is the
 * unbiased one.
 * @see Ioffe & Szegedy (2015); CS231n, lecture 6; PyTorch `nn.BatchNorm1d`
 */
export class BatchNorm1d extends BatchNorm {
  static override readonly keepsNothing = true;

  protected override readonly shapes = { 2: '[n, c]', 3: '[n, c, l]' };
}

/** Batch normalisation of images `[n, c, h, w]`, as `BatchNorm1d`. @see CS231n, lecture 6; PyTorch `nn.BatchNorm2d` */
export class BatchNorm2d extends BatchNorm {
  static override readonly keepsNothing = true;

  protected override readonly shapes = { 4: '[n, c, h, w]' };
}

const instanceDefaults: Required<RunningNormOptions> = {
  eps: 1e-5,
  momentum: 0.1,
  affine: false,
  trackRunningStats: false,
};

/** As batch normalisation, with statistics of each sample on its own. */
abstract class InstanceNorm extends RunningNorm {
  /** The shapes that are taken, by number of dimensions: first without a batch dim. */
  protected abstract readonly shapes: Record<number, string>;

  constructor(numFeatures: number, options?: RunningNormOptions) {
    super(numFeatures, options, instanceDefaults);
  }

  override forward(x: Tensor): Tensor {
    checkDims(this, x, this.shapes);
    const unbatched = x.ndim === Math.min(...Object.keys(this.shapes).map(Number));
    const { runningMean, runningVar, weight, bias, eps } = this;
    const y = instanceNorm(unbatched ? reshape(x, [1, ...x.shape]) : x, {
      runningMean,
      runningVar,
      weight,
      bias,
      eps,
      useInputStats: this.training || !this.trackRunningStats,
      momentum: this.momentum ?? 0,
    });
    return unbatched ? reshape(y, x.shape) : y;
  }
}

/**
 * Instance normalisation of sequences `[n, c, l]` or `[c, l]`: as batch normalisation, but each sample for itself; by
 * default nothing is learnt and nothing kept.
 * @see Ulyanov et al. (2016); PyTorch `nn.InstanceNorm1d`
 */
export class InstanceNorm1d extends InstanceNorm {
  static override readonly keepsNothing = true;

  protected override readonly shapes = { 2: '[c, l]', 3: '[n, c, l]' };
}

/** Instance normalisation of images `[n, c, h, w]` or `[c, h, w]`, as `InstanceNorm1d`. @see PyTorch `nn.InstanceNorm2d` */
export class InstanceNorm2d extends InstanceNorm {
  static override readonly keepsNothing = true;

  protected override readonly shapes = { 3: '[c, h, w]', 4: '[n, c, h, w]' };
}

function checkDims(layer: Module, x: Tensor, shapes: Record<number, string>): void {
  if (x.ndim in shapes) return;
  const expected = Object.values(shapes).join(' or ');
  throw new ShapeError(`${layer.constructor.name}: expected ${expected}, got ${formatShape(x.shape)}`);
}
