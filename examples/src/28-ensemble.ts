/**
 * Ensembles: several networks vote, and are right more often than any of them. CS231n, lecture 7.
 *   pnpm train ensemble [--models 7 --epochs 12 --hidden 16 --seed 0]
 *
 * Trains networks on small digits from different weights; each alone and the mean of their probabilities are tested on
 * the held-out digits. Prints each accuracy, their mean and that of the ensemble.
 */
import { div, manualSeed, noGrad, type Tensor } from '@ndgrad/core';
import { DataLoader, digits, randomSplit } from '@ndgrad/data';
import { CrossEntropyLoss, functional as F, Flatten, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { accuracy, fit } from '@ndgrad/train';
import { count, lesson, percent, positive, seed, share, table } from 'ndgrad/command';

const loss = new CrossEntropyLoss();

export const ensembles = lesson({
  name: 'ensemble',
  summary: 'networks that vote are right more often than each alone',
  options: {
    models: count(7, 'networks'),
    epochs: count(12, 'passes of each over the training digits'),
    hidden: count(16, 'hidden units of each'),
    lr: positive(0.2, 'learning rate'),
    seed: seed(0, 'seed of the split, the weights and the order'),
  },
  goals: { 'ensemble accuracy': share({ min: 0.93 }), 'gain over the mean of the models': share({ min: 0.005 }) },
  async run({ models, epochs, hidden, lr, seed }, { print, training }) {
    manualSeed(seed);
    const [learnt, heldOut] = randomSplit(digits(), [0.6, 0.4], { stratify: true });
    const [x, y] = heldOut!.batch(Array.from({ length: heldOut!.length }, (_, i) => i));
    const alone: number[] = [];
    let sum: Tensor | null = null;
    for (let i = 0; i < models; i++) {
      const model = new Sequential(new Flatten(), new Linear(64, hidden), new ReLU(), new Linear(hidden, 10));
      const train = new DataLoader(learnt!, { batchSize: 50, shuffle: true });
      await fit(model, { loss, optimizer: new SGD(model.parameters(), { lr }), train, epochs, ...training });
      const probabilities = noGrad(() => F.softmax(model.eval().call(x), 1));
      alone.push(accuracy(probabilities, y));
      sum = sum === null ? probabilities : sum.add(probabilities);
    }
    const mean = alone.reduce((a, b) => a + b, 0) / models;
    const together = accuracy(div(sum!, models), y);
    const rows = [...alone.map((value, i) => [`network ${i + 1}`, percent(value)]), ['mean', percent(mean)]];
    print(table(['', 'held out'], [...rows, ['ensemble', percent(together)]]));
    return { 'ensemble accuracy': together, 'gain over the mean of the models': together - mean };
  },
});
