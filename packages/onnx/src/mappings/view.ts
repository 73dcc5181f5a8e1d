import { type Mapping, mappings } from '../mapping.ts';
import { type Size, sameSizes } from '../sizes.ts';

// What rearranges, picks, joins and repeats.

/** Beyond the end of any dim. */
const end = 2 ** 31 - 1;

const reshape: Mapping = ({ graph, inputs: [x], shape, multiples }) => {
  if (sameSizes(x!.shape, shape)) return x!.name;
  const unknown = shape.filter((size) => typeof size !== 'number').length;
  // One size may be left to be inferred, but not beside a 0, which can be multiplied by anything.
  if (unknown === 1 && !shape.includes(0)) {
    return graph.node('Reshape', [x!.name, graph.ints(shape.map((size) => (typeof size === 'number' ? size : -1)))]);
  }
  const allowzero: Record<string, number> = shape.includes(0) ? { allowzero: 1 } : {};
  return graph.node('Reshape', [x!.name, graph.sizes(multiples(shape))], allowzero);
};

const permute: Mapping<readonly number[]> = ({ graph, inputs: [x], read }) => {
  const perm = read((dims) => dims);
  return perm.every((d, i) => d === i) ? x!.name : graph.node('Transpose', [x!.name], { perm });
};

const expand: Mapping = ({ graph, inputs: [x], shape, multiples }) => {
  if (sameSizes(x!.shape, shape)) return x!.name;
  return graph.node('Expand', [x!.name, graph.sizes(multiples(shape))]);
};

const narrow: Mapping<{ dim: number; start: number; length: number }> = (call) => {
  const { graph, inputs, read, shape, fixed } = call;
  const [dim, start] = [read((slice) => slice.dim), read((slice) => slice.start)];
  const [from, to] = [inputs[0]!.shape[dim]!, shape[dim]!];
  const whole = start === 0 && sameSizes([from], [to]) && to !== null;
  if (whole) return inputs[0]!.name;
  const stop = start + fixed(to);
  return graph.node('Slice', [inputs[0]!.name, ...[[start], [stop], [dim]].map((list) => graph.ints(list))]);
};

const flip: Mapping<readonly number[]> = ({ graph, inputs: [x], read }) => {
  const dims = read((params) => params);
  if (dims.length === 0) return x!.name;
  const all = (value: number) => graph.ints(dims.map(() => value));
  return graph.node('Slice', [x!.name, all(-1), all(-end), graph.ints(dims), all(-1)]);
};

/** The two dims go last and become one, of which the diagonal is every (columns + 1)th element. */
const diagonal: Mapping<{ offset: number; dim1: number; dim2: number }> = (call) => {
  const { graph, inputs, read, shape, fixed, multiples } = call;
  const { offset, dim1, dim2 } = read((which) => which);
  const sizes = inputs[0]!.shape;
  const others = sizes.map((_, d) => d).filter((d) => d !== dim1 && d !== dim2);
  const [rows, columns] = [fixed(sizes[dim1]!), fixed(sizes[dim2]!)];
  const planes = graph.node('Transpose', [inputs[0]!.name], { perm: [...others, dim1, dim2] });
  const lead: Size[] = others.map((d) => sizes[d]!);
  const flat = graph.node('Reshape', [planes, graph.sizes(multiples([...lead, rows * columns]))]);
  const first = offset >= 0 ? offset : -offset * columns;
  const places = Array.from({ length: fixed(shape.at(-1)!) }, (_, i) => first + i * (columns + 1));
  return graph.node('Gather', [flat, graph.ints(places)], { axis: others.length });
};

/** With a 0 behind the elements of the last dim, every element of the planes is one of them. */
const placeDiagonal: Mapping<{ offset: number; dim1: number; dim2: number }> = (call) => {
  const { graph, inputs, read, shape, fixed } = call;
  const { offset, dim1, dim2 } = read(({ offset, dim1, dim2 }) => ({ offset, dim1, dim2 }));
  const last = inputs[0]!.shape.length - 1;
  const [rows, columns, count] = [shape[dim1]!, shape[dim2]!, inputs[0]!.shape[last]!].map(fixed);
  const places = Array.from({ length: rows! * columns! }, (_, i) => {
    const [row, column] = [Math.floor(i / columns!), i % columns!];
    return column - row === offset ? Math.min(row, column) : count!;
  });
  const pads = shape.slice(1).map(() => 0);
  const padded = graph.node('Pad', [inputs[0]!.name, graph.ints([...pads, ...pads.slice(1), 1]), graph.floats(0)]);
  const planes = graph.node('Gather', [padded, graph.ints(places, [rows!, columns!])], { axis: last });
  const others = shape.map((_, d) => d).filter((d) => d !== dim1 && d !== dim2);
  const order = [...others, dim1, dim2];
  return graph.node('Transpose', [planes], { perm: shape.map((_, d) => order.indexOf(d)) });
};

const cat: Mapping<{ dim: number }> = ({ graph, inputs, read }) =>
  graph.node(
    'Concat',
    inputs.map((x) => x.name),
    { axis: read(({ dim }) => dim) },
  );

const picked =
  (opType: 'Gather' | 'GatherElements'): Mapping<{ dim: number }> =>
  ({ graph, inputs: [x, index], read }) =>
    graph.node(opType, [x!.name, graph.indices(index!)], { axis: read(({ dim }) => dim) });

const scatterAdd: Mapping<{ dim: number }> = ({ graph, inputs: [x, index, src], read }) => {
  const attributes = { axis: read(({ dim }) => dim), reduction: 'add' };
  return graph.node('ScatterElements', [x!.name, graph.indices(index!), src!.name], attributes);
};

const pad: Mapping<{ shape: readonly number[]; starts: readonly number[]; value: number }> = (call) => {
  const { graph, inputs, read, shape } = call;
  const before = read(({ starts }) => starts);
  const after = shape.map((size, d) => {
    const inner = inputs[0]!.shape[d]!;
    return before[d] === 0 && sameSizes([size], [inner]) ? 0 : call.fixed(size) - before[d]! - call.fixed(inner);
  });
  return graph.node('Pad', [inputs[0]!.name, graph.ints([...before, ...after]), graph.floats(read((p) => p.value))]);
};

export const views = mappings({
  reshape,
  permute,
  expand,
  narrow,
  flip,
  diagonal,
  placeDiagonal,
  cat,
  gather: picked('GatherElements'),
  indexSelect: picked('Gather'),
  scatterAdd,
  pad,
});
