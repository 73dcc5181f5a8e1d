/**
 * Regularisation smooths the decision boundary of a large network. CS231n, notes "Setting up the architecture".
 *   pnpm train regularisation [--epochs 500 --hidden 50 --seed 0]
 *
 * Trains the same network on two noisy moons with λ = 0, 0.001, 0.01 and 0.1. Prints training and test accuracy and how
 * often the predicted class changes along the lines of a grid: less with more regularisation. With --report, the four
 * boundaries as pictures.
 */
import { linspace, manualSeed, noGrad, stack, tensor } from '@ndgrad/core';
import { CrossEntropyLoss, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { Adam } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { amount, count, lesson, percent, positive, seed, table } from 'ndgrad/command';
import { moons } from './moons.ts';

const lambdas = [0, 0.001, 0.01, 0.1];
const loss = new CrossEntropyLoss();

/** How often the class changes along the rows of a grid over the picture. */
function crossings(model: Sequential, size = 60): number {
  const axis = (low: number, high: number) => linspace(low, high, size);
  const x = axis(-2, 3).expand([size, size]);
  const y = axis(-1.5, 2).reshape([size, 1]).expand([size, size]);
  const grid = stack([x, y], { dim: 2 }).reshape([-1, 2]);
  const classes = noGrad(() => model.call(grid).argmax({ dim: 1 })).reshape([size, size]);
  return classes
    .narrow(1, 1, size - 1)
    .ne(classes.narrow(1, 0, size - 1))
    .sum()
    .item();
}

export const regularisation = lesson({
  name: 'regularisation',
  summary: 'regularisation smooths the boundary of a large network',
  options: {
    epochs: count(500, 'steps by the full batch'),
    hidden: count(50, 'units of each of two hidden layers'),
    lr: positive(0.02, 'learning rate of Adam'),
    seed: seed(0, 'seed of the points and the weights'),
  },
  goals: {
    'test accuracy of the best λ, over that without': amount({ min: 1.02 }),
    'crossings with the largest λ, over those without': amount({ max: 0.95 }),
  },
  async run({ epochs, hidden, lr, seed }, { print, training, report }) {
    const rows: { lambda: number; learnt: number; test: number; crossings: number }[] = [];
    for (const weightDecay of lambdas) {
      manualSeed(seed);
      const [train, test] = [[moons(40, 0.35)], [moons(500, 0.35)]];
      const layers = [new Linear(2, hidden), new ReLU(), new Linear(hidden, hidden), new ReLU(), new Linear(hidden, 2)];
      const model = new Sequential(...layers);
      const optimizer = new Adam(model.parameters(), { lr, weightDecay });
      await fit(model, { loss, optimizer, train, epochs, ...training });
      const accuracy = async (batches: typeof train) => (await evaluate(model, batches, { loss })).accuracy!;
      const [learnt, unseen] = [await accuracy(train), await accuracy(test)];
      rows.push({ lambda: weightDecay, learnt, test: unseen, crossings: crossings(model) });
      const [x, y] = [train[0]![0].tolist() as [number, number][], train[0]![1].toArray()];
      const points = x.map(([a, b], i) => ({ x: a, y: b, label: y[i]! }));
      const regions = (a: number, b: number) =>
        model
          .call(tensor([[a, b]]))
          .argmax({ dim: 1 })
          .item();
      report?.points(`λ = ${weightDecay}`, { points, regions });
    }
    const lines = rows.map((row) => [String(row.lambda), percent(row.learnt), percent(row.test), row.crossings]);
    print(table(['λ', 'learnt from', 'test', 'crossings'], lines));
    return {
      'test accuracy of the best λ, over that without': Math.max(...rows.map(({ test }) => test)) / rows[0]!.test,
      'crossings with the largest λ, over those without': rows.at(-1)!.crossings / rows[0]!.crossings,
    };
  },
});
