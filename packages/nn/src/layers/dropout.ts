import { checkProbability, defaultGenerator, type Generator, readOptions, type Tensor } from '@ndgrad/core';
import { type DropoutOptions, dropout, dropout1d, dropout2d } from '../functional/dropout.ts';
import { Module } from '../module.ts';

/** What the dropout layers take. */
export interface DropoutLayerOptions {
  /** The probability of being dropped (default 0.5). */
  p?: number;
  /** Draws the masks. */
  generator?: Generator;
}

abstract class DropoutLayer extends Module {
  readonly p: number;
  private readonly generator: Generator;

  constructor(options?: DropoutLayerOptions) {
    super();
    const { p, generator } = readOptions(this.label, options, { p: 0.5, generator: defaultGenerator });
    checkProbability(this.label, 'p', p);
    this.p = p;
    this.generator = generator;
  }

  protected abstract drop(x: Tensor, options: DropoutOptions): Tensor;

  override forward(x: Tensor): Tensor {
    return this.drop(x, { p: this.p, training: this.training, generator: this.generator });
  }

  override extraRepr(): string {
    return `p=${this.p}`;
  }
}

/**
 * In training, sets each element to 0 with probability p and divides the others by 1 − p; in evaluation, does nothing.
 * @see Srivastava et al. (2014); CS231n, lecture 7; PyTorch `nn.Dropout`
 */
export class Dropout extends DropoutLayer {
  static override readonly keepsNothing = true;

  protected override drop = dropout;
}

/** As `Dropout`, for whole channels of `[n, c, l]` or `[c, l]`. @see PyTorch `nn.Dropout1d` */
export class Dropout1d extends DropoutLayer {
  static override readonly keepsNothing = true;

  protected override drop = dropout1d;
}

/** As `Dropout`, for whole channels of `[n, c, …]`. @see Tompson et al. (2015); PyTorch `nn.Dropout2d` */
export class Dropout2d extends DropoutLayer {
  static override readonly keepsNothing = true;

  protected override drop = dropout2d;
}
