/**
 * Dropout: units fall silent at random while training, so that none relies on another. CS231n, lecture 6.
 *   pnpm train dropout [--epochs 600 --rows 100 --hidden 200 --p 0.5 --seed 0]
 *
 * Learns small digits from very few rows, with and without dropout. Prints training and held-out accuracy and loss of
 * both: without dropout the network knows its rows by heart and is surer than it should be of the others. Inverted
 * dropout keeps the mean, E[mask · x / (1 − p)] = x, which is measured as well.
 */
import { manualSeed, ones } from '@ndgrad/core';
import { DataLoader, digits, randomSplit } from '@ndgrad/data';
import { CrossEntropyLoss, Dropout, functional as F, Flatten, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { Adam } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { amount, count, fraction, lesson, percent, seed, significant, table } from 'ndgrad/command';

const loss = new CrossEntropyLoss();

export const dropoutLesson = lesson({
  name: 'dropout',
  summary: 'dropout against learning by heart',
  options: {
    epochs: count(600, 'passes over the few rows'),
    rows: count(100, 'rows to learn from, of 1,797'),
    hidden: count(200, 'hidden units'),
    p: fraction(0.5, 'share of hidden units that fall silent; half as many pixels'),
    seed: seed(0, 'seed of the split, the weights, the order and the masks'),
  },
  goals: {
    'held-out loss with dropout, over that without': amount({ max: 0.97 }),
    'mean of dropped-out ones': amount({ min: 0.99, max: 1.01 }),
  },
  async run({ epochs, rows, hidden, p, seed }, { print, training }) {
    const results: { name: string; learnt: [number, number]; heldOut: [number, number] }[] = [];
    for (const [name, share] of [
      ['without', 0],
      ['dropout', p],
    ] as const) {
      manualSeed(seed);
      const data = digits();
      const [few, others] = randomSplit(data, [rows, data.length - rows], { stratify: false });
      const train = new DataLoader(few!, { batchSize: 50, shuffle: true });
      const model = new Sequential(
        new Flatten(),
        new Dropout({ p: share / 2 }), // of the pixels
        new Linear(64, hidden),
        new ReLU(),
        new Dropout({ p: share }),
        new Linear(hidden, 10),
      );
      await fit(model, { loss, optimizer: new Adam(model.parameters()), train, epochs, ...training });
      const measured = async (loader: DataLoader): Promise<[number, number]> => {
        const { loss: value, accuracy } = await evaluate(model, loader, { loss });
        return [value, accuracy!];
      };
      const heldOut = await measured(new DataLoader(others!, { batchSize: 200 }));
      results.push({ name, learnt: await measured(train), heldOut });
    }
    const cells = ([value, accuracy]: [number, number]) => [significant(value), percent(accuracy)];
    const lines = results.map(({ name, learnt, heldOut }) => [name, ...cells(learnt), ...cells(heldOut)]);
    print(table(['', 'loss', 'learnt from', 'loss', 'held out'], lines));
    return {
      'held-out loss with dropout, over that without': results[1]!.heldOut[0] / results[0]!.heldOut[0],
      'mean of dropped-out ones': F.dropout(ones([100_000]), { p })
        .mean()
        .item(),
    };
  },
});
