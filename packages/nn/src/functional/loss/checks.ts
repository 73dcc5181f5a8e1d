import { broadcastShapes, formatShape, IndexError, ShapeError, type Tensor } from '@ndgrad/core';

/**
 * Checks class labels: whole numbers in [0, classes), or `ignored`.
 * @returns whether any is `ignored`
 * @throws IndexError naming the row
 */
export function checkLabels(operation: string, target: Tensor, classes: number, ignored?: number): boolean {
  let anyIgnored = false;
  target.toArray().forEach((label, i) => {
    if (label === ignored) anyIgnored = true;
    else if (!(label >= 0 && label < classes && Number.isInteger(label))) {
      throw new IndexError(`${operation}: label ${label}${rowOf(target, i)} is not in [0, ${classes})`);
    }
  });
  return anyIgnored;
}

/** Where the i-th label in row-major order stands: ` (row 3)`. */
function rowOf({ ndim, shape }: Tensor, i: number): string {
  if (ndim === 0) return '';
  const rest = shape.slice(1).reduce((a, b) => a * b, 1);
  return ` (row ${Math.floor(i / rest)})`;
}

/** @throws ShapeError unless there is one weight a class, `[classes]`. */
export function checkClassWeights(operation: string, weight: Tensor, classes: number): void {
  if (weight.ndim !== 1 || weight.numel() !== classes) {
    throw new ShapeError(
      `${operation}: expected one weight for each of the ${classes} classes, [${classes}], got ${formatShape(weight.shape)}`,
    );
  }
}

/** @throws ShapeError unless all have as many dims */
export function checkSameNdim(operation: string, ...inputs: Tensor[]): void {
  if (inputs.some((x) => x.ndim !== inputs[0]!.ndim)) {
    const shapes = inputs.map((x) => formatShape(x.shape)).join(', ');
    throw new ShapeError(`${operation}: all inputs must have the same number of dimensions, got ${shapes}`);
  }
}

/** @throws ShapeError in the name of the loss, which the operations inside would not give */
export function checkBroadcast(operation: string, ...inputs: Tensor[]): void {
  broadcastShapes(operation, ...inputs.map((x) => x.shape));
}
