import {
  ArgumentError,
  type ConvReluPoolOptions,
  checkChoice,
  checkInteger,
  conv1d,
  conv2d,
  convReluPool2d,
  convTranspose2d,
  defaultGenerator,
  formatShape,
  type Generator,
  pad,
  readOptions,
  resident,
  type Shape,
  ShapeError,
  type Sizes,
  type Tensor,
} from '@ndgrad/core';
import * as init from '../init.ts';
import { Module } from '../module.ts';
import { Parameter } from '../parameter.ts';
import { uniformBias } from './linear.ts';
import { changed, listOf } from './sizes.ts';

/** What lies around the input: zeros, its mirror image, its last pixels, or its other end. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** What the convolution layers take besides channels and kernel size; sizes in pixels, one for all dims or one each. */
export interface ConvLayerOptions {
  /** Default 1. */
  stride?: Sizes;
  /** On each side (default 0); 'valid' is 0, 'same' keeps the size. */
  padding?: Sizes | 'same' | 'valid';
  /** Between the pixels that the kernel sees (default 1: neighbours). */
  dilation?: Sizes;
  /** Into how many groups the channels fall, each with kernels of its own (default 1). */
  groups?: number;
  /** Whether there is a bias (default true). */
  bias?: boolean;
  /** Default 'zeros'. */
  paddingMode?: PaddingMode;
  /** Draws the initial values. */
  generator?: Generator;
}

/** What ConvTranspose2d takes besides channels and kernel size. */
export interface ConvTransposeLayerOptions extends Omit<ConvLayerOptions, 'padding' | 'paddingMode'> {
  /** What the convolution that this one is the reverse of would have added on each side (default 0). */
  padding?: Sizes;
  /** Rows and columns added on one side of the output (default 0). */
  outputPadding?: Sizes;
  /** Only 'zeros'. */
  paddingMode?: 'zeros';
}

const defaults: Required<ConvLayerOptions> = {
  stride: 1,
  padding: 0,
  dilation: 1,
  groups: 1,
  bias: true,
  paddingMode: 'zeros',
  generator: defaultGenerator,
};

/** The kernels and the bias, drawn as PyTorch draws them: uniform in ±1/√(inputs of one output). */
abstract class ConvLayer<Inputs extends unknown[] = [Tensor]> extends Module<Inputs> {
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    readonly inChannels: number,
    readonly outChannels: number,
    kernelSize: Sizes,
    options: Required<Omit<ConvLayerOptions, 'padding' | 'paddingMode'>>,
    dims: number,
    transposed: boolean,
  ) {
    super();
    const { stride, dilation, groups, bias, generator } = options;
    const name = super.label;
    checkInteger(name, 'groups', groups, 1);
    for (const [what, channels] of Object.entries({ inChannels, outChannels })) {
      checkInteger(name, what, channels, 1);
      if (channels % groups !== 0) {
        throw new ArgumentError(`${name}: ${what} must be divisible by groups: ${channels} by ${groups} is not whole`);
      }
    }
    this.kernelSize = listOf(name, 'kernelSize', kernelSize, dims, 1);
    this.stride = listOf(name, 'stride', stride, dims, 1);
    this.dilation = listOf(name, 'dilation', dilation, dims, 1);
    this.groups = groups;
    const channels = transposed ? [inChannels, outChannels / groups] : [outChannels, inChannels / groups];
    const weight = resident([...channels, ...this.kernelSize]);
    this.weight = new Parameter(init.kaimingUniform_(weight, { a: Math.sqrt(5), generator }));
    const fanIn = channels[1]! * this.kernelSize.reduce((a, b) => a * b, 1);
    this.bias = bias ? new Parameter(uniformBias(outChannels, fanIn, generator)) : null;
  }

  override extraRepr(): string {
    const { kernelSize, stride } = this;
    const always = changed({ kernelSize, stride }, {});
    return [this.inChannels, this.outChannels, ...always, ...changed(this.choices(), this.usual())].join(', ');
  }

  /** The arguments that `toString` shows where they are not the usual ones. */
  protected choices(): object {
    return { dilation: this.dilation, groups: this.groups, bias: this.bias !== null };
  }

  private usual(): object {
    const all = (value: number) => this.kernelSize.map(() => value);
    return { padding: all(0), outputPadding: all(0), dilation: all(1), groups: 1, bias: true, paddingMode: 'zeros' };
  }

  override get label(): string {
    return `${super.label} ${this.inChannels}→${this.outChannels}, ${this.kernelSize.join('×')}`;
  }
}

/** A convolution that pads as `paddingMode` says. */
abstract class PaddedConv extends ConvLayer {
  readonly padding: readonly number[] | 'same' | 'valid';
  readonly paddingMode: PaddingMode;

  constructor(
    inChannels: number,
    outChannels: number,
    kernelSize: Sizes,
    options: ConvLayerOptions | undefined,
    dims: number,
  ) {
    const name = new.target.name;
    const { padding, paddingMode, ...rest } = readOptions(name, options, defaults);
    super(inChannels, outChannels, kernelSize, rest, dims, false);
    checkChoice(name, 'paddingMode', paddingMode, ['zeros', 'reflect', 'replicate', 'circular']);
    if (typeof padding === 'string') checkChoice(name, 'padding', padding, ['same', 'valid']);
    if (padding === 'same' && this.stride.some((step) => step !== 1)) {
      throw new ArgumentError(`${name}: padding "same" needs a stride of 1, got ${formatShape(this.stride)}`);
    }
    this.padding = typeof padding === 'string' ? padding : listOf(name, 'padding', padding, dims, 0);
    this.paddingMode = paddingMode;
  }

  /** The input and what the convolution is told: other modes than zeros pad beforehand. */
  protected prepared(x: Tensor) {
    const { stride, dilation, groups, bias, padding, paddingMode } = this;
    const rest = { stride, dilation, groups, bias };
    if (paddingMode === 'zeros') return { x, options: { ...rest, padding } };
    return { x: pad(x, this.margins(), { mode: paddingMode }), options: rest };
  }

  /** Before and after each dim, the last dim first, as `pad` takes them; what is odd of 'same' goes after. */
  private margins(): number[] {
    const { padding, kernelSize, dilation } = this;
    const sides = kernelSize.map((size, d) => {
      if (padding === 'valid') return [0, 0];
      if (padding !== 'same') return [padding[d]!, padding[d]!];
      const total = dilation[d]! * (size - 1);
      return [Math.floor(total / 2), Math.ceil(total / 2)];
    });
    return sides.reverse().flat();
  }

  protected override choices(): object {
    return { padding: this.padding, ...super.choices(), paddingMode: this.paddingMode };
  }
}

/**
 * Convolution over a sequence: `[n, inChannels, l]` or `[inChannels, l]`, with weight
 * `[outChannels, inChannels/groups, k]` and bias `[outChannels]`.
 * @see PyTorch `nn.Conv1d`
 */
export class Conv1d extends PaddedConv {
  static override readonly keepsNothing = true;

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options?: ConvLayerOptions) {
    super(inChannels, outChannels, kernelSize, options, 1);
  }

  override forward(input: Tensor): Tensor {
    const { x, options } = this.prepared(input);
    return conv1d(x, this.weight, options); // [n, c, l] → [n, out, l′]
  }
}

/**
 * Convolution over images: `[n, inChannels, h, w]` or `[inChannels, h, w]`, with weight
 * `[outChannels, inChannels/groups, kh, kw]` and bias `[outChannels]`.
 * @see CS231n, lecture 5; PyTorch `nn.Conv2d`
 */
export class Conv2d extends PaddedConv {
  static override readonly keepsNothing = true;

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options?: ConvLayerOptions) {
    super(inChannels, outChannels, kernelSize, options, 2);
  }

  override forward(input: Tensor): Tensor {
    const { x, options } = this.prepared(input);
    return conv2d(x, this.weight, options); // [n, c, h, w] → [n, out, h′, w′]
  }

  /** What ReLU and a max pool make of the output, without it; `null` where one by one is as fast. */
  pooled(input: Tensor, kernelSize: Sizes, pool: NonNullable<ConvReluPoolOptions['pool']>): Tensor | null {
    if (this.paddingMode !== 'zeros') return null;
    const { x, options } = this.prepared(input);
    return convReluPool2d(x, this.weight, kernelSize, { ...options, pool });
  }
}

/**
 * The reverse of a convolution's size: what `Conv2d` of the same arguments makes small, this makes large again. Takes
 * `[n, inChannels, h, w]` or `[inChannels, h, w]`, with weight `[inChannels, outChannels/groups, kh, kw]`.
 * @see Dumoulin & Visin (2016), chapter 4; PyTorch `nn.ConvTranspose2d`
 */
export class ConvTranspose2d extends ConvLayer<[x: Tensor, options?: { outputSize?: Shape | null }]> {
  readonly padding: readonly number[];
  readonly outputPadding: readonly number[];

  constructor(inChannels: number, outChannels: number, kernelSize: Sizes, options?: ConvTransposeLayerOptions) {
    const name = 'ConvTranspose2d';
    const known: Required<ConvTransposeLayerOptions> = {
      ...defaults,
      padding: 0,
      outputPadding: 0,
      paddingMode: 'zeros',
    };
    const { padding, outputPadding, paddingMode, ...rest } = readOptions(name, options, known);
    super(inChannels, outChannels, kernelSize, rest, 2, true);
    checkChoice(name, 'paddingMode', paddingMode, ['zeros']);
    this.padding = listOf(name, 'padding', padding, 2, 0);
    this.outputPadding = listOf(name, 'outputPadding', outputPadding, 2, 0);
  }

  /**
   * @param options outputSize the height and width that are wanted (with a stride, several fit): then `outputPadding`
   *   is worked out
   * @throws ShapeError where that size can't be made
   */
  override forward(x: Tensor, options?: { outputSize?: Shape | null }): Tensor {
    const { outputSize } = readOptions('ConvTranspose2d', options, { outputSize: null as Shape | null });
    const { stride, padding, groups, bias, dilation } = this;
    const outputPadding = outputSize === null ? this.outputPadding : this.paddingFor(outputSize, x);
    return convTranspose2d(x, this.weight, { bias, stride, padding, outputPadding, groups, dilation });
  }

  private paddingFor(outputSize: Shape, x: Tensor): number[] {
    const wanted = outputSize.length === x.ndim ? outputSize.slice(-2) : outputSize;
    const { stride, padding, kernelSize, dilation } = this;
    const smallest = kernelSize.map(
      (size, d) => (x.shape.at(d - 2)! - 1) * stride[d]! - 2 * padding[d]! + dilation[d]! * (size - 1) + 1,
    );
    const extra = smallest.map((size, d) => wanted[d]! - size);
    if (wanted.length !== 2 || extra.some((more, d) => !(more >= 0 && more < stride[d]!))) {
      const largest = smallest.map((size, d) => size + stride[d]! - 1);
      throw new ShapeError(
        `ConvTranspose2d: outputSize ${formatShape(outputSize)} can't be made of ${formatShape(x.shape)}: ` +
          `it must lie from ${formatShape(smallest)} to ${formatShape(largest)}`,
      );
    }
    return extra;
  }

  protected override choices(): object {
    return { padding: this.padding, outputPadding: this.outputPadding, ...super.choices() };
  }
}
