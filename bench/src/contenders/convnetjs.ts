import { createRequire } from 'node:module';
import { numbersChannelsLast } from '../channelsLast.ts';
import type { Load, Run } from '../contender.ts';
import { type Layer, sizeOf, type Training } from '../tasks.ts';

/** What is used here of ConvNetJS, which has no types. */
interface Vol {
  w: Float64Array;
}
interface ConvNet {
  Vol: new (width: number, height: number, depth: number, value: number) => Vol;
  Net: new () => {
    makeLayers(definitions: object[]): void;
    layers: { layer_type: string; filters: Vol[]; biases: Vol }[];
  };
  Trainer: new (net: object, options: object) => { train(x: Vol, label: number): { loss: number } };
}

const require = createRequire(import.meta.url);
const { Net, Trainer, Vol } = require('convnetjs') as ConvNet;

/** ConvNetJS adds the last linear layer to the softmax, and the ReLU to the layer before it. */
function definitions(task: Training): object[] {
  const layers = task.layers.filter((layer) => layer.kind !== 'flatten');
  const own = layers.slice(0, -1).flatMap((layer, i) => {
    const activation = layers[i + 1]?.kind === 'relu' ? { activation: 'relu' } : {};
    return layer.kind === 'relu' ? [] : [{ ...define(layer), ...activation }];
  });
  const [depth, height, width] = task.input.length === 1 ? [task.input[0], 1, 1] : task.input;
  const input = { type: 'input', out_sx: width, out_sy: height, out_depth: depth };
  return [input, ...own, { type: 'softmax', num_classes: task.classes }];
}

function define(layer: Layer): object {
  if (layer.kind === 'linear') return { type: 'fc', num_neurons: layer.outputs };
  if (layer.kind === 'pool') return { type: 'pool', sx: layer.size, stride: layer.size };
  if (layer.kind === 'conv')
    return { type: 'conv', sx: layer.size, filters: layer.outputs, stride: 1, pad: layer.padding };
  throw new Error(`there is no ${layer.kind} layer`);
}

function train(task: Training, arrays: readonly Float64Array[]): Run {
  const net = new Net();
  net.makeLayers(definitions(task));
  const { parameters, batches } = numbersChannelsLast(task, arrays);
  const weighted = net.layers.filter(({ layer_type }) => layer_type === 'fc' || layer_type === 'conv');
  weighted.forEach(({ filters, biases }, i) => {
    const { weight, bias } = parameters[i]!;
    filters.forEach((filter, j) => {
      filter.w.set(weight.subarray(j * filter.w.length, (j + 1) * filter.w.length));
    });
    biases.w.set(bias);
  });
  const size = sizeOf(task.input);
  const [depth, height, width] = task.input.length === 1 ? [size, 1, 1] : (task.input as [number, number, number]);
  const data = batches.map(({ inputs, labels }) =>
    Array.from(labels, (label, i) => {
      const x = new Vol(width, height, depth, 0);
      x.w.set(inputs.subarray(i * size, (i + 1) * size));
      return { x, label };
    }),
  );
  const trainer = new Trainer(net, {
    method: 'sgd',
    learning_rate: task.learningRate,
    momentum: task.momentum,
    batch_size: task.batch,
  });
  let [steps, loss] = [0, 0];
  return {
    step() {
      loss = 0;
      for (const { x, label } of data[steps++ % data.length]!) loss += trainer.train(x, label).loss;
    },
    result: () => [loss / task.batch],
  };
}

export const load: Load = () => {
  const { version } = require('convnetjs/package.json') as { version: string };
  return {
    version: `convnetjs ${version}`,
    prepare(task, arrays) {
      if (task.kind === 'product') throw new Error('it has no matrix product');
      return train(task, arrays);
    },
  };
};
