/**
 * Small colour photographs of ten kinds: CIFAR-10, by a two-layer network and by a small convolutional one, whose
 * pictures are mirrored, shifted and jittered at random. CS231n, lecture 4 (two layers), 5 to 7 (convolution, craft).
 *   pnpm train cifar10 [--data DIR --epochs 10 --hidden 200 --lr 0.02 --batch-size 50 --seed 0 …]
 *
 * `--data` is the folder of the binary version, with `data_batch_1.bin` … and `test_batch.bin`. `--data stand-in` draws
 * striped pictures in the same format instead, which are not CIFAR-10. Prints both accuracies on the test data.
 */
import { manualSeed, tensor } from '@ndgrad/core';
import * as data from '@ndgrad/data';
import { BatchNorm2d, Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, ReLU, Sequential } from '@ndgrad/nn';
import { CosineAnnealingLR, SGD } from '@ndgrad/optim';
import { evaluate, fit } from '@ndgrad/train';
import { count, fraction, lesson, nonNegative, positive, seed, share, text } from 'ndgrad/command';
import { cifarStandIn, STAND_IN } from './standIn.ts';

const loss = new CrossEntropyLoss();
const [flip, crop] = [data.randomHorizontalFlip(), data.randomCrop(32, { padding: 4 })];
/** Mean and standard deviation of the red, green and blue of CIFAR-10's training pixels. */
const [mean, std] = [tensor([0.4914, 0.4822, 0.4465]), tensor([0.247, 0.2435, 0.2616])];
const standard = new data.Standardizer(mean.reshape([3, 1, 1]), std.reshape([3, 1, 1]));
const jitter = data.colorJitter({ brightness: 0.2, contrast: 0.2 });

const twoLayers = (hidden: number) =>
  new Sequential(new Flatten(), new Linear(3 * 32 * 32, hidden), new ReLU(), new Linear(hidden, 10));

/** CONV-BN-RELU-POOL: half the rows and columns, more channels. */
const block = (channels: number, filters: number) => [
  new Conv2d(channels, filters, 3, { padding: 1, bias: false }),
  new BatchNorm2d(filters),
  new ReLU(),
  new MaxPool2d(2),
];
const convnet = () =>
  new Sequential(...block(3, 16), ...block(16, 32), ...block(32, 64), new Flatten(), new Linear(64 * 4 * 4, 10));

export const cifar = lesson({
  name: 'cifar10',
  summary: 'two layers against a convolutional network, on colour photographs',
  options: {
    data: text('cifar-10-batches-bin', `folder of CIFAR-10's six binary files, or "${STAND_IN}"`),
    epochs: count(10, 'passes over the training pictures'),
    hidden: count(200, 'hidden units of the two-layer network'),
    lr: positive(0.02, 'learning rate at the start; falls to 0 along a cosine'),
    momentum: fraction(0.9, 'share of the velocity that is kept'),
    weightDecay: nonNegative(1e-3, 'λ of the regularisation ½λ‖w‖²'),
    batchSize: count(50, 'pictures per step'),
    seed: seed(0, 'seed of the weights, the order and the changes'),
  },
  goals: { 'two-layer accuracy': share({ min: 0.48 }), 'convnet accuracy': share({ min: 0.65 }) },
  ci: {
    options: { data: STAND_IN, epochs: 2 },
    goals: { 'two-layer accuracy': share({ min: 0.9 }), 'convnet accuracy': share({ min: 0.9 }) },
  },
  async run({ data: folder, epochs, hidden, batchSize, seed, ...step }, { print, training }) {
    manualSeed(seed);
    if (folder === STAND_IN) print('Striped pictures drawn here, in the format of CIFAR-10; they are not CIFAR-10.');
    const set = folder === STAND_IN ? cifarStandIn(200) : data.cifar10(folder);
    const changed = new data.MappedDataset(set.train, (x) => standard.apply(jitter(crop(flip(x)))));
    const test = new data.DataLoader(standard.applyTo(set.test), { batchSize: 100 });

    const reached: number[] = [];
    for (const [model, dataset] of [
      [twoLayers(hidden), standard.applyTo(set.train)],
      [convnet(), changed],
    ] as const) {
      const train = new data.DataLoader(dataset, { batchSize, shuffle: true });
      const optimizer = new SGD(model.parameters(), step);
      const schedule = new CosineAnnealingLR(optimizer, { TMax: epochs });
      await fit(model, { loss, optimizer, schedule, train, epochs, ...training });
      reached.push((await evaluate(model, test, { loss })).accuracy!);
    }
    return { 'two-layer accuracy': reached[0]!, 'convnet accuracy': reached[1]! };
  },
});
