/**
 * A whole network in twenty lines: two layers, a sigmoid between them, the squared error. CS231n, lecture 4.
 *   pnpm train twenty-lines [--steps 2000 --lr 1e-4 --hidden 100 --rows 64 --seed 0]
 *
 * Prints the curve of the loss on 64 random rows (1000 inputs, 10 outputs), and by how much it fell in 500 steps. The
 * gradients are written out by hand, as in the lecture, and compared with `backward()` before the first step.
 */
import { manualSeed, matmul, noGrad, randn, sigmoid, square, sub, type Tensor } from '@ndgrad/core';
import { amount, count, lesson, positive, seed, significant, sparkline } from 'ndgrad/command';

const [inputs, outputs] = [1000, 10];

/** The loss Σ(σ(x·w₁)·w₂ − y)² and, by the chain rule, its gradients. */
function byHand(x: Tensor, y: Tensor, w1: Tensor, w2: Tensor): { loss: number; g1: Tensor; g2: Tensor } {
  const h = sigmoid(matmul(x, w1)); // [rows, hidden]
  const error = sub(matmul(h, w2), y); // [rows, outputs]
  const upstream = error.mul(2); // ∂L/∂prediction
  const g2 = matmul(h.t(), upstream);
  const gh = matmul(upstream, w2.t());
  const g1 = matmul(x.t(), gh.mul(h).mul(sub(1, h))); // σ′ = σ(1 − σ)
  return { loss: square(error).sum().item(), g1, g2 };
}

export const twentyLines = lesson({
  name: 'twenty-lines',
  summary: 'a two-layer network with its gradients written by hand',
  options: {
    steps: count(2000, 'steps of gradient descent, at least 500'),
    lr: positive(1e-4, 'learning rate'),
    hidden: count(100, 'hidden units'),
    rows: count(64, 'rows of random data'),
    seed: seed(0, 'seed of the data and the weights'),
  },
  goals: {
    'loss at first, over that after 500 steps': amount({ min: 10 }),
    'error of the gradients': amount({ max: 1e-9 }),
  },
  ci: { options: { steps: 500 } },
  async run({ steps, lr, hidden, rows, seed }, { print, pause, report }) {
    manualSeed(seed);
    const [x, y] = [randn([rows, inputs]), randn([rows, outputs])];
    const w1 = randn([inputs, hidden], { requiresGrad: true });
    const w2 = randn([hidden, outputs], { requiresGrad: true });

    square(sub(matmul(sigmoid(matmul(x, w1)), w2), y))
      .sum()
      .backward();
    const first = noGrad(() => byHand(x, y, w1, w2));
    const off = (hand: Tensor, swept: Tensor) => sub(hand, swept).abs().max().div(swept.abs().max()).item();
    const error = Math.max(off(first.g1, w1.grad!), off(first.g2, w2.grad!));

    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      noGrad(() => {
        const { loss, g1, g2 } = byHand(x, y, w1, w2);
        losses.push(loss);
        w1.sub_(g1.mul(lr));
        w2.sub_(g2.mul(lr));
      });
      await pause();
    }
    print(`loss ${significant(losses[0]!)} → ${significant(losses.at(-1)!)}`, sparkline(losses.map(Math.log10)));
    report?.lines('Loss', { series: { 'Σ(prediction − y)²': losses }, x: 'step', y: 'loss', logY: true });
    const after = noGrad(() => losses[500] ?? byHand(x, y, w1, w2).loss);
    return { 'loss at first, over that after 500 steps': losses[0]! / after, 'error of the gradients': error };
  },
});
