import {
  type AdaptiveSizes,
  type AvgPoolOptions,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  type Pooled,
  readOptions,
  type Sizes,
  type Tensor,
} from '@ndgrad/core';
import { Module } from '../module.ts';
import { changed } from './sizes.ts';

/** A maximum pool's output; with `returnIndices`, also where in its plane each maximum stands. */
export type MaxPooled<R extends boolean> = R extends true ? Pooled : Tensor;

/** What the maximum pools take besides the kernel size. */
export interface MaxPoolLayerOptions<R extends boolean> extends Omit<MaxPoolOptions, 'returnIndices'> {
  /** Whether the output is `{ output, indices }` (default false). */
  returnIndices?: R;
}

/** A window that moves over the input: its size and its options. */
abstract class Pool<Options extends object, Output = Tensor> extends Module<[Tensor], Output> {
  readonly options: Readonly<Options>;

  constructor(
    readonly kernelSize: Sizes,
    options: unknown,
    private readonly usual: Options,
  ) {
    super();
    this.options = readOptions(this.label, options, usual);
  }

  override extraRepr(): string {
    return [...changed({ kernelSize: this.kernelSize }, {}), ...changed(this.options, this.usual)].join(', ');
  }
}

type MaxOptions = Required<MaxPoolLayerOptions<boolean>>;
const maxDefaults: MaxOptions = { stride: null, padding: 0, dilation: 1, returnIndices: false, ceilMode: false };

/** The options with a type that one overload of the pools accepts; what they return depends on their values. */
const eitherWay = (options: { returnIndices: boolean }) => options as { returnIndices: true };

/** Maxima of windows: `[n, c, l]` or `[c, l]`. @see PyTorch `nn.MaxPool1d` */
export class MaxPool1d<R extends boolean = false> extends Pool<MaxOptions, MaxPooled<R>> {
  static override readonly keepsNothing = true;

  constructor(kernelSize: Sizes, options?: MaxPoolLayerOptions<R>) {
    super(kernelSize, options, maxDefaults);
  }

  override forward(x: Tensor): MaxPooled<R> {
    return maxPool1d(x, this.kernelSize, eitherWay(this.options)) as Tensor | Pooled as MaxPooled<R>;
  }
}

/**
 * Maxima of windows: `[n, c, h, w]` or `[c, h, w]`.
 * @see CS231n, lecture 5; PyTorch `nn.MaxPool2d`
 */
export class MaxPool2d<R extends boolean = false> extends Pool<MaxOptions, MaxPooled<R>> {
  static override readonly keepsNothing = true;

  constructor(kernelSize: Sizes, options?: MaxPoolLayerOptions<R>) {
    super(kernelSize, options, maxDefaults);
  }

  override forward(x: Tensor): MaxPooled<R> {
    return maxPool2d(x, this.kernelSize, eitherWay(this.options)) as Tensor | Pooled as MaxPooled<R>;
  }
}

const avgDefaults: Required<AvgPoolOptions> = { stride: null, padding: 0, ceilMode: false, countIncludePad: true };

/** Means of windows: `[n, c, l]` or `[c, l]`. @see PyTorch `nn.AvgPool1d` */
export class AvgPool1d extends Pool<Required<AvgPoolOptions>> {
  static override readonly keepsNothing = true;

  constructor(kernelSize: Sizes, options?: AvgPoolOptions) {
    super(kernelSize, options, avgDefaults);
  }

  override forward(x: Tensor): Tensor {
    return avgPool1d(x, this.kernelSize, this.options);
  }
}

/** What AvgPool2d takes besides the kernel size. */
export interface AvgPool2dOptions extends AvgPoolOptions {
  /** What sums are divided by, instead of the window's size (default: that size). */
  divisorOverride?: number | null;
}

/** Means of windows: `[n, c, h, w]` or `[c, h, w]`. @see CS231n, lecture 5; PyTorch `nn.AvgPool2d` */
export class AvgPool2d extends Pool<Required<AvgPool2dOptions>> {
  static override readonly keepsNothing = true;

  constructor(kernelSize: Sizes, options?: AvgPool2dOptions) {
    super(kernelSize, options, { ...avgDefaults, divisorOverride: null });
  }

  override forward(x: Tensor): Tensor {
    return avgPool2d(x, this.kernelSize, this.options);
  }
}

const repr = (outputSize: AdaptiveSizes) => changed({ outputSize }, {}).join(', ');

/**
 * Means of as many windows, about equally large, as the output has pixels: `[n, c, h, w]` → `[n, c, …outputSize]`.
 * @see PyTorch `nn.AdaptiveAvgPool2d`
 */
export class AdaptiveAvgPool2d extends Module {
  static override readonly keepsNothing = true;

  constructor(readonly outputSize: AdaptiveSizes) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return adaptiveAvgPool2d(x, this.outputSize);
  }

  override extraRepr(): string {
    return repr(this.outputSize);
  }
}

/**
 * Maxima of as many windows, about equally large, as the output has pixels: `[n, c, h, w]` → `[n, c, …outputSize]`.
 * @see PyTorch `nn.AdaptiveMaxPool2d`
 */
export class AdaptiveMaxPool2d<R extends boolean = false> extends Module<[Tensor], MaxPooled<R>> {
  readonly returnIndices: boolean;

  constructor(
    readonly outputSize: AdaptiveSizes,
    options?: { returnIndices?: R },
  ) {
    super();
    const { returnIndices } = readOptions('AdaptiveMaxPool2d', options as object | undefined, { returnIndices: false });
    this.returnIndices = returnIndices;
  }

  override forward(x: Tensor): MaxPooled<R> {
    return adaptiveMaxPool2d(x, this.outputSize, eitherWay({ returnIndices: this.returnIndices })) as
      | Tensor
      | Pooled as MaxPooled<R>;
  }

  override extraRepr(): string {
    return repr(this.outputSize);
  }
}
