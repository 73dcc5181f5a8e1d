import { ones, zeros } from '../create.ts';
import type { LossParams } from '../kernels/loss.ts';
import * as kernels from '../kernels/loss.ts';
import { compute, op } from '../op.ts';
import { scatterAdd } from './indexing.ts';
import { div, mul, sub } from './pointwise.ts';
import { softmax } from './softmax.ts';
import { unsqueeze } from './view.ts';

/**
 * −ln softmax(x)[label] in nats, for scores [n, classes] or [n, classes, m] and labels [n] or [n, m]: a loss for each
 * label, or their mean or sum. The labels are checked by the caller.
 * @see CS231n, lecture 3; PyTorch `nn.functional.cross_entropy`
 */
export const softmaxLoss = op({
  name: 'softmaxLoss',
  inputs: ['x', 'labels'],
  forward: (x, labels, params: LossParams) =>
    compute(kernels.softmaxLoss, params.reduction === 'none' ? labels.shape : [], [x, labels], params),
  backward: {
    x: (g, { x, labels, params: { reduction }, shapes }) => {
      const label = unsqueeze(labels, 1);
      const wrong = sub(softmax(x, 1), scatterAdd(zeros(shapes.x), 1, label, ones(label.shape)));
      if (reduction === 'none') return mul(wrong, unsqueeze(g, 1));
      return mul(wrong, reduction === 'mean' ? div(g, labels.numel()) : g);
    },
    labels: null,
  },
  fused: (g, { x, labels, params }) => ({
    x: compute(kernels.softmaxLossGradient, x.shape, [g, x, labels], params),
  }),
});
