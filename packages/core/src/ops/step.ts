import * as kernels from '../kernels/activation.ts';
import { compute, op } from '../op.ts';
import type { Tensor } from '../tensor.ts';

/** g where x > 0, else 0; the slope of relu, applied. */
export const step = op({
  name: 'step',
  inputs: ['g', 'x'],
  broadcastBefore: 0,
  forward: (g, x) => compute(kernels.step, g.shape, [g, x]),
  backward: { g: (u, { x }): Tensor => step(u, x), x: null },
});
