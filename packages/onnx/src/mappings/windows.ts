import type { GraphBuilder, Value } from '../graph.ts';
import { type Call, type Mapping, mappings } from '../mapping.ts';
import type { Batches } from '../sizes.ts';

// Windows of images.

/** One number for the rows, one for the columns. */
export type Pair = readonly [rows: number, columns: number];

/** How windows slide over images: `padding` is what lies before them, `blocks` how many windows there are. */
export interface Grid {
  kernel: Pair;
  stride: Pair;
  dilation: Pair;
  padding: Pair;
  blocks: Pair;
}

/** The place in the image of each element of each window along one dim: [kernel, blocks]. */
function placesAlong(d: 0 | 1, { kernel, stride, dilation, padding, blocks }: Grid): number[] {
  const starts = Array.from({ length: blocks[d] }, (_, i) => i * stride[d] - padding[d]);
  return Array.from({ length: kernel[d] }, (_, k) => starts.map((start) => start + k * dilation[d])).flat();
}

/** Zeros put around the images, and then all windows picked along rows and columns: [n, c, kh, kw, oh, ow] */
export function windowsOf(graph: GraphBuilder, x: Value, grid: Grid, fixed: Call['fixed']): string {
  const places = [placesAlong(0, grid), placesAlong(1, grid)] as const;
  const after = places.map((all, d) => Math.max(0, Math.max(...all) - fixed(x.shape[d + 2]!) + 1));
  const pads = [0, 0, ...grid.padding, 0, 0, ...after];
  const image = pads.every((n) => n === 0) ? x.name : graph.node('Pad', [x.name, graph.ints(pads), graph.floats(0)]);
  const pick = (from: string, d: 0 | 1, axis: number) => {
    const shifted = places[d].map((place) => place + grid.padding[d]);
    return graph.node('Gather', [from, graph.ints(shifted, [grid.kernel[d], grid.blocks[d]])], { axis });
  };
  const picked = pick(pick(image, 0, 2), 1, 4); // [n, c, kh, oh, kw, ow]
  return graph.node('Transpose', [picked], { perm: [0, 1, 2, 4, 3, 5] });
}

/** Where each element of each window goes, as a matrix of zeros and ones: [kernel · blocks, size] */
function placing(graph: GraphBuilder, places: readonly number[], size: number, transposed: boolean): string {
  const matrix = new Float64Array(places.length * size);
  places.forEach((place, i) => {
    if (place >= 0 && place < size) matrix[transposed ? place * places.length + i : i * size + place] = 1;
  });
  return graph.floats(matrix, transposed ? [size, places.length] : [places.length, size]);
}

/** The reverse of `windowsOf`: what lands on one pixel is added up by two products, along the columns and the rows. */
export function windowsAdded(
  graph: GraphBuilder,
  windows: string,
  [n, channels]: readonly (number | Batches)[],
  grid: Grid & { size: Pair },
): string {
  const { kernel, blocks, size } = grid;
  const apart = graph.node('Reshape', [windows, graph.sizes([n!, channels!, ...kernel, ...blocks])]);
  const sorted = graph.node('Transpose', [apart], { perm: [0, 1, 2, 4, 3, 5] }); // [n, c, kh, oh, kw, ow]
  const planes = [n!, channels!, kernel[0] * blocks[0], kernel[1] * blocks[1]];
  const flat = graph.node('Reshape', [sorted, graph.sizes(planes)]);
  const columns = graph.node('MatMul', [flat, placing(graph, placesAlong(1, grid), size[1], false)]);
  return graph.node('MatMul', [placing(graph, placesAlong(0, grid), size[0], true), columns]);
}

const unfold: Mapping<Grid> = ({ graph, inputs: [x], read, shape, multiples, fixed }) => {
  const grid = read((params) => params);
  return graph.node('Reshape', [windowsOf(graph, x!, grid, fixed), graph.sizes(multiples(shape))]);
};

const fold: Mapping<Grid & { size: Pair }> = ({ graph, inputs: [x], read, shape, multiples }) => {
  const grid = read((params) => params);
  return windowsAdded(graph, x!.name, multiples(shape), grid);
};

export const windows = mappings({ unfold, fold });
