/**
 * One score vector, two losses: the hinge loss of the SVM and softmax's cross-entropy. CS231n, lecture 3.
 *   pnpm train scores [--quiet]
 *
 * Prints the scores Wx + b of the notes' example, both losses and their gradients; then what tells the losses apart: the
 * SVM is content once the margins are there, softmax never is.
 */
import { add, formatShape, matmul, type Tensor, tensor } from '@ndgrad/core';
import { functional as F } from '@ndgrad/nn';
import { amount, lesson, table } from 'ndgrad/command';

const W = tensor([0.01, -0.05, 0.1, 0.05, 0.7, 0.2, 0.05, 0.16, 0, -0.45, -0.2, 0.03], { shape: [3, 4] });
const x = tensor([-15, 22, -44, 56]);
const b = tensor([0, 0.2, -0.3]);
const label = tensor([2]);

/** Σ over the wrong classes of max(0, score − right score + 1); PyTorch's is the mean over all classes. */
const hinge = (scores: Tensor, y: Tensor): Tensor => F.multiMarginLoss(scores, y).mul(scores.shape[1]!);

/** The gradient of a loss with respect to the scores. */
function gradientOf(loss: (scores: Tensor, y: Tensor) => Tensor, scores: Tensor): Tensor {
  const leaf = scores.detach().requiresGrad_();
  loss(leaf, label).backward();
  return leaf.grad!;
}

export const scores = lesson({
  name: 'scores',
  summary: 'the SVM’s hinge loss and softmax’s cross-entropy of the same scores',
  options: {},
  goals: {
    'hinge loss': amount({ min: 1.58 - 1e-9, max: 1.58 + 1e-9 }),
    'cross-entropy': amount({ min: 1.0401905694 - 1e-9, max: 1.0401905694 + 1e-9 }),
  },
  async run(_, { print }) {
    const s = add(matmul(W, x), b).reshape([1, 3]);
    const [svm, softmax] = [hinge(s, label), F.crossEntropy(s, label)];
    const numbers = (t: Tensor) => Array.from(t.toArray(), (value) => Number(value.toPrecision(6)));
    print(`W ${formatShape(W.shape)} · x ${formatShape(x.shape)} + b; the right class is 2`);
    const rows = [
      ['score', ...numbers(s)],
      ['probability', ...numbers(F.softmax(s, 1))],
      ['∂hinge/∂score', ...numbers(gradientOf(hinge, s))],
      ['∂cross-entropy/∂score = p − 1(right)', ...numbers(gradientOf(F.crossEntropy, s))],
    ];
    print(table(['', 'class 0', 'class 1', 'class 2'], rows));

    const right = tensor([0]);
    const content = [
      [10, -2, 3],
      [10, -100, -100],
      [10, 9, 9],
    ].map((list) => {
      const t = tensor([list]);
      return [`[${list}]`, hinge(t, right).item(), F.crossEntropy(t, right).item()];
    });
    print('', 'Margins reached, class 0 right:', table(['scores', 'hinge', 'cross-entropy'], content));
    return { 'hinge loss': svm.item(), 'cross-entropy': softmax.item() };
  },
});
