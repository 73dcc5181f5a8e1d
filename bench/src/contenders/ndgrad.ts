import { backend, fromArray, matmul, noGrad, type Tensor, tensor } from '@ndgrad/core';
import { Conv2d, CrossEntropyLoss, Flatten, Linear, MaxPool2d, type Module, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import type { Load, Run } from '../contender.ts';
import { type Layer, shapesOf, sorted, type Training } from '../tasks.ts';

function moduleOf(layer: Layer): Module {
  switch (layer.kind) {
    case 'linear':
      return new Linear(layer.inputs, layer.outputs);
    case 'conv':
      return new Conv2d(layer.inputs, layer.outputs, layer.size, { padding: layer.padding });
    case 'pool':
      return new MaxPool2d(layer.size);
    case 'relu':
      return new ReLU();
    case 'flatten':
      return new Flatten();
  }
}

function train(task: Training, arrays: readonly Float64Array[]): Run {
  const model = new Sequential(...task.layers.map(moduleOf));
  const shapes = shapesOf(task);
  const names = Object.keys(model.stateDict());
  model.loadStateDict(Object.fromEntries(names.map((name, i) => [name, tensor(arrays[i]!, { shape: shapes[i]! })])));
  const batches = sorted(arrays).batches.map(({ inputs, labels }) => ({
    inputs: tensor(inputs, { shape: [task.batch, ...task.input] }),
    labels: tensor(labels),
  }));
  const criterion = new CrossEntropyLoss();
  const optimizer = new SGD(model.parameters(), { lr: task.learningRate, momentum: task.momentum });
  let steps = 0;
  let loss: Tensor;
  return {
    step() {
      const { inputs, labels } = batches[steps++ % batches.length]!;
      loss = criterion.call(model.call(inputs), labels);
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
    },
    result: () => [loss.item()],
  };
}

function multiply(size: number, [a, b]: readonly Float64Array[]): Run {
  const [x, y] = [fromArray(a!, { shape: [size, size] }), fromArray(b!, { shape: [size, size] })];
  let product: Tensor;
  const step = () => {
    product = matmul(x, y);
  };
  return { step: () => noGrad(step), result: () => product.toArray() };
}

/** `variant`: the provider that must be running. */
export const load: Load = (variant) => {
  const { name, reason } = backend();
  if (name !== variant) throw new Error(`${name} runs instead: ${reason}`);
  return {
    version: `ndgrad, ${name}: ${reason}`,
    prepare: (task, arrays) => (task.kind === 'product' ? multiply(task.size, arrays) : train(task, arrays)),
  };
};
