import * as kernels from '../kernels/matmul.ts';
import { compute, expandView, op } from '../op.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { matmul } from './matmul.ts';
import { t } from './view.ts';

// Rows times a weight that lies as layers hold it, [out, in], so that ∂L/∂W comes in the layout of W.

const rules = {
  x: (g: Tensor, { weight }: { weight: Tensor }) => matmul(g, weight), // [n, out] · [out, in]
  weight: (g: Tensor, { x }: { x: Tensor }) => matmul(t(g), x), // [out, n] · [n, in]
};

/** What the rules give, from the kernels themselves. */
const slopes = (g: Tensor, at: { x: Tensor; weight: Tensor }, wants: { x: boolean; weight: boolean }) => ({
  ...(wants.x && { x: compute(kernels.bmm, at.x.shape, [g, at.weight]) }),
  ...(wants.weight && { weight: compute(kernels.bmm, at.weight.shape, [t(g), at.x]) }),
});

/**
 * x·Wᵀ: [n, in], [out, in] → [n, out]. The shapes are checked by the caller, as nn's `linear`.
 * @see CS231n, lecture 4; PyTorch `nn.functional.linear`
 */
export const linearMap = op({
  name: 'linear',
  inputs: ['x', 'weight'],
  forward: (x, weight) => compute(kernels.bmm, [x.shape[0]!, weight.shape[0]!], [x, t(weight)]),
  backward: rules,
  fused: slopes,
});

/**
 * x·Wᵀ + b: [n, in], [out, in], [out] → [n, out]. The shapes are checked by the caller, as nn's `linear`.
 * @see CS231n, lecture 4; PyTorch `nn.functional.linear`
 */
export const affineMap = op({
  name: 'linear',
  inputs: ['x', 'weight', 'bias'],
  forward: (x, weight, bias) => {
    const shape = [x.shape[0]!, weight.shape[0]!];
    return compute(kernels.affine, shape, [expandView(bias, shape), x, t(weight)]);
  },
  backward: { ...rules, bias: (g, { shapes }) => sumTo(g, shapes.bias) },
  fused: (g, at, wants) => ({ ...slopes(g, at, wants), ...(wants.bias && { bias: sumTo(g, at.shapes.bias) }) }),
});
