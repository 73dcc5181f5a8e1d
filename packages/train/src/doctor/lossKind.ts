import { add, cat, enableGrad, full, NdgradError, noGrad, ones, type Shape, type Tensor, zeros } from '@ndgrad/core';
import { type Loss, lossOf } from '../measure.ts';
import { areLabels } from '../metrics.ts';

/** What a loss turned out to be when it was tried. */
export interface LossKind {
  /** `regression`: least, and the same, wherever the outputs are the targets. */
  readonly name: 'softmax' | 'SVM' | 'negative log-likelihood' | 'binary' | 'probability' | 'regression' | 'other';
  /** What the course expects of outputs that know nothing; `null` where there is no such number. */
  readonly chance: number | null;
  /** What is added whatever the outputs: the penalty of a regularised loss, or what perfect outputs cost. */
  readonly offset: number;
  /** 1 for a mean over the rows; the number of rows for a sum. */
  scale(rows: number): number;
}

const other: LossKind = { name: 'other', chance: null, offset: 0, scale: () => 1 };
const ROWS = 3;

/**
 * What kind of loss a function is, by what it gives to outputs chosen for the purpose: a function says nothing of
 * itself, and a penalty that is added to it cancels in differences.
 */
export function lossKind(loss: Loss, outputs: Tensor, targets: Tensor): LossKind {
  if (outputs.ndim === 0) return other;
  try {
    return noGrad(() => {
      const at = (y: Tensor, t: Tensor) => enableGrad(() => lossOf(loss, y, t)).item();
      if (areLabels(outputs, targets)) return ofLabels(at, outputs.shape);
      return outputs.ndim === targets.ndim && outputs.numel() === targets.numel() ? ofNumbers(at, targets) : other;
    });
  } catch (error) {
    if (error instanceof NdgradError) return other; // it does not take such outputs
    throw error;
  }
}

type At = (outputs: Tensor, targets: Tensor) => number;

/** By scores that are 0 but for the label's, t; the label is 0. */
function ofLabels(at: At, shape: Shape): LossKind {
  const unbatched = shape.length === 1;
  const [classes, rest] = unbatched ? [shape[0]!, []] : [shape[1]!, shape.slice(2)];
  const front = unbatched ? [] : [ROWS];
  const labels = zeros([...front, ...rest]);
  const dim = unbatched ? 0 : 1;
  const [one, others] = [ones([...front, 1, ...rest]), zeros([...front, classes - 1, ...rest])];
  const scores = (t: number, shift = 0) => add(cat([one.mul(t), others], { dim }), shift);
  const base = at(scores(0), labels);
  const f = (t: number) => at(scores(t), labels) - base;
  const shifted = at(scores(0, 1), labels) - base;
  const count = labels.numel();
  const ln = Math.log(classes);
  for (const scale of count === 1 ? [1] : [1, count]) {
    const scaleOf = (rows: number) => (scale === 1 ? 1 : (rows * count) / ROWS);
    const kind = (name: LossKind['name'], chance: number) =>
      ({
        name,
        chance,
        offset: base - scale * (name === 'negative log-likelihood' ? 0 : chance),
        scale: scaleOf,
      }) as const;
    // ln(eᵗ + C − 1) − ln C − k·t, with k = 1, or less where labels are smoothed.
    const k = (t: number) => (Math.log(Math.exp(t) + classes - 1) - ln - f(t) / scale) / t;
    if (near(shifted, 0) && near(k(1), k(-1)) && k(1) > 0 && k(1) < 1 + 1e-9) return kind('softmax', ln);
    for (const hinge of [classes - 1, (classes - 1) / classes]) {
      if (near(shifted, 0) && near(f(0.5), -0.5 * scale * hinge) && near(f(2), -scale * hinge))
        return kind('SVM', hinge);
    }
    if (near(shifted, -scale) && near(f(1), -scale)) return kind('negative log-likelihood', ln);
  }
  return other;
}

function ofNumbers(at: At, targets: Tensor): LossKind {
  const yes = ones(targets.shape);
  const count = targets.numel();
  const base = at(zeros(targets.shape), yes);
  const isBinary = targets.toArray().every((t) => t === 0 || t === 1);
  for (const scale of count === 1 ? [1] : [1, count]) {
    const perRow = count / targets.shape[0]!;
    const scaleOf = (rows: number) => (scale === 1 ? 1 : rows * perRow);
    const f = (t: number) => (at(full(targets.shape, t), yes) - base) / scale;
    const softplus = (t: number) => Math.log1p(Math.exp(-t)) - Math.LN2;
    if (isBinary && near(f(1), softplus(1)) && near(f(-1), softplus(-1))) {
      return { name: 'binary', chance: Math.LN2, offset: base - scale * Math.LN2, scale: scaleOf };
    }
    if (isBinary && near(f(0.8) - f(0.5), Math.log(0.5 / 0.8)) && near(f(0.2) - f(0.5), Math.log(0.5 / 0.2))) {
      const half = at(full(targets.shape, 0.5), yes);
      return { name: 'probability', chance: Math.LN2, offset: half - scale * Math.LN2, scale: scaleOf };
    }
  }
  const offset = at(targets, targets);
  const moved = targets.add(0.5);
  const isLeast = [-1, 1].every((step) => at(targets.add(step), targets) > offset + 1e-6);
  if (isLeast && near(at(moved, moved), offset)) return { name: 'regression', chance: null, offset, scale: () => 1 };
  return other;
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b));
