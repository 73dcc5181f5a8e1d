import { isContiguous } from '../../shape.ts';
import type { ConvGrid } from '../conv.ts';
import { contiguousOf } from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { setNumber } from '../norm.ts';
import { isFiniteView } from '../range.ts';
import { type Layout, overlapOf } from './frame.ts';
import type { Call } from './functions.ts';
import { load, perform, type Stage } from './instance.ts';
import { eachSlice, withRoom } from './room.ts';
import { sharesOf, total } from './shares.ts';
import { layoutOf } from './taps.ts';
import { divide, mostPieces } from './threads.ts';

// From a gradient that is 0 but at some windows, which alone are visited: see assembly/scattered.ts. What is 0 does not
// turn into NaN where a pixel or a weight is not finite, so that such are left to the reference.

/** How long a run of four numbers takes, in nanoseconds, about. */
const NANOS = 0.7;

/** What the windows see of a group of channels, which stands in a frame, channels last. */
interface Sight {
  readonly layout: Layout;
  /** From one pixel to the next, in numbers: even, so that a pixel is whole vectors, or 1. */
  readonly width: number;
  /** Where each window begins, and how far behind that each run of four numbers is that it sees, in bytes. */
  readonly starts: Int32Array;
  readonly offsets: readonly number[];
  /** Which of a channel's weights belongs to each number of the runs, or −1 for none. */
  readonly weights: readonly number[];
}

function sightOf(images: Nd, within: number, grid: ConvGrid, width: number): Sight {
  const { kernel, stride, dilation, blocks } = grid;
  const layout = { ...layoutOf(images, grid), channels: within, phases: 1 };
  const line = layout.columns * width;
  const [rows, columns] = kernel;
  const offsets: number[] = [];
  const weights: number[] = [];
  /** Sees some pixels of row r side by side. */
  const see = (r: number, first: number, pixels: number) => {
    const start = r * dilation[0] * line + first * dilation[1] * width;
    for (let i = 0; i < pixels * width; i += 4) {
      offsets.push(8 * (start + i));
      for (let j = i; j < i + 4; j++) {
        const [pixel, c] = [Math.floor(j / width), j % width];
        weights.push(pixel < pixels && c < within ? (c * rows + r) * columns + first + pixel : -1);
      }
    }
  };
  for (let r = 0; r < rows; r++) {
    if (dilation[1] === 1) see(r, 0, columns);
    else for (let k = 0; k < columns; k++) see(r, k, 1);
  }
  // Four at a time; what fills up is not the last one again, whose next sum would have to wait for this one.
  for (let i = 0; offsets.length % 4 > 0; i++) {
    offsets.push(offsets[i]!);
    weights.push(-1, -1, -1, -1);
  }
  const starts = new Int32Array(blocks[0] * blocks[1]);
  for (let r = 0, i = 0; r < blocks[0]; r++) {
    for (let k = 0; k < blocks[1]; k++) starts[i++] = 8 * (r * stride[0] * line + k * stride[1] * width);
  }
  return { layout, width, starts, offsets, weights };
}

const evenly = (channels: number): number => channels + (channels % 2);

const pixelsOf = ({ shape }: Nd): number => shape[2]! * shape[3]!;

/** From one row of a frame to the next, in numbers. */
const lineOf = ({ layout, width }: Sight): number => layout.columns * width;

/** All of a frame, and what a run may reach behind it, in whole cache lines. */
const frameRoom = (sight: Sight): number => Math.ceil((sight.layout.rows * lineOf(sight) + 3) / 8) * 8;

/** The rooms that a scene needs, for so many places in a plane. */
const roomsFor = (sight: Sight, places: number): number[] => [
  Math.ceil((FIELDS + sight.starts.length + sight.offsets.length) / 2),
  mostPieces() * frameRoom(sight),
  mostPieces() * 2 * (places + 1),
];

/** How many numbers the class Scene of the assembly has. */
const FIELDS = 17;

/** A sight in WebAssembly's memory, with a frame and a list for each piece of the work. */
class Scene {
  readonly address: number;

  constructor(
    private readonly sight: Sight,
    private readonly places: number,
    /** Of the values: channels in a group, and in all. */
    [out, all]: readonly [out: number, all: number],
    images: Nd,
    inScene: Float64Array,
    private readonly inFrames: Float64Array,
    private readonly inLists: Float64Array,
  ) {
    const { layout, width, starts, offsets } = sight;
    const { rows, columns, inImage, top, left } = overlapOf(layout);
    const across = layout.size[1];
    this.address = inScene.byteOffset;
    const [toStarts, toOffsets] = [4 * FIELDS, 4 * (FIELDS + starts.length)];
    const numbers = new Int32Array(inScene.buffer, this.address, FIELDS + starts.length + offsets.length);
    numbers.set([
      ...[layout.channels, 8 * pixelsOf(images), 8 * images.shape[1]! * pixelsOf(images)],
      ...[8 * inImage, rows, 8 * across, columns],
      ...[8 * frameRoom(sight), 8 * (top * lineOf(sight) + left * width), 8 * lineOf(sight), 8 * width],
      ...[out, places, 8 * all * places],
      ...[this.address + toStarts, offsets.length, this.address + toOffsets],
    ]);
    numbers.set(starts, toStarts / 4);
    numbers.set(offsets, toOffsets / 4);
  }

  frame(piece: number): number {
    return this.inFrames.byteOffset + 8 * piece * frameRoom(this.sight);
  }

  list(piece: number): number {
    return this.inLists.byteOffset + 16 * piece * (this.places + 1);
  }
}

/** Whether all numbers of some arrays in WebAssembly's memory are finite; `room` is for one number. */
function areFinite(addresses: readonly number[], lengths: readonly number[], room: Float64Array): boolean {
  return addresses.every((address, i) => {
    perform([['finiteness', lengths[i]!, address, room.byteOffset]]);
    return room[0] === 0;
  });
}

const convWeight: Attempt = ([weight, bias], [x, values, positions], params) => {
  const grid = params as ConvGrid;
  if (load() instanceof Error || !isContiguous(weight!.shape, weight!.stride)) return false;
  if (x!.size === 0 || values!.size === 0) return false;
  const [channels, within] = weight!.shape as [number, number];
  const [batch, places, out] = [values!.shape[0]!, pixelsOf(values!), channels / grid.groups];
  const sight = sightOf(x!, within, grid, within === 1 ? 1 : evenly(within));
  const lanes = sight.weights.length;
  const { shares, each } = sharesOf(batch, channels * lanes);
  const rooms = [...roomsFor(sight, places), shares * channels * lanes, shares * channels, 1];
  return withRoom(rooms, (inScene, inFrames, inLists, sums, inBias, inCheck) => {
    const scene = new Scene(sight, places, [out, channels], x!, inScene!, inFrames!, inLists!);
    for (const room of [sums!, inBias!]) perform([['clear', room.byteOffset, room.length]]);
    const [toImage, toValues] = [8 * (x!.size / batch), 8 * channels * places];
    let isSound = true;
    const visit = ({ ins: [images, values, positions] }: Stage, start: number, count: number) => {
      isSound &&= areFinite([images!, values!], [(count * toImage) / 8, (count * toValues) / 8], inCheck!);
      if (!isSound) return;
      const callsFor = (share: number, piece: number): Call[] => {
        const first = Math.max(share * each - start, 0);
        const some = Math.min((share + 1) * each - start, count) - first;
        return Array.from({ length: some > 0 ? grid.groups : 0 }, (_, g) => [
          'scatteredWeights',
          ...([scene.address, some, images! + first * toImage + 8 * g * within * pixelsOf(x!)] as const),
          ...([values! + first * toValues + 8 * g * out * places] as const),
          ...([positions! + first * toValues + 8 * g * out * places] as const),
          ...([scene.frame(piece), scene.list(piece)] as const),
          sums!.byteOffset + 8 * (share * channels + g * out) * lanes,
          bias ? inBias!.byteOffset + 8 * (share * channels + g * out) : 0,
        ]);
      };
      divide({
        name: 'scatteredWeights',
        nanos: count * channels * places * sight.offsets.length * NANOS,
        parts: shares,
        grain: 1,
        calls: (first, some, piece) => [
          ['clear', scene.frame(piece), frameRoom(sight)],
          ...Array.from({ length: some }, (_, k) => callsFor(first + k, piece)).flat(),
        ],
      });
    };
    const ins = [x!, values!, positions!].map(contiguousOf);
    if (!eachSlice(ins, [], visit) || !isSound) return false;
    readWeights(weight!, sums!, sight);
    if (bias) for (let c = 0; c < channels; c++) setNumber(bias, c, total(inBias!, c, channels));
    return true;
  });
};

const convTranspose: Attempt = ([x], [values, positions, weight], params) => {
  const grid = params as ConvGrid;
  if (load() instanceof Error || !isContiguous(x!.shape, x!.stride)) return false;
  if (x!.size === 0 || values!.size === 0 || !isFiniteView(weight!)) return false;
  const [channels, within] = weight!.shape as [number, number];
  const [batch, places, out] = [values!.shape[0]!, pixelsOf(values!), channels / grid.groups];
  const sight = sightOf(x!, within, grid, evenly(within));
  const lanes = sight.weights.length;
  return withRoom([...roomsFor(sight, places), channels * lanes, 1], (inScene, inFrames, inLists, weights, inCheck) => {
    const scene = new Scene(sight, places, [out, channels], x!, inScene!, inFrames!, inLists!);
    writeWeights(weights!, weight!, sight);
    const { rows, columns } = overlapOf(sight.layout);
    const isCovered = rows * columns === pixelsOf(x!);
    const [toImage, toValues] = [8 * (x!.size / batch), 8 * channels * places];
    let isSound = true;
    const visit = ({ ins: [values, positions], outs: [images] }: Stage, _: number, count: number) => {
      isSound &&= areFinite([values!], [(count * toValues) / 8], inCheck!);
      if (!isSound) return;
      const callsFor = (first: number, some: number, g: number, piece: number): Call => [
        'scatteredImages',
        ...([scene.address, some, images! + first * toImage + 8 * g * within * pixelsOf(x!)] as const),
        ...([values! + first * toValues + 8 * g * out * places] as const),
        ...([positions! + first * toValues + 8 * g * out * places] as const),
        ...([scene.frame(piece), scene.list(piece)] as const),
        weights!.byteOffset + 8 * g * out * lanes,
      ];
      divide({
        name: 'scatteredImages',
        nanos: count * channels * places * sight.offsets.length * NANOS,
        parts: count,
        grain: 1,
        calls: (first, some, piece) => [
          ...(isCovered ? [] : [['clear', images! + first * toImage, (some * toImage) / 8] as const]),
          ...Array.from({ length: grid.groups }, (_, g) => callsFor(first, some, g, piece)),
        ],
      });
    };
    return eachSlice([values!, positions!].map(contiguousOf), [x!], visit) && isSound;
  });
};

/** Writes the weights of each channel in the order of the runs. */
function writeWeights(to: Float64Array, weight: Nd, { weights }: Sight): void {
  const { data, offset, shape } = contiguousOf(weight);
  const size = weight.size / shape[0]!;
  for (let c = 0, lane = 0; c < shape[0]!; c++) {
    for (const w of weights) to[lane++] = w < 0 ? 0 : data[offset + c * size + w]!;
  }
}

/** The reverse, where all shares of a batch have sums. */
function readWeights({ data, offset, shape, size }: Nd, sums: Float64Array, { weights }: Sight): void {
  const [channels, lanes] = [shape[0]!, weights.length];
  for (let c = 0; c < channels; c++) {
    const first = offset + c * (size / channels);
    for (let lane = 0; lane < lanes; lane++) {
      if (weights[lane]! >= 0) data[first + weights[lane]!] = total(sums, c * lanes + lane, channels * lanes);
    }
  }
}

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = {
  scatteredConvWeight: convWeight,
  scatteredConvTranspose: convTranspose,
};
