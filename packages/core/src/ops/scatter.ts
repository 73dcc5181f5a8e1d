import * as kernels from '../kernels/pool.ts';
import { compute, op } from '../op.ts';
import { numelOf, type Shape } from '../shape.ts';
import { type Scattered, Tensor } from '../tensor.ts';

// Elements that are picked from planes by their positions, and the reverse: each is the other's gradient.

/** What stands at the positions in each plane, or 0 at −1: [n, c, height, width], [n, c, …] → [n, c, …] */
export const pick = op({
  name: 'windowPick',
  inputs: ['x', 'positions'],
  forward: (x, positions) => compute(kernels.windowPick, positions.shape, [x, positions]),
  backward: { x: (g, { positions, shapes }): Tensor => drop(g, positions, shapes.x), positions: null },
});

/** Planes that are 0 but for x at the positions, where it adds up; at −1 it does not count. */
export const drop = op({
  name: 'windowDrop',
  inputs: ['x', 'positions'],
  forward: (x, positions, shape: Shape) => compute(kernels.windowDrop, shape, [x, positions]),
  backward: { x: (g, { positions }): Tensor => pick(g, positions), positions: null },
});

/** Whether values at some positions of images of a shape are so few that they are better visited one by one. */
const areFew = (values: Tensor, shape: Shape): boolean => 2 * values.numel() <= numelOf(shape);

/**
 * The gradient of images of a shape that is 0 but for `values` at the positions: written out, unless they are so few that
 * they are better visited one by one. `there` is what the images hold at the positions, where that is known.
 */
export function fromPlaces(values: Tensor, positions: Tensor, shape: Shape, there: Tensor | null): Tensor | Scattered {
  return areFew(values, shape) ? { values, positions, shape, there } : drop(values, positions, shape);
}

/** A gradient with all its zeros. */
export function writtenOut(g: Tensor | Scattered): Tensor {
  return g instanceof Tensor ? g : drop(g.values, g.positions, g.shape);
}
