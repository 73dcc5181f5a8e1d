import { expect, it } from 'vitest';
import { channelsLast, numbersChannelsLast } from '../src/channelsLast.ts';
import { dense, mlp, numbersOf, products, shapesOf, sorted, workloads } from '../src/tasks.ts';

it('the shapes are those of the parameters, then of four batches', () => {
  const data = Array(4)
    .fill([[5, 3], [5]])
    .flat();
  expect(shapesOf(mlp('small', [3, 4, 2], 5))).toEqual([[4, 3], [4], [2, 4], [2], ...data]);
  expect(shapesOf(products[0]!)).toEqual([
    [8, 8],
    [8, 8],
  ]);
});

it('a ReLU stands between every two linear layers', () => {
  expect(dense(4, 3, 2).map(({ kind }) => kind)).toEqual(['linear', 'relu', 'linear']);
});

it('every workload fits together: each layer takes what the one before gives', () => {
  for (const { input, layers, classes } of workloads) {
    let [channels, size] = [input[0]!, input[1] ?? 1];
    for (const layer of layers) {
      if (layer.kind === 'linear' || layer.kind === 'conv') expect(layer.inputs).toBe(channels);
      if (layer.kind === 'conv') size += 2 * layer.padding - layer.size + 1;
      if (layer.kind === 'pool') size /= layer.size;
      if (layer.kind === 'flatten') [channels, size] = [channels * size ** 2, 1];
      if (layer.kind === 'linear' || layer.kind === 'conv') channels = layer.outputs;
    }
    expect([channels, size]).toEqual([classes, 1]);
  }
});

it('the numbers are the same each time; labels are classes, weights lie in their bounds', () => {
  const task = mlp('small', [3, 100, 7], 50);
  const numbers = numbersOf(task);
  expect(numbers).toEqual(numbersOf(task));
  const { parameters, batches } = sorted(numbers);
  expect(parameters).toHaveLength(2);
  expect(Math.max(...parameters[1]!.weight)).toBeLessThan(0.1); // 1/√100
  expect(Math.max(...parameters[1]!.bias)).toBeLessThan(0.1);
  expect([...new Set(batches[0]!.labels)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(batches[0]!.inputs).not.toEqual(batches[1]!.inputs);
});

it('channels move behind the pixels', () => {
  const picture = Float64Array.of(1, 2, 3, 10, 20, 30); // [1, 2 channels, 3 pixels]
  expect([...channelsLast(picture, 2, 3)]).toEqual([1, 10, 2, 20, 3, 30]);
});

it('the layer that reads a flattened picture has its columns moved likewise, the later ones have not', () => {
  const task = workloads.find(({ name }) => name === 'lenet')!;
  const [before, after] = [sorted(numbersOf(task)), numbersChannelsLast(task, numbersOf(task))];
  const [conv1, conv2, first, second] = after.parameters.map(({ weight }) => weight);
  expect(conv1).toEqual(before.parameters[0]!.weight); // one channel
  expect(conv2!.slice(0, 6)).toEqual(Float64Array.from({ length: 6 }, (_, c) => before.parameters[1]!.weight[25 * c]!));
  expect(first!.slice(0, 16)).toEqual(
    Float64Array.from({ length: 16 }, (_, c) => before.parameters[2]!.weight[25 * c]!),
  );
  expect(second).toEqual(before.parameters[3]!.weight);
});
