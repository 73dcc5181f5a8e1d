import { type Call, type Mapping, mappings } from '../mapping.ts';

// Pools.

/** Windows along one dim: window i sees the elements `starts[i]`, `starts[i] + step`, … before `ends[i]`. */
interface Windows {
  starts: readonly number[];
  ends: readonly number[];
  step: number;
}

/** Windows as ONNX's pools know them: of one size, evenly spaced, over an input that is padded on both sides. */
interface Even {
  kernel: number;
  stride: number;
  dilation: number;
  pads: readonly [before: number, after: number];
}

/** The even windows that see the same; `null` where there are none. */
function evenly({ starts, ends, step }: Windows, size: number): Even | null {
  const last = starts.length - 1;
  const stride = last === 0 ? 1 : Math.max(starts[last]! - starts[last - 1]!, 1);
  const before = last * stride - starts[last]!;
  const span = ends[0]! + before;
  const after = last * stride + span - before - size;
  const fits = starts.every((start, i) => {
    const first = i * stride - before;
    const seen = first < 0 ? first + step * Math.ceil(-first / step) : first;
    return start === seen && Math.min(first + span, size) === ends[i];
  });
  const more = after <= -stride; // there would be room for another one
  if (!fits || before < 0 || more || (span - 1) % step !== 0) return null;
  return { kernel: (span - 1) / step + 1, stride, dilation: step, pads: [before, Math.max(after, 0)] };
}

interface MaxWindows {
  rows: Windows;
  columns: Windows;
}

const maxPool: Mapping<MaxWindows> = (call) => {
  const { graph, inputs, read, fixed } = call;
  const { rows, columns } = read((params) => params);
  const x = inputs[0]!;
  const [down, across] = [evenly(rows, fixed(x.shape[2]!)), evenly(columns, fixed(x.shape[3]!))];
  if (down === null || across === null) return maximaOfUneven(call, rows, columns);
  return graph.node('MaxPool', [x.name], {
    kernel_shape: [down.kernel, across.kernel],
    strides: [down.stride, across.stride],
    dilations: [down.dilation, across.dilation],
    pads: [down.pads[0], across.pads[0], down.pads[1], across.pads[1]],
  });
};

/** All windows picked, the smaller ones with an element of theirs again and again, and then the largest of each. */
function maximaOfUneven({ graph, inputs }: Call<MaxWindows>, rows: Windows, columns: Windows): string {
  const pick = (from: string, { starts, ends, step }: Windows, axis: number) => {
    const most = Math.max(...starts.map((start, i) => Math.ceil((ends[i]! - start) / step)));
    const places = starts.flatMap((start, i) =>
      Array.from({ length: most }, (_, k) => (start + k * step < ends[i]! ? start + k * step : start)),
    );
    return graph.node('Gather', [from, graph.ints(places, [starts.length, most])], { axis });
  };
  const picked = pick(pick(inputs[0]!.name, rows, 2), columns, 4); // [n, c, oh, kh, ow, kw]
  return graph.reduced('ReduceMax', picked, [3, 5], true);
}

/** Sums of windows along one of the last two dims: a product with a matrix of zeros and ones. */
const windowSum: Mapping<Windows & { dim: number }> = ({ graph, inputs: [x], read, fixed }) => {
  const { dim, starts, ends, step } = read(({ dim, starts, ends, step }) => ({ dim, starts, ends, step }));
  const [size, count] = [fixed(x!.shape[dim]!), starts.length];
  const along = dim === x!.shape.length - 1;
  const matrix = new Float64Array(size * count); // [size, count] on the right, [count, size] on the left
  starts.forEach((start, i) => {
    for (let j = start; j < ends[i]!; j += step) matrix[along ? j * count + i : i * size + j] = 1;
  });
  const sums = graph.floats(matrix, along ? [size, count] : [count, size]);
  return graph.node('MatMul', along ? [x!.name, sums] : [sums, x!.name]);
};

export const pools = mappings({ maxPool, windowSum });
