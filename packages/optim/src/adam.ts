import { adam, launch, resident, type Tensor, zeros } from '@ndgrad/core';
import { checkAtLeast0, checkBetas, checkBoolean } from './checks.ts';
import { Optimizer, type OptimizerSpec, type Params } from './optimizer.ts';

/** Options of `Adam` and `AdamW`. */
export interface AdamOptions {
  /** The learning rate α (default 1e-3). */
  lr: number;
  /** β₁ and β₂: how much of the running means of g and g² is kept (default [0.9, 0.999]). */
  betas: readonly [number, number];
  /** ε, against division by 0 (default 1e-8). */
  eps: number;
  /** λ: in Adam adds λw to the gradient (default 0); in AdamW shrinks w by αλw in each step (default 0.01). */
  weightDecay: number;
  /** Whether to divide by the largest v̂ so far (default false). @see Reddi, Kale & Kumar, 2018 */
  amsgrad: boolean;
  /** Whether to climb instead of to descend (default false). */
  maximize: boolean;
}

/** The running means of g and g². */
export interface Moments {
  /** t, how many updates there have been: a scalar. */
  step: Tensor;
  expAvg: Tensor;
  expAvgSq: Tensor;
}

interface AdamState extends Moments {
  maxExpAvgSq?: Tensor;
}

/** Moments before the first update. */
export function noMoments(w: Tensor): Moments {
  return { step: zeros([]), expAvg: resident(w.shape), expAvgSq: resident(w.shape) };
}

const defaults: AdamOptions = {
  lr: 1e-3,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  amsgrad: false,
  maximize: false,
};

function spec(name: string, weightDecay: number): OptimizerSpec<AdamOptions> {
  const check = (options: AdamOptions) => {
    checkAtLeast0(name, 'lr', options.lr);
    checkBetas(name, options.betas);
    checkAtLeast0(name, 'eps', options.eps);
    checkAtLeast0(name, 'weightDecay', options.weightDecay);
    checkBoolean(name, 'amsgrad', options.amsgrad);
    checkBoolean(name, 'maximize', options.maximize);
  };
  return { name, defaults: { ...defaults, weightDecay }, check };
}

abstract class AdamLike extends Optimizer<AdamOptions, AdamState> {
  protected override readonly keepsNothing = true;
  protected abstract readonly isDecoupled: boolean;

  protected override init(w: Tensor, { amsgrad }: AdamOptions): AdamState {
    return { ...noMoments(w), ...(amsgrad && { maxExpAvgSq: resident(w.shape) }) };
  }

  protected override update(w: Tensor, g: Tensor, state: AdamState, options: AdamOptions): void {
    const outs = [w, state.expAvg, state.expAvgSq, state.step];
    if (options.amsgrad) {
      state.maxExpAvgSq ??= resident(w.shape);
      outs.push(state.maxExpAvgSq);
    }
    launch(adam, outs, [g], { ...options, isDecoupled: this.isDecoupled });
  }
}

/**
 * Adam, steps scaled by running means of the gradient and of its square:
 *
 *   g ← ∂L/∂w + λw      m ← β₁m + (1−β₁)g      v ← β₂v + (1−β₂)g²
 *   w ← w − α · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε),  t = 1, 2, …
 * @throws ArgumentError for options out of range
 * @see Kingma & Ba, 2015, algorithm 1; CS231n, lecture 7; PyTorch `optim.Adam`
 */
export class Adam extends AdamLike {
  protected override readonly isDecoupled = false;

  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(params, options, spec('Adam', 0));
  }
}

/**
 * Adam with weight decay that is not scaled along with the gradient: w ← w − αλw first, then Adam's step on ∂L/∂w.
 * @throws ArgumentError for options out of range
 * @see Loshchilov & Hutter, 2019; PyTorch `optim.AdamW`
 */
export class AdamW extends AdamLike {
  protected override readonly isDecoupled = true;

  constructor(params: Params<AdamOptions>, options?: Partial<AdamOptions>) {
    super(params, options, spec('AdamW', 0.01));
  }
}
