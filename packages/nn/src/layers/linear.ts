import {
  checkInteger,
  defaultGenerator,
  empty,
  type Generator,
  readOptions,
  resident,
  type Tensor,
} from '@ndgrad/core';
import { bilinear, linear } from '../functional/linear.ts';
import * as init from '../init.ts';
import { Module } from '../module.ts';
import { Parameter } from '../parameter.ts';

/** What Linear and Bilinear take besides the sizes. */
export interface LinearOptions {
  /** Whether there is a bias (default true). */
  bias?: boolean;
  /** Draws the initial values. */
  generator?: Generator;
}

const defaults: Required<LinearOptions> = { bias: true, generator: defaultGenerator };

/**
 * Fully connected layer: y = x·Wᵀ + b, with W `[outFeatures, inFeatures]` and b `[outFeatures]`, both starting uniform
 * in ±1/√inFeatures. Takes `[…, inFeatures]`, gives `[…, outFeatures]`.
 * @see CS231n, lecture 4; PyTorch `nn.Linear`
 */
export class Linear extends Module {
  static override readonly keepsNothing = true;

  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options?: LinearOptions,
  ) {
    super();
    const { bias, generator } = readOptions('Linear', options, defaults);
    checkInteger('Linear', 'inFeatures', inFeatures);
    checkInteger('Linear', 'outFeatures', outFeatures);
    this.weight = new Parameter(
      init.kaimingUniform_(resident([outFeatures, inFeatures]), { a: Math.sqrt(5), generator }),
    );
    this.bias = bias ? new Parameter(uniformBias(outFeatures, inFeatures, generator)) : null;
  }

  override forward(x: Tensor): Tensor {
    return linear(x, this.weight, { bias: this.bias }); // […, in] · [in, out] + [out] → […, out]
  }

  override extraRepr(): string {
    return `inFeatures=${this.inFeatures}, outFeatures=${this.outFeatures}, bias=${this.bias !== null}`;
  }

  override get label(): string {
    return `${super.label} ${this.inFeatures}→${this.outFeatures}`;
  }
}

/** A bias that starts uniform in ±1/√fanIn. */
export function uniformBias(size: number, fanIn: number, generator: Generator): Tensor {
  const bound = fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0;
  return init.uniform_(empty([size]), { a: -bound, b: bound, generator });
}

/**
 * yₒ = Σᵢⱼ x1ᵢ·Wₒᵢⱼ·x2ⱼ + bₒ, with W `[outFeatures, in1Features, in2Features]` and b `[outFeatures]`, both starting
 * uniform in ±1/√in1Features. Takes `[…, in1Features]` and `[…, in2Features]`, gives `[…, outFeatures]`.
 * @see PyTorch `nn.Bilinear`
 */
export class Bilinear extends Module<[input1: Tensor, input2: Tensor]> {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(
    readonly in1Features: number,
    readonly in2Features: number,
    readonly outFeatures: number,
    options?: LinearOptions,
  ) {
    super();
    const { bias, generator } = readOptions('Bilinear', options, defaults);
    checkInteger('Bilinear', 'in1Features', in1Features, 1);
    checkInteger('Bilinear', 'in2Features', in2Features);
    checkInteger('Bilinear', 'outFeatures', outFeatures);
    const bound = 1 / Math.sqrt(in1Features);
    const weight = empty([outFeatures, in1Features, in2Features]);
    this.weight = new Parameter(init.uniform_(weight, { a: -bound, b: bound, generator }));
    this.bias = bias ? new Parameter(uniformBias(outFeatures, in1Features, generator)) : null;
  }

  override forward(input1: Tensor, input2: Tensor): Tensor {
    return bilinear(input1, input2, this.weight, { bias: this.bias });
  }

  override extraRepr(): string {
    const sizes = `in1Features=${this.in1Features}, in2Features=${this.in2Features}, outFeatures=${this.outFeatures}`;
    return `${sizes}, bias=${this.bias !== null}`;
  }

  override get label(): string {
    return `${super.label} ${this.in1Features}×${this.in2Features}→${this.outFeatures}`;
  }
}
