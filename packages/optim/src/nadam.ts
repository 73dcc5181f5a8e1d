import { type Kernel, launch, ones, type Tensor } from '@ndgrad/core';
import { type Moments, noMoments } from './adam.ts';
import { checkAtLeast0, checkBetas } from './checks.ts';
import { flat, increment } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `NAdam`. */
export interface NAdamOptions {
  /** The learning rate α (default 2e-3). */
  lr: number;
  /** β₁ and β₂: how much of the running means of g and g² is kept (default [0.9, 0.999]). */
  betas: readonly [number, number];
  /** ε, against division by 0 (default 1e-8). */
  eps: number;
  /** λ: adds λ·w to the gradient (default 0). */
  weightDecay: number;
  /** ψ: how fast the momentum grows towards β₁ (default 4e-3). */
  momentumDecay: number;
}

interface NAdamState extends Moments {
  /** μ₁·μ₂·…·μₜ: a scalar. */
  muProduct: Tensor;
}

const defaults: NAdamOptions = { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, momentumDecay: 4e-3 };

function check({ lr, betas, eps, weightDecay, momentumDecay }: NAdamOptions): void {
  checkAtLeast0('NAdam', 'lr', lr);
  checkBetas('NAdam', betas);
  checkAtLeast0('NAdam', 'eps', eps);
  checkAtLeast0('NAdam', 'weightDecay', weightDecay);
  checkAtLeast0('NAdam', 'momentumDecay', momentumDecay);
}

const nadam: Kernel<NAdamOptions> = {
  name: 'nadam',
  run: ([weights, mean, square, step, muProduct], [gradient], { lr, betas, eps, weightDecay, momentumDecay }) => {
    const [w, m, v] = [flat(weights!), flat(mean!), flat(square!)];
    const g = flat(gradient!);
    const [beta1, beta2] = betas;
    const t = increment(step!);
    const mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
    const nextMu = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentumDecay));
    const mus = flat(muProduct!);
    const product = mus[0]! * mu;
    mus[0] = product;
    const correction = 1 - beta2 ** t;
    const rateOfGradient = (lr * (1 - mu)) / (1 - product);
    const rateOfMean = (lr * nextMu) / (1 - product * mu * nextMu); // μₜ twice: see NAdam
    for (let i = 0; i < w.length; i++) {
      let gi = g[i]!;
      if (weightDecay !== 0) gi += weightDecay * w[i]!;
      const mi = m[i]! * beta1 + (1 - beta1) * gi;
      const vi = v[i]! * beta2 + (1 - beta2) * gi * gi;
      m[i] = mi;
      v[i] = vi;
      const scale = Math.sqrt(vi / correction) + eps;
      w[i] = w[i]! - (rateOfGradient * gi) / scale - (rateOfMean * mi) / scale;
    }
  },
};

/**
 * NAdam, Adam with Nesterov's look ahead:
 *
 *   g ← ∂L/∂w + λw      m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²      μₜ = β₁(1 − ½·0.96^(tψ))
 *   m̂ = μₜ₊₁m/(1 − μ₁⋯μₜ·μₜμₜ₊₁) + (1−μₜ)g/(1 − μ₁⋯μₜ)      w ← w − α · m̂ / (√(v/(1−β₂ᵗ)) + ε)
 *
 * The paper's first denominator is 1 − μ₁⋯μₜ₊₁; PyTorch 1.13, whose numbers these are, has the factor μₜ twice.
 * @throws ArgumentError for options out of range
 * @see Dozat, 2016; PyTorch `optim.NAdam`
 */
export class NAdam extends Optimizer<NAdamOptions, NAdamState> {
  constructor(params: Params<NAdamOptions>, options?: Partial<NAdamOptions>) {
    super(params, options, { name: 'NAdam', defaults, check });
  }

  protected override init(w: Tensor): NAdamState {
    return { ...noMoments(w), muProduct: ones([]) };
  }

  protected override update(w: Tensor, g: Tensor, state: NAdamState, options: NAdamOptions): void {
    launch(nadam, [w, state.expAvg, state.expAvgSq, state.step, state.muProduct], [g], options);
  }
}
