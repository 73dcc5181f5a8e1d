import { ArgumentError, checkNumber, type Kernel, launch, resident, sgdMomentum, type Tensor } from '@ndgrad/core';
import { checkAtLeast0, checkBoolean, required } from './checks.ts';
import { flat } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `SGD`. */
export interface SGDOptions {
  /** The learning rate α; required, for all or for each group. */
  lr: number;
  /** μ: how much of the last velocity is kept (default 0). */
  momentum: number;
  /** τ: how much less the gradient adds to the velocity (default 0). */
  dampening: number;
  /** λ: adds λ·w to the gradient, the gradient of ½λ·‖w‖² (default 0). */
  weightDecay: number;
  /** Whether to look ahead along the velocity (default false). Needs momentum and no dampening. */
  nesterov: boolean;
  /** Whether to climb instead of to descend (default false). */
  maximize: boolean;
}

interface Velocity {
  momentumBuffer: Tensor | null;
}

const defaults: SGDOptions = {
  lr: required,
  momentum: 0,
  dampening: 0,
  weightDecay: 0,
  nesterov: false,
  maximize: false,
};

function check({ lr, momentum, dampening, weightDecay, nesterov, maximize }: SGDOptions): void {
  checkAtLeast0('SGD', 'lr', lr);
  checkAtLeast0('SGD', 'momentum', momentum);
  checkNumber('SGD', 'dampening', dampening);
  checkAtLeast0('SGD', 'weightDecay', weightDecay);
  checkBoolean('SGD', 'nesterov', nesterov);
  checkBoolean('SGD', 'maximize', maximize);
  if (nesterov && (momentum === 0 || dampening !== 0)) {
    throw new ArgumentError(
      `SGD: nesterov needs a momentum and no dampening, got momentum ${momentum} and dampening ${dampening}`,
    );
  }
}

const sgd: Kernel<SGDOptions> = {
  name: 'sgd',
  run: ([weights], [gradient], { lr, weightDecay, maximize }) => {
    const w = flat(weights!);
    const g = flat(gradient!);
    const sign = maximize ? -1 : 1;
    const n = w.length;
    for (let i = 0; i < n; i++) {
      const wi = w[i]!;
      let d = sign * g[i]!;
      if (weightDecay !== 0) d += weightDecay * wi;
      w[i] = wi - lr * d;
    }
  },
};

/**
 * Stochastic gradient descent, with momentum:
 *
 *   g ← ∂L/∂w + λw      v ← μv + (1−τ)g  (at first v ← g)      w ← w − αv
 *
 * Without momentum w ← w − αg; with Nesterov's w ← w − α(g + μv). The course's notes write the same steps as
 * v ← μv − αg, w ← w + v: their velocity is −α times this one, so the two differ once α changes.
 * @throws ArgumentError for options out of range, or Nesterov without momentum or with dampening
 * @see CS231n, lecture 7; Sutskever et al., 2013; PyTorch `optim.SGD`
 */
export class SGD extends Optimizer<SGDOptions, Velocity> {
  protected override readonly keepsNothing = true;

  constructor(params: Params<SGDOptions>, options?: Partial<SGDOptions>) {
    super(params, options, { name: 'SGD', defaults, check });
  }

  protected override init(): Velocity {
    return { momentumBuffer: null };
  }

  protected override update(w: Tensor, g: Tensor, state: Velocity, options: SGDOptions): void {
    if (options.momentum === 0) {
      launch(sgd, [w], [g], options);
      return;
    }
    const first = state.momentumBuffer === null;
    state.momentumBuffer ??= resident(w.shape);
    const { lr, momentum, dampening, weightDecay, nesterov, maximize } = options;
    launch(sgdMomentum, [w, state.momentumBuffer], [g], {
      lr,
      weightDecay,
      nesterov,
      look: momentum,
      sign: maximize ? -1 : 1,
      momentum: first ? 0 : momentum, // at first v is the gradient itself
      share: first ? 1 : 1 - dampening,
    });
  }
}
