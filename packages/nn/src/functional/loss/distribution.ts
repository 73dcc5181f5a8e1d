import {
  ArgumentError,
  add,
  checkChoice,
  checkNumber,
  div,
  eq,
  exp,
  formatShape,
  gt,
  log,
  mul,
  noGrad,
  readOptions,
  relu,
  ShapeError,
  sameShape,
  square,
  sub,
  sum,
  type Tensor,
  unsqueeze,
  where,
} from '@ndgrad/core';
import { checkBroadcast } from './checks.ts';
import { type Reduction, type ReductionOptions, reduced, reductionDefaults } from './reduction.ts';

/** What `klDiv` takes. */
export interface KLDivOptions {
  /** `mean` (default) is over all elements; `batchmean`, over the first dim, is the divergence itself. */
  reduction?: Reduction | 'batchmean';
  /** Whether the target holds logarithms too (default false). */
  logTarget?: boolean;
}

export const klDivDefaults = { reduction: 'mean' as Reduction | 'batchmean', logTarget: false };

/** @throws ArgumentError unless it is one of the four. */
export function checkKLDivReduction(operation: string, reduction: unknown): void {
  checkChoice(operation, 'reduction', reduction, ['mean', 'batchmean', 'sum', 'none']);
}

/**
 * The Kullback–Leibler divergence of the input from the target, element by element: target · (ln target − input), in
 * nats; 0 where the target is 0. Broadcast.
 * @param input logarithms of probabilities
 * @param target probabilities, or with `logTarget` their logarithms
 * @throws ShapeError for the batchmean of a scalar
 * @see PyTorch `nn.functional.kl_div`
 */
export function klDiv(input: Tensor, target: Tensor, options?: KLDivOptions): Tensor {
  const { reduction, logTarget } = readOptions('klDiv', options, klDivDefaults);
  checkKLDivReduction('klDiv', reduction);
  checkBroadcast('klDiv', input, target);
  const losses = logTarget
    ? mul(exp(target), sub(target, input))
    : sub(mul(target, log(where(eq(target, 0), 1, target))), mul(target, input));
  if (reduction !== 'batchmean') return reduced('klDiv', losses, reduction);
  if (input.ndim === 0) throw new ShapeError('klDiv: the batchmean needs a batch, and a scalar has none');
  return div(sum(losses), input.shape[0]!);
}

/** What `poissonNllLoss` takes. */
export interface PoissonNLLLossOptions extends ReductionOptions {
  /** Whether the input is the logarithm of the expected count (default true). */
  logInput?: boolean;
  /** Whether to add ln(target!), by Stirling's formula, for targets above 1 (default false). */
  full?: boolean;
  /** Added to the input before its logarithm is taken (default 1e-8). */
  eps?: number;
}

export const poissonNllLossDefaults = { ...reductionDefaults, logInput: true, full: false, eps: 1e-8 };

/**
 * The negative log-likelihood of counts under Poisson distributions, but for ln(target!): e^input − target · input, or
 * without `logInput` input − target · ln(input + eps). Broadcast.
 * @see PyTorch `nn.functional.poisson_nll_loss`
 */
export function poissonNllLoss(input: Tensor, target: Tensor, options?: PoissonNLLLossOptions): Tensor {
  const { logInput, full, eps, reduction } = readOptions('poissonNllLoss', options, poissonNllLossDefaults);
  checkNumber('poissonNllLoss', 'eps', eps);
  checkBroadcast('poissonNllLoss', input, target);
  const losses = logInput ? sub(exp(input), mul(target, input)) : sub(input, mul(target, log(add(input, eps))));
  return reduced('poissonNllLoss', full ? add(losses, lnFactorial(target)) : losses, reduction);
}

/** n ln n − n + ½ ln 2πn, nearly ln n!, for n > 1; else 0. */
function lnFactorial(n: Tensor): Tensor {
  const large = gt(n, 1);
  const m = where(large, n, 1);
  return where(large, add(sub(mul(m, log(m)), m), mul(0.5, log(mul(2 * Math.PI, m)))), 0);
}

/** What `gaussianNllLoss` takes. */
export interface GaussianNLLLossOptions extends ReductionOptions {
  /** Whether to add the constant ½ ln 2π (default false). */
  full?: boolean;
  /** The least variance (default 1e-6); its gradient flows as if it were the variance itself. */
  eps?: number;
}

export const gaussianNllLossDefaults = { ...reductionDefaults, full: false, eps: 1e-6 };

/**
 * The negative log-likelihood of the target under normal distributions: ½ (ln v + (input − target)² / v), with
 * v = max(var, eps).
 * @param input expected values
 * @param target of the input's shape, or broadcast
 * @param variance of the input's shape, or with the last dim left out or of size 1
 * @throws ShapeError for another shape of the variance; ArgumentError for a negative one
 * @see Nix & Weigend (1994); PyTorch `nn.functional.gaussian_nll_loss`
 */
export function gaussianNllLoss(
  input: Tensor,
  target: Tensor,
  variance: Tensor,
  options?: GaussianNLLLossOptions,
): Tensor {
  const { full, eps, reduction } = readOptions('gaussianNllLoss', options, gaussianNllLossDefaults);
  checkNumber('gaussianNllLoss', 'eps', eps);
  checkBroadcast('gaussianNllLoss', input, target);
  const negative = variance.toArray().find((value) => value < 0);
  if (negative !== undefined) {
    throw new ArgumentError(`gaussianNllLoss: variances must be at least 0, got ${negative}`);
  }
  const given = alongside(input, variance);
  const v = add(
    given,
    noGrad(() => relu(sub(eps, given))),
  );
  const losses = mul(0.5, add(log(v), div(square(sub(input, target)), v)));
  return reduced('gaussianNllLoss', full ? add(losses, 0.5 * Math.log(2 * Math.PI)) : losses, reduction);
}

/** The variance with as many dims as the input. */
function alongside(input: Tensor, variance: Tensor): Tensor {
  const lead = input.shape.slice(0, -1);
  if (sameShape(variance.shape, input.shape)) return variance;
  if (sameShape(variance.shape, lead)) return unsqueeze(variance, -1);
  if (sameShape(variance.shape, [...lead, 1])) return variance;
  throw new ShapeError(
    `gaussianNllLoss: the variance must have the input's shape ${formatShape(input.shape)}, or its last dim left out or ` +
      `of size 1; got ${formatShape(variance.shape)}`,
  );
}
