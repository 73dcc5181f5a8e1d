import {
  ArgumentError,
  add,
  checkInteger,
  checkProbability,
  div,
  flatten,
  formatShape,
  gather,
  indexSelect,
  logSoftmax,
  mul,
  ne,
  neg,
  numelOf,
  readOptions,
  reshape,
  ShapeError,
  sameShape,
  softmaxLoss,
  squeeze,
  sub,
  sum,
  type Tensor,
  unsqueeze,
  where,
} from '@ndgrad/core';
import { checkClassWeights, checkLabels } from './checks.ts';
import { checkReduction, type Reduction, type ReductionOptions, reduced, reductionDefaults } from './reduction.ts';

/** What `nllLoss` takes. */
export interface NLLLossOptions extends ReductionOptions {
  /** The weight of each class, `[C]`; the mean is weighted too. Default: all 1. */
  weight?: Tensor | null;
  /** Samples of this label count for nothing (default −100). */
  ignoreIndex?: number;
}

/** What `crossEntropy` takes. */
export interface CrossEntropyOptions extends NLLLossOptions {
  /** How much of the probability is taken from the label and spread evenly over all classes, in [0, 1] (default 0). */
  labelSmoothing?: number;
}

export const nllLossDefaults = { ...reductionDefaults, weight: null as Tensor | null, ignoreIndex: -100 };
export const crossEntropyDefaults = { ...nllLossDefaults, labelSmoothing: 0 };

/**
 * The softmax loss, from unnormalised scores (logits): −ln softmax(input)[target], in nats.
 * @param input `[N, C]`, `[N, C, d1, …]`, or unbatched `[C]`
 * @param target labels, whole numbers in [0, C), `[N]`, `[N, d1, …]` or a scalar; or probabilities of the input's shape,
 *   with −Σ target · ln softmax(input) for the loss
 * @returns a scalar; with reduction `none`, a loss for each label. The mean of weighted labels is the weighted mean.
 * @throws IndexError for a label outside [0, C), naming the row; ShapeError where shapes do not fit
 * @see CS231n, lecture 3; PyTorch `nn.functional.cross_entropy`
 */
export function crossEntropy(input: Tensor, target: Tensor, options?: CrossEntropyOptions): Tensor {
  const settings = readOptions('crossEntropy', options, crossEntropyDefaults);
  checkProbability('crossEntropy', 'labelSmoothing', settings.labelSmoothing);
  const dim = classDim('crossEntropy', input);
  if (sameShape(input.shape, target.shape)) return ofProbabilities(logSoftmax(input, dim), target, settings);
  if (settings.weight !== null || settings.labelSmoothing > 0) {
    return ofLabels('crossEntropy', logSoftmax(input, dim), target, settings);
  }
  const { reduction, ignoreIndex } = settings;
  checkReduction('crossEntropy', reduction);
  const anyIgnored = checkTarget('crossEntropy', input, target, ignoreIndex);
  if (anyIgnored) return ofLabels('crossEntropy', logSoftmax(input, dim), target, settings);
  return plainLoss(input, target, reduction);
}

/** By one operation, which takes scores [n, C] or [n, C, m]. */
function plainLoss(input: Tensor, target: Tensor, reduction: Reduction): Tensor {
  if (input.ndim === 2) return softmaxLoss(input, target, { reduction });
  const [n, classes, ...rest] = input.ndim === 1 ? [1, ...input.shape] : input.shape;
  const m = numelOf(rest);
  const y = softmaxLoss(reshape(input, [n!, classes!, m]), reshape(target, [n!, m]), { reduction });
  return reduction === 'none' ? reshape(y, target.shape) : y;
}

/**
 * −input[target]: the negative log-likelihood of the labels, from log-probabilities.
 * @param input `[N, C]`, `[N, C, d1, …]`, or unbatched `[C]`
 * @param target labels, whole numbers in [0, C): `[N]`, `[N, d1, …]` or a scalar
 * @returns as `crossEntropy`
 * @throws as `crossEntropy`
 * @see PyTorch `nn.functional.nll_loss`
 */
export function nllLoss(input: Tensor, target: Tensor, options?: NLLLossOptions): Tensor {
  const settings = readOptions('nllLoss', options, nllLossDefaults);
  classDim('nllLoss', input);
  return ofLabels('nllLoss', input, target, { ...settings, labelSmoothing: 0 });
}

function classDim(operation: string, input: Tensor): number {
  if (input.ndim === 0) throw new ShapeError(`${operation}: expected scores [C], [N, C] or [N, C, …], got a scalar`);
  return input.ndim === 1 ? 0 : 1;
}

/** (1 − s) · w[target] · −ln p[target] + s/C · Σ w · −ln p, with s the label smoothing and w the weights. */
function ofLabels(
  operation: string,
  logProbabilities: Tensor,
  target: Tensor,
  { weight, ignoreIndex, reduction, labelSmoothing }: Required<CrossEntropyOptions>,
): Tensor {
  const dim = classDim(operation, logProbabilities);
  const classes = logProbabilities.shape[dim]!;
  const anyIgnored = checkTarget(operation, logProbabilities, target, ignoreIndex, weight);
  const kept = anyIgnored ? ne(target, ignoreIndex) : null;
  const labels = kept === null ? target : where(kept, target, 0);

  const picked = squeeze(gather(logProbabilities, dim, unsqueeze(labels, dim)), { dim });
  const weights = weight === null ? null : reshape(indexSelect(weight, 0, flatten(labels)), target.shape);
  let losses = neg(weights === null ? picked : mul(picked, weights));
  if (labelSmoothing > 0) {
    const all = sum(weighted(logProbabilities, weight), { dim });
    losses = sub(mul(losses, 1 - labelSmoothing), mul(all, labelSmoothing / classes));
  }
  if (kept !== null) losses = where(kept, losses, 0);
  if (reduction !== 'mean' || (weights === null && kept === null)) return reduced(operation, losses, reduction);
  const shares = weights === null ? kept! : kept === null ? weights : mul(weights, kept);
  return div(sum(losses), sum(shares));
}

/** Checks labels, weights and `ignoreIndex`. @returns whether any label is to be ignored */
function checkTarget(
  operation: string,
  scores: Tensor,
  target: Tensor,
  ignoreIndex: number,
  weight: Tensor | null = null,
): boolean {
  checkInteger(operation, 'ignoreIndex', ignoreIndex, -Infinity);
  const dim = classDim(operation, scores);
  const wanted = scores.shape.filter((_, d) => d !== dim);
  if (!sameShape(target.shape, wanted)) {
    throw new ShapeError(
      `${operation}: scores ${formatShape(scores.shape)} need labels ${formatShape(wanted)}, ` +
        `got ${formatShape(target.shape)}`,
    );
  }
  if (weight !== null) checkClassWeights(operation, weight, scores.shape[dim]!);
  return checkLabels(operation, target, scores.shape[dim]!, ignoreIndex);
}

/** −Σ w · target · ln p, with the smoothed target (1 − s) · target + s/C; its mean is over the samples, not weighted. */
function ofProbabilities(
  logProbabilities: Tensor,
  target: Tensor,
  { weight, ignoreIndex, reduction, labelSmoothing }: Required<CrossEntropyOptions>,
): Tensor {
  const dim = classDim('crossEntropy', logProbabilities);
  const classes = logProbabilities.shape[dim]!;
  if (ignoreIndex >= 0) {
    throw new ArgumentError(`crossEntropy: ignoreIndex (${ignoreIndex}) has no meaning for a target of probabilities`);
  }
  if (weight !== null) checkClassWeights('crossEntropy', weight, classes);
  const smooth = labelSmoothing > 0 ? add(mul(target, 1 - labelSmoothing), labelSmoothing / classes) : target;
  const losses = neg(sum(weighted(mul(logProbabilities, smooth), weight), { dim }));
  return reduced('crossEntropy', losses, reduction);
}

/** `x` `[N, C, …]` or `[C]`, times a weight for each class. */
function weighted(x: Tensor, weight: Tensor | null): Tensor {
  return weight === null ? x : mul(x, reshape(weight, [-1, ...x.shape.slice(2).map(() => 1)]));
}
