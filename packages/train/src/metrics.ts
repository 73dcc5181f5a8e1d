import { arange, argmax, eq, formatShape, IndexError, matmul, ShapeError, type Tensor, unsqueeze } from '@ndgrad/core';

/**
 * The share of rows whose largest output stands at the label.
 * @param outputs scores, logits or probabilities: `[n, C]`, `[n, C, …]`, or `[C]` for a single row
 * @param labels whole numbers of [0, C): `[n]`, `[n, …]`, or a scalar
 * @returns in [0, 1]; NaN of no rows
 * @throws ShapeError where the shapes do not go together
 * @throws IndexError for a label outside [0, C) or no whole number
 */
export function accuracy(outputs: Tensor, labels: Tensor): number {
  checkLabels('accuracy', outputs, labels);
  return eq(argmax(outputs, { dim: classDim(outputs) }), labels)
    .mean()
    .item();
}

/**
 * How often a row of class i (row of the result) was taken for class j (column).
 * @param outputs `[n, C]`
 * @param labels `[n]`, whole numbers of [0, C)
 * @returns counts `[C, C]`
 * @throws as `accuracy`
 */
export function confusionMatrix(outputs: Tensor, labels: Tensor): Tensor {
  checkLabels('confusionMatrix', outputs, labels);
  if (outputs.ndim !== 2) {
    throw new ShapeError(`confusionMatrix: expected outputs [n, C], got ${formatShape(outputs.shape)}`);
  }
  const classes = arange(outputs.shape[1]!);
  const oneHot = (which: Tensor) => eq(unsqueeze(which, 1), classes); // [n] → [n, C]
  return matmul(oneHot(labels).mT, oneHot(argmax(outputs, { dim: 1 })));
}

/** Whether the targets are class labels for these outputs: their shape is the outputs' without the classes. */
export function areLabels(outputs: Tensor, targets: Tensor): boolean {
  if (outputs.ndim === 0 || outputs.shape[classDim(outputs)] === 1) return false;
  const expected = outputs.shape.filter((_, d) => d !== classDim(outputs));
  return formatShape(expected) === formatShape(targets.shape);
}

const classDim = (outputs: Tensor): number => (outputs.ndim === 1 ? 0 : 1);

function checkLabels(operation: string, outputs: Tensor, labels: Tensor): void {
  if (outputs.ndim === 0 || outputs.ndim !== labels.ndim + 1 || outputs.numel() !== labels.numel() * sizeOf(outputs)) {
    throw new ShapeError(
      `${operation}: expected outputs [n, C] and labels [n], got ${formatShape(outputs.shape)} and ${formatShape(labels.shape)}`,
    );
  }
  const classes = sizeOf(outputs);
  const wrong = labels.toArray().find((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (wrong !== undefined) {
    throw new IndexError(`${operation}: labels must be whole numbers of [0, ${classes}), got ${wrong}`);
  }
}

const sizeOf = (outputs: Tensor): number => outputs.shape[classDim(outputs)]!;
