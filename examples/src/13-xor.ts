/**
 * XOR: no straight line parts its classes, so a linear classifier fails, and a hidden layer solves it. CS231n, lecture 4.
 *   pnpm train xor [--hidden 8 --steps 1000 --lr 0.1 --seed 0]
 *
 * Prints the accuracy of both on the four points, and what each says of them.
 */
import { manualSeed, tensor } from '@ndgrad/core';
import { CrossEntropyLoss, functional as F, Linear, type Module, ReLU, Sequential } from '@ndgrad/nn';
import { Adam } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { count, lesson, positive, seed, share, sparkline, table } from 'ndgrad/command';

const points = [[0, 0], [0, 1], [1, 0], [1, 1]]; // biome-ignore format: a table
const inputs = tensor(points);
const targets = tensor([0, 1, 1, 0]);
const batches = [[inputs, targets] as const];
const loss = new CrossEntropyLoss();

export const exclusiveOr = lesson({
  name: 'xor',
  summary: 'XOR: a linear classifier fails, a hidden layer solves it',
  options: {
    hidden: count(8, 'hidden units'),
    steps: count(1000, 'steps of each'),
    lr: positive(0.1, 'learning rate of Adam'),
    seed: seed(0, 'seed of the weights'),
  },
  goals: { 'linear accuracy': share({ max: 0.75 }), 'network accuracy': share({ min: 1 }) },
  async run({ hidden, steps, lr, seed }, { print, training, report }) {
    manualSeed(seed);
    const train = async (name: string, model: Module) => {
      const optimizer = new Adam(model.parameters(), { lr });
      const { history } = await fit(model, { loss, optimizer, train: batches, epochs: steps, ...training });
      const says = F.softmax(model.call(inputs), 1).select(1, 1).detach();
      print(`${name}: ${sparkline(history.map((epoch) => epoch.trainLoss))}`);
      print(
        table(
          ['x₀', 'x₁', 'xor', 'says'],
          points.map(([a, b], i) => [a!, b!, a! ^ b!, says.toArray()[i]!]),
        ),
        '',
      );
      report?.points(`What the ${name} says`, {
        points: points.map(([x, y], i) => ({ x: x!, y: y!, label: targets.toArray()[i]! })),
        regions: (x, y) =>
          model
            .call(tensor([[x, y]]))
            .argmax({ dim: 1 })
            .item(),
      });
      return (await evaluate(model, batches, { loss })).accuracy!;
    };
    const network = new Sequential(new Linear(2, hidden), new ReLU(), new Linear(hidden, 2));
    return {
      'linear accuracy': await train('linear classifier', new Linear(2, 2)),
      'network accuracy': await train('network', network),
    };
  },
});
