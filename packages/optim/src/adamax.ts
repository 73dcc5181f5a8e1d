import { type Kernel, launch, type Tensor, zeros, zerosLike } from '@ndgrad/core';
import { checkAtLeast0, checkBetas, checkBoolean } from './checks.ts';
import { flat, increment } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `Adamax`. */
export interface AdamaxOptions {
  /** The learning rate α (default 2e-3). */
  lr: number;
  /** β₁ and β₂: how much of the running mean and of the running maximum is kept (default [0.9, 0.999]). */
  betas: readonly [number, number];
  /** ε, against division by 0 (default 1e-8). */
  eps: number;
  /** λ: adds λ·w to the gradient (default 0). */
  weightDecay: number;
  /** Whether to climb instead of to descend (default false). */
  maximize: boolean;
}

interface AdamaxState {
  step: Tensor;
  expAvg: Tensor;
  expInf: Tensor;
}

const defaults: AdamaxOptions = { lr: 2e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, maximize: false };

function check({ lr, betas, eps, weightDecay, maximize }: AdamaxOptions): void {
  checkAtLeast0('Adamax', 'lr', lr);
  checkBetas('Adamax', betas);
  checkAtLeast0('Adamax', 'eps', eps);
  checkAtLeast0('Adamax', 'weightDecay', weightDecay);
  checkBoolean('Adamax', 'maximize', maximize);
}

const adamax: Kernel<AdamaxOptions> = {
  name: 'adamax',
  run: ([weights, mean, largest, step], [gradient], { lr, betas, eps, weightDecay, maximize }) => {
    const [w, m, u] = [flat(weights!), flat(mean!), flat(largest!)];
    const g = flat(gradient!);
    const [beta1, beta2] = betas;
    const rate = lr / (1 - beta1 ** increment(step!));
    const sign = maximize ? -1 : 1;
    for (let i = 0; i < w.length; i++) {
      let gi = sign * g[i]!;
      if (weightDecay !== 0) gi += weightDecay * w[i]!;
      const mi = m[i]! * beta1 + (1 - beta1) * gi;
      const ui = Math.max(u[i]! * beta2, Math.abs(gi) + eps);
      m[i] = mi;
      u[i] = ui;
      w[i] = w[i]! - (rate * mi) / ui;
    }
  },
};

/**
 * Adamax, Adam with the largest recent gradient in place of the mean square:
 *
 *   g ← ∂L/∂w + λw      m ← β₁m + (1−β₁)g      u ← max(β₂u, |g| + ε)      w ← w − α/(1−β₁ᵗ) · m/u
 * @throws ArgumentError for options out of range
 * @see Kingma & Ba, 2015, algorithm 2; PyTorch `optim.Adamax`
 */
export class Adamax extends Optimizer<AdamaxOptions, AdamaxState> {
  constructor(params: Params<AdamaxOptions>, options?: Partial<AdamaxOptions>) {
    super(params, options, { name: 'Adamax', defaults, check });
  }

  protected override init(w: Tensor): AdamaxState {
    return { step: zeros([]), expAvg: zerosLike(w), expInf: zerosLike(w) };
  }

  protected override update(w: Tensor, g: Tensor, { step, expAvg, expInf }: AdamaxState, options: AdamaxOptions): void {
    launch(adamax, [w, expAvg, expInf, step], [g], options);
  }
}
