import { manualSeed, rand, randint, randn, relu, type Tensor } from '@ndgrad/core';
import {
  DataLoader,
  type Dataset,
  digits,
  fitStandardizer,
  iris,
  MappedDataset,
  mnist,
  parseCsv,
  randomHorizontalFlip,
  randomSplit,
  Subset,
  spiral,
  TensorDataset,
} from '@ndgrad/data';
import {
  BatchNorm1d,
  BatchNorm2d,
  BCEWithLogitsLoss,
  Conv2d,
  CrossEntropyLoss,
  Dropout,
  Embedding,
  functional as F,
  Flatten,
  HuberLoss,
  init,
  Linear,
  LogSoftmax,
  MaxPool2d,
  Module,
  MSELoss,
  MultiMarginLoss,
  NLLLoss,
  ReLU,
  Sequential,
  Sigmoid,
  Tanh,
} from '@ndgrad/nn';
import { Adadelta, Adagrad, Adam, AdamW, LBFGS, RMSprop, SGD } from '@ndgrad/optim';
import type { DoctorOptions } from '../../src/index.ts';

/** A program that trains: what `doctor` takes. */
export interface Program extends DoctorOptions {
  model: Module;
}

const irises = () => iris({ from: new URL('../../../data/package.json', import.meta.url) });
const standard = (data: Dataset) => fitStandardizer(data).applyTo(data);
const first = (data: Dataset, rows: number) =>
  new Subset(
    data,
    Array.from({ length: rows }, (_, i) => i),
  );

export const loaderOf = (data: Dataset, batchSize = 32) => new DataLoader(data, { batchSize, shuffle: true });

export const mlp = (sizes: readonly number[], activation: () => Module = () => new ReLU()): Sequential =>
  new Sequential(
    ...sizes
      .slice(1)
      .flatMap((size, i) => [new Linear(sizes[i]!, size), ...(i < sizes.length - 2 ? [activation()] : [])]),
  );

/** y = sin(3 x₀) + x₁ + a little noise, `[n, 1]`. */
export function wave(rows = 200): TensorDataset {
  const x = randn([rows, 2]);
  const y = x
    .narrow(1, 0, 1)
    .mul(3)
    .sin()
    .add(x.narrow(1, 1, 1))
    .add(randn([rows, 1]).mul(0.05));
  return new TensorDataset(x, y);
}

class TwoLayers extends Module {
  hidden = new Linear(2, 32);
  output = new Linear(32, 3);
  override forward(x: Tensor): Tensor {
    return this.output.call(relu(this.hidden.call(x)));
  }
}

class Residual extends Module {
  first = new Linear(64, 32);
  second = new Linear(32, 32);
  last = new Linear(32, 10);
  override forward(x: Tensor): Tensor {
    const h = this.first.call(x.flatten({ startDim: 1 })).relu();
    return this.last.call(this.second.call(h).relu().add(h));
  }
}

/** Programs in which nothing is wrong, made anew by each call. */
export const healthy: Readonly<Record<string, () => Program>> = {
  'a linear softmax classifier of irises': () => {
    const model = new Linear(4, 3);
    const [train, validation] = randomSplit(irises(), [2 / 3, 1 / 3], { stratify: true });
    const scale = fitStandardizer(train!);
    const [loader, held] = [train!, validation!].map((part) => loaderOf(scale.applyTo(part), 16));
    const optimizer = new SGD(model.parameters(), { lr: 0.1, weightDecay: 1e-3 });
    return { model, loss: new CrossEntropyLoss(), optimizer, loader: loader!, validation: held! };
  },
  'a linear SVM of irises': () => {
    const model = new Linear(4, 3);
    const optimizer = new SGD([{ params: model.weight, weightDecay: 1e-3 }, { params: model.bias! }], { lr: 0.1 });
    return { model, loss: new MultiMarginLoss(), optimizer, loader: loaderOf(standard(irises()), 16) };
  },
  'the course’s SVM loss, which does not divide by the classes': () => {
    const model = mlp([4, 20, 3]);
    const loss = (scores: Tensor, labels: Tensor) => F.multiMarginLoss(scores, labels).mul(3);
    return { model, loss, optimizer: new SGD(model.parameters(), { lr: 0.05 }), loader: loaderOf(standard(irises())) };
  },
  'the case study: a small network on the whole spiral': () => {
    const { inputs, targets } = spiral();
    const model = mlp([2, 100, 3]);
    for (const [name, w] of model.namedParameters()) {
      if (name.endsWith('weight')) init.normal_(w, { std: 0.01 });
      else init.constant_(w, 0);
    }
    const weights = model.parameters().filter(({ ndim }) => ndim === 2);
    const biases = model.parameters().filter(({ ndim }) => ndim === 1);
    const optimizer = new SGD([{ params: weights, weightDecay: 1e-3 }, { params: biases }], { lr: 1 });
    return { model, loss: new CrossEntropyLoss(), optimizer, loader: [[inputs, targets]] };
  },
  'a module of its own on the spiral with Adam': () => {
    const model = new TwoLayers();
    return {
      model,
      loss: F.crossEntropy,
      optimizer: new Adam(model.parameters(), { lr: 0.01 }),
      loader: loaderOf(spiral()),
    };
  },
  'a tanh network on the spiral with RMSProp': () => {
    const model = mlp([2, 50, 50, 3], () => new Tanh());
    const optimizer = new RMSprop(model.parameters(), { lr: 1e-3 });
    return { model, loss: new CrossEntropyLoss(), optimizer, loader: loaderOf(spiral()) };
  },
  'a sigmoid network on irises': () => {
    const model = mlp([4, 20, 3], () => new Sigmoid());
    const optimizer = new SGD(model.parameters(), { lr: 0.5, momentum: 0.9 });
    return { model, loss: new CrossEntropyLoss(), optimizer, loader: loaderOf(standard(irises()), 10) };
  },
  'log-probabilities with their own loss': () => {
    const model = new Sequential(...mlp([4, 20, 3]), new LogSoftmax({ dim: 1 }));
    return {
      model,
      loss: new NLLLoss(),
      optimizer: new Adam(model.parameters()),
      loader: loaderOf(standard(irises())),
    };
  },
  'a network on digits in [0, 1] with AdamW': () => {
    const model = new Sequential(new Flatten(), ...mlp([64, 64, 10]));
    const optimizer = new AdamW(model.parameters(), { lr: 3e-3 });
    return { model, loss: new CrossEntropyLoss(), optimizer, loader: loaderOf(digits(), 64) };
  },
  'a residual network on digits with smoothed labels': () => {
    const model = new Residual();
    const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, nesterov: true });
    return { model, loss: new CrossEntropyLoss({ labelSmoothing: 0.1 }), optimizer, loader: loaderOf(digits(), 50) };
  },
  'a convnet with batch normalisation and dropout on digits': () => {
    const model = new Sequential(
      new Conv2d(1, 8, 3, { padding: 1 }),
      new BatchNorm2d(8),
      new ReLU(),
      new MaxPool2d(2),
      new Flatten(),
      new Linear(128, 32),
      new ReLU(),
      new Dropout(),
      new Linear(32, 10),
    );
    return {
      model,
      loss: new CrossEntropyLoss(),
      optimizer: new Adam(model.parameters()),
      loader: loaderOf(digits(), 32),
    };
  },
  'a convnet on digits flipped at random, with SGD and weight decay': () => {
    const model = new Sequential(
      new Conv2d(1, 6, 3),
      new ReLU(),
      new Conv2d(6, 12, 3),
      new ReLU(),
      new Flatten(),
      new Linear(192, 10),
    );
    const data = new MappedDataset(first(digits(), 400), randomHorizontalFlip());
    const optimizer = new SGD(model.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 5e-4 });
    return { model, loss: new CrossEntropyLoss(), optimizer, loader: loaderOf(data, 25) };
  },
  'a network with batch normalisation on raw irises': () => {
    const model = new Sequential(new BatchNorm1d(4), ...mlp([4, 20, 3]));
    return { model, loss: new CrossEntropyLoss(), optimizer: new Adam(model.parameters()), loader: loaderOf(irises()) };
  },
  'regression with MSE': () => {
    const model = mlp([2, 32, 32, 1]);
    return {
      model,
      loss: new MSELoss(),
      optimizer: new Adam(model.parameters(), { lr: 1e-3 }),
      loader: loaderOf(wave()),
    };
  },
  'linear regression by batches of everything': () => {
    const x = randn([100, 3]);
    const data = new TensorDataset(x, x.matmul(randn([3, 1])).add(0.5));
    const model = new Linear(3, 1);
    return {
      model,
      loss: new MSELoss(),
      optimizer: new SGD(model.parameters(), { lr: 0.1 }),
      loader: loaderOf(data, 100),
    };
  },
  'regression with the Huber loss and Adagrad': () => {
    const model = mlp([2, 40, 1], () => new Tanh());
    const optimizer = new Adagrad(model.parameters(), { lr: 0.01 });
    return { model, loss: new HuberLoss(), optimizer, loader: loaderOf(wave()) };
  },
  'two classes by a logit, from a CSV': () => {
    manualSeed(1);
    const lines = Array.from({ length: 120 }, () => {
      const [a, b] = randn([2]).toArray();
      return `${a},${b},${a! * b! > 0 ? 1 : 0}`;
    });
    const { inputs, targets } = parseCsv(`a,b,label\n${lines.join('\n')}`);
    const data = new TensorDataset(inputs, targets.reshape([-1, 1]));
    const model = mlp([2, 16, 1]);
    return {
      model,
      loss: new BCEWithLogitsLoss(),
      optimizer: new Adam(model.parameters(), { lr: 0.01 }),
      loader: loaderOf(data),
    };
  },
  'XOR by full batches': () => {
    const x = randint(2, [200, 2]).mul(2).sub(1);
    const data = new TensorDataset(x.add(randn([200, 2]).mul(0.1)), x.prod({ dim: 1 }).gt(0));
    const model = mlp([2, 8, 2], () => new Tanh());
    return {
      model,
      loss: new CrossEntropyLoss(),
      optimizer: new SGD(model.parameters(), { lr: 0.5 }),
      loader: loaderOf(data, 200),
    };
  },
  'LBFGS on irises': () => {
    const model = new Linear(4, 3);
    return {
      model,
      loss: new CrossEntropyLoss(),
      optimizer: new LBFGS(model.parameters(), { lr: 0.1 }),
      loader: loaderOf(standard(irises()), 150),
    };
  },
  'words by an embedding': () => {
    const x = randint(50, [300]);
    const model = new Sequential(new Embedding(50, 8), ...mlp([8, 16, 2]));
    const data = new TensorDataset(x, x.lt(25));
    return {
      model,
      loss: new CrossEntropyLoss(),
      optimizer: new Adam(model.parameters(), { lr: 0.01 }),
      loader: loaderOf(data),
    };
  },
  'a network on MNIST': () => {
    const data = mnist({ from: new URL('../../../data/package.json', import.meta.url), mean: 0.1307, std: 0.3081 });
    const model = new Sequential(new Flatten(), ...mlp([784, 100, 10]));
    const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9, weightDecay: 1e-3 });
    const [train, validation] = [first(data.train, 5000), first(data.test, 500)];
    return {
      model,
      loss: new CrossEntropyLoss(),
      optimizer,
      loader: loaderOf(train, 100),
      validation: loaderOf(validation, 100),
    };
  },
  'Adadelta, and a penalty in the loss': () => {
    const model = mlp([4, 20, 3]);
    const penalty = () => model.parameters().reduce((sum, w) => sum.add(w.square().sum()), rand([]).mul(0));
    const loss = (scores: Tensor, labels: Tensor) => F.crossEntropy(scores, labels).add(penalty().mul(0.001));
    return {
      model,
      loss,
      optimizer: new Adadelta(model.parameters(), { lr: 1 }),
      loader: loaderOf(standard(irises())),
    };
  },
};
