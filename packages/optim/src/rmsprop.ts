import { type Kernel, launch, type Tensor, zerosLike } from '@ndgrad/core';
import { checkAtLeast0, checkBoolean } from './checks.ts';
import { flat } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `RMSprop`. */
export interface RMSpropOptions {
  /** The learning rate (default 0.01). */
  lr: number;
  /** ρ: how much of the running mean square is kept (default 0.99). */
  alpha: number;
  /** ε, against division by 0 (default 1e-8). */
  eps: number;
  /** λ: adds λ·w to the gradient (default 0). */
  weightDecay: number;
  /** μ: how much of the last velocity is kept (default 0). */
  momentum: number;
  /** Whether to divide by the standard deviation instead of by the root mean square (default false). */
  centered: boolean;
  /** Whether to climb instead of to descend (default false). */
  maximize: boolean;
}

interface RMSpropState {
  step: number;
  squareAvg: Tensor;
  momentumBuffer?: Tensor;
  gradAvg?: Tensor;
}

const defaults: RMSpropOptions = {
  lr: 0.01,
  alpha: 0.99,
  eps: 1e-8,
  weightDecay: 0,
  momentum: 0,
  centered: false,
  maximize: false,
};

function check({ centered, maximize, ...numbers }: RMSpropOptions): void {
  for (const name of ['lr', 'alpha', 'eps', 'weightDecay', 'momentum'] as const) {
    checkAtLeast0('RMSprop', name, numbers[name]);
  }
  checkBoolean('RMSprop', 'centered', centered);
  checkBoolean('RMSprop', 'maximize', maximize);
}

/** With momentum the third output is the velocity; the last one, where centred, the mean of the gradient. */
const rmsprop: Kernel<RMSpropOptions> = {
  name: 'rmsprop',
  run: (outs, [gradient], { lr, alpha, eps, weightDecay, momentum, centered, maximize }) => {
    const [w, s] = [flat(outs[0]!), flat(outs[1]!)];
    const v = momentum > 0 ? flat(outs[2]!) : null;
    const m = centered ? flat(outs.at(-1)!) : null;
    const g = flat(gradient!);
    const sign = maximize ? -1 : 1;
    for (let i = 0; i < w.length; i++) {
      let gi = sign * g[i]!;
      if (weightDecay !== 0) gi += weightDecay * w[i]!;
      let si = s[i]! * alpha + (1 - alpha) * gi * gi;
      s[i] = si;
      if (m !== null) {
        const mi = m[i]! * alpha + (1 - alpha) * gi;
        m[i] = mi;
        si -= mi * mi;
      }
      const scale = Math.sqrt(si) + eps;
      if (v === null) {
        w[i] = w[i]! - (lr * gi) / scale;
      } else {
        const vi = v[i]! * momentum + gi / scale;
        v[i] = vi;
        w[i] = w[i]! - lr * vi;
      }
    }
  },
};

/**
 * RMSProp, steps scaled by the root of a running mean of squared gradients:
 *
 *   g ← ∂L/∂w + λw      s ← ρs + (1−ρ)g²      d = g/(√s + ε)      w ← w − lr · d
 *
 * Centred, d = g/(√(s − m²) + ε) with m ← ρm + (1−ρ)g. With momentum, v ← μv + d and w ← w − lr · v.
 * @throws ArgumentError for options out of range
 * @see Tieleman & Hinton, 2012, lecture 6.5; CS231n, lecture 7; PyTorch `optim.RMSprop`
 */
export class RMSprop extends Optimizer<RMSpropOptions, RMSpropState> {
  constructor(params: Params<RMSpropOptions>, options?: Partial<RMSpropOptions>) {
    super(params, options, { name: 'RMSprop', defaults, check });
  }

  protected override init(w: Tensor, { momentum, centered }: RMSpropOptions): RMSpropState {
    return {
      step: 0,
      squareAvg: zerosLike(w),
      ...(momentum > 0 && { momentumBuffer: zerosLike(w) }),
      ...(centered && { gradAvg: zerosLike(w) }),
    };
  }

  protected override update(w: Tensor, g: Tensor, state: RMSpropState, options: RMSpropOptions): void {
    state.step++;
    if (options.momentum > 0) state.momentumBuffer ??= zerosLike(w);
    if (options.centered) state.gradAvg ??= zerosLike(w);
    const outs = [w, state.squareAvg];
    if (options.momentum > 0) outs.push(state.momentumBuffer!);
    if (options.centered) outs.push(state.gradAvg!);
    launch(rmsprop, outs, [g], options);
  }
}
