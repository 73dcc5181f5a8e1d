import { checkProbability, type Kernel, launch, type Tensor, zerosLike } from '@ndgrad/core';
import { checkAtLeast0, checkBoolean } from './checks.ts';
import { flat } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `Adadelta`. */
export interface AdadeltaOptions {
  /** α, a factor on each step (default 1). */
  lr: number;
  /** ρ: how much of the running mean squares is kept, in [0, 1] (default 0.9). */
  rho: number;
  /** ε, which also sets the size of the first step (default 1e-6). */
  eps: number;
  /** λ: adds λ·w to the gradient (default 0). */
  weightDecay: number;
  /** Whether to climb instead of to descend (default false). */
  maximize: boolean;
}

interface AdadeltaState {
  step: number;
  squareAvg: Tensor;
  accDelta: Tensor;
}

const defaults: AdadeltaOptions = { lr: 1, rho: 0.9, eps: 1e-6, weightDecay: 0, maximize: false };

function check({ lr, rho, eps, weightDecay, maximize }: AdadeltaOptions): void {
  checkAtLeast0('Adadelta', 'lr', lr);
  checkProbability('Adadelta', 'rho', rho);
  checkAtLeast0('Adadelta', 'eps', eps);
  checkAtLeast0('Adadelta', 'weightDecay', weightDecay);
  checkBoolean('Adadelta', 'maximize', maximize);
}

const adadelta: Kernel<AdadeltaOptions> = {
  name: 'adadelta',
  run: ([weights, square, delta], [gradient], { lr, rho, eps, weightDecay, maximize }) => {
    const [w, v, u] = [flat(weights!), flat(square!), flat(delta!)];
    const g = flat(gradient!);
    const sign = maximize ? -1 : 1;
    for (let i = 0; i < w.length; i++) {
      let gi = sign * g[i]!;
      if (weightDecay !== 0) gi += weightDecay * w[i]!;
      const vi = v[i]! * rho + (1 - rho) * gi * gi;
      const d = (Math.sqrt(u[i]! + eps) / Math.sqrt(vi + eps)) * gi;
      v[i] = vi;
      u[i] = u[i]! * rho + (1 - rho) * d * d;
      w[i] = w[i]! - lr * d;
    }
  },
};

/**
 * Adadelta, gradients scaled to the size of recent steps, so that there is no rate to choose:
 *
 *   g ← ∂L/∂w + λw      v ← ρv + (1−ρ)g²      d = g · √(u+ε)/√(v+ε)      u ← ρu + (1−ρ)d²      w ← w − αd
 * @throws ArgumentError for options out of range
 * @see Zeiler, 2012; PyTorch `optim.Adadelta`
 */
export class Adadelta extends Optimizer<AdadeltaOptions, AdadeltaState> {
  constructor(params: Params<AdadeltaOptions>, options?: Partial<AdadeltaOptions>) {
    super(params, options, { name: 'Adadelta', defaults, check });
  }

  protected override init(w: Tensor): AdadeltaState {
    return { step: 0, squareAvg: zerosLike(w), accDelta: zerosLike(w) };
  }

  protected override update(w: Tensor, g: Tensor, state: AdadeltaState, options: AdadeltaOptions): void {
    state.step++;
    launch(adadelta, [w, state.squareAvg, state.accDelta], [g], options);
  }
}
