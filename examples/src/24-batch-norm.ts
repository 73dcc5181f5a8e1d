/**
 * Batch normalisation makes a network forgive bad initial weights. CS231n, lecture 6.
 *   pnpm train batch-norm [--epochs 8 --lr 0.1 --batch-size 50 --seed 0]
 *
 * Trains a network 64-50-50-50-10 on small digits from weights of seven sizes, 0.001 to 1 · N(0, 1), with and without
 * batch normalisation. Prints the held-out accuracies: without it only a narrow band of sizes learns, with it nearly all.
 */
import { manualSeed } from '@ndgrad/core';
import { DataLoader, digits, randomSplit } from '@ndgrad/data';
import { BatchNorm1d, CrossEntropyLoss, Flatten, init, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { evaluate, fit, TrainingError } from '@ndgrad/train';
import { count, lesson, percent, positive, seed, share, table } from 'ndgrad/command';

const scales = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const loss = new CrossEntropyLoss();

function network(scale: number, normalised: boolean): Sequential {
  const model = new Sequential(new Flatten());
  for (const [inputs, outputs] of [
    [64, 50],
    [50, 50],
    [50, 50],
    [50, 10],
  ] as const) {
    const layer = new Linear(inputs, outputs);
    init.normal_(layer.weight, { std: scale });
    model.append(layer);
    if (outputs === 10) continue;
    if (normalised) model.append(new BatchNorm1d(outputs));
    model.append(new ReLU());
  }
  return model;
}

export const batchNormalisation = lesson({
  name: 'batch-norm',
  summary: 'batch normalisation forgives bad initial weights',
  options: {
    epochs: count(8, 'passes over the training digits'),
    lr: positive(0.1, 'learning rate'),
    batchSize: count(50, 'digits per step'),
    seed: seed(0, 'seed of the split, the weights and the order'),
  },
  goals: {
    'worst accuracy with batch norm': share({ min: 0.85 }),
    'worst accuracy without': share({ max: 0.5 }),
  },
  async run({ epochs, lr, batchSize, seed }, { print, training, report }) {
    const accuracyOf = async (scale: number, normalised: boolean) => {
      manualSeed(seed);
      const [learnt, heldOut] = randomSplit(digits(), [0.8, 0.2], { stratify: true });
      const train = new DataLoader(learnt!, { batchSize, shuffle: true });
      const model = network(scale, normalised);
      try {
        await fit(model, { loss, optimizer: new SGD(model.parameters(), { lr }), train, epochs, ...training });
      } catch (error) {
        if (!(error instanceof TrainingError)) throw error; // a loss that is no number: nothing was learnt
      }
      return (await evaluate(model, new DataLoader(heldOut!, { batchSize: 100 }), { loss })).accuracy!;
    };
    const [without, normalised] = [[] as number[], [] as number[]];
    for (const scale of scales) {
      without.push(await accuracyOf(scale, false));
      normalised.push(await accuracyOf(scale, true));
    }
    const rows = scales.map((scale, i) => [String(scale), percent(without[i]!), percent(normalised[i]!)]);
    print(table(['weights', 'without', 'batch norm'], rows));
    const points = (list: number[]) => list.map((accuracy, i) => [scales[i]!, accuracy] as const);
    const series = { without: points(without), 'batch norm': points(normalised) };
    report?.lines('Accuracy by initial scale', { series, x: 'scale of the weights', y: 'held out', logX: true });
    return {
      'worst accuracy with batch norm': Math.min(...normalised),
      'worst accuracy without': Math.min(...without),
    };
  },
});
