import {
  AnomalyError,
  detectAnomaly,
  full,
  gradgradcheck,
  manualSeed,
  noGrad,
  ones,
  randint,
  randn,
  type Tensor,
  tensor,
} from '@ndgrad/core';
import { DataLoader, TensorDataset } from '@ndgrad/data';
import {
  BatchNorm1d,
  BatchNorm2d,
  Conv2d,
  CrossEntropyLoss,
  Dropout,
  Embedding,
  functional as F,
  Flatten,
  init,
  Linear,
  MaxPool2d,
  Module,
  MSELoss,
  ReLU,
  Sequential,
  Sigmoid,
} from '@ndgrad/nn';
import { Adagrad, Adam, LBFGS, type Optimizer, RMSprop, SGD } from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import { fit } from '../src/index.ts';

const leaf = (data: number | number[] | number[][]) => tensor(data, { requiresGrad: true });

async function anomalyOf(body: () => unknown): Promise<AnomalyError> {
  try {
    await detectAnomaly(body);
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  throw new Error('nothing was found');
}

class Log extends Module {
  override forward(x: Tensor): Tensor {
    return x.log();
  }
}

class Root extends Module {
  override forward(x: Tensor): Tensor {
    return x.sqrt();
  }
}

describe('detectAnomaly names the module', () => {
  it('in which the forward pass went wrong', async () => {
    const model = new Sequential(new ReLU(), new Sequential(new Log(), new Linear(2, 1)));
    const error = await anomalyOf(() =>
      model.call(
        leaf([
          [1, 1],
          [1, -1],
        ]),
      ),
    );
    expect(error.message).toMatch(
      /^in 1\.0 \(Log\): log \(forward\): output \[2, 2\] holds 1 infinite \(dim 0: row 1\)/,
    );
    expect(error).toMatchObject({ module: '1.0 (Log)', operation: 'log', pass: 'forward', rows: [1] });
  });

  it('whose gradient went wrong', async () => {
    const model = new Sequential(new ReLU(), new Root());
    const error = await anomalyOf(() =>
      model
        .call(
          leaf([
            [1, 1],
            [1, 0],
          ]),
        )
        .sum()
        .backward(),
    );
    expect(error.message).toMatch(/^in 1 \(Root\): sqrt \(backward, in kernel div\): the gradient of x \[2, 2\]/);
    expect(error).toMatchObject({ module: '1 (Root)', operation: 'sqrt', pass: 'backward', rows: [1] });
  });

  it('that is a loss', async () => {
    const error = await anomalyOf(() => new MSELoss().call(leaf([1e200, 0]), tensor([-1e200, 0])));
    expect(error).toMatchObject({ module: 'MSELoss', operation: 'square', rows: [0] });
  });

  it('whose weights were NaN before', async () => {
    const model = new Sequential(new Linear(2, 3), new ReLU());
    noGrad(() => model.parameters()[0]!.fill_(Number.NaN));
    const error = await anomalyOf(() => model.call(ones([4, 2])));
    expect(error).toMatchObject({
      module: '0 (Linear 2→3)',
      operation: 'linear',
      given: { operation: 'linear', name: 'weight', shape: [3, 2], range: { nan: 6 }, rows: [0, 1, 2] },
    });
  });

  it('that first meets a NaN row of the batch', async () => {
    const batch = ones([4, 1, 6, 6]);
    batch.select(0, 2).fill_(Number.NaN);
    const model = new Sequential(new Conv2d(1, 2, 3), new ReLU(), new Flatten());
    const error = await anomalyOf(() => model.call(batch));
    expect(error).toMatchObject({
      module: '0 (Conv2d 1→2, 3×3)',
      operation: 'conv',
      rows: [2],
      given: { name: 'x', shape: [4, 1, 6, 6], range: { nan: 36 }, rows: [2] },
    });
  });

  it('where a learning rate that is much too high shows first', async () => {
    manualSeed(0);
    const model = new Sequential(new Linear(2, 8), new ReLU(), new Linear(8, 1));
    const optimizer = new SGD(model.parameters(), { lr: 1e150 });
    const [x, y] = [randn([16, 2]), randn([16, 1])];
    const error = await anomalyOf(() => {
      for (let i = 0; i < 10; i++) train(model, optimizer, new MSELoss(), x, y);
    });
    expect(error.pass).toBe('forward');
    expect(error.module).toMatch(/^2 \(Linear 8→1\)|MSELoss$/);
    expect(error.message).toMatch(/the numbers have run away: use a smaller learning rate, or clip the gradients$/);
  });

  it('or the optimizer, where its step does it', async () => {
    const w = leaf([1, 2]);
    w.grad = full([2], 1e10);
    const error = await anomalyOf(() => new SGD([w], { lr: 1e300 }).step());
    expect(error).toMatchObject({ operation: 'sgd', pass: null, module: '', rows: [0, 1] });
    expect(error.message).toMatch(/^sgd: what it writes \[2\] holds 2 infinite/);
    const v = leaf([1, 2]);
    v.grad = full([2], Number.NaN);
    const given = { operation: 'adam', name: 'input 0', range: { nan: 2 } };
    expect(await anomalyOf(() => new Adam([v]).step())).toMatchObject({ operation: 'adam', given });
  });

  it('within fit, before the loss is found to be no number', async () => {
    manualSeed(0);
    const dataset = new TensorDataset(randn([32, 2]), randint(2, [32]));
    const model = new Sequential(new Linear(2, 2), new Log());
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const error = await anomalyOf(() =>
      fit(model, {
        loss: new CrossEntropyLoss(),
        optimizer,
        train: new DataLoader(dataset, { batchSize: 8 }),
        epochs: 1,
      }),
    );
    expect(error).toMatchObject({ module: '1 (Log)', operation: 'log' });
  });
});

function train(model: Module, optimizer: Optimizer, loss: Module<[Tensor, Tensor]>, x: Tensor, y: Tensor): void {
  const value = loss.call(model.call(x), y);
  optimizer.zeroGrad();
  value.backward();
  optimizer.step();
}

const network = () => new Sequential(new Linear(2, 8), new BatchNorm1d(8), new ReLU(), new Dropout(), new Linear(8, 3));

describe('detectAnomaly is quiet', () => {
  const optimizers: Record<string, (model: Module) => Optimizer> = {
    SGD: (model) => new SGD(model.parameters(), { lr: 0.1, momentum: 0.9, nesterov: true }),
    Adam: (model) => new Adam(model.parameters()),
    RMSprop: (model) => new RMSprop(model.parameters()),
    Adagrad: (model) => new Adagrad(model.parameters()),
  };
  it.each(Object.entries(optimizers))('on training by %s', (_, make) => {
    manualSeed(0);
    const model = network();
    const optimizer = make(model);
    detectAnomaly(() => {
      for (let i = 0; i < 20; i++) train(model, optimizer, new CrossEntropyLoss(), randn([16, 2]), randint(3, [16]));
    });
    expect(model.parameters().every((parameter) => parameter.grad !== null)).toBe(true);
  });

  it('on LBFGS', () => {
    const w = leaf([1, 2]);
    const optimizer = new LBFGS([w], { lr: 1 });
    detectAnomaly(() => {
      for (let i = 0; i < 5; i++) {
        optimizer.step(() => {
          w.grad = null;
          const loss = w.sub(3).square().sum();
          loss.backward();
          return loss;
        });
      }
    });
    for (const value of w.toArray()) expect(value).toBeCloseTo(3, 8);
  });

  const healthy: Record<string, () => Tensor> = {
    'a convolutional network': () =>
      new Sequential(
        ...[new Conv2d(1, 4, 3, { padding: 1 }), new BatchNorm2d(4), new ReLU(), new MaxPool2d(2, { padding: 1 })],
        ...[new Flatten(), new Linear(100, 2)],
      ).call(randn([3, 1, 8, 8])),
    'a batch norm of equal rows': () => new BatchNorm1d(3).call(ones([4, 3]).requiresGrad_()),
    'a cross-entropy certain of itself and wrong': () => F.crossEntropy(leaf([[1000, -1000]]), tensor([1])),
    'a cross-entropy with classes masked out': () =>
      F.crossEntropy(
        leaf([
          [1, 2],
          [3, 4],
        ]).add(
          tensor([
            [0, -Infinity],
            [0, 0],
          ]),
        ),
        tensor([0, 1]),
      ),
    'labels to ignore': () =>
      F.crossEntropy(
        leaf([
          [1, 2],
          [3, 4],
        ]),
        tensor([0, -100]),
      ),
    'a binary cross-entropy at 0 and 1': () => F.binaryCrossEntropy(leaf([0, 1, 1]), tensor([0, 1, 0])),
    'a KL divergence from zeros': () => F.klDiv(leaf([[-1, -2]]), tensor([[0, 1]])),
    'a Poisson loss at 0': () => F.poissonNllLoss(leaf([0, 2]), tensor([0, 3]), { logInput: false, full: true }),
    'a Gaussian loss of variance 0': () => F.gaussianNllLoss(leaf([1, 2]), tensor([0, 3]), leaf([0, 1])),
    'distances of 0': () =>
      F.pairwiseDistance(
        leaf([
          [0, 0],
          [1, 2],
        ]),
        tensor([
          [0, 0],
          [1, 1],
        ]),
      ),
    'cosines of 0': () =>
      F.cosineSimilarity(
        leaf([
          [0, 0],
          [1, 2],
        ]),
        tensor([
          [1, 1],
          [1, 1],
        ]),
      ),
    'an embedding with a norm': () => new Embedding(4, 3, { maxNorm: 1 }).call(tensor([1, 2])),
    'initial values': () => init.orthogonal_(init.xavierNormal_(randn([4, 4]))),
    'a sigmoid far out': () => new Sigmoid().call(leaf([1e9, -1e9])),
  };
  it.each(Object.entries(healthy))('on %s', (_, program) => {
    manualSeed(1);
    const watched = detectAnomaly(() => {
      const y = program();
      if (y.requiresGrad) y.sum().backward();
      return y;
    });
    manualSeed(1);
    expect(watched.toArray()).toEqual(program().toArray());
  });

  it('on a check of second derivatives', () => {
    expect(detectAnomaly(() => gradgradcheck((x) => x.exp().mul(x), [leaf([1, 2])]))).toBe(true);
  });
});
