/**
 * The story of the learning rate: too low, good, too high, and NaN, which is caught. CS231n, lectures 6 and 7.
 *   pnpm train learning-rates [--epochs 10 --batch-size 50 --hidden 50 --seed 0]
 *
 * Trains the same network 64-50-10 on small digits at five rates. Prints the curve of the loss at each: at a rate that is
 * too low it barely moves; at one that is too high it explodes past three times the first, where training stops, or is
 * no number any more, which `fit` refuses.
 */
import { manualSeed } from '@ndgrad/core';
import { DataLoader, digits, randomSplit } from '@ndgrad/data';
import { CrossEntropyLoss, Flatten, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { evaluate, fit, TrainingError } from '@ndgrad/train';
import { amount, count, lesson, percent, seed, share, significant, sparkline, table } from 'ndgrad/command';

const [tooLow, good] = [1e-6, 0.5];
const rates = [tooLow, 1e-3, good, 30, 1e200];
const loss = new CrossEntropyLoss();

export const learningRates = lesson({
  name: 'learning-rates',
  summary: 'learning rates too low, good and too high, and NaN caught',
  options: {
    epochs: count(10, 'passes over the training digits'),
    batchSize: count(50, 'digits per step'),
    hidden: count(50, 'hidden units'),
    seed: seed(0, 'seed of the split, the weights and the order'),
  },
  goals: {
    'too low: the loss falls by': share({ max: 0.01 }),
    'good: held-out accuracy': share({ min: 0.93 }),
    'too high: rates that are stopped': amount({ min: 2 }),
  },
  async run({ epochs, batchSize, hidden, seed }, { print, training, report }) {
    const [curves, rows] = [{} as Record<string, number[]>, [] as string[][]];
    const numbers = { fallen: Number.NaN, accuracy: Number.NaN, stopped: 0 };
    for (const lr of rates) {
      manualSeed(seed);
      const [learnt, heldOut] = randomSplit(digits(), [0.8, 0.2], { stratify: true });
      const train = new DataLoader(learnt!, { batchSize, shuffle: true });
      const model = new Sequential(new Flatten(), new Linear(64, hidden), new ReLU(), new Linear(hidden, 10));
      const losses: number[] = [];
      const exploded = new AbortController();
      const onBatch = ({ batchLoss }: { batchLoss: number }) => {
        losses.push(batchLoss);
        if (batchLoss > 3 * losses[0]!) exploded.abort();
      };
      let verdict = '';
      try {
        const optimizer = new SGD(model.parameters(), { lr });
        const signal = AbortSignal.any([exploded.signal, training.signal!]);
        const { history } = await fit(model, { loss, optimizer, train, epochs, onBatch, ...training, signal });
        if (lr === tooLow) numbers.fallen = 1 - history.at(-1)!.trainLoss / history[0]!.trainLoss;
      } catch (error) {
        if (!(error instanceof TrainingError)) throw error;
        verdict = 'no number any more: refused';
      }
      if (exploded.signal.aborted) verdict = 'explodes: stopped';
      if (verdict !== '') numbers.stopped++;
      const { accuracy } = await evaluate(model, new DataLoader(heldOut!, { batchSize: 100 }), { loss });
      if (lr === good) numbers.accuracy = accuracy!;
      rows.push([
        String(lr),
        sparkline(losses, { width: 30 }),
        significant(losses.at(-1)!),
        percent(accuracy!),
        verdict,
      ]);
      curves[`lr ${lr}`] = losses;
    }
    print(table(['lr', 'loss', 'at the end', 'held out', ''], rows));
    report?.lines('Loss at each learning rate', { series: curves, x: 'step', y: 'loss', logY: true });
    return {
      'too low: the loss falls by': numbers.fallen,
      'good: held-out accuracy': numbers.accuracy,
      'too high: rates that are stopped': numbers.stopped,
    };
  },
});
