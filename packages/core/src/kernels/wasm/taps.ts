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

/** Pixels first, first + stride, …, count of them, of a transposed convolution, along one dim. */
interface Phase {
  readonly first: number;
  readonly count: number;
  readonly looks: readonly Look[];
}

/**
 * The reverse: a pixel sees window i through place k of the kernel where i·stride + k·dilation − padding is its own. So
 * every stride-th pixel looks through the same places; their t-th one sees window t + at. Rows that see nothing through
 * some places, since there is no such window, are passes of their own, which leave those places out.
 * @returns what the pixels see of the windows' values, and the passes
 */
export function transposed(y: Nd, size: Pair, grid: ConvGrid): { layout: Layout; passes: readonly Pass[] } {
  const { stride, blocks } = grid;
  const [rows, columns] = [alongDim(0, size, grid), alongDim(1, size, grid)];
  const layout = {
    channels: y.shape[1]!,
    size: blocks,
    rows: rows.length,
    columns: columns.length,
    top: rows.before,
    left: columns.before,
    phases: 1,
  };
  const passes = rows.phases
    .flatMap((phase) => whereAllIsSeen(phase, rows.before, blocks[0], stride[0]))
    .flatMap((row) =>
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

/** The phases of a dim, and how many zeros before the windows' values, and numbers in all, they look at. */
function alongDim(d: 0 | 1, size: Pair, { kernel, stride, dilation, padding }: ConvGrid) {
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
  const inFrame = (looks: readonly Look[]) => looks.map(({ k, at }) => ({ k, at: at - lowest }));
  return {
    phases: phases.map((phase): Phase => ({ ...phase, looks: inFrame(phase.looks) })),
    before: -lowest,
    length: highest - lowest + 1,
  };
}

/** Cuts a phase where what its pixels see changes: of `windows` that stand in a frame behind `before` zeros. */
function whereAllIsSeen({ first, count, looks }: Phase, before: number, windows: number, stride: number): Phase[] {
  const seenBy = (t: number) => looks.filter(({ at }) => t + at >= before && t + at < before + windows);
  const runs: { start: number; count: number; seen: Look[] }[] = [];
  for (let t = 0; t < count; t++) {
    const seen = seenBy(t);
    const run = runs.at(-1);
    const isSame = run !== undefined && run.seen.length === seen.length && run.seen[0]?.k === seen[0]?.k;
    if (isSame) run.count++;
    else runs.push({ start: t, count: 1, seen });
  }
  return runs.map(({ start, count, seen }) => ({
    first: first + start * stride,
    count,
    looks: seen.map(({ k, at }) => ({ k, at: at + start })),
  }));
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

/** Some channels, or images, from `first` to before `end`. */
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
