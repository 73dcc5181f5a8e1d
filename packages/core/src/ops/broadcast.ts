import { ArgumentError, ShapeError } from '../errors.ts';
import * as kernels from '../kernels/reduce.ts';
import { compute, expandView, op } from '../op.ts';
import { describe } from '../options.ts';
import { expandStrides, formatShape, type Shape } from '../shape.ts';
import { type Tensor, viewOf } from '../tensor.ts';

// Repeating and summing up: each is the other's gradient.

const expandOp = op({
  name: 'expand',
  inputs: ['x'],
  forward: (x, shape: Shape) => expandView(x, shape),
  backward: { x: (g, { shapes }) => sumTo(g, shapes.x) },
});

const sumOp = op({
  name: 'sum',
  inputs: ['x'],
  forward: (x, shape: Shape) => {
    const lead = x.ndim - shape.length;
    const y = compute(kernels.sum, [...new Array<number>(lead).fill(1), ...shape], [x]);
    return lead === 0 ? y : viewOf(y, shape, y.ndarray.stride.slice(lead), 0);
  },
  backward: { x: (g, { shapes }) => expandOp(g, shapes.x) },
});

/**
 * `x` repeated to a larger shape, as a view: dims of size 1 are repeated, new dims are added in front, −1 keeps a size.
 * @throws ShapeError where a size other than 1 would have to change
 * @see PyTorch `Tensor.expand`
 */
export function expand(x: Tensor, shape: Shape): Tensor {
  return expanded('expand', x, shape);
}

/** The same as `expand`. @see PyTorch `torch.broadcast_to` */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return expanded('broadcastTo', x, shape);
}

function expanded(operation: string, x: Tensor, shape: Shape): Tensor {
  if (!Array.isArray(shape)) {
    throw new ArgumentError(
      `${operation}: a shape is a list of whole numbers, such as [2, -1]; got ${describe(shape)}`,
    );
  }
  const lead = shape.length - x.ndim;
  const wanted = shape.map((size, i) => (size === -1 && i >= lead ? x.shape[i - lead]! : size));
  const valid = wanted.every((size) => Number.isInteger(size) && size >= 0);
  if (!valid || expandStrides(x.shape, x.ndarray.stride, wanted) === null) {
    throw new ShapeError(
      `${operation}: can't expand ${formatShape(x.shape)} to ${formatShape(shape)}: only sizes of 1 can grow`,
    );
  }
  return expandOp(x, wanted);
}

/** The reverse of `expand`: the sum over everything that `expand` would have repeated to get from `shape` to `x`. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  return sumOp(x, shape);
}
