/**
 * The search for hyperparameters, from coarse to fine, at random in log space. CS231n, lecture 6.
 *   pnpm train search [--coarse 20 --fine 12 --coarse-epochs 2 --fine-epochs 6 --seed 0]
 *
 * Draws learning rate and regularisation log-uniformly (10^U(−6, 1) and 10^U(−5, 3)), trains each pair briefly, stops those
 * that explode (loss above three times the first), then searches around the best. Prints the best of both rounds, warns
 * when the best lies on the border of what was searched, and counts how many different rates a grid would have tried.
 */
import { Generator, manualSeed, rand } from '@ndgrad/core';
import { DataLoader, digits, randomSplit } from '@ndgrad/data';
import { CrossEntropyLoss, Flatten, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { evaluate, fit, TrainingError } from '@ndgrad/train';
import { amount, count, lesson, percent, seed, share, significant, table } from 'ndgrad/command';

type Range = readonly [low: number, high: number]; // powers of 10
type Trial = { lr: number; weightDecay: number; accuracy: number; exploded: boolean };
const loss = new CrossEntropyLoss();

export const hyperparameterSearch = lesson({
  name: 'search',
  summary: 'hyperparameter search, coarse to fine, random in log space',
  options: {
    coarse: count(20, 'pairs of the coarse search'),
    fine: count(12, 'pairs of the fine search'),
    coarseEpochs: count(2, 'epochs of each coarse trial'),
    fineEpochs: count(6, 'epochs of each fine trial'),
    seed: seed(0, 'seed of the pairs, the split, the weights and the order'),
  },
  goals: { 'best held-out accuracy': share({ min: 0.95 }), 'pairs that explode': amount({ min: 1 }) },
  async run({ coarse, fine, coarseEpochs, fineEpochs, seed }, { print, training, report }) {
    const generator = new Generator(seed);
    const power = ([low, high]: Range) => 10 ** (low + (high - low) * rand([], { generator }).item());
    const attempt = async (lr: number, weightDecay: number, epochs: number): Promise<Trial> => {
      manualSeed(seed);
      const [learnt, heldOut] = randomSplit(digits(), [0.8, 0.2], { stratify: true });
      const train = new DataLoader(learnt!, { batchSize: 50, shuffle: true });
      const model = new Sequential(new Flatten(), new Linear(64, 50), new ReLU(), new Linear(50, 10));
      const [stop, optimizer] = [
        new AbortController(),
        new SGD(model.parameters(), { lr, weightDecay, momentum: 0.9 }),
      ];
      const onBatch = ({ batchLoss }: { batchLoss: number }) => void (batchLoss > 3 * Math.log(10) && stop.abort());
      try {
        const signal = AbortSignal.any([stop.signal, training.signal!]);
        await fit(model, { loss, optimizer, train, epochs, onBatch, ...training, progress: false, signal });
      } catch (error) {
        if (!(error instanceof TrainingError)) throw error;
        stop.abort();
      }
      const { accuracy } = await evaluate(model, new DataLoader(heldOut!, { batchSize: 100 }), { loss });
      return { lr, weightDecay, accuracy: accuracy!, exploded: stop.signal.aborted };
    };
    const search = async (name: string, rates: Range, decays: Range, pairs: number, epochs: number) => {
      const trials: Trial[] = [];
      for (let i = 0; i < pairs; i++) trials.push(await attempt(power(rates), power(decays), epochs));
      const best = trials.sort((a, b) => b.accuracy - a.accuracy).slice(0, 5);
      const rows = best.map((t) => [significant(t.lr), significant(t.weightDecay), percent(t.accuracy)]);
      print(`${name}: ${pairs} pairs, ${trials.filter((t) => t.exploded).length} exploded`);
      print(table(['lr', 'λ', 'held out'], rows));
      const [place, [low, high]] = [Math.log10(best[0]!.lr), rates];
      const onBorder = Math.min(place - low, high - place) < 0.1 * (high - low);
      if (onBorder) print('The best rate lies on the border: search wider.');
      const dot = (t: Trial) => ({ x: Math.log10(t.lr), y: Math.log10(t.weightDecay), label: percent(t.accuracy, 0) });
      report?.points(`${name} search`, { points: trials.map(dot) });
      return trials;
    };
    const first = await search('Coarse', [-6, 1], [-5, 3], coarse, coarseEpochs);
    const [rate, decay] = [Math.log10(first[0]!.lr), Math.log10(first[0]!.weightDecay)];
    const second = await search('Fine', [rate - 0.7, rate + 0.7], [decay - 1, decay + 1], fine, fineEpochs);
    print(`A grid of ${coarse} pairs tries ${Math.floor(Math.sqrt(coarse))} rates; these were ${coarse}.`);
    return {
      'best held-out accuracy': second[0]!.accuracy,
      'pairs that explode': first.filter((t) => t.exploded).length,
    };
  },
});
