/**
 * A small convolutional network reads scikit-learn's digits of 8 × 8 pixels. CS231n, lecture 5 (convolutional networks).
 *   pnpm train digits [--epochs 10 --lr 0.1 --batch-size 32 --seed 0 …]
 *
 * Shows how training goes on, and prints the accuracy on the held-out fifth of the 1,797 digits, and which of them were
 * taken for which. The layers are the lecture's pattern, (CONV-RELU)·2-POOL, then FC-RELU-FC.
 */
import { manualSeed, noGrad } from '@ndgrad/core';
import { DataLoader, digits, randomSplit } from '@ndgrad/data';
import { Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ReLU, Sequential } from '@ndgrad/nn';
import { CosineAnnealingLR, SGD } from '@ndgrad/optim';
import { accuracy, confusionMatrix, fit } from '@ndgrad/train';
import { count, fraction, lesson, nonNegative, positive, seed, share, table } from 'ndgrad/command';

const parts = [0.8, 0.2];
const loss = new CrossEntropyLoss();

/** Sizes of the volumes are those for one image. */
const convnet = () =>
  new Sequential(
    new Conv2d(1, 16, 3, { padding: 1 }), // [1, 8, 8] → [16, 8, 8]
    new ReLU(),
    new Conv2d(16, 32, 3, { padding: 1 }), // → [32, 8, 8]
    new ReLU(),
    new MaxPool2d(2), // → [32, 4, 4]
    new Flatten(), // → [512]
    new Linear(512, 64),
    new ReLU(),
    new Linear(64, 10),
  );

export const smallDigits = lesson({
  name: 'digits',
  summary: 'a convolutional network reads digits of 8 × 8 pixels',
  options: {
    epochs: count(10, 'passes over the training digits'),
    lr: positive(0.1, 'learning rate at the start; falls to 0 along a cosine'),
    momentum: fraction(0.9, 'share of the velocity that is kept'),
    weightDecay: nonNegative(1e-3, 'λ of the regularisation ½λ‖w‖²'),
    batchSize: count(32, 'digits per step'),
    seed: seed(0, 'seed of the split, the weights and the order'),
  },
  goals: { 'held-out accuracy': share({ min: 0.97 }) },
  async run({ epochs, batchSize, seed, ...step }, { print, training }) {
    manualSeed(seed);
    const data = digits();
    const [learnt, heldOut] = randomSplit(data, parts, { stratify: true });
    const train = new DataLoader(learnt!, { batchSize, shuffle: true });
    const [x, y] = heldOut!.batch(Array.from({ length: heldOut!.length }, (_, i) => i));

    const model = convnet();
    const optimizer = new SGD(model.parameters(), step);
    const schedule = new CosineAnnealingLR(optimizer, { TMax: epochs });
    const validation = [[x, y] as const];
    await fit(model, { loss, optimizer, schedule, train, validation, epochs, ...training });
    const scores = noGrad(() => model.eval().call(x));
    const counts = confusionMatrix(scores, y).tolist() as number[][];
    print(
      table(
        ['taken for', ...data.classNames!],
        counts.map((row, digit) => [digit, ...row]),
      ),
    );
    return { 'held-out accuracy': accuracy(scores, y) };
  },
});
