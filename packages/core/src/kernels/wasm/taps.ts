import type { ConvGrid } from '../conv.ts';
import type { Nd } from '../kernel.ts';
import type { Pair } from '../unfold.ts';
import { type Layout, lineOf, phaseOf, planeOf } from './frame.ts';

/** Along one dim: a place in the kernel, and how far in the frame it looks from where a window begins. */
export interface Look {
  readonly k: number;
  readonly at: number;
}

/** Results that look at their pixels through the same places of the kernel. */
export interface Pass {
  readonly rows: number;
  readonly columns: number;
  readonly looks: readonly [rows: readonly Look[], columns: readonly Look[]];
  /** Where the results begin in a channel, and from one row and one column to the next. */
  readonly start: number;
  readonly rowStep: number;
  readonly step: number;
}

/** What the windows of a convolution see of an image. */
export function layoutOf(x: Nd, { kernel, stride, dilation, padding, blocks }: ConvGrid): Layout {
  const along = (d: 0 | 1) => (blocks[d] - 1) * stride[d] + dilation[d] * (kernel[d] - 1) + 1;
  return {
    channels: x.shape[1]!,
    size: [x.shape[2]!, x.shape[3]!],
    rows: along(0),
    columns: along(1),
    top: padding[0],
    left: padding[1],
    phases: stride[1],
  };
}

/** The windows of a convolution, which all look through the whole kernel. */
export function passOf(layout: Layout, { kernel, stride, dilation, blocks }: ConvGrid): Pass {
  const rows = Array.from({ length: kernel[0] }, (_, k) => ({ k, at: k * dilation[0] }));
  const columns = Array.from({ length: kernel[1] }, (_, k) => {
    const pixel = k * dilation[1];
    return { k, at: (pixel % stride[1]) * phaseOf(layout) + Math.floor(pixel / stride[1]) };
  });
  return { rows: blocks[0], columns: blocks[1], looks: [rows, columns], start: 0, rowStep: blocks[1], step: 1 };
}

/** Pixels first, first + stride, … of a transposed convolution, along one dim. */
interface Phase {
  readonly first: number;
  readonly count: number;
  readonly looks: readonly Look[];
}

/**
 * The reverse: a pixel sees window i through place k of the kernel where i·stride + k·dilation − padding is its own. So
 * every stride-th pixel looks through the same places; their t-th one sees window t + at.
 * @returns what the pixels see of the windows' values, and a pass for each of the stride's pixels
 */
export function transposed(y: Nd, size: Pair, grid: ConvGrid): { layout: Layout; passes: readonly Pass[] } {
  const { kernel, stride, dilation, padding, blocks } = grid;
  const along = (d: 0 | 1) => {
    const phases = Array.from({ length: Math.min(stride[d], size[d]) }, (_, first): Phase => {
      const looks = Array.from({ length: kernel[d] }, (_, k) => ({
        k,
        at: (first + padding[d] - k * dilation[d]) / stride[d],
      }));
      return {
        first,
        count: Math.ceil((size[d] - first) / stride[d]),
        looks: looks.filter(({ at }) => Number.isInteger(at)),
      };
    });
    const lowest = Math.min(0, ...phases.flatMap(({ looks }) => looks.map(({ at }) => at)));
    const highest = Math.max(0, ...phases.flatMap(({ looks, count }) => looks.map(({ at }) => at + count - 1)));
    const shifted = phases.map(({ first, count, looks }) => ({
      first,
      count,
      looks: looks.map(({ k, at }) => ({ k, at: at - lowest })),
    }));
    return { phases: shifted, before: -lowest, length: highest - lowest + 1 };
  };
  const [rows, columns] = [along(0), along(1)];
  const layout = {
    channels: y.shape[1]!,
    size: blocks,
    rows: rows.length,
    columns: columns.length,
    top: rows.before,
    left: columns.before,
    phases: 1,
  };
  const passes = rows.phases.flatMap((row) =>
    columns.phases.map(
      (column): Pass => ({
        rows: row.count,
        columns: column.count,
        looks: [row.looks, column.looks],
        start: row.first * size[1] + column.first,
        rowStep: stride[0] * size[1],
        step: stride[1],
      }),
    ),
  );
  return { layout, passes };
}

/** A weight as the channels see it that are computed (`out`) from others (`within`). */
export interface Filter {
  readonly weight: Nd;
  readonly groups: number;
  /** Channels of a group that are computed and that are read, and the strides from one to the next. */
  readonly out: number;
  readonly within: number;
  readonly outStep: number;
  readonly withinStep: number;
}

/** The filter of a convolution. */
export function filterOf(weight: Nd, groups: number): Filter {
  const [out, within] = weight.shape as [number, number];
  const [outStep, withinStep] = weight.stride as [number, number];
  return { weight, groups, out: out / groups, within, outStep, withinStep };
}

/** The filter of a transposed convolution, which reads the channels that the other computes. */
export function transposedFilterOf(weight: Nd, groups: number): Filter {
  const { out, within, outStep, withinStep } = filterOf(weight, groups);
  return { weight, groups, out: within, within: out, outStep: withinStep, withinStep: outStep };
}

/** How many taps a window has in one of the channels that a pass reads. */
export const tapsOf = ({ looks }: Pass): number => looks[0].length * looks[1].length;

/** Some of the channels of a group, from `first` to before `end`. */
export interface Part {
  readonly first: number;
  readonly end: number;
}

/** Writes where each tap lies in some channels, in bytes. */
export function writeOffsets(to: Int32Array, { looks }: Pass, layout: Layout, { first, end }: Part): void {
  let tap = 0;
  for (let c = first; c < end; c++) {
    for (const row of looks[0]) {
      for (const column of looks[1]) to[tap++] = 8 * (c * planeOf(layout) + row.at * lineOf(layout) + column.at);
    }
  }
}

/** Channels come in panels of four; what remains, in one of two or four. */
const panelOf = (channels: number): number => (channels > 2 ? 4 : 2);

/** How many numbers the panels of a group have for each tap. */
export const panelsOf = (out: number): number => out - (out % 4) + (out % 4 === 0 ? 0 : panelOf(out % 4));

/** Writes a group's weights for some channels in panels, tap by tap, a panel's missing channels being 0. */
export function writePanels(to: Float64Array, { looks }: Pass, filter: Filter, group: number, part: Part): void {
  const { weight, out, outStep, withinStep, groups } = filter;
  const { data, offset, stride, shape } = weight;
  const groupStep = (shape[0]! / groups) * stride[0]!;
  let next = 0;
  for (let first = 0; first < out; first += 4) {
    const width = panelOf(out - first);
    for (let c = part.first; c < part.end; c++) {
      const start = offset + group * groupStep + c * withinStep + first * outStep;
      for (const row of looks[0]) {
        for (const column of looks[1]) {
          const at = start + row.k * stride[2]! + column.k * stride[3]!;
          for (let lane = 0; lane < width; lane++) to[next++] = first + lane < out ? data[at + lane * outStep]! : 0;
        }
      }
    }
  }
}
