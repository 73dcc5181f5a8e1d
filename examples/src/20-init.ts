/**
 * What the initial weights do to the activations of ten layers of 500. CS231n, lecture 6 (weight initialization).
 *   pnpm train init [--rows 1000 --units 500 --seed 0]
 *
 * Sends Gaussian data through ten layers and prints the standard deviation of each layer's activations beside the
 * lecture's: tanh with weights of 0.01 (all collapse to 0), of 1 (all saturate), and Xavier's; ReLU with Xavier's (fades)
 * and He's (keeps its size).
 */
import { manualSeed, matmul, noGrad, randn, relu, std, type Tensor, tanh } from '@ndgrad/core';
import { amount, count, lesson, seed, table } from 'ndgrad/command';

interface Experiment {
  name: string;
  activation: (x: Tensor) => Tensor;
  scale: (fanIn: number) => number; // of the weights
  lecture: readonly number[]; // what the slides print for the ten layers
  band: number; // how far seeds lie apart: ReLU's sizes drift, as each layer's error multiplies the next's
}

const experiments: Experiment[] = [
  {
    ...{ name: 'tanh, 0.01', activation: tanh, scale: () => 0.01, band: 0.05 },
    lecture: [0.213081, 0.047551, 0.01063, 0.002378, 0.000532, 0.000119, 2.6e-5, 6e-6, 1e-6, 0],
  },
  {
    ...{ name: 'tanh, 1', activation: tanh, scale: () => 1, band: 0.05 },
    lecture: [0.981879, 0.981649, 0.981601, 0.981755, 0.981614, 0.98156, 0.98152, 0.981913, 0.981728, 0.981736],
  },
  {
    ...{ name: 'tanh, Xavier', activation: tanh, scale: (n: number) => 1 / Math.sqrt(n), band: 0.05 },
    lecture: [0.627953, 0.486051, 0.407723, 0.357108, 0.320917, 0.292116, 0.273387, 0.254935, 0.239266, 0.228008],
  },
  {
    ...{ name: 'ReLU, Xavier', activation: relu, scale: (n: number) => 1 / Math.sqrt(n), band: 0.3 },
    lecture: [0.582273, 0.403795, 0.276912, 0.198685, 0.140299, 0.10328, 0.072748, 0.051572, 0.038583, 0.026076],
  },
  {
    ...{ name: 'ReLU, He', activation: relu, scale: (n: number) => Math.sqrt(2 / n), band: 0.3 },
    lecture: [0.825232, 0.827835, 0.813855, 0.826902, 0.834092, 0.860035, 0.87061, 0.889348, 0.845357, 0.844523],
  },
];

export const initialWeights = lesson({
  name: 'init',
  summary: 'how initial weights make activations vanish, saturate or last',
  options: {
    rows: count(1000, 'rows of Gaussian data'),
    units: count(500, 'inputs, and units of each layer'),
    seed: seed(0, 'seed of the data and the weights'),
  },
  goals: { 'largest deviation, as a share of its band': amount({ max: 1 }) },
  async run({ rows, units, seed }, { print, pause, report }) {
    manualSeed(seed);
    const x = randn([rows, units]);
    let worst = 0;
    for (const { name, activation, scale, lecture, band } of experiments) {
      const outputs: Tensor[] = [];
      for (const _ of lecture) {
        const h = outputs.at(-1) ?? x;
        outputs.push(noGrad(() => activation(matmul(h, randn([units, units]).mul(scale(units))))));
        await pause();
      }
      const spreads = outputs.map((h) => std(h, { correction: 0 }).item());
      // The slides print six decimals, which say little of what is smaller than 1e-4.
      const off = spreads.map((s, l) => (lecture[l]! < 1e-4 ? s / 2e-4 : Math.abs(s / lecture[l]! - 1) / band));
      worst = Math.max(worst, ...off);
      const rows = spreads.map((spread, l) => [String(l + 1), spread, lecture[l]!]);
      print(name, table(['layer', 'computed', 'lecture'], rows), '');
      const groups = Object.fromEntries(outputs.map((h, l) => [`layer ${l + 1}`, h.toArray()]));
      report?.histograms(`Activations: ${name}`, { groups, x: 'activation', bins: 40 });
    }
    return { 'largest deviation, as a share of its band': worst };
  },
});
