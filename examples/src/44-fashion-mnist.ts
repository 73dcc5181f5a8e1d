/**
 * A convolutional network tells clothes apart: Fashion-MNIST, 60,000 pictures to learn from. CS231n, lecture 5 to 7.
 *   pnpm train fashion-mnist [--data DIR --epochs 4 --lr 0.05 --batch-size 50 --seed 0 …]
 *
 * `--data` is a folder with the four IDX files; Debian's package `dataset-fashion-mnist` puts them where they are looked
 * for. `--data stand-in` draws striped pictures in the same format instead, which are not Fashion-MNIST. Shows how
 * training goes on, and prints the accuracy on the test pictures.
 */
import { manualSeed } from '@ndgrad/core';
import { DataError, DataLoader, MappedDataset, mnist, randomHorizontalFlip } from '@ndgrad/data';
import { BatchNorm2d, Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ReLU, Sequential } from '@ndgrad/nn';
import { CosineAnnealingLR, SGD } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { count, fraction, lesson, nonNegative, positive, seed, share, text } from 'ndgrad/command';
import { idxStandIn, STAND_IN } from './standIn.ts';

const clothes = ['T-shirt', 'trouser', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];
const installed = '/usr/share/datasets/fashion-mnist';
const howToGetIt = `"apt-get install dataset-fashion-mnist" puts the four IDX files into ${installed}; or download them
from https://github.com/zalandoresearch/fashion-mnist and give their folder as --data`;
const loss = new CrossEntropyLoss();

function read(folder: string) {
  if (folder === STAND_IN) return idxStandIn({ train: 2000, t10k: 500 });
  try {
    return mnist({ folder, mean: 0.286, std: 0.353, classNames: clothes });
  } catch (cause) {
    throw cause instanceof DataError ? new DataError(`${cause.message}; ${howToGetIt}`, { cause }) : cause;
  }
}

/** Sizes of the volumes are those for one picture. */
const convnet = () =>
  new Sequential(
    new Conv2d(1, 16, 3, { padding: 1, bias: false }), // [1, 28, 28] → [16, 28, 28]
    new BatchNorm2d(16),
    new ReLU(),
    new MaxPool2d(2), // → [16, 14, 14]
    new Conv2d(16, 32, 3, { padding: 1, bias: false }), // → [32, 14, 14]
    new BatchNorm2d(32),
    new ReLU(),
    new MaxPool2d(2), // → [32, 7, 7]
    new Flatten(), // → [1568]
    new Linear(1568, 100),
    new ReLU(),
    new Linear(100, 10),
  );

export const fashionMnist = lesson({
  name: 'fashion-mnist',
  summary: 'a convolutional network tells clothes apart',
  options: {
    data: text(installed, `folder of the four IDX files, or "${STAND_IN}"`),
    epochs: count(4, 'passes over the training pictures'),
    lr: positive(0.05, 'learning rate at the start; falls to 0 along a cosine'),
    momentum: fraction(0.9, 'share of the velocity that is kept'),
    weightDecay: nonNegative(5e-4, 'λ of the regularisation ½λ‖w‖²'),
    batchSize: count(50, 'pictures per step'),
    seed: seed(0, 'seed of the weights, the order and the mirroring'),
  },
  goals: { 'test accuracy': share({ min: 0.9 }) },
  ci: { options: { data: STAND_IN, epochs: 2 }, goals: { 'test accuracy': share({ min: 0.9 }) } },
  async run({ data, epochs, batchSize, seed, ...step }, { print, training }) {
    manualSeed(seed);
    const set = read(data);
    if (data === STAND_IN)
      print('Striped pictures drawn here, in the format of Fashion-MNIST; it is not Fashion-MNIST.');
    const mirrored = new MappedDataset(set.train, randomHorizontalFlip());
    const train = new DataLoader(mirrored, { batchSize, shuffle: true });

    const model = convnet();
    const optimizer = new SGD(model.parameters(), step);
    const schedule = new CosineAnnealingLR(optimizer, { TMax: epochs });
    await fit(model, { loss, optimizer, schedule, train, epochs, ...training });
    const { accuracy } = await evaluate(model, new DataLoader(set.test, { batchSize: 100 }), { loss });
    return { 'test accuracy': accuracy! };
  },
});
