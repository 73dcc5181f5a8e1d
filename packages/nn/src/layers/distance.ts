import { readOptions, type Tensor } from '@ndgrad/core';
import {
  type CosineSimilarityOptions,
  cosineSimilarity,
  type PairwiseDistanceOptions,
  pairwiseDistance,
} from '../functional/distance.ts';
import { Module } from '../module.ts';
import { settingsOf } from '../settings.ts';

/**
 * The cosine of the angle between vectors along `dim` (default 1); no vector is divided by less than `eps` (default
 * 1e-8).
 * @see `functional.cosineSimilarity`; PyTorch `nn.CosineSimilarity`
 */
export class CosineSimilarity extends Module<[x1: Tensor, x2: Tensor]> {
  readonly dim: number;
  readonly eps: number;

  constructor(options?: CosineSimilarityOptions) {
    super();
    const { dim, eps } = readOptions('CosineSimilarity', options, { dim: 1, eps: 1e-8 });
    this.dim = dim;
    this.eps = eps;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return cosineSimilarity(x1, x2, { dim: this.dim, eps: this.eps });
  }

  override extraRepr(): string {
    return settingsOf(this);
  }
}

/**
 * ‖x1 − x2 + eps‖ₚ over the last dim (defaults: p 2, eps 1e-6): `[N, D]` and `[N, D]` to `[N]`.
 * @see `functional.pairwiseDistance`; PyTorch `nn.PairwiseDistance`
 */
export class PairwiseDistance extends Module<[x1: Tensor, x2: Tensor]> {
  readonly p: number;
  readonly eps: number;
  readonly keepdim: boolean;

  constructor(options?: PairwiseDistanceOptions) {
    super();
    const { p, eps, keepdim } = readOptions('PairwiseDistance', options, { p: 2, eps: 1e-6, keepdim: false });
    this.p = p;
    this.eps = eps;
    this.keepdim = keepdim;
  }

  override forward(x1: Tensor, x2: Tensor): Tensor {
    return pairwiseDistance(x1, x2, { p: this.p, eps: this.eps, keepdim: this.keepdim });
  }

  override extraRepr(): string {
    return settingsOf(this);
  }
}
