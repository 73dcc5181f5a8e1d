import { isContiguous } from '../../shape.ts';
import { type ConvGrid, contiguousOf } from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { setNumber } from '../norm.ts';
import type { Windows } from '../pool.ts';
import { isFiniteView } from '../range.ts';
import type { Pair } from '../unfold.ts';
import { Frame, type Layout, lengthOf, lineOf, planeOf } from './frame.ts';
import type { Call } from './functions.ts';
import { load, perform } from './instance.ts';
import { maxCalls, writeList } from './pool.ts';
import { eachSlice, withRoom } from './room.ts';
import { sharesOf, total } from './shares.ts';
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

/** So many taps at a time: their weights and pixels stay in the first cache. */
const DEPTH = 288;

/** A pass over some channels, with its taps and weights in WebAssembly's memory. */
interface Ready extends Pass {
  readonly taps: number;
  readonly offsets: number;
  /** The weights of the first group, and how far it is to the next. */
  readonly panels: number;
  readonly panelsStep: number;
  /** Whether there are sums of channels before. */
  readonly adds: boolean;
}

/** A correlation: y = bias + Σ over taps of weight · pixel; windows of neighbouring rows begin `rowStride` rows apart. */
interface Correlation {
  readonly x: Nd;
  readonly bias: Nd;
  readonly filter: Filter;
  readonly layout: Layout;
  readonly passes: readonly Pass[];
  readonly rowStride: number;
  /** Of y. */
  readonly size: Pair;
}

/** How many multiplications and additions it takes for an image. */
const workOf = ({ filter: { groups, out, within }, passes }: Correlation): number =>
  passes.reduce((sum, pass) => sum + 2 * groups * out * within * tapsOf(pass) * pass.rows * pass.columns, 0);

/** The rooms that it needs. */
function correlationRooms({ filter: { groups, out, within }, passes, layout }: Correlation): number[] {
  const taps = passes.reduce((sum, pass) => sum + within * tapsOf(pass), 0);
  return [Math.ceil(taps / 2), taps * panelsOf(out) * groups, 2 * groups * out + 3, ...roomsFor(layout)];
}

/** The calls for some images by a piece of the work, from one address to another, and then those of `after`. */
type CallsFor = (
  images: Part,
  piece: number,
  x: (image: number) => number,
  y: (image: number) => number,
  after?: (image: number) => readonly Call[],
) => Call[];

/** Writes what is alike for all images into the rooms. */
function correlating(correlation: Correlation, rooms: readonly Float64Array[]): CallsFor {
  const { bias, filter, layout, passes, rowStride, size } = correlation;
  const { groups, out, within } = filter;
  const [inOffsets, inPanels, inBias, inFrames, inTiles] = rooms;
  for (let c = 0; c < groups * out; c++) inBias![c] = bias.data[bias.offset + c * bias.stride[0]!]!;
  inBias!.fill(0, groups * out);
  const ready = prepare(passes, filter, layout, inOffsets!, inPanels!);
  const channel = 8 * size[0] * size[1];
  const group = 8 * within * planeOf(layout);
  const xRow = 8 * rowStride * lineOf(layout);
  const callsFor = (frame: Frame, tile: number, image: number, result: number): Call[] => {
    const calls = [frame.hold(image)];
    for (let g = 0; g < groups; g++) {
      for (const { taps, offsets, panels, panelsStep, rows, columns, start, rowStep, step, adds } of ready) {
        calls.push([
          'correlate',
          ...([out, taps, offsets, panels + g * panelsStep] as const),
          inBias!.byteOffset + 8 * (adds ? groups * out : g * out),
          ...([frame.address + g * group, xRow, rows, columns] as const),
          ...([result + g * out * channel + 8 * start, channel, 8 * rowStep, 8 * step] as const),
          adds ? 1 : 0,
          tile,
        ]);
      }
    }
    return calls;
  };
  return (images, piece, x, y, after) => {
    const tile = inTiles!.byteOffset + 8 * TILE * piece;
    return framed(layout, inFrames!, piece, images, (frame, i) => {
      const calls = callsFor(frame, tile, x(i), y(i));
      if (after !== undefined) calls.push(...after(i));
      return calls;
    });
  };
}

function correlate(y: Nd, correlation: Correlation): boolean {
  const { x } = correlation;
  if (load() instanceof Error || !isContiguous(y.shape, y.stride) || y.size === 0 || x.size === 0) return false;
  const [imageStep, resultStep] = [8 * (x.size / x.shape[0]!), 8 * (y.size / y.shape[0]!)];
  return withRoom(correlationRooms(correlation), (...rooms) => {
    const callsFor = correlating(correlation, rooms);
    return eachSlice([contiguousOf(x)], [y], ({ ins: [from], outs: [to] }, _, images) => {
      divide({
        name: 'correlate',
        nanos: (images * workOf(correlation)) / RATE,
        parts: images,
        grain: 1,
        calls: (first, count, piece) =>
          callsFor(
            { first, end: first + count },
            piece,
            (i) => from! + i * imageStep,
            (i) => to! + i * resultStep,
          ),
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
  const [batch, channels] = maxima!.shape as [number, number];
  const size = channels * grid.blocks[0] * grid.blocks[1];
  const room = Math.ceil(size / 8) * 8;
  const { lists, call } = maxCalls(grid.blocks, rows, columns);
  const own = correlationRooms(correlation);
  const more = [mostPieces() * room, ...lists.map((list) => Math.ceil(list.length / 2))];
  const [imageStep, pooledStep] = [8 * (x!.size / batch), 8 * (maxima!.size / batch)];
  return withRoom([...own, ...more], (...rooms) => {
    const callsFor = correlating(correlation, rooms.slice(0, own.length));
    const [inScratch, ...inLists] = rooms.slice(own.length);
    const addresses = inLists.map((list, i) => writeList(list, lists[i]!));
    return eachSlice([contiguousOf(x!)], outs, ({ ins: [from], outs: [to, places] }, _, images) => {
      divide({
        name: 'convReluMax',
        nanos: images * (workOf(correlation) / RATE + size),
        parts: images,
        grain: 1,
        calls(first, count, piece) {
          const y = inScratch!.byteOffset + 8 * room * piece;
          const pool = (i: number): Call[] => [
            ['relu', size, y, size, y],
            call(channels, y, to! + i * pooledStep, places! + i * pooledStep, addresses),
          ];
          return callsFor(
            { first, end: first + count },
            piece,
            (i) => from! + i * imageStep,
            () => y,
            pool,
          );
        },
      });
    });
  });
};

/** What a tile of windows needs of memory: a cache line. */
const TILE = 8;

/** The rooms that each piece of the work needs for its own: for a frame and for a tile. */
const roomsFor = (layout: Layout): number[] => [mostPieces() * frameRoom(layout), mostPieces() * TILE];

/** Whole cache lines. */
const frameRoom = (layout: Layout): number => Math.ceil(lengthOf(layout) / 8) * 8;

/** The calls for some images, one after the other in the frame of a piece. */
function framed(
  layout: Layout,
  inFrames: Float64Array,
  piece: number,
  { first, end }: Part,
  callsFor: (frame: Frame, image: number) => readonly Call[],
): Call[] {
  const frame = new Frame(layout, inFrames.byteOffset + 8 * piece * frameRoom(layout));
  const calls: Call[] = [['clear', frame.address, lengthOf(layout)]];
  for (let i = first; i < end; i++) calls.push(...callsFor(frame, i));
  return calls;
}

/** Writes offsets and panels of all passes, some channels after others. */
function prepare(
  passes: readonly Pass[],
  filter: Filter,
  layout: Layout,
  inOffsets: Float64Array,
  inPanels: Float64Array,
): Ready[] {
  let [offset, panel] = [0, 0];
  return passes.flatMap((pass) =>
    partsOf(filter.within, tapsOf(pass)).map((part): Ready => {
      const taps = (part.end - part.first) * tapsOf(pass);
      const offsets = new Int32Array(inOffsets.buffer, inOffsets.byteOffset + 4 * offset, taps);
      writeOffsets(offsets, pass, layout, part);
      offset += taps;
      const length = taps * panelsOf(filter.out);
      const panels = inPanels.byteOffset + 8 * panel;
      for (let g = 0; g < filter.groups; g++, panel += length) {
        writePanels(inPanels.subarray(panel, panel + length), pass, filter, g, part);
      }
      return { ...pass, taps, offsets: offsets.byteOffset, panels, panelsStep: 8 * length, adds: part.first > 0 };
    }),
  );
}

/** The channels of a group, cut into parts of about DEPTH taps. */
function partsOf(channels: number, taps: number): Part[] {
  const count = Math.ceil((channels * taps) / DEPTH) || 1;
  const each = Math.ceil(channels / Math.min(count, channels));
  return Array.from({ length: Math.ceil(channels / each) }, (_, i) => ({
    first: i * each,
    end: Math.min((i + 1) * each, channels),
  }));
}

const convWeight: Attempt = ([weight, bias], [x, y], params) => {
  const grid = params as ConvGrid;
  if (load() instanceof Error || !isContiguous(weight!.shape, weight!.stride) || y!.size === 0 || x!.size === 0) {
    return false;
  }
  const layout = layoutOf(x!, grid);
  const pass = passOf(layout, grid);
  const { out, within } = filterOf(weight!, grid.groups);
  const taps = within * tapsOf(pass);
  const [batch, channels] = y!.shape as [number, number];
  const size = weight!.size;
  const { shares, each } = sharesOf(batch, size);
  const rooms = [Math.ceil(taps / 2), 2 * size * shares, batch * channels, ...roomsFor(layout)];
  return withRoom(rooms, (inOffsets, sums, inBias, inFrames) => {
    const offsets = new Int32Array(inOffsets!.buffer, inOffsets!.byteOffset, taps);
    writeOffsets(offsets, pass, layout, { first: 0, end: within });
    perform([['clear', sums!.byteOffset, 2 * size * shares]]);
    const pixels = pass.rows * pass.columns;
    const [imageStep, gradientStep] = [8 * (x!.size / batch), 8 * channels * pixels];
    const xRow = 8 * grid.stride[0] * lineOf(layout);
    const callsFor = (frame: Frame, i: number, image: number, gradient: number): Call[] => {
      const calls = [frame.hold(image)];
      for (let g = 0; g < grid.groups; g++) {
        calls.push([
          'correlateWeights',
          ...([out, taps, offsets.byteOffset] as const),
          ...([frame.address + 8 * g * within * planeOf(layout), xRow, pass.rows, pass.columns] as const),
          gradient + 8 * g * out * pixels,
          sums!.byteOffset + 16 * (Math.floor(i / each) * size + g * out * taps),
        ]);
      }
      if (bias) calls.push(['sumAround', 1, channels, pixels, 0, gradient, inBias!.byteOffset + 8 * i * channels]);
      return calls;
    };
    const isDone = eachSlice([contiguousOf(x!), contiguousOf(y!)], [], ({ ins }, start, images) => {
      divide({
        name: 'correlateWeights',
        nanos: (images * 2 * size * pixels) / RATE,
        parts: Math.ceil(batch / each),
        grain: 1,
        calls(firstShare, count, piece) {
          const first = Math.max(firstShare * each, start);
          const end = Math.min((firstShare + count) * each, start + images);
          return framed(layout, inFrames!, piece, { first, end }, (frame, i) =>
            callsFor(frame, i, ins[0]! + (i - start) * imageStep, ins[1]! + (i - start) * gradientStep),
          );
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

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { conv, convReluMax, convTranspose, convWeight };
