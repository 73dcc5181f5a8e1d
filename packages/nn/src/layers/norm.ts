import {
  ArgumentError,
  checkInteger,
  checkNumber,
  checkShape,
  formatShape,
  groupNorm,
  layerNorm,
  localResponseNorm,
  ones,
  readOptions,
  type Shape,
  type Sizes,
  type Tensor,
  zeros,
} from '@ndgrad/core';
import { Module } from '../module.ts';
import { Parameter } from '../parameter.ts';
import { changed } from './sizes.ts';

/** What LayerNorm takes besides the shape. */
export interface LayerNormOptions {
  /** Added to the variance (default 1e-5). */
  eps?: number;
  /** Whether weight and bias are learnt (default true). */
  elementwiseAffine?: boolean;
}

/**
 * y = (x − mean)/√(var + eps) · weight + bias, mean and (biased) variance being those of the last dims, whose shape is
 * `normalizedShape`; weight and bias have that shape and start at 1 and 0.
 * @see Ba et al. (2016); CS231n, lecture 6; PyTorch `nn.LayerNorm`
 */
export class LayerNorm extends Module {
  static override readonly keepsNothing = true;

  readonly normalizedShape: Shape;
  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  constructor(normalizedShape: Sizes, options?: LayerNormOptions) {
    super();
    const { eps, elementwiseAffine } = readOptions('LayerNorm', options, { eps: 1e-5, elementwiseAffine: true });
    const shape = typeof normalizedShape === 'number' ? [normalizedShape] : normalizedShape;
    checkShape('LayerNorm', shape);
    checkNumber('LayerNorm', 'eps', eps);
    this.normalizedShape = [...shape];
    this.eps = eps;
    this.weight = elementwiseAffine ? new Parameter(ones(shape)) : null;
    this.bias = elementwiseAffine ? new Parameter(zeros(shape)) : null;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return layerNorm(x, this.normalizedShape, { weight, bias, eps });
  }

  override extraRepr(): string {
    const given = { eps: this.eps, elementwiseAffine: this.weight !== null };
    return [formatShape(this.normalizedShape), ...changed(given, { eps: 1e-5, elementwiseAffine: true })].join(', ');
  }

  override get label(): string {
    return `${super.label} ${formatShape(this.normalizedShape)}`;
  }
}

/** What GroupNorm takes besides the numbers of groups and channels. */
export interface GroupNormOptions {
  /** Added to the variance (default 1e-5). */
  eps?: number;
  /** Whether weight and bias are learnt (default true). */
  affine?: boolean;
}

/**
 * y = (x − mean)/√(var + eps) · weight + bias for `[n, numChannels, …]`, mean and (biased) variance being those of
 * each of the `numGroups` groups that a sample's channels fall into; weight and bias are `[numChannels]`.
 * @throws ArgumentError where the channels do not fall into such groups
 * @see Wu & He (2018); CS231n, lecture 6; PyTorch `nn.GroupNorm`
 */
export class GroupNorm extends Module {
  static override readonly keepsNothing = true;

  readonly eps: number;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;

  constructor(
    readonly numGroups: number,
    readonly numChannels: number,
    options?: GroupNormOptions,
  ) {
    super();
    const { eps, affine } = readOptions('GroupNorm', options, { eps: 1e-5, affine: true });
    checkInteger('GroupNorm', 'numGroups', numGroups, 1);
    checkInteger('GroupNorm', 'numChannels', numChannels);
    checkNumber('GroupNorm', 'eps', eps);
    if (numChannels % numGroups !== 0) {
      throw new ArgumentError(
        `GroupNorm: numChannels must be divisible by numGroups: ${numChannels} by ${numGroups} is not whole`,
      );
    }
    this.eps = eps;
    this.weight = affine ? new Parameter(ones([numChannels])) : null;
    this.bias = affine ? new Parameter(zeros([numChannels])) : null;
  }

  override forward(x: Tensor): Tensor {
    const { weight, bias, eps } = this;
    return groupNorm(x, this.numGroups, { weight, bias, eps });
  }

  override extraRepr(): string {
    const given = { eps: this.eps, affine: this.weight !== null };
    return [this.numGroups, this.numChannels, ...changed(given, { eps: 1e-5, affine: true })].join(', ');
  }

  override get label(): string {
    return `${super.label} ${this.numChannels}/${this.numGroups}`;
  }
}

/** What LocalResponseNorm takes besides the size. */
export interface LocalResponseNormOptions {
  /** Default 1e-4. */
  alpha?: number;
  /** Default 0.75. */
  beta?: number;
  /** Default 1. */
  k?: number;
}

/**
 * y = x / (k + alpha · mean of x² over `size` neighbouring channels)^beta, for `[n, c, …]`.
 * @see Krizhevsky et al. (2012), section 3.3; PyTorch `nn.LocalResponseNorm`
 */
export class LocalResponseNorm extends Module {
  static override readonly keepsNothing = true;

  private readonly options: Required<LocalResponseNormOptions>;

  constructor(
    readonly size: number,
    options?: LocalResponseNormOptions,
  ) {
    super();
    this.options = readOptions('LocalResponseNorm', options, { alpha: 1e-4, beta: 0.75, k: 1 });
    checkInteger('LocalResponseNorm', 'size', size, 1);
  }

  override forward(x: Tensor): Tensor {
    return localResponseNorm(x, this.size, this.options);
  }

  override extraRepr(): string {
    return [this.size, ...changed(this.options, {})].join(', ');
  }
}
