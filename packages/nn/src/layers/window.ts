import {
  fold,
  interpolate,
  pad,
  readOptions,
  type Shape,
  type Sizes,
  type Tensor,
  type UnfoldOptions,
  unfold,
} from '@ndgrad/core';
import { Module } from '../module.ts';
import { changed, listOf } from './sizes.ts';

const defaults: Required<UnfoldOptions> = { dilation: 1, padding: 0, stride: 1 };

/**
 * The windows of images as columns (im2col): `[n, c, h, w]` → `[n, c·kh·kw, windows]`.
 * @see CS231n, assignment 2; PyTorch `nn.Unfold`
 */
export class Unfold extends Module {
  private readonly options: Required<UnfoldOptions>;

  constructor(
    readonly kernelSize: Sizes,
    options?: UnfoldOptions,
  ) {
    super();
    this.options = readOptions('Unfold', options, defaults);
  }

  override forward(x: Tensor): Tensor {
    return unfold(x, this.kernelSize, this.options);
  }

  override extraRepr(): string {
    return changed({ kernelSize: this.kernelSize, ...this.options }, {}).join(', ');
  }
}

/**
 * Columns added up to images (col2im): `[n, c·kh·kw, windows]` → `[n, c, …outputSize]`.
 * @see PyTorch `nn.Fold`
 */
export class Fold extends Module {
  private readonly options: Required<UnfoldOptions>;

  constructor(
    readonly outputSize: Sizes,
    readonly kernelSize: Sizes,
    options?: UnfoldOptions,
  ) {
    super();
    this.options = readOptions('Fold', options, defaults);
  }

  override forward(x: Tensor): Tensor {
    return fold(x, this.outputSize, this.kernelSize, this.options);
  }

  override extraRepr(): string {
    const { outputSize, kernelSize, options } = this;
    return changed({ outputSize, kernelSize, ...options }, {}).join(', ');
  }
}

/**
 * Zeros around images: one number for all sides, or [left, right, top, bottom]; negative ones cut off.
 * @see PyTorch `nn.ZeroPad2d`
 */
export class ZeroPad2d extends Module {
  readonly padding: Shape;

  constructor(padding: Sizes) {
    super();
    this.padding = listOf('ZeroPad2d', 'padding', padding, 4, Number.NEGATIVE_INFINITY);
  }

  override forward(x: Tensor): Tensor {
    return pad(x, this.padding);
  }

  override extraRepr(): string {
    return changed({ padding: this.padding }, {}).join(', ');
  }
}

/** What Upsample takes: either the size or the factor. */
export interface UpsampleOptions {
  /** Height and width of the output. */
  size?: Sizes | null;
  /** By how much each dim grows. */
  scaleFactor?: Sizes | null;
  /** Default 'nearest'. */
  mode?: Mode;
}

type Mode = NonNullable<NonNullable<Parameters<typeof interpolate>[1]>['mode']>;

/** Images made larger or smaller: `[n, c, h, w]` → `[n, c, h′, w′]`. @see PyTorch `nn.Upsample` */
export class Upsample extends Module {
  private readonly options: Required<UpsampleOptions>;

  constructor(options?: UpsampleOptions) {
    super();
    this.options = readOptions('Upsample', options, upsampleDefaults);
  }

  override forward(x: Tensor): Tensor {
    return interpolate(x, this.options);
  }

  override extraRepr(): string {
    return changed(this.options, { size: null, scaleFactor: null }).join(', ');
  }
}

const upsampleDefaults: Required<UpsampleOptions> = { size: null, scaleFactor: null, mode: 'nearest' };
