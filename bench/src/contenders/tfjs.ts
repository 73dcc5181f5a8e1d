import { createRequire } from 'node:module';
import type * as TensorFlow from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs';
import { numbersChannelsLast } from '../channelsLast.ts';
import type { Load, Run } from '../contender.ts';
import type { Layer, Training } from '../tasks.ts';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs') as typeof TensorFlow;

interface Parameters {
  weight: Variable;
  bias: Variable;
}

function apply(layer: Layer, x: Tensor, left: Parameters[]): Tensor {
  switch (layer.kind) {
    case 'linear': {
      const { weight, bias } = left.shift()!;
      return tf.matMul(x, weight as Tensor, false, true).add(bias);
    }
    case 'conv': {
      const { weight, bias } = left.shift()!;
      return tf.conv2d(x as Tensor4D, weight as Tensor as Tensor4D, 1, layer.padding).add(bias);
    }
    case 'pool':
      return tf.maxPool(x as Tensor4D, layer.size, layer.size, 0);
    case 'relu':
      return tf.relu(x);
    case 'flatten':
      return x.reshape([x.shape[0]!, -1]);
  }
}

/** Kernels are `[out, h, w, in]` here and `[h, w, in, out]` there; linear weights stay `[out, in]`. */
function variableOf(weight: Float64Array, [outputs, inputs, ...size]: readonly number[]): Variable {
  return tf.tidy(() => {
    if (size.length === 0) return tf.variable(tf.tensor(new Float32Array(weight), [outputs!, inputs!]));
    return tf.variable(tf.tensor(new Float32Array(weight), [outputs!, ...size, inputs!]).transpose([1, 2, 3, 0]));
  });
}

function train(task: Training, arrays: readonly Float64Array[]): Run {
  const numbers = numbersChannelsLast(task, arrays);
  const [channels, ...pixels] = task.input;
  const parameters = numbers.parameters.map(({ weight, bias, shape }) => ({
    weight: variableOf(weight, shape),
    bias: tf.variable(tf.tensor1d(new Float32Array(bias))),
  }));
  const batches = numbers.batches.map(({ inputs, labels }) => ({
    x: tf.tensor(new Float32Array(inputs), [task.batch, ...pixels, channels!]),
    oneHot: tf.tidy(() => tf.oneHot(tf.tensor1d(new Int32Array(labels), 'int32'), task.classes)),
  }));
  const optimizer = tf.train.momentum(task.learningRate, task.momentum);
  let loss: Tensor | undefined;
  let steps = 0;
  return {
    step() {
      const { x, oneHot } = batches[steps++ % batches.length]!;
      loss?.dispose();
      loss = optimizer.minimize(() => {
        const left = [...parameters];
        const scores = task.layers.reduce((value, layer) => apply(layer, value, left), x as Tensor);
        return tf.losses.softmaxCrossEntropy(oneHot, scores).asScalar();
      }, true)!;
    },
    result: () => loss!.dataSync(),
  };
}

function multiply(size: number, [a, b]: readonly Float64Array[]): Run {
  const matrix = (values: Float64Array) => tf.tensor2d(new Float32Array(values), [size, size]);
  const [x, y] = [matrix(a!), matrix(b!)];
  let product: Tensor2D | undefined;
  return {
    step() {
      product?.dispose();
      product = tf.matMul(x, y);
    },
    result: () => product!.dataSync(),
  };
}

/** `variant`: the backend, `wasm` or `cpu`. */
export const load: Load = async (variant) => {
  if (variant === 'wasm') require('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.setBackend(variant))) throw new Error(`there is no ${variant} backend`);
  await tf.ready();
  return {
    version: `@tensorflow/tfjs ${tf.version.tfjs}, ${tf.getBackend()} backend`,
    prepare: (task, arrays) => (task.kind === 'product' ? multiply(task.size, arrays) : train(task, arrays)),
  };
};
