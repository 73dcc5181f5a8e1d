import {
  add,
  arange,
  checkNumber,
  clamp,
  cumsum,
  div,
  eq,
  flatten,
  formatShape,
  gather,
  gt,
  indexSelect,
  logsigmoid,
  lt,
  mul,
  ne,
  neg,
  readOptions,
  reshape,
  ShapeError,
  sameShape,
  scatterAdd,
  square,
  sub,
  sum,
  type Tensor,
  unsqueeze,
  where,
  zerosLike,
} from '@ndgrad/core';
import { checkBroadcast, checkClassWeights, checkLabels, checkSameNdim } from './checks.ts';
import { type ReductionOptions, reduced, reductionDefaults } from './reduction.ts';

/** What `multiMarginLoss` takes. */
export interface MultiMarginLossOptions extends ReductionOptions {
  /** 1 (default), or 2 for squared margins. */
  p?: 1 | 2;
  /** By how much the label's score should exceed the others (default 1). */
  margin?: number;
  /** The weight of each class, `[C]`. Default: all 1. */
  weight?: Tensor | null;
}

export const multiMarginLossDefaults = {
  ...reductionDefaults,
  p: 1 as 1 | 2,
  margin: 1,
  weight: null as Tensor | null,
};

/**
 * The multiclass SVM loss, or hinge loss: Σ over j ≠ y of w[y] · max(0, margin + input[j] − input[y])ᵖ, divided by the
 * number of classes C; y is the label. (The course does not divide.)
 * @param input scores, `[N, C]` or unbatched `[C]`
 * @param target labels, whole numbers in [0, C), `[N]` or a scalar
 * @returns a scalar; with reduction `none`, a loss for each label
 * @throws IndexError for a label outside [0, C), naming the row; ShapeError where shapes do not fit; ArgumentError for
 *   another p
 * @see CS231n, lecture 3; PyTorch `nn.functional.multi_margin_loss`
 */
export function multiMarginLoss(input: Tensor, target: Tensor, options?: MultiMarginLossOptions): Tensor {
  const { p, margin, weight, reduction } = readOptions('multiMarginLoss', options, multiMarginLossDefaults);
  checkNumber('multiMarginLoss', 'p', p, { test: (value) => value === 1 || value === 2, must: 'be 1 or 2' });
  checkNumber('multiMarginLoss', 'margin', margin);
  const [samples, classes] = rowsOf('multiMarginLoss', input);
  if (target.ndim > 1 || target.numel() !== samples) {
    throw new ShapeError(
      `multiMarginLoss: scores ${formatShape(input.shape)} need ${samples} labels, got ${formatShape(target.shape)}`,
    );
  }
  checkLabels('multiMarginLoss', target, classes);
  if (weight !== null) checkClassWeights('multiMarginLoss', weight, classes);

  const scores = reshape(input, [samples, classes]);
  const labels = reshape(target, [samples, 1]);
  const margins = sub(add(scores, margin), gather(scores, 1, labels)); // [N, C] − [N, 1]
  const counted = mul(gt(margins, 0), ne(arange(classes), labels));
  const hinge = where(counted, p === 1 ? margins : square(margins), 0);
  const losses = div(sum(hinge, { dim: 1 }), classes);
  const result = weight === null ? losses : mul(losses, indexSelect(weight, 0, flatten(target)));
  return reduced('multiMarginLoss', reshape(result, target.shape), reduction);
}

/**
 * The hinge loss for several labels a sample: Σ over labels y and classes j that are no labels of
 * max(0, 1 + input[j] − input[y]), divided by the number of classes C.
 * @param input scores, `[N, C]` or unbatched `[C]`
 * @param target of the input's shape: in each row the labels, then −1; what follows the first −1 does not count
 * @returns a scalar; with reduction `none`, a loss for each row
 * @throws IndexError for a label outside [−1, C), naming the row; ShapeError where shapes do not fit
 * @see PyTorch `nn.functional.multilabel_margin_loss`
 */
export function multilabelMarginLoss(input: Tensor, target: Tensor, options?: ReductionOptions): Tensor {
  const { reduction } = readOptions('multilabelMarginLoss', options, reductionDefaults);
  const [samples, classes] = rowsOf('multilabelMarginLoss', input);
  const fits = input.ndim === 2 ? sameShape(target.shape, input.shape) : target.ndim < 2 && target.numel() === classes;
  if (!fits) {
    throw new ShapeError(
      `multilabelMarginLoss: the labels must have the shape of the scores, ${formatShape(input.shape)}, ` +
        `got ${formatShape(target.shape)}`,
    );
  }
  checkLabels('multilabelMarginLoss', target, classes, -1);

  const scores = reshape(input, [samples, classes]);
  const rows = reshape(target, [samples, classes]);
  const valid = eq(cumsum(lt(rows, 0), 1), 0); // until the first −1
  const labels = where(valid, rows, 0);
  const others = eq(scatterAdd(zerosLike(rows), 1, labels, valid), 0);
  const wanted = unsqueeze(gather(scores, 1, labels), 2); // [N, label, 1]
  const margins = sub(add(unsqueeze(scores, 1), 1), wanted); // [N, label, class]
  const counted = mul(mul(unsqueeze(valid, 2), unsqueeze(others, 1)), gt(margins, 0));
  const losses = div(sum(where(counted, margins, 0), { dim: [1, 2] }), classes);
  return reduced('multilabelMarginLoss', target.ndim < 2 ? reshape(losses, []) : losses, reduction);
}

/** Samples and classes of scores `[N, C]`, `[C]` or (of one class) `[]`. */
function rowsOf(operation: string, input: Tensor): [samples: number, classes: number] {
  const [samples, classes] = input.ndim === 2 ? (input.shape as [number, number]) : [1, input.numel()];
  if (input.ndim > 2 || classes === 0) {
    throw new ShapeError(
      `${operation}: expected scores [N, C] or [C] of at least one class, got ${formatShape(input.shape)}`,
    );
  }
  return [samples, classes];
}

/**
 * ln(1 + e^(−target · input)), with targets of 1 or −1; broadcast.
 * @see PyTorch `nn.functional.soft_margin_loss`
 */
export function softMarginLoss(input: Tensor, target: Tensor, options?: ReductionOptions): Tensor {
  const { reduction } = readOptions('softMarginLoss', options, reductionDefaults);
  checkBroadcast('softMarginLoss', input, target);
  return neg(reduced('softMarginLoss', logsigmoid(mul(target, input)), reduction));
}

/** What `marginRankingLoss` takes. */
export interface MarginRankingLossOptions extends ReductionOptions {
  /** By how much one input should exceed the other (default 0). */
  margin?: number;
}

export const marginRankingLossDefaults = { ...reductionDefaults, margin: 0 };

/**
 * max(0, margin − target · (input1 − input2)): a target of 1 says that input1 should be the larger, −1 that input2
 * should. Broadcast.
 * @throws ShapeError unless all three have as many dims
 * @see PyTorch `nn.functional.margin_ranking_loss`
 */
export function marginRankingLoss(
  input1: Tensor,
  input2: Tensor,
  target: Tensor,
  options?: MarginRankingLossOptions,
): Tensor {
  const { margin, reduction } = readOptions('marginRankingLoss', options, marginRankingLossDefaults);
  checkNumber('marginRankingLoss', 'margin', margin);
  checkSameNdim('marginRankingLoss', input1, input2, target);
  checkBroadcast('marginRankingLoss', input1, input2, target);
  const losses = clamp(sub(margin, mul(target, sub(input1, input2))), { min: 0 });
  return reduced('marginRankingLoss', losses, reduction);
}
