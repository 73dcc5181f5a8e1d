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
  readonly offsets: Int32Array;
  /** Which of a channel's weights belongs to each number of the runs, or −1 for none. */
  readonly weights: Int32Array;
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
  const starts = Int32Array.from({ length: blocks[0] * blocks[1] }, (_, i) => {
    const [row, column] = [Math.floor(i / blocks[1]), i % blocks[1]];
    return 8 * (row * stride[0] * line + column * stride[1] * width);
  });
  return { layout, width, starts, offsets: Int32Array.from(offsets), weights: Int32Array.from(weights) };
}

const evenly = (channels: number): number => channels + (channels % 2);

const lineOf = ({ layout, width }: Sight): number => layout.columns * width;

/** All of a frame, and what a run may reach behind it, in whole cache lines. */
const frameRoom = (sight: Sight): number => Math.ceil((sight.layout.rows * lineOf(sight) + 3) / 8) * 8;

/** The rooms for what all pieces of the work see, and for a frame and a list of each. */
const roomsFor = (sight: Sight, places: number): number[] => [
  Math.ceil(sight.starts.length / 2),
  Math.ceil(sight.offsets.length / 2),
  mostPieces() * frameRoom(sight),
  mostPieces() * 2 * (places + 1),
];

/** What the functions are called with. */
class Scene {
  readonly starts: number;
  readonly offsets: number;
  readonly runs: number;

  constructor(
    private readonly sight: Sight,
    /** How many places a plane has. */
    private readonly places: number,
    inStarts: Float64Array,
    inOffsets: Float64Array,
    private readonly inFrames: Float64Array,
    private readonly inLists: Float64Array,
  ) {
    [this.starts, this.offsets] = [inStarts.byteOffset, inOffsets.byteOffset];
    this.runs = sight.offsets.length;
    new Int32Array(inStarts.buffer, inStarts.byteOffset, sight.starts.length).set(sight.starts);
    new Int32Array(inOffsets.buffer, inOffsets.byteOffset, this.runs).set(sight.offsets);
  }

  frame(piece: number): number {
    return this.inFrames.byteOffset + 8 * piece * frameRoom(this.sight);
  }

  clear(piece: number): Call {
    return ['clear', this.frame(piece), frameRoom(this.sight)];
  }

  /** Puts a group's channels, which lie in order at an address, into the frame, or takes them from there. */
  copy(name: 'channelsLast' | 'channelsFirst', piece: number, image: number): Call {
    const { layout, width } = this.sight;
    const { rows, columns, inImage, top, left } = overlapOf(layout);
    const [height, across] = layout.size;
    const inFrame = this.frame(piece) + 8 * (top * lineOf(this.sight) + left * width);
    return [
      name,
      ...([image + 8 * inImage, layout.channels, 8 * height * across, rows, 8 * across, columns] as const),
      ...([inFrame, 8 * lineOf(this.sight), 8 * width] as const),
    ];
  }

  /** Visits the windows of `channels` that have a gradient, with their sums or weights at `to`. */
  visit(
    name: 'scatteredWeights' | 'scatteredImage',
    piece: number,
    channels: number,
    values: number,
    positions: number,
    to: number,
  ): Call {
    const list = this.inLists.byteOffset + 16 * piece * (this.places + 1);
    const seen = [this.starts, this.frame(piece), this.runs, this.offsets] as const;
    return [name, channels, this.places, values, positions, ...seen, to, list];
  }
}

/** Whether all numbers of some arrays of a stage are finite. */
function areFinite(addresses: readonly number[], lengths: readonly number[], room: Float64Array): boolean {
  return addresses.every((address, i) => {
    perform([['finiteness', lengths[i]!, address, room.byteOffset]]);
    return room[0] === 0;
  });
}

const planeOf = ({ shape }: Nd): number => shape[2]! * shape[3]!;

const convWeight: Attempt = ([weight, bias], [x, values, positions], params) => {
  const grid = params as ConvGrid;
  if (load() instanceof Error || !isContiguous(weight!.shape, weight!.stride)) return false;
  if (x!.size === 0 || values!.size === 0) return false;
  const [out, within] = [weight!.shape[0]! / grid.groups, weight!.shape[1]!];
  const [batch, places] = [values!.shape[0]!, planeOf(values!)];
  const sight = sightOf(x!, within, grid, within === 1 ? 1 : evenly(within));
  const lanes = sight.weights.length;
  const channels = out * grid.groups;
  const { shares, each } = sharesOf(batch, channels * lanes);
  const sumsOfShare = channels * lanes;
  const rooms = [...roomsFor(sight, places), shares * sumsOfShare, batch * channels, 1];
  return withRoom(rooms, (inStarts, inOffsets, inFrames, inLists, sums, inBias, inCheck) => {
    const scene = new Scene(sight, places, inStarts!, inOffsets!, inFrames!, inLists!);
    perform([['clear', sums!.byteOffset, sums!.length]]);
    const imageCalls = (i: number, piece: number, image: number, value: number, position: number): Call[] => {
      const calls: Call[] = [];
      for (let g = 0; g < grid.groups; g++) {
        const [first, to] = [
          8 * g * out * places,
          sums!.byteOffset + 8 * (Math.floor(i / each) * sumsOfShare + g * out * lanes),
        ];
        calls.push(scene.copy('channelsLast', piece, image + 8 * g * within * planeOf(x!)));
        calls.push(scene.visit('scatteredWeights', piece, out, value + first, position + first, to));
      }
      if (bias) calls.push(['sumAround', 1, channels, places, 0, value, inBias!.byteOffset + 8 * i * channels]);
      return calls;
    };
    const [imageStep, valueStep] = [8 * (x!.size / batch), 8 * channels * places];
    let isSound = true;
    const visit = ({ ins }: Stage, start: number, images: number) => {
      isSound &&= areFinite(ins.slice(0, 2), [(images * imageStep) / 8, (images * valueStep) / 8], inCheck!);
      if (!isSound) return;
      divide({
        name: 'scatteredWeights',
        nanos: images * channels * places * scene.runs * NANOS,
        parts: Math.ceil(batch / each),
        grain: 1,
        calls(firstShare, count, piece) {
          const first = Math.max(firstShare * each, start);
          const end = Math.min((firstShare + count) * each, start + images);
          const calls = [scene.clear(piece)];
          for (let i = first; i < end; i++) {
            const at = (address: number, step: number) => address + (i - start) * step;
            const [image, value, position] = [at(ins[0]!, imageStep), at(ins[1]!, valueStep), at(ins[2]!, valueStep)];
            calls.push(...imageCalls(i, piece, image, value, position));
          }
          return calls;
        },
      });
    };
    if (!eachSlice([contiguousOf(x!), contiguousOf(values!), contiguousOf(positions!)], [], visit) || !isSound) {
      return false;
    }
    const { data, offset } = weight!;
    const size = weight!.size / channels;
    for (let c = 0; c < channels; c++) {
      sight.weights.forEach((w, lane) => {
        if (w >= 0) data[offset + c * size + w] = total(sums!, c * lanes + lane, sumsOfShare);
      });
    }
    if (bias) for (let c = 0; c < channels; c++) setNumber(bias, c, total(inBias!, c, channels));
    return true;
  });
};

const convTranspose: Attempt = ([x], [values, positions, weight], params) => {
  const grid = params as ConvGrid;
  if (load() instanceof Error || !isContiguous(x!.shape, x!.stride)) return false;
  if (x!.size === 0 || values!.size === 0 || !isFiniteView(weight!)) return false;
  const [out, within] = [weight!.shape[0]! / grid.groups, weight!.shape[1]!];
  const places = planeOf(values!);
  const sight = sightOf(x!, within, grid, evenly(within));
  const lanes = sight.weights.length;
  const rooms = [...roomsFor(sight, places), out * grid.groups * lanes, 1];
  return withRoom(rooms, (inStarts, inOffsets, inFrames, inLists, inWeights, inCheck) => {
    const scene = new Scene(sight, places, inStarts!, inOffsets!, inFrames!, inLists!);
    writeWeights(inWeights!, weight!, sight);
    const { rows, columns } = overlapOf(sight.layout);
    const isCovered = rows * columns === planeOf(x!);
    const [imageStep, valueStep] = [8 * (x!.size / x!.shape[0]!), 8 * out * grid.groups * places];
    const imageCalls = (piece: number, image: number, value: number, position: number): Call[] => {
      const calls: Call[] = isCovered ? [] : [['clear', image, imageStep / 8]];
      for (let g = 0; g < grid.groups; g++) {
        const [first, from] = [8 * g * out * places, inWeights!.byteOffset + 8 * g * out * lanes];
        calls.push(scene.clear(piece));
        calls.push(scene.visit('scatteredImage', piece, out, value + first, position + first, from));
        calls.push(scene.copy('channelsFirst', piece, image + 8 * g * within * planeOf(x!)));
      }
      return calls;
    };
    let isSound = true;
    const visit = ({ ins, outs }: Stage, _: number, images: number) => {
      isSound &&= areFinite(ins.slice(0, 1), [(images * valueStep) / 8], inCheck!);
      if (!isSound) return;
      divide({
        name: 'scatteredImage',
        nanos: images * out * grid.groups * places * scene.runs * NANOS,
        parts: images,
        grain: 1,
        calls: (first, count, piece) =>
          Array.from({ length: count }, (_, k) => {
            const at = (address: number, step: number) => address + (first + k) * step;
            return imageCalls(piece, at(outs[0]!, imageStep), at(ins[0]!, valueStep), at(ins[1]!, valueStep));
          }).flat(),
      });
    };
    return eachSlice([contiguousOf(values!), contiguousOf(positions!)], [x!], visit) && isSound;
  });
};

/** Writes the weights of each channel in the order of the runs. */
function writeWeights(to: Float64Array, weight: Nd, { weights }: Sight): void {
  const { data, offset, shape } = contiguousOf(weight);
  const size = weight.size / shape[0]!;
  for (let c = 0; c < shape[0]!; c++) {
    weights.forEach((w, lane) => {
      to[c * weights.length + lane] = w < 0 ? 0 : data[offset + c * size + w]!;
    });
  }
}

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = {
  scatteredConvWeight: convWeight,
  scatteredConvTranspose: convTranspose,
};
