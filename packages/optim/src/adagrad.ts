import { fullLike, type Kernel, launch, type Tensor, zeros } from '@ndgrad/core';
import { checkAtLeast0, checkBoolean } from './checks.ts';
import { flat, increment } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `Adagrad`. */
export interface AdagradOptions {
  /** The learning rate α (default 0.01). */
  lr: number;
  /** η: the rate falls as α/(1 + (t−1)η) (default 0). */
  lrDecay: number;
  /** λ: adds λ·w to the gradient (default 0). */
  weightDecay: number;
  /** Where the sum of squares starts (default 0). */
  initialAccumulatorValue: number;
  /** ε, against division by 0 (default 1e-10). */
  eps: number;
  /** Whether to climb instead of to descend (default false). */
  maximize: boolean;
}

interface AdagradState {
  step: Tensor;
  sum: Tensor;
}

const defaults: AdagradOptions = {
  lr: 0.01,
  lrDecay: 0,
  weightDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  maximize: false,
};

function check({ maximize, ...numbers }: AdagradOptions): void {
  for (const name of ['lr', 'lrDecay', 'weightDecay', 'initialAccumulatorValue', 'eps'] as const) {
    checkAtLeast0('Adagrad', name, numbers[name]);
  }
  checkBoolean('Adagrad', 'maximize', maximize);
}

const adagrad: Kernel<AdagradOptions> = {
  name: 'adagrad',
  run: ([weights, sum, step], [gradient], { lr, lrDecay, weightDecay, eps, maximize }) => {
    const [w, s] = [flat(weights!), flat(sum!)];
    const g = flat(gradient!);
    const t = increment(step!);
    const rate = lr / (1 + (t - 1) * lrDecay);
    const sign = maximize ? -1 : 1;
    for (let i = 0; i < w.length; i++) {
      let gi = sign * g[i]!;
      if (weightDecay !== 0) gi += weightDecay * w[i]!;
      const si = s[i]! + gi * gi;
      s[i] = si;
      w[i] = w[i]! - (rate * gi) / (Math.sqrt(si) + eps);
    }
  },
};

/**
 * AdaGrad, steps scaled by the root of the sum of all squared gradients so far:
 *
 *   g ← ∂L/∂w + λw      s ← s + g²      w ← w − α/(1 + (t−1)η) · g/(√s + ε)
 * @throws ArgumentError for options out of range
 * @see Duchi, Hazan & Singer, 2011; CS231n, lecture 7; PyTorch `optim.Adagrad`
 */
export class Adagrad extends Optimizer<AdagradOptions, AdagradState> {
  constructor(params: Params<AdagradOptions>, options?: Partial<AdagradOptions>) {
    super(params, options, { name: 'Adagrad', defaults, check });
  }

  protected override init(w: Tensor, { initialAccumulatorValue }: AdagradOptions): AdagradState {
    return { step: zeros([]), sum: fullLike(w, initialAccumulatorValue) };
  }

  protected override update(w: Tensor, g: Tensor, { step, sum }: AdagradState, options: AdagradOptions): void {
    launch(adagrad, [w, sum, step], [g], options);
  }
}
