/**
 * The toy network of assignment 1: 4-10-3 on five points, with the loss that the course prints. CS231n, lecture 4.
 *   pnpm train toy-net [--steps 100 --lr 0.1 --decay 0.95 --weight-decay 5e-6]
 *
 * Starts from the course's own weights and points. Prints the loss with regularisation λ·(‖W₁‖² + ‖W₂‖²), λ = 0.05, which
 * must be 1.30378789133, and the curve of 100 steps with λ = 5e-6, which must end at 0.0156.
 */
import { readFileSync } from 'node:fs';
import { manualSeed, noGrad, type Tensor, tensor } from '@ndgrad/core';
import { CrossEntropyLoss, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { ExponentialLR, SGD } from '@ndgrad/optim';
import { fit } from '@ndgrad/train';
import { amount, count, fraction, lesson, nonNegative, positive, significant, sparkline } from 'ndgrad/command';

const file = new URL('../../conformance/data/cs231n/a1_two_layer_net.json', import.meta.url);
const loss = new CrossEntropyLoss();

/** The course's weights are [in, out]; ours are PyTorch's, [out, in]. */
function toyNet() {
  const { inputs } = JSON.parse(readFileSync(file, 'utf8')).cases[0];
  const array = ({ data, shape }: { data: number[]; shape: number[] }) => tensor(data, { shape });
  const [first, second] = [new Linear(4, 10), new Linear(10, 3)];
  noGrad(() => {
    first.weight.copy_(array(inputs.W1).t());
    second.weight.copy_(array(inputs.W2).t());
    for (const { bias } of [first, second]) bias!.zero_();
  });
  const weights = [first.weight, second.weight];
  const model = new Sequential(first, new ReLU(), second);
  return { model, weights, biases: [first.bias!, second.bias!], x: array(inputs.X), y: array(inputs.y) };
}

const penalty = (weights: readonly Tensor[], lambda: number): number =>
  weights.reduce((sum, w) => sum + lambda * w.detach().square().sum().item(), 0);

export const toyNetwork = lesson({
  name: 'toy-net',
  summary: 'assignment 1: a network 4-10-3 from the course’s own weights',
  options: {
    steps: count(100, 'steps of gradient descent'),
    lr: positive(0.1, 'learning rate at the start'),
    decay: fraction(0.95, 'what it is multiplied by after each step'),
    weightDecay: nonNegative(5e-6, 'λ of the regularisation λ‖W‖² while training'),
  },
  goals: {
    'loss at first': amount({ min: 1.30378789133 - 1e-11, max: 1.30378789133 + 1e-11 }),
    'loss at the end': amount({ min: 0.0156, max: 0.0157 }),
  },
  async run({ steps, lr, decay, weightDecay }, { print, training }) {
    manualSeed(0);
    const { model, weights, biases, x, y } = toyNet();
    const atFirst = loss.call(model.call(x), y).item() + penalty(weights, 0.05);
    print(`loss with λ = 0.05: ${atFirst.toFixed(11)}`);

    const groups = [{ params: weights, weightDecay: 2 * weightDecay }, { params: biases }]; // of λ‖W‖²: 2λW
    const optimizer = new SGD(groups, { lr });
    const schedule = new ExponentialLR(optimizer, { gamma: decay });
    const losses: number[] = [];
    const onBatch = ({ batchLoss }: { batchLoss: number }) =>
      void losses.push(batchLoss + penalty(weights, weightDecay));
    await fit(model, { loss, optimizer, schedule, train: [[x, y]], epochs: steps, onBatch, ...training });
    print(`${steps} steps: ${significant(losses[0]!)} → ${significant(losses.at(-1)!)}`, sparkline(losses));
    return { 'loss at first': atFirst, 'loss at the end': losses.at(-1)! };
  },
});
