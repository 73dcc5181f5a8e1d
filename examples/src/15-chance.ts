/**
 * Before training, look at the loss: with small weights it is chance, ln C; and regularisation raises it. CS231n, lecture 6.
 *   pnpm train chance [--classes 10 --hidden 50 --weight-decay 1e3 --rows 100 --seed 0]
 *
 * A network 3072-50-10 with weights 1e-4·N(0, 1): the loss must be 2.3026; with λ = 1000 the regularisation ½λ‖W‖² adds
 * 0.77, so it must be about 3.07. Prints both, and the chance losses of softmax and SVM for some numbers of classes.
 */
import { manualSeed, noGrad, randint, randn, zeros } from '@ndgrad/core';
import { functional as F, init, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { amount, count, lesson, nonNegative, seed, table } from 'ndgrad/command';

const pixels = 32 * 32 * 3;

export const chanceLoss = lesson({
  name: 'chance',
  summary: 'the loss before training: ln C, and more with regularisation',
  options: {
    classes: count(10, 'classes'),
    hidden: count(50, 'hidden units'),
    weightDecay: nonNegative(1e3, 'λ of the regularisation ½λ‖W‖²'),
    rows: count(100, 'rows of random pixels'),
    seed: seed(0, 'seed of the pixels and the weights'),
  },
  goals: {
    'loss of chance, off by': amount({ max: 1e-3 }),
    'regularised loss': amount({ min: 3.06, max: 3.09 }),
  },
  async run({ classes, hidden, weightDecay, rows, seed }, { print }) {
    manualSeed(seed);
    const layers = [new Linear(pixels, hidden), new Linear(hidden, classes)];
    for (const { weight, bias } of layers) {
      init.normal_(weight, { std: 1e-4 });
      init.zeros_(bias!);
    }
    const model = new Sequential(layers[0]!, new ReLU(), layers[1]!);
    const [x, y] = [randn([rows, pixels]), randint(classes, [rows])];
    const loss = noGrad(() => F.crossEntropy(model.call(x), y).item());
    const squares = layers.reduce((sum, { weight }) => sum + weight.detach().square().sum().item(), 0);
    const regularised = loss + 0.5 * weightDecay * squares;
    print(`softmax loss ${loss.toFixed(6)}, ln ${classes} = ${Math.log(classes).toFixed(6)}`);
    print(`with ½·${weightDecay}·‖W‖² ${regularised.toFixed(6)}`, '');

    const chances = [2, 3, 10, 100, 1000].map((count) => {
      const [scores, right] = [zeros([1, count]), zeros([1])];
      return [String(count), F.crossEntropy(scores, right).item(), F.multiMarginLoss(scores, right).item() * count];
    });
    print(table(['classes', 'softmax: ln C', 'SVM: C − 1'], chances));
    return { 'loss of chance, off by': Math.abs(loss - Math.log(classes)), 'regularised loss': regularised };
  },
});
