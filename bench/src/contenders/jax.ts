import { readFileSync } from 'node:fs';
import { blockUntilReady, init, jit, lax, nn, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import type { Load, Run } from '../contender.ts';
import { type Layer, shapesOf, sorted, type Training } from '../tasks.ts';

/** Every function below owns what it is given; `.ref` keeps a value for later. */
type Params = np.Array[];

function apply(layer: Layer, x: np.Array, params: Params): np.Array {
  switch (layer.kind) {
    case 'linear': {
      const [weight, bias] = params.splice(0, 2);
      return np.matmul(x, np.transpose(weight!)).add(bias!);
    }
    case 'conv': {
      const [weight, bias] = params.splice(0, 2);
      const padding = [0, 1].map(() => [layer.padding, layer.padding] as [number, number]);
      return lax.convGeneralDilated(x, weight!, [1, 1], padding).add(bias!.reshape([layer.outputs, 1, 1]));
    }
    case 'pool':
      return lax.reduceWindow(x, (window) => np.max(window), [layer.size, layer.size], [layer.size, layer.size]);
    case 'relu':
      return nn.relu(x);
    case 'flatten':
      return x.reshape([x.shape[0]!, -1]);
  }
}

/** A whole step, compiled: new parameters, new velocities, and the loss. */
function compile(task: Training) {
  const lossOf = (params: Params, x: np.Array, oneHot: np.Array): np.Array => {
    const left = [...params];
    const scores = task.layers.reduce((value, layer) => apply(layer, value, left), x);
    return nn
      .logSoftmax(scores)
      .mul(oneHot)
      .sum()
      .mul(-1 / task.batch);
  };
  return jit((params: Params, velocities: Params, x: np.Array, oneHot: np.Array): [Params, Params, np.Array] => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(params), x, oneHot) as [np.Array, Params];
    const next = velocities.map((v, i) => v.mul(task.momentum).add(gradients[i]!));
    const moved = params.map((w, i) => w.sub(next[i]!.ref.mul(task.learningRate)));
    return [moved, next, loss];
  });
}

const arrayOf = (values: Float64Array, shape: readonly number[]) =>
  np.array(new Float32Array(values)).reshape([...shape]);

function train(task: Training, arrays: readonly Float64Array[]): Run {
  const shapes = shapesOf(task);
  const numbers = sorted(arrays);
  const batches = numbers.batches.map(({ inputs, labels }) => {
    const oneHot = new Float64Array(task.batch * task.classes);
    labels.forEach((label, i) => {
      oneHot[i * task.classes + label] = 1;
    });
    return { x: arrayOf(inputs, [task.batch, ...task.input]), oneHot: arrayOf(oneHot, [task.batch, task.classes]) };
  });
  let params: Params = numbers.parameters.flatMap(({ weight, bias }, i) => [
    arrayOf(weight, shapes[2 * i]!),
    arrayOf(bias, shapes[2 * i + 1]!),
  ]);
  let velocities: Params = params.map((w) => np.zeros(w.shape));
  let loss = np.zeros([]);
  const update = compile(task);
  let steps = 0;
  return {
    step() {
      const { x, oneHot } = batches[steps++ % batches.length]!;
      loss.dispose();
      [params, velocities, loss] = update(params, velocities, x.ref, oneHot.ref);
    },
    async finish() {
      await blockUntilReady(params);
    },
    result: () => loss.ref.dataSync(),
  };
}

function multiply(size: number, [a, b]: readonly Float64Array[]): Run {
  const [x, y] = [arrayOf(a!, [size, size]), arrayOf(b!, [size, size])];
  const product = jit((left: np.Array, right: np.Array) => np.matmul(left, right));
  let result = np.zeros([]);
  return {
    // A product that is disposed of before anybody waits for it is never computed.
    async step() {
      result.dispose();
      result = product(x.ref, y.ref);
      await blockUntilReady(result);
    },
    result: () => result.ref.dataSync(),
  };
}

export const load: Load = async (variant) => {
  const devices = await init('wasm');
  if (!devices.includes('wasm')) throw new Error('the wasm device is missing');
  const manifest = new URL('../package.json', import.meta.resolve('@jax-js/jax'));
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return {
    version: `@jax-js/jax ${version}, ${variant}, jitted`,
    prepare: (task, arrays) => (task.kind === 'product' ? multiply(task.size, arrays) : train(task, arrays)),
  };
};
