/** A layer of a network; weights are laid out as in PyTorch, pictures as `[n, channels, height, width]`. */
export type Layer =
  | { kind: 'linear'; inputs: number; outputs: number }
  | { kind: 'conv'; inputs: number; outputs: number; size: number; padding: number }
  | { kind: 'pool'; size: number }
  | { kind: 'relu' }
  | { kind: 'flatten' };

/** One training step: forward, mean softmax cross-entropy, backward, SGD with momentum. */
export interface Training {
  readonly kind: 'training';
  readonly name: string;
  readonly title: string;
  /** The shape of one sample. */
  readonly input: readonly number[];
  readonly classes: number;
  /** Samples in a step. */
  readonly batch: number;
  readonly layers: readonly Layer[];
  readonly learningRate: number;
  readonly momentum: number;
}

/** One matrix product, `[size, size]` by `[size, size]`. */
export interface Product {
  readonly kind: 'product';
  readonly name: string;
  readonly size: number;
}

export type Task = Training | Product;

/** How many different batches the steps go through in turn. */
const batches = 4;

const relu: Layer = { kind: 'relu' };
const flatten: Layer = { kind: 'flatten' };
const pool: Layer = { kind: 'pool', size: 2 };
const conv = (inputs: number, outputs: number, size: number, padding: number): Layer => ({
  kind: 'conv',
  inputs,
  outputs,
  size,
  padding,
});

/** Linear layers of these sizes, with a ReLU between every two. */
export function dense(...sizes: number[]): Layer[] {
  const linear = sizes.slice(1).map((outputs, i): Layer => ({ kind: 'linear', inputs: sizes[i]!, outputs }));
  return linear.flatMap((layer, i) => (i === 0 ? [layer] : [relu, layer]));
}

export function training(
  name: string,
  title: string,
  input: readonly number[],
  classes: number,
  batch: number,
  layers: readonly Layer[],
): Training {
  return { kind: 'training', name, title, input, classes, batch, layers, learningRate: 0.05, momentum: 0.9 };
}

/** A network of linear layers of these sizes, named so. */
export function mlp(name: string, sizes: readonly number[], batch: number): Training {
  const title = `${sizes.join('-')}, batch ${batch}`;
  return training(name, title, [sizes[0]!], sizes.at(-1)!, batch, dense(...sizes));
}

const picture = [1, 28, 28];
const convnet = [conv(1, 8, 3, 1), relu, pool, conv(8, 16, 3, 1), relu, pool, flatten, ...dense(784, 10)];
const lenet = [conv(1, 6, 5, 2), relu, pool, conv(6, 16, 5, 0), relu, pool, flatten, ...dense(400, 120, 84, 10)];

export const workloads: readonly Training[] = [
  mlp('iris', [4, 16, 3], 16),
  mlp('spiral', [2, 100, 3], 300),
  mlp('mnist-100', [784, 100, 10], 64),
  mlp('mnist-mlp', [784, 256, 128, 10], 128),
  mlp('wide', [784, 1024, 1024, 10], 256),
  training('cnn', 'conv 1→8→16, 3×3, two pools, linear; 28×28, batch 64', picture, 10, 64, convnet),
  training('lenet', 'LeNet-5 (ReLU, max pools); 28×28, batch 64', picture, 10, 64, lenet),
];

export const products: readonly Product[] = [8, 16, 32, 64, 128, 256, 512, 1024].map((size) => ({
  kind: 'product',
  name: `product-${size}`,
  size,
}));

/** The shapes of a task's numbers, in order: weights and biases layer by layer, then inputs and labels batch by batch. */
export function shapesOf(task: Task): number[][] {
  if (task.kind === 'product') return [0, 1].map(() => [task.size, task.size]);
  const parameters = task.layers.flatMap((layer) => {
    if (layer.kind === 'linear') return [[layer.outputs, layer.inputs], [layer.outputs]];
    if (layer.kind === 'conv') return [[layer.outputs, layer.inputs, layer.size, layer.size], [layer.outputs]];
    return [];
  });
  return [...parameters, ...Array.from({ length: batches }, () => [[task.batch, ...task.input], [task.batch]]).flat()];
}

export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** A task's numbers, the same for everybody: drawn uniformly, the weights in ±1/√(inputs of one output). */
export function numbersOf(task: Task): Float64Array[] {
  const draw = generator(1);
  const uniform = (shape: readonly number[], bound: number) =>
    Float64Array.from({ length: sizeOf(shape) }, () => bound * (2 * draw() - 1));
  const shapes = shapesOf(task);
  if (task.kind === 'product') return shapes.map((shape) => uniform(shape, 1).map(Math.abs));
  const data = shapes.length - 2 * batches;
  return shapes.map((shape, i) => {
    const isBias = i % 2 === 1;
    if (i < data) return uniform(shape, 1 / Math.sqrt(sizeOf(shapes[isBias ? i - 1 : i]!.slice(1))));
    if (isBias) return Float64Array.from({ length: shape[0]! }, () => Math.floor(draw() * task.classes));
    return uniform(shape, 1);
  });
}

/** A task's numbers, sorted by what they are. */
export interface TrainingNumbers {
  parameters: { weight: Float64Array; bias: Float64Array }[];
  batches: { inputs: Float64Array; labels: Float64Array }[];
}

export function sorted(arrays: readonly Float64Array[]): TrainingNumbers {
  const pairs = Array.from({ length: arrays.length / 2 }, (_, i) => [arrays[2 * i]!, arrays[2 * i + 1]!] as const);
  return {
    parameters: pairs.slice(0, -batches).map(([weight, bias]) => ({ weight, bias })),
    batches: pairs.slice(-batches).map(([inputs, labels]) => ({ inputs, labels })),
  };
}

/** mulberry32: uniform numbers in [0, 1), the same everywhere. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
