import type { GraphBuilder, Value } from '../graph.ts';
import { type Call, type Mapping, mappings } from '../mapping.ts';
import { type Grid, type Pair, windowsAdded, windowsOf } from './windows.ts';

// Products of matrices, and convolutions.

const linear: Mapping = ({ graph, inputs }) =>
  graph.node(
    'Gemm',
    inputs.map((x) => x.name),
    { transB: 1 },
  );

interface ConvGrid extends Grid {
  groups: number;
}

/** The attributes that convolutions and their transposes share. */
const attributesOf = ({ kernel, stride, dilation, groups }: ConvGrid) => ({
  kernel_shape: kernel,
  strides: stride,
  dilations: dilation,
  group: groups,
});

const spanOf = ({ kernel, dilation }: Grid, d: number): number => dilation[d]! * (kernel[d]! - 1) + 1;

/** Zeros behind the image: as many as before it, where that gives the same windows. */
function paddingAfter(grid: Grid, size: Pair): number[] {
  return size.map((pixels, d) => {
    const [before, stride, span] = [grid.padding[d]!, grid.stride[d]!, spanOf(grid, d)];
    if (Math.floor((pixels + 2 * before - span) / stride) + 1 === grid.blocks[d]) return before;
    return (grid.blocks[d]! - 1) * stride + span - before - pixels;
  });
}

/** The operands, without a bias of zeros that was made for want of one. */
function withoutZeros(inputs: readonly Value[]): string[] {
  return (inputs[2]!.filler === 0 ? inputs.slice(0, 2) : inputs).map((x) => x.name);
}

const conv: Mapping<ConvGrid> = (call) => {
  const { graph, inputs, read, fixed } = call;
  const grid = read((params) => params);
  if (graph.dtype === 'float64') return convOfDoubles(call, grid);
  const size = inputs[0]!.shape.slice(2).map(fixed) as [number, number];
  const pads = [...grid.padding, ...paddingAfter(grid, size)];
  return graph.node('Conv', withoutZeros(inputs), { ...attributesOf(grid), pads });
};

const convTranspose: Mapping<ConvGrid & { size: Pair }> = (call) => {
  const { graph, inputs, read } = call;
  const grid = read((params) => params);
  if (graph.dtype === 'float64') return convTransposeOfDoubles(call, grid);
  const { padding, stride, blocks, size } = grid;
  const extra = size.map((pixels, d) => pixels + 2 * padding[d]! - (blocks[d]! - 1) * stride[d]! - spanOf(grid, d));
  const pads = [...padding, ...padding];
  return graph.node('ConvTranspose', withoutZeros(inputs), { ...attributesOf(grid), pads, output_padding: extra });
};

// ONNX Runtime knows convolutions for single precision only. For doubles they are products with the windows as columns.

/** The rows of each group as a matrix: [rows, …] → [groups, rows / groups, …], or without groups where there is one. */
function matricesOf({ graph, inputs, fixed }: Call<ConvGrid>, groups: number): string {
  const [rows, ...rest] = inputs[1]!.shape.map(fixed) as [number, ...number[]];
  return graph.node('Reshape', [inputs[1]!.name, graph.ints([groups, rows / groups, rest.reduce((a, b) => a * b, 1)])]);
}

/** [n, lines, blocks] cut into groups: [n, groups, lines / groups, blocks] */
function cut(graph: GraphBuilder, x: string, groups: number, lines: number, blocks: number): string {
  return graph.node('Reshape', [x, graph.ints([-1, groups, lines / groups, blocks])]);
}

function plusBias({ graph, inputs }: Call<ConvGrid>, y: string): string {
  if (withoutZeros(inputs).length === 2) return y;
  return graph.node('Add', [y, graph.node('Reshape', [inputs[2]!.name, graph.ints([-1, 1, 1])])]);
}

function convOfDoubles(call: Call<ConvGrid>, grid: ConvGrid): string {
  const { graph, inputs, shape, fixed, multiples } = call;
  const [channels, blocks] = [fixed(inputs[0]!.shape[1]!), grid.blocks[0] * grid.blocks[1]];
  const lines = channels * grid.kernel[0] * grid.kernel[1];
  const columns = cut(graph, windowsOf(graph, inputs[0]!, grid, fixed), grid.groups, lines, blocks);
  const y = graph.node('MatMul', [matricesOf(call, grid.groups), columns]); // [n, groups, out / groups, blocks]
  return plusBias(call, graph.node('Reshape', [y, graph.sizes(multiples(shape))]));
}

function convTransposeOfDoubles(call: Call<ConvGrid>, grid: ConvGrid & { size: Pair }): string {
  const { graph, inputs, shape, fixed, multiples } = call;
  const [channels, blocks] = [fixed(inputs[0]!.shape[1]!), grid.blocks[0] * grid.blocks[1]];
  const weight = graph.node('Transpose', [matricesOf(call, grid.groups)], { perm: [0, 2, 1] });
  const rows = cut(graph, inputs[0]!.name, grid.groups, channels, blocks);
  const columns = graph.node('MatMul', [weight, rows]); // [n, groups, out / groups · kernel, blocks]
  return plusBias(call, windowsAdded(graph, columns, multiples(shape), grid));
}

export const products = mappings({
  matmul: ({ graph, inputs: [a, b] }) => graph.node('MatMul', [a!.name, b!.name]),
  linear,
  conv,
  convTranspose,
});
