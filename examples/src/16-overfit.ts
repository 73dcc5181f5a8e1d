/**
 * Before the real training, overfit a tiny set: what can't learn 20 rows by heart will not learn. CS231n, lecture 6.
 *   pnpm train overfit [--rows 20 --epochs 200 --lr 1e-3 --seed 0]
 *
 * The lecture's protocol on random pixels: 3072-50-10, weights 1e-4·N(0, 1), full batch, no regularisation. The loss must
 * start at ln 10 and end below 0.005, with every row right. Prints it as the lecture does, and its curve.
 */
import { manualSeed, randint, randn } from '@ndgrad/core';
import { CrossEntropyLoss, init, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { amount, count, lesson, positive, seed, share, sparkline, table } from 'ndgrad/command';

const [pixels, hidden, classes] = [3072, 50, 10];
const loss = new CrossEntropyLoss();

export const overfitting = lesson({
  name: 'overfit',
  summary: 'a network learns 20 rows by heart, as a check before training',
  options: {
    rows: count(20, 'rows of random pixels'),
    epochs: count(200, 'steps by the full batch'),
    lr: positive(1e-3, 'learning rate'),
    seed: seed(0, 'seed of the pixels, labels and weights'),
  },
  goals: {
    'first loss': amount({ min: Math.log(10) - 1e-3, max: Math.log(10) + 1e-3 }),
    'final loss': amount({ max: 0.005 }),
    'training accuracy': share({ min: 1 }),
  },
  async run({ rows, epochs, lr, seed }, { print, training }) {
    manualSeed(seed);
    const train = [[randn([rows, pixels]).mul(64), randint(classes, [rows])] as const];
    const layers = [new Linear(pixels, hidden), new Linear(hidden, classes)];
    for (const { weight, bias } of layers) {
      init.normal_(weight, { std: 1e-4 });
      init.zeros_(bias!);
    }
    const model = new Sequential(layers[0]!, new ReLU(), layers[1]!);
    const optimizer = new SGD(model.parameters(), { lr });
    const { history } = await fit(model, { loss, optimizer, train, epochs, ...training });
    const shown = history.filter(({ epoch }) => epoch <= 3 || epoch % 20 === 0 || epoch > epochs - 3);
    const lines = shown.map(({ epoch, trainLoss, trainAccuracy }) => [
      String(epoch),
      trainLoss.toFixed(6),
      trainAccuracy!,
    ]);
    print(table(['epoch', 'cost', 'train'], lines), sparkline(history.map(({ trainLoss }) => trainLoss)));
    const end = await evaluate(model, train, { loss });
    return { 'first loss': history[0]!.trainLoss, 'final loss': end.loss, 'training accuracy': end.accuracy! };
  },
});
