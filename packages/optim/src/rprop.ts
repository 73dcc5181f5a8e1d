import { ArgumentError, describe, fullLike, type Kernel, launch, type Tensor, zerosLike } from '@ndgrad/core';
import { checkAtLeast0, checkBoolean, checkPair } from './checks.ts';
import { flat } from './flat.ts';
import { Optimizer, type Params } from './optimizer.ts';

/** Options of `Rprop`. */
export interface RpropOptions {
  /** The size of every weight's first step (default 0.01). */
  lr: number;
  /** η⁻ and η⁺, 0 < η⁻ < 1 < η⁺: by how much a step shrinks and grows (default [0.5, 1.2]). */
  etas: readonly [number, number];
  /** The smallest and the largest step (default [1e-6, 50]). */
  stepSizes: readonly [number, number];
  /** Whether to climb instead of to descend (default false). */
  maximize: boolean;
}

interface RpropState {
  step: number;
  prev: Tensor;
  stepSize: Tensor;
}

const defaults: RpropOptions = { lr: 0.01, etas: [0.5, 1.2], stepSizes: [1e-6, 50], maximize: false };

function check({ lr, etas, stepSizes, maximize }: RpropOptions): void {
  checkAtLeast0('Rprop', 'lr', lr);
  checkPair('Rprop', 'etas', etas);
  checkPair('Rprop', 'stepSizes', stepSizes);
  checkBoolean('Rprop', 'maximize', maximize);
  if (!(0 < etas[0] && etas[0] < 1 && 1 < etas[1])) {
    throw new ArgumentError(`Rprop: etas must be one number in (0, 1) and one greater than 1, got ${describe(etas)}`);
  }
}

const rprop: Kernel<RpropOptions> = {
  name: 'rprop',
  run: ([weights, previous, steps], [gradient], { etas, stepSizes, maximize }) => {
    const [w, p, s] = [flat(weights!), flat(previous!), flat(steps!)];
    const g = flat(gradient!);
    const sign = maximize ? -1 : 1;
    const [shrink, grow] = etas;
    const [least, most] = stepSizes;
    for (let i = 0; i < w.length; i++) {
      let gi = sign * g[i]!;
      const product = gi * p[i]!;
      const factor = product > 0 ? grow : product < 0 ? shrink : product === 0 ? 1 : NaN;
      const si = Math.min(Math.max(s[i]! * factor, least), most);
      if (product < 0) gi = 0;
      s[i] = si;
      p[i] = gi;
      w[i] = w[i]! - Math.sign(gi) * si;
    }
  },
};

/**
 * Resilient backpropagation: every weight has a step size of its own, and only the sign of its gradient counts. For
 * full batches.
 *
 *   s ← clamp(s · η⁺, least, most)  where g keeps its sign,  clamp(s · η⁻, least, most) and g ← 0  where it changes
 *   w ← w − sign(g) · s
 * @throws ArgumentError for options out of range
 * @see Riedmiller & Braun, 1993; PyTorch `optim.Rprop`
 */
export class Rprop extends Optimizer<RpropOptions, RpropState> {
  constructor(params: Params<RpropOptions>, options?: Partial<RpropOptions>) {
    super(params, options, { name: 'Rprop', defaults, check });
  }

  protected override init(w: Tensor, { lr }: RpropOptions): RpropState {
    return { step: 0, prev: zerosLike(w), stepSize: fullLike(w, lr) };
  }

  protected override update(w: Tensor, g: Tensor, state: RpropState, options: RpropOptions): void {
    state.step++;
    launch(rprop, [w, state.prev, state.stepSize], [g], options);
  }
}
