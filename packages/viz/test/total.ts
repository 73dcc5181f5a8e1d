import { expand, op, sum, type Tensor } from '@ndgrad/core';

/** The sum of all elements, as one operation. */
export const total = op({
  name: 'total',
  inputs: ['x'],
  forward: (x) => sum(x),
  backward: { x: (g, { shapes }): Tensor => expand(g, shapes.x) },
});
