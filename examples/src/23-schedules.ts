/**
 * Learning-rate schedules: a rate that decays learns fast at first and finely at the end. CS231n, lecture 7.
 *   pnpm train schedules [--epochs 15 --lr 0.15 --batch-size 20 --seed 0]
 *
 * Trains the same network on small digits with the rate held, cut in steps, decayed exponentially, by 1/t and along a
 * cosine. Prints how the rate goes, the loss at the end and the held-out accuracy.
 */
import { manualSeed } from '@ndgrad/core';
import { DataLoader, digits, randomSplit } from '@ndgrad/data';
import { CrossEntropyLoss, Flatten, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { CosineAnnealingLR, ExponentialLR, LambdaLR, SGD, StepLR } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { amount, count, lesson, percent, positive, seed, share, significant, sparkline, table } from 'ndgrad/command';

const loss = new CrossEntropyLoss();

export const schedules = lesson({
  name: 'schedules',
  summary: 'learning-rate schedules beside a rate that stays',
  options: {
    epochs: count(15, 'passes over the training digits'),
    lr: positive(0.15, 'learning rate at the start, with momentum 0.9'),
    batchSize: count(20, 'digits per step'),
    seed: seed(0, 'seed of the split, the weights and the order'),
  },
  goals: {
    'loss along a cosine, over that at a fixed rate': amount({ max: 0.8 }),
    'held-out accuracy along a cosine': share({ min: 0.96 }),
  },
  async run({ epochs, lr, batchSize, seed }, { print, training, report }) {
    const kinds: Record<string, (optimizer: SGD) => { step(): unknown }> = {
      fixed: (optimizer) => new LambdaLR(optimizer, { lrLambda: () => 1 }),
      'halved in steps': (optimizer) => new StepLR(optimizer, { stepSize: Math.ceil(epochs / 4), gamma: 0.5 }),
      exponential: (optimizer) => new ExponentialLR(optimizer, { gamma: 0.8 }),
      '1 / t': (optimizer) => new LambdaLR(optimizer, { lrLambda: (epoch) => 1 / (1 + 0.5 * epoch) }),
      cosine: (optimizer) => new CosineAnnealingLR(optimizer, { TMax: epochs }),
    };
    const results: Record<string, { rates: number[]; losses: number[]; accuracy: number }> = {};
    for (const [name, make] of Object.entries(kinds)) {
      manualSeed(seed);
      const [learnt, heldOut] = randomSplit(digits(), [0.8, 0.2], { stratify: true });
      const train = new DataLoader(learnt!, { batchSize, shuffle: true });
      const model = new Sequential(new Flatten(), new Linear(64, 32), new ReLU(), new Linear(32, 10));
      const optimizer = new SGD(model.parameters(), { lr, momentum: 0.9 });
      const { history } = await fit(model, { loss, optimizer, schedule: make(optimizer), train, epochs, ...training });
      const { accuracy } = await evaluate(model, new DataLoader(heldOut!, { batchSize: 100 }), { loss });
      results[name] = {
        rates: history.map((epoch) => epoch.lr),
        losses: history.map((epoch) => epoch.trainLoss),
        accuracy: accuracy!,
      };
    }
    const rows = Object.entries(results).map(([name, { rates, losses, accuracy }]) => [
      ...[name, sparkline(rates), sparkline(losses), significant(losses.at(-1)!), percent(accuracy)],
    ]);
    print(table(['schedule', 'rate', 'loss', 'at the end', 'held out'], rows));
    const series = (of: 'rates' | 'losses') =>
      Object.fromEntries(Object.entries(results).map(([name, result]) => [name, result[of]]));
    report?.lines('Learning rates', { series: series('rates'), x: 'epoch', y: 'learning rate' });
    report?.lines('Loss by schedule', { series: series('losses'), x: 'epoch', y: 'loss', logY: true });
    return {
      'loss along a cosine, over that at a fixed rate': results.cosine!.losses.at(-1)! / results.fixed!.losses.at(-1)!,
      'held-out accuracy along a cosine': results.cosine!.accuracy,
    };
  },
});
