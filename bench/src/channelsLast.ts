import { type Layer, shapesOf, sorted, type Training } from './tasks.ts';

/** `[n, c, ...rest]` to `[n, ...rest, c]`. */
export function channelsLast(values: Float64Array, channels: number, pixels: number): Float64Array {
  const moved = new Float64Array(values.length);
  const plane = channels * pixels;
  for (let n = 0; n < values.length; n += plane)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < pixels; p++) moved[n + p * channels + c] = values[n + c * pixels + p]!;
  return moved;
}

/**
 * A task's numbers for frameworks whose pictures are `[n, height, width, channels]`: pictures and kernels are moved
 * over, and so are the columns of the linear layer that reads a flattened picture.
 */
export function numbersChannelsLast(task: Training, arrays: readonly Float64Array[]) {
  const { parameters, batches } = sorted(arrays);
  const shapes = shapesOf(task);
  const weighted = task.layers.filter((layer) => layer.kind === 'linear' || layer.kind === 'conv');
  const planes = task.layers.filter((layer): layer is Layer & { kind: 'conv' } => layer.kind === 'conv');
  const flattened = task.layers.some((layer) => layer.kind === 'flatten') ? planes.at(-1)!.outputs : 1;
  let first = true;
  const move = (layer: Layer, weight: Float64Array) => {
    if (layer.kind === 'conv') return channelsLast(weight, layer.inputs, layer.size ** 2);
    if (layer.kind !== 'linear' || !first) return weight;
    first = false;
    return channelsLast(weight, flattened, layer.inputs / flattened);
  };
  const [channels, height = 1, width = 1] = task.input.length === 1 ? [1, ...task.input] : task.input;
  return {
    parameters: parameters.map(({ weight, bias }, i) => ({
      weight: move(weighted[i]!, weight),
      bias,
      shape: shapes[2 * i]!,
    })),
    batches: batches.map(({ inputs, labels }) => ({ inputs: channelsLast(inputs, channels!, height * width), labels })),
  };
}
