import { isContiguous } from '../../shape.ts';
import { type ConvGrid, contiguousOf } from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { setNumber } from '../norm.ts';
import type { Windows } from '../pool.ts';
import { isFiniteView } from '../range.ts';
import type { Pair } from '../unfold.ts';
import { framing, type Layout, lengthOf, lineOf, planeOf } from './frame.ts';
import type { Call } from './functions.ts';
import { load, perform } from './instance.ts';
import { isSideBySide } from './pool.ts';
import { eachSlice, withRoom } from './room.ts';
import { partOf, sharesOf, total } from './shares.ts';
import {
  type Filter,
  filterOf,
  layoutOf,
  type Part,
  type Pass,
  panelsOf,
  passOf,
  tapsOf,
  transposed,
  transposedFilterOf,
  writeOffsets,
  writePanels,
} from './taps.ts';
import { divide, mostPieces, RATE } from './threads.ts';

// Image by image, straight from the pixels: see assembly/correlate.ts.

const conv: Attempt = ([y], [x, weight, bias], params) =>
  correlate(y!, correlationOf(x!, weight!, bias!, params as ConvGrid));

function correlationOf(x: Nd, weight: Nd, bias: Nd, grid: ConvGrid): Correlation {
  const layout = layoutOf(x, grid);
  const filter = filterOf(weight, grid.groups);
  return { x, bias, filter, layout, passes: [passOf(layout, grid)], rowStride: grid.stride[0], size: grid.blocks };
}

const convTranspose: Attempt = ([x], [y, weight, bias], params) => {
  const grid = params as ConvGrid;
  // Behind the edge a transposed convolution sees nothing, not zeros, which an infinite weight would turn into NaN.
  if (!isFiniteView(weight!)) return false;
  const { layout, passes } = transposed(y!, [x!.shape[2]!, x!.shape[3]!], grid);
  const [filter, size] = [transposedFilterOf(weight!, grid.groups), x!.shape.slice(2) as [number, number]];
  return correlate(x!, { x: y!, bias: bias!, filter, layout, passes, rowStride: 1, size });
};

/** Images whose windows are seen through a filter, and its results of a size. */
interface Sliding {
  readonly filter: Filter;
  readonly layout: Layout;
  readonly rowStride: number;
  readonly size: Pair;
}

/** A correlation: y = bias + Σ over taps of weight · pixel; windows of neighbouring rows begin `rowStride` rows apart. */
interface Correlation extends Sliding {
  readonly x: Nd;
  readonly bias: Nd;
  readonly passes: readonly Pass[];
}

/** How many multiplications and additions it takes for an image. */
const workOf = ({ filter: { groups, out, within }, passes }: Correlation): number =>
  passes.reduce((sum, pass) => sum + 2 * groups * out * within * tapsOf(pass) * pass.rows * pass.columns, 0);

function correlate(y: Nd, correlation: Correlation): boolean {
  const { x, layout } = correlation;
  if (load() instanceof Error || !isContiguous(y.shape, y.stride) || y.size === 0 || x.size === 0) return false;
  const [toImage, toResult] = [8 * (x.size / x.shape[0]!), 8 * (y.size / y.shape[0]!)];
  return withRoom([...correlationRooms(correlation), ...pieceRooms(layout)], (...rooms) => {
    const plan = writeCorrelation(correlation, rooms);
    return eachSlice([contiguousOf(x)], [y], ({ ins: [from], outs: [to] }, _, images) => {
      divide({
        name: 'correlate',
        nanos: (images * workOf(correlation)) / RATE,
        parts: images,
        grain: 1,
        calls(first, count, piece) {
          const [image, result] = [from! + first * toImage, to! + first * toResult];
          const { frame, tile, clear } = roomOf(piece, layout, rooms);
          return [clear, ['correlateImages', plan, count, image, result, frame, tile]];
        },
      });
    });
  });
}

/** Image by image, so that what the convolution gives stays in the cache. */
const convReluMax: Attempt = ([maxima, positions], [x, weight, bias], params) => {
  const { rows, columns, ...grid } = params as ConvGrid & { rows: Windows; columns: Windows };
  const outs = [maxima!, positions!];
  if (load() instanceof Error || [x!, ...outs].some(({ size }) => size === 0)) return false;
  if (!outs.every(({ shape, stride }) => isContiguous(shape, stride))) return false;
  const correlation = correlationOf(x!, weight!, bias!, grid);
  const { layout } = correlation;
  const [batch, channels] = maxima!.shape as [number, number];
  const size = channels * grid.blocks[0] * grid.blocks[1];
  const room = wholeLines(size);
  const own = [poolRoom(rows, columns), mostPieces() * room];
  const [toImage, toPooled] = [8 * (x!.size / batch), 8 * (maxima!.size / batch)];
  return withRoom([...own, ...correlationRooms(correlation), ...pieceRooms(layout)], (inPool, inResults, ...rooms) => {
    const plan = writeCorrelation(correlation, rooms);
    const pool = writePool(inPool!, grid.blocks, rows, columns);
    return eachSlice([contiguousOf(x!)], outs, ({ ins: [from], outs: [to, places] }, _, images) => {
      divide({
        name: 'convReluMax',
        nanos: images * (workOf(correlation) / RATE + size),
        parts: images,
        grain: 1,
        calls(first, count, piece) {
          const image = from! + first * toImage;
          const pooled = [to! + first * toPooled, places! + first * toPooled] as const;
          const { frame, tile, clear } = roomOf(piece, layout, rooms);
          const result = inResults!.byteOffset + 8 * room * piece;
          return [clear, ['poolImages', plan, pool, count, image, ...pooled, frame, tile, result]];
        },
      });
    });
  });
};

const convWeight: Attempt = ([weight, bias], [x, y], params) => {
  const grid = params as ConvGrid;
  if (load() instanceof Error || !isContiguous(weight!.shape, weight!.stride) || y!.size === 0 || x!.size === 0) {
    return false;
  }
  const layout = layoutOf(x!, grid);
  const pass = passOf(layout, grid);
  const filter = filterOf(weight!, grid.groups);
  const taps = filter.within * tapsOf(pass);
  const [batch, channels] = y!.shape as [number, number];
  const size = weight!.size;
  const pixels = pass.rows * pass.columns;
  const [toImage, toGradient] = [8 * (x!.size / batch), 8 * channels * pixels];
  const { shares, each } = sharesOf(batch, size);
  const own = [2 * size * shares, batch * channels, planRoom(1), Math.ceil(taps / 2)];
  return withRoom([...own, ...pieceRooms(layout)], (sums, inBias, inPlan, inOffsets, ...rooms) => {
    perform([['clear', sums!.byteOffset, 2 * size * shares]]);
    const all = [portionOf(pass, { first: 0, end: filter.within }, layout, inOffsets!)];
    const sliding = { filter, layout, rowStride: grid.stride[0], size: grid.blocks };
    const plan = writePlan(inPlan!, sliding, all);
    const isDone = eachSlice([contiguousOf(x!), contiguousOf(y!)], [], ({ ins: [from, g] }, start, images) => {
      divide({
        name: 'correlateWeights',
        nanos: (images * 2 * size * pixels) / RATE,
        parts: shares,
        grain: 1,
        calls(firstShare, count, piece) {
          const { frame, clear } = roomOf(piece, layout, rooms);
          const calls: Call[] = [clear];
          for (let share = firstShare; share < firstShare + count; share++) {
            const { first, end } = partOf(share, each, start, images);
            calls.push([
              'weightsOfImages',
              ...([plan, end - first, from! + first * toImage, g! + first * toGradient, frame] as const),
              sums!.byteOffset + 16 * share * size,
              bias ? inBias!.byteOffset + 8 * (start + first) * channels : 0,
            ]);
          }
          return calls;
        },
      });
    });
    if (!isDone) return false;
    const { data, offset } = weight!;
    for (let k = 0; k < size; k++) data[offset + k] = total(sums!, 2 * k, 2 * size) + total(sums!, 2 * k + 1, 2 * size);
    if (bias) for (let c = 0; c < channels; c++) setNumber(bias, c, total(inBias!, c, channels));
    return true;
  });
};

// Plans in WebAssembly's memory, for assembly/images.ts.

/** How many numbers of four bytes its classes have. */
const PLAN = 20;
const PASS = 12;
const POOL = 11;

const planRoom = (passes: number): number => Math.ceil((PLAN + PASS * passes) / 2);

/** A pass over some of the channels that are read, with what lies in WebAssembly's memory: 0 for what nobody needs. */
interface Portion {
  readonly pass: Pass;
  readonly taps: number;
  readonly offsets: number;
  /** The weights of the first group, and how far it is to the next. */
  readonly panels: number;
  readonly toPanels: number;
  readonly bias: number;
  readonly toBias: number;
  /** Whether there are sums of channels before. */
  readonly adds: boolean;
}

/** Writes the offsets of a pass. */
function portionOf(pass: Pass, channels: Part, layout: Layout, room: Float64Array, written = 0): Portion {
  const taps = (channels.end - channels.first) * tapsOf(pass);
  const offsets = new Int32Array(room.buffer, room.byteOffset + 4 * written, taps);
  writeOffsets(offsets, pass, layout, channels);
  const adds = channels.first > 0;
  return { pass, taps, offsets: offsets.byteOffset, panels: 0, toPanels: 0, bias: 0, toBias: 0, adds };
}

/** Writes a plan; returns where it is. */
function writePlan(
  room: Float64Array,
  { filter, layout, rowStride, size }: Sliding,
  portions: readonly Portion[],
): number {
  const { groups, out, within } = filter;
  const at = room.byteOffset;
  const passes = portions.flatMap(({ pass, taps, offsets, panels, toPanels, bias, toBias, adds }) => [
    ...[taps, offsets, panels, toPanels, bias, toBias, pass.rows, pass.columns],
    ...[8 * pass.start, 8 * pass.rowStep, 8 * pass.step, adds ? 1 : 0],
  ]);
  const windows = [8 * rowStride * lineOf(layout), groups, out, 8 * within * planeOf(layout), 8 * size[0] * size[1]];
  const numbers = [...framing(layout), ...windows, portions.length, at + 4 * PLAN, ...passes];
  new Int32Array(room.buffer, at, numbers.length).set(numbers);
  return at;
}

/** The rooms for a plan, offsets, weights and bias. */
function correlationRooms({ filter: { groups, out, within }, passes }: Correlation): number[] {
  const taps = passes.reduce((sum, pass) => sum + within * tapsOf(pass), 0);
  const portions = passes.reduce((sum, pass) => sum + partsOf(within, tapsOf(pass)).length, 0);
  return [planRoom(portions), Math.ceil(taps / 2), taps * panelsOf(out) * groups, 2 * groups * out + 3];
}

/** Writes a correlation into the first of the rooms; returns where its plan is. */
function writeCorrelation(correlation: Correlation, rooms: readonly Float64Array[]): number {
  const { bias, filter, layout, passes } = correlation;
  const { groups, out, within } = filter;
  const [inPlan, inOffsets, inPanels, inBias] = rooms as [Float64Array, Float64Array, Float64Array, Float64Array];
  for (let c = 0; c < groups * out; c++) inBias[c] = bias.data[bias.offset + c * bias.stride[0]!]!;
  inBias.fill(0, groups * out);
  let [offset, panel] = [0, 0];
  const portions = passes.flatMap((pass) =>
    partsOf(within, tapsOf(pass)).map((part): Portion => {
      const portion = portionOf(pass, part, layout, inOffsets, offset);
      offset += portion.taps;
      const length = portion.taps * panelsOf(out);
      const panels = inPanels.byteOffset + 8 * panel;
      for (let g = 0; g < groups; g++, panel += length) {
        writePanels(inPanels.subarray(panel, panel + length), pass, filter, g, part);
      }
      // The bias, but for sums that have it already.
      const [first, step] = portion.adds ? [groups * out, 0] : [0, out];
      return { ...portion, panels, toPanels: 8 * length, bias: inBias.byteOffset + 8 * first, toBias: 8 * step };
    }),
  );
  return writePlan(inPlan, correlation, portions);
}

const poolRoom = (rows: Windows, columns: Windows): number =>
  Math.ceil(POOL / 2) + rows.starts.length + columns.starts.length;

/** Writes how windows slide over a result of a size, and their lists behind that; returns where it is. */
function writePool(room: Float64Array, [height, width]: Pair, rows: Windows, columns: Windows): number {
  const [down, across] = [rows.starts.length, columns.starts.length];
  const tops = room.byteOffset + 4 * POOL;
  const lefts = tops + 8 * down;
  const numbers = [
    ...[height, width, down, tops, tops + 4 * down, rows.step, across, lefts, lefts + 4 * across, columns.step],
    isSideBySide(rows) && isSideBySide(columns) ? 1 : 0,
    ...[...rows.starts, ...rows.ends, ...columns.starts, ...columns.ends],
  ];
  new Int32Array(room.buffer, room.byteOffset, numbers.length).set(numbers);
  return room.byteOffset;
}

/** What a tile of windows needs of memory: a cache line. */
const TILE = 8;

const wholeLines = (length: number): number => Math.ceil(length / 8) * 8;

/** The rooms that pieces of the work need for their own: for frames and tiles. */
const pieceRooms = (layout: Layout): number[] => [mostPieces() * wholeLines(lengthOf(layout)), mostPieces() * TILE];

/** Where a piece has its frame and its tile in the last two rooms, and the call that clears the frame. */
function roomOf(piece: number, layout: Layout, rooms: readonly Float64Array[]) {
  const [inFrames, inTiles] = rooms.slice(-2) as [Float64Array, Float64Array];
  const frame = inFrames.byteOffset + 8 * piece * wholeLines(lengthOf(layout));
  const clear: Call = ['clear', frame, lengthOf(layout)];
  return { frame, tile: inTiles.byteOffset + 8 * TILE * piece, clear };
}

/** So many taps at a time: their weights and pixels stay in the first cache. */
const DEPTH = 288;

/** The channels of a group, cut into parts of about DEPTH taps. */
function partsOf(channels: number, taps: number): Part[] {
  const count = Math.ceil((channels * taps) / DEPTH) || 1;
  const each = Math.ceil(channels / Math.min(count, channels));
  return Array.from({ length: Math.ceil(channels / each) }, (_, i) => ({
    first: i * each,
    end: Math.min((i + 1) * each, channels),
  }));
}

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { conv, convReluMax, convTranspose, convWeight };
