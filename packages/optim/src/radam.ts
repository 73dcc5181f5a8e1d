import { type Kernel, launch, type Tensor } from '@ndgrad/core';
import { type Moments, noMoments } from './adam.ts';
import { checkAtLeast0, checkBetas } from './checks.ts';
import { flat, increment } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `RAdam`. */
export interface RAdamOptions {
  /** The learning rate α (default 1e-3). */
  lr: number;
  /** β₁ and β₂: how much of the running means of g and g² is kept (default [0.9, 0.999]). */
  betas: readonly [number, number];
  /** ε, against division by 0 (default 1e-8). */
  eps: number;
  /** λ: adds λ·w to the gradient (default 0). */
  weightDecay: number;
}

const defaults: RAdamOptions = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0 };

function check({ lr, betas, eps, weightDecay }: RAdamOptions): void {
  checkAtLeast0('RAdam', 'lr', lr);
  checkBetas('RAdam', betas);
  checkAtLeast0('RAdam', 'eps', eps);
  checkAtLeast0('RAdam', 'weightDecay', weightDecay);
}

/** r, by which the adaptive step is shortened while √v rests on few gradients; `null` where it rests on too few. */
function rectification(beta2: number, t: number): number | null {
  const limit = 2 / (1 - beta2) - 1;
  const rho = limit - (2 * t * beta2 ** t) / (1 - beta2 ** t);
  if (rho <= 5) return null;
  return Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
}

const radam: Kernel<RAdamOptions> = {
  name: 'radam',
  run: ([weights, mean, square, step], [gradient], { lr, betas, eps, weightDecay }) => {
    const [w, m, v] = [flat(weights!), flat(mean!), flat(square!)];
    const g = flat(gradient!);
    const [beta1, beta2] = betas;
    const t = increment(step!);
    const correctionOfMean = 1 - beta1 ** t;
    const rootOfCorrection = Math.sqrt(1 - beta2 ** t);
    const r = rectification(beta2, t);
    for (let i = 0; i < w.length; i++) {
      let gi = g[i]!;
      if (weightDecay !== 0) gi += weightDecay * w[i]!;
      const mi = m[i]! * beta1 + (1 - beta1) * gi;
      const vi = v[i]! * beta2 + (1 - beta2) * gi * gi;
      m[i] = mi;
      v[i] = vi;
      const change = (mi / correctionOfMean) * lr;
      w[i] = w[i]! - (r === null ? change : change * (rootOfCorrection / (Math.sqrt(vi) + eps)) * r);
    }
  },
};

/**
 * RAdam, Adam whose first steps are those of momentum alone, until the mean square can be trusted:
 *
 *   g ← ∂L/∂w + λw      m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²      m̂ = m/(1−β₁ᵗ)
 *   ρ∞ = 2/(1−β₂) − 1      ρ = ρ∞ − 2tβ₂ᵗ/(1−β₂ᵗ)      r = √((ρ−4)(ρ−2)ρ∞ / ((ρ∞−4)(ρ∞−2)ρ))
 *   w ← w − α · m̂ · r · √(1−β₂ᵗ)/(√v + ε)  where ρ > 5, else  w ← w − α · m̂
 * @throws ArgumentError for options out of range
 * @see Liu et al., 2020; PyTorch `optim.RAdam`
 */
export class RAdam extends Optimizer<RAdamOptions, Moments> {
  constructor(params: Params<RAdamOptions>, options?: Partial<RAdamOptions>) {
    super(params, options, { name: 'RAdam', defaults, check });
  }

  protected override init(w: Tensor): Moments {
    return noMoments(w);
  }

  protected override update(w: Tensor, g: Tensor, { step, expAvg, expAvgSq }: Moments, options: RAdamOptions): void {
    launch(radam, [w, expAvg, expAvgSq, step], [g], options);
  }
}
