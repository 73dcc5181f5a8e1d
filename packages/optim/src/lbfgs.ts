import {
  ArgumentError,
  add_,
  cat,
  checkChoice,
  checkInteger,
  describe,
  enableGrad,
  matmul,
  noGrad,
  Tensor,
  zeros,
} from '@ndgrad/core';
import { checkAtLeast0 } from './checks.ts';
import { type GivenGroup, Optimizer, type Params } from './optimizer.ts';
import { type Point, strongWolfe } from './strongWolfe.ts';

/** Options of `LBFGS`. */
export interface LBFGSOptions {
  /** The step along the direction, or the first trial of the line search (default 1). */
  lr: number;
  /** The most directions in one call of `step` (default 20). */
  maxIter: number;
  /** The most evaluations of the closure in one call of `step` (default 1.25 · maxIter). */
  maxEval: number | null;
  /** Ends a call when no element of the gradient is larger (default 1e-7). */
  toleranceGrad: number;
  /** Ends a call when neither the loss nor any weight changes by more (default 1e-9). */
  toleranceChange: number;
  /** How many of the latest steps the curvature is estimated from (default 100). */
  historySize: number;
  /** How far to go: a step of `lr` (default `null`), or a search for one that satisfies the strong Wolfe conditions. */
  lineSearchFn: 'strong_wolfe' | null;
}

/** Kept with the first parameter. The vectors are those of all parameters one after another: [n]. */
interface LBFGSState {
  funcEvals: number;
  nIter: number;
  /** The last direction, and the step along it. */
  d: Tensor | null;
  t: number;
  /** The latest changes y of the gradient, and s of the weights; ro is 1/(y·s). */
  oldDirs: Tensor[];
  oldStps: Tensor[];
  ro: number[];
  /** The curvature's inverse, as a number, before the history refines it. */
  HDiag: number;
  prevFlatGrad: Tensor | null;
  prevLoss: number | null;
}

const defaults: LBFGSOptions = {
  lr: 1,
  maxIter: 20,
  maxEval: null,
  toleranceGrad: 1e-7,
  toleranceChange: 1e-9,
  historySize: 100,
  lineSearchFn: null,
};

function check(options: LBFGSOptions): void {
  checkAtLeast0('LBFGS', 'lr', options.lr);
  checkInteger('LBFGS', 'maxIter', options.maxIter, 1);
  if (options.maxEval !== null) checkInteger('LBFGS', 'maxEval', options.maxEval, 1);
  checkAtLeast0('LBFGS', 'toleranceGrad', options.toleranceGrad);
  checkAtLeast0('LBFGS', 'toleranceChange', options.toleranceChange);
  checkInteger('LBFGS', 'historySize', options.historySize, 1);
  if (options.lineSearchFn !== null) checkChoice('LBFGS', 'lineSearchFn', options.lineSearchFn, ['strong_wolfe']);
}

/** A loss, and the gradient there, flat. */
interface Evaluation {
  loss: number;
  gradient: Tensor;
}

/**
 * L-BFGS: Newton's method with the curvature estimated from the latest steps, for smooth losses on full batches:
 *
 *   d = −H·g      w ← w + t·d
 *
 * with H, the inverse of the Hessian, from the pairs s (change of w) and y (change of g) by the two-loop recursion.
 * It evaluates the loss several times a step, by the closure that `step` takes. One group only.
 * @throws ArgumentError for options out of range, or several groups
 * @see Nocedal & Wright, Numerical Optimization, algorithm 7.4; CS231n, lecture 7; PyTorch `optim.LBFGS`
 */
export class LBFGS extends Optimizer<LBFGSOptions, LBFGSState> {
  constructor(params: Params<LBFGSOptions>, options?: Partial<LBFGSOptions>) {
    super(params, options, { name: 'LBFGS', defaults, check });
  }

  override addParamGroup(group: GivenGroup<LBFGSOptions>): void {
    if (this.paramGroups.length > 0) throw new ArgumentError('LBFGS: there can be only one group of parameters');
    super.addParamGroup(group);
  }

  protected override init(): LBFGSState {
    return {
      funcEvals: 0,
      nIter: 0,
      d: null,
      t: 0,
      oldDirs: [],
      oldStps: [],
      ro: [],
      HDiag: 1,
      prevFlatGrad: null,
      prevLoss: null,
    };
  }

  protected override stateShape(): readonly number[] {
    return [this.params.reduce((sum, w) => sum + w.numel(), 0)];
  }

  protected override update(): void {
    throw new ArgumentError('LBFGS: the parameters are updated together');
  }

  /**
   * Up to `maxIter` directions, each with its step.
   * @param closure sets the gradients to zero, computes the loss and its gradients anew, and returns the loss
   * @returns the loss before the first update, as the closure returned it
   * @throws ArgumentError without a closure, or where it returns no single number
   */
  override step(): never;
  override step<Loss>(closure: () => Loss): Loss;
  override step<Loss>(closure?: () => Loss): Loss {
    if (typeof closure !== 'function') {
      throw new ArgumentError(
        'LBFGS: step needs a closure that calls zeroGrad(), computes the loss, calls backward() and returns the loss',
      );
    }
    const first = enableGrad(closure);
    const start = { loss: numberOf(first), gradient: this.flatGradient() };
    const evaluate = () => ({ loss: numberOf(enableGrad(closure)), gradient: this.flatGradient() });
    noGrad(() => this.descend(start, evaluate));
    return first;
  }

  private descend(start: Evaluation, evaluate: () => Evaluation): void {
    const options = this.paramGroups[0]!;
    const { lr, maxIter, toleranceGrad, toleranceChange, historySize, lineSearchFn } = options;
    const maxEval = options.maxEval ?? Math.floor((maxIter * 5) / 4);
    const state = this.state.get(this.params[0]!) ?? this.init();
    this.state.set(this.params[0]!, state);
    let { loss, gradient } = start;
    let evaluations = 1;
    state.funcEvals++;
    if (largest(gradient) <= toleranceGrad) return;

    for (let iteration = 1; iteration <= maxIter; iteration++) {
      state.nIter++;
      if (state.nIter > 1) remember(state, gradient, historySize);
      const d = direction(state, gradient);
      const slope = dot(gradient, d);
      const before = loss;
      // The very first step is kept short: the scale of the curvature is not known yet.
      const t = state.nIter === 1 ? Math.min(1, 1 / gradient.abs().sum().item()) * lr : lr;
      Object.assign(state, { d, t, prevFlatGrad: gradient, prevLoss: loss });
      if (slope > -toleranceChange) return;

      if (lineSearchFn === null) {
        this.move(t, d);
        // After the last step of a call the next call evaluates the loss anyway.
        if (iteration === maxIter) return;
        ({ loss, gradient } = evaluate());
        evaluations++;
        state.funcEvals++;
      } else {
        const found = this.search({ t: 0, loss, gradient, slope }, d, t, toleranceChange, evaluate);
        ({ loss, gradient } = found.point);
        state.t = found.point.t;
        this.move(state.t, d);
        evaluations += found.evaluations;
        state.funcEvals += found.evaluations;
      }
      if (evaluations >= maxEval || largest(gradient) <= toleranceGrad) return;
      if (largest(d.mul(state.t)) <= toleranceChange || Math.abs(loss - before) < toleranceChange) return;
    }
  }

  private search(start: Point, d: Tensor, t: number, toleranceChange: number, evaluate: () => Evaluation) {
    const origin = this.params.map((w) => w.clone());
    const trial = (step: number): Point => {
      this.move(step, d);
      const { loss, gradient } = evaluate();
      this.params.forEach((w, i) => void w.copy_(origin[i]!));
      return { t: step, loss, gradient, slope: dot(gradient, d) };
    };
    return strongWolfe(trial, start, t, largest(d), toleranceChange);
  }

  /** w ← w + t·d */
  private move(t: number, d: Tensor): void {
    let start = 0;
    for (const w of this.params) {
      add_(w, d.narrow(0, start, w.numel()).mul(t).reshape(w.shape));
      start += w.numel();
    }
  }

  /** The gradients one after another, copied; 0 where there is none. */
  private flatGradient(): Tensor {
    return noGrad(() => cat(this.params.map((w) => (w.grad ?? zeros(w.shape)).reshape([w.numel()]))));
  }

  private get params(): readonly Tensor[] {
    return this.paramGroups[0]!.params;
  }
}

/** Adds the latest step to the history, unless the curvature along it is too small to be trusted. */
function remember(state: LBFGSState, gradient: Tensor, historySize: number): void {
  const y = gradient.sub(state.prevFlatGrad!);
  const s = state.d!.mul(state.t);
  const curvature = dot(y, s);
  if (curvature <= 1e-10 || Number.isNaN(curvature)) return;
  if (state.oldDirs.length === historySize) {
    state.oldDirs.shift();
    state.oldStps.shift();
    state.ro.shift();
  }
  state.oldDirs.push(y);
  state.oldStps.push(s);
  state.ro.push(1 / curvature);
  state.HDiag = curvature / dot(y, y);
}

/** −H·g by the two-loop recursion; −g while there is no history. */
function direction({ oldDirs, oldStps, ro, HDiag }: LBFGSState, gradient: Tensor): Tensor {
  const d = gradient.neg();
  const alpha = new Array<number>(ro.length);
  for (let i = ro.length - 1; i >= 0; i--) {
    alpha[i] = dot(oldStps[i]!, d) * ro[i]!;
    d.add_(oldDirs[i]!.mul(-alpha[i]!));
  }
  d.mul_(HDiag);
  for (let i = 0; i < ro.length; i++) {
    const beta = dot(oldDirs[i]!, d) * ro[i]!;
    d.add_(oldStps[i]!.mul(alpha[i]! - beta));
  }
  return d;
}

function dot(a: Tensor, b: Tensor): number {
  return matmul(a, b).item();
}

/** The largest element in absolute value. */
function largest(x: Tensor): number {
  return x.abs().max().item();
}

function numberOf(loss: unknown): number {
  const value = loss instanceof Tensor && loss.numel() === 1 ? loss.item() : loss;
  if (typeof value === 'number') return value;
  throw new ArgumentError(`LBFGS: the closure must return the loss, a tensor of one element, got ${describe(loss)}`);
}
