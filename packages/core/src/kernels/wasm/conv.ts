import { isContiguous } from '../../shape.ts';
import { type ConvGrid, contiguousOf } from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { setNumber } from '../norm.ts';
import { isFiniteView } from '../range.ts';
import { Frame, type Layout, lengthOf, lineOf, planeOf } from './frame.ts';
import type { Call } from './functions.ts';
import { load, perform } from './instance.ts';
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

const conv: Attempt = ([y], [x, weight, bias], params) => {
  const grid = params as ConvGrid;
  const layout = layoutOf(x!, grid);
  const filter = filterOf(weight!, grid.groups);
  return correlate(y!, x!, bias!, filter, layout, [passOf(layout, grid)], grid.stride[0]);
};

const convTranspose: Attempt = ([x], [y, weight, bias], params) => {
  const grid = params as ConvGrid;
  // Behind the edge a transposed convolution sees nothing, not zeros, which an infinite weight would turn into NaN.
  if (!isFiniteView(weight!)) return false;
  const { layout, passes } = transposed(y!, [x!.shape[2]!, x!.shape[3]!], grid);
  return correlate(x!, y!, bias!, transposedFilterOf(weight!, grid.groups), layout, passes, 1);
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

/** y = bias + Σ over taps of weight · pixel; windows of neighbouring rows begin `rowStride` rows of the frame apart. */
function correlate(
  y: Nd,
  x: Nd,
  bias: Nd,
  filter: Filter,
  layout: Layout,
  passes: readonly Pass[],
  rowStride: number,
): boolean {
  if (load() instanceof Error || !isContiguous(y.shape, y.stride) || y.size === 0 || x.size === 0) return false;
  const { groups, out, within } = filter;
  const taps = passes.reduce((sum, pass) => sum + within * tapsOf(pass), 0);
  const work = passes.reduce(
    (sum, pass) => sum + 2 * groups * out * within * tapsOf(pass) * pass.rows * pass.columns,
    0,
  );
  const rooms = [Math.ceil(taps / 2), taps * panelsOf(out) * groups, 2 * groups * out + 3, ...roomsFor(layout)];
  return withRoom(rooms, (inOffsets, inPanels, inBias, inFrames, inTiles) => {
    for (let c = 0; c < groups * out; c++) inBias![c] = bias.data[bias.offset + c * bias.stride[0]!]!;
    inBias!.fill(0, groups * out);
    const ready = prepare(passes, filter, layout, inOffsets!, inPanels!);
    const [imageStep, resultStep] = [8 * (x.size / x.shape[0]!), 8 * (y.size / y.shape[0]!)];
    const channel = 8 * y.shape[2]! * y.shape[3]!;
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
    return eachSlice([contiguousOf(x)], [y], ({ ins, outs }, _, images) => {
      divide({
        name: 'correlate',
        nanos: (images * work) / RATE,
        parts: images,
        grain: 1,
        calls(first, count, piece) {
          const tile = inTiles!.byteOffset + 8 * TILE * piece;
          return framed(layout, inFrames!, piece, { first, end: first + count }, (frame, i) =>
            callsFor(frame, tile, ins[0]! + i * imageStep, outs[0]! + i * resultStep),
          );
        },
      });
    });
  });
}

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
export const kernels: Readonly<Record<string, Attempt>> = { conv, convTranspose, convWeight };
