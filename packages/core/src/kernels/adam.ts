import type { Kernel } from './kernel.ts';
import { flat } from './updates.ts';

/** The numbers of one step of Adam. */
export interface AdamStep {
  /** α, the learning rate. */
  readonly lr: number;
  /** β₁ and β₂: how much of the running means of g and g² is kept. */
  readonly betas: readonly [number, number];
  /** ε, against division by 0. */
  readonly eps: number;
  /** λ: adds λw to the gradient; or, where `isDecoupled`, shrinks w by αλw, past the means. */
  readonly weightDecay: number;
  readonly isDecoupled: boolean;
  /** Whether to climb instead of to descend. */
  readonly maximize: boolean;
}

/**
 * g ← ±g + λw, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − α · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε). Writes w, m, v, t (a
 * scalar, one more each time) and, where there is a fifth, the largest v so far, which then takes the place of v; all of
 * them contiguous.
 */
export const adam: Kernel<AdamStep> = {
  name: 'adam',
  run: ([weights, mean, square, step, largest], [gradient], params) => {
    const [w, m, v, g] = [flat(weights!), flat(mean!), flat(square!), flat(gradient!)];
    const top = largest ? flat(largest) : null;
    const t = step!.data[step!.offset]! + 1;
    step!.data[step!.offset] = t;
    const { kept, added, sign, beta1, beta2, rate, root, eps } = factorsOf(params, t);
    for (let i = 0; i < w.length; i++) {
      const wi = w[i]! * kept;
      let gi = sign * g[i]!;
      if (added !== 0) gi += added * wi;
      const mi = m[i]! * beta1 + (1 - beta1) * gi;
      let vi = v[i]! * beta2 + (1 - beta2) * gi * gi;
      m[i] = mi;
      v[i] = vi;
      if (top !== null) {
        vi = Math.max(vi, top[i]!);
        top[i] = vi;
      }
      w[i] = wi - (rate * mi) / (Math.sqrt(vi) / root + eps);
    }
  },
};

/** What the loop multiplies by, in step t. */
export function factorsOf({ lr, betas, eps, weightDecay, isDecoupled, maximize }: AdamStep, t: number) {
  const [beta1, beta2] = betas;
  return {
    kept: isDecoupled ? 1 - lr * weightDecay : 1,
    added: isDecoupled ? 0 : weightDecay,
    sign: maximize ? -1 : 1,
    beta1,
    beta2,
    rate: lr / (1 - beta1 ** t),
    root: Math.sqrt(1 - beta2 ** t),
    eps,
  };
}
