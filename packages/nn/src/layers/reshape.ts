import {
  ArgumentError,
  checkShape,
  flatten,
  formatShape,
  normalizeDim,
  numelOf,
  readOptions,
  reshape,
  type Shape,
  ShapeError,
  type Tensor,
} from '@ndgrad/core';
import { Module } from '../module.ts';

/** Gives its input back. Arguments, whatever they are, do not matter. @see PyTorch `nn.Identity` */
export class Identity extends Module {
  constructor(..._ignored: unknown[]) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

/**
 * The dims from startDim to endDim (defaults: all but the batch's) made into one: `[n, c, h, w]` → `[n, c·h·w]`.
 * @see PyTorch `nn.Flatten`
 */
export class Flatten extends Module {
  static override readonly keepsNothing = true;

  readonly startDim: number;
  readonly endDim: number;

  constructor(options?: { startDim?: number; endDim?: number }) {
    super();
    const { startDim, endDim } = readOptions('Flatten', options, { startDim: 1, endDim: -1 });
    this.startDim = startDim;
    this.endDim = endDim;
  }

  override forward(x: Tensor): Tensor {
    return flatten(x, { startDim: this.startDim, endDim: this.endDim });
  }

  override extraRepr(): string {
    return `startDim=${this.startDim}, endDim=${this.endDim}`;
  }
}

/**
 * One dim split into several, of which one size may be −1: with dim 1 and sizes [c, −1], `[n, k]` → `[n, c, k/c]`.
 * @throws ShapeError where the sizes do not make up the dim's
 * @see PyTorch `nn.Unflatten`
 */
export class Unflatten extends Module {
  static override readonly keepsNothing = true;

  constructor(
    readonly dim: number,
    readonly unflattenedSize: Shape,
  ) {
    super();
    checkShape('Unflatten', Array.isArray(unflattenedSize) ? known(unflattenedSize) : unflattenedSize);
    if (unflattenedSize.length === 0) {
      throw new ArgumentError('Unflatten: unflattenedSize must name at least one size, got []');
    }
    if (unflattenedSize.length - known(unflattenedSize).length > 1) {
      throw new ArgumentError(`Unflatten: only one size may be -1, got ${formatShape(unflattenedSize)}`);
    }
  }

  override forward(x: Tensor): Tensor {
    const dim = normalizeDim('Unflatten', this.dim, x.ndim);
    const size = x.shape[dim] ?? 1;
    const product = numelOf(known(this.unflattenedSize));
    const sizes = this.unflattenedSize.map((s) => (s === -1 ? size / product : s));
    if (numelOf(sizes) !== size || !sizes.every(Number.isInteger)) {
      throw new ShapeError(
        `Unflatten: sizes ${formatShape(this.unflattenedSize)} do not make up dim ${this.dim} of ${formatShape(x.shape)}`,
      );
    }
    return reshape(x, [...x.shape.slice(0, dim), ...sizes, ...x.shape.slice(dim + 1)]);
  }

  override extraRepr(): string {
    return `dim=${this.dim}, unflattenedSize=${formatShape(this.unflattenedSize)}`;
  }
}

/** The sizes that are not to be inferred. */
const known = (sizes: Shape): Shape => sizes.filter((size) => size !== -1);
