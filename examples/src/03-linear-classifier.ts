/**
 * One linear layer, two losses: softmax (cross-entropy) and SVM (hinge), on the iris flowers. CS231n, lecture 2 and 3.
 *   pnpm train linear-classifier [--epochs 200 --lr 0.1 --batch-size 16 --weight-decay 1e-3 --seed 0]
 *
 * Prints, for each loss, its curve, the accuracy on the held-out third of the flowers, and which were taken for which.
 */
import { manualSeed, noGrad } from '@ndgrad/core';
import { DataLoader, type Dataset, fitStandardizer, iris, randomSplit } from '@ndgrad/data';
import { CrossEntropyLoss, Linear, MultiMarginLoss } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { accuracy, confusionMatrix, fit } from '@ndgrad/train';
import { count, lesson, nonNegative, positive, seed, share, sparkline, table } from 'ndgrad/command';

const parts = [2 / 3, 1 / 3];
const losses = { softmax: new CrossEntropyLoss(), SVM: new MultiMarginLoss() };
const everything = (dataset: Dataset) => dataset.batch(Array.from({ length: dataset.length }, (_, i) => i));

export const linearClassifier = lesson({
  name: 'linear-classifier',
  summary: 'softmax and SVM losses on the iris flowers',
  options: {
    epochs: count(200, 'passes over the training flowers'),
    lr: positive(0.1, 'learning rate'),
    batchSize: count(16, 'flowers per step'),
    weightDecay: nonNegative(1e-3, 'λ of the regularisation ½λ‖W‖²'),
    seed: seed(0, 'seed of the split, the weights and the order'),
  },
  goals: { 'softmax held-out accuracy': share({ min: 0.94 }), 'SVM held-out accuracy': share({ min: 0.94 }) },
  async run({ epochs, lr, batchSize, weightDecay, seed }, { print, training }) {
    manualSeed(seed);
    const flowers = iris({ from: import.meta.url });
    const [known, heldOut] = randomSplit(flowers, parts, { stratify: true });
    const standard = fitStandardizer(known); // on the training part alone
    const train = new DataLoader(standard.applyTo(known), { batchSize, shuffle: true });
    const [x, y] = everything(standard.applyTo(heldOut));

    const reached: Record<string, number> = {};
    for (const [name, loss] of Object.entries(losses)) {
      const model = new Linear(4, 3);
      const optimizer = new SGD([{ params: model.weight, weightDecay }, { params: model.bias! }], { lr });
      const { history } = await fit(model, { loss, optimizer, train, epochs, ...training });
      const scores = noGrad(() => model.call(x));
      reached[name] = accuracy(scores, y);
      const counts = confusionMatrix(scores, y).tolist() as number[][];
      const rows = counts.map((row, i) => [flowers.classNames![i]!, ...row]);
      print(`${name} loss ${sparkline(history.map(({ trainLoss }) => trainLoss))}`);
      print(table(['taken for', ...flowers.classNames!], rows), '');
    }
    return { 'softmax held-out accuracy': reached.softmax!, 'SVM held-out accuracy': reached.SVM! };
  },
});
