import { isContiguous, numelOf } from '../../shape.ts';
import type { ConvGrid } from '../conv.ts';
import { contiguousOf, writeAll } from '../conv.ts';
import { type Attempt, contiguous, type Nd } from '../kernel.ts';
import { setNumber } from '../norm.ts';
import { isFiniteView } from '../range.ts';
import { kernels as dense } from './conv.ts';
import { type Layout, overlapOf } from './frame.ts';
import type { Call } from './functions.ts';
import { load, perform, type Stage } from './instance.ts';
import { eachSlice, withRoom } from './room.ts';
import { partOf, sharesOf, total } from './shares.ts';
import { layoutOf } from './taps.ts';
import { divide, mostPieces } from './threads.ts';

// From a gradient that is 0 but at some windows, which alone are visited: see assembly/scattered.ts. Where a pixel or a
// gradient is not finite, 0 times it would be NaN: then all windows are visited.

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
  // Three at a time; what fills up is not the last one again, whose next sum would have to wait for this one.
  for (let i = 0; offsets.length % 3 > 0; i++) {
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
const FIELDS = 18;

/** A sight in WebAssembly's memory, with a frame and a list for each piece of the work. */
class Scene {
  readonly address: number;
  /** From one image to the next and from one group to the next, in bytes: of the images, and of values and positions. */
  readonly toImage: number;
  readonly toValues: number;
  private readonly toGroup: number;
  private readonly toGroupValues: number;
  private readonly frames: number;
  private readonly lists: number;
  private readonly numbers: Int32Array;

  constructor(
    private readonly sight: Sight,
    images: Nd,
    private readonly places: number,
    { channels, groups }: { channels: number; groups: number },
    [inScene, inFrames, inLists]: readonly [scene: Float64Array, frames: Float64Array, lists: Float64Array],
  ) {
    const { layout, width, starts, offsets } = sight;
    this.toGroup = 8 * layout.channels * pixelsOf(images);
    this.toImage = groups * this.toGroup;
    this.toGroupValues = (8 * channels * places) / groups;
    this.toValues = groups * this.toGroupValues;
    this.frames = inFrames.byteOffset;
    this.lists = inLists.byteOffset;
    this.address = inScene.byteOffset;
    const { rows, columns, inImage, top, left } = overlapOf(layout);
    const across = layout.size[1];
    const [toStarts, toOffsets] = [4 * FIELDS, 4 * (FIELDS + starts.length)];
    this.numbers = new Int32Array(inScene.buffer, this.address, FIELDS + starts.length + offsets.length);
    this.numbers.set([
      ...[layout.channels, 8 * pixelsOf(images), this.toImage, 8 * inImage, rows, 8 * across, columns],
      ...[8 * frameRoom(sight), 8 * (top * lineOf(sight) + left * width), 8 * lineOf(sight), 8 * width],
      ...[channels / groups, places, this.toValues],
      ...[this.address + toStarts, offsets.length, this.address + toOffsets, 0],
    ]);
    this.numbers.set(starts, toStarts / 4);
    this.numbers.set(offsets, toOffsets / 4);
  }

  /** Whether all pixels and gradients that were seen are finite. */
  get isSound(): boolean {
    return this.numbers[FIELDS - 1] === 0;
  }

  /** Where a group's part of image i is, and of its values, of their positions and of what is to be above 0, or 0 for none. */
  at(i: number, group: number, image: number, [values, positions, above]: readonly number[]) {
    const inValues = i * this.toValues + group * this.toGroupValues;
    return [
      image + i * this.toImage + group * this.toGroup,
      ...([values! + inValues, positions! + inValues, above === undefined ? 0 : above + inValues] as const),
    ] as const;
  }

  /** The frame and the list of a piece. */
  roomOf(piece: number): readonly [frame: number, list: number] {
    return [this.frames + 8 * piece * frameRoom(this.sight), this.lists + 16 * piece * (this.places + 1)];
  }
}

const convWeight: Attempt = ([weight, bias], [x, ...gradient], params) => {
  const grid = params as ConvGrid;
  const [values] = gradient;
  if (load() instanceof Error || !isContiguous(weight!.shape, weight!.stride)) return false;
  if (x!.size === 0 || values!.size === 0) return false;
  const [channels, within] = weight!.shape as [number, number];
  const [batch, places, { groups }] = [values!.shape[0]!, pixelsOf(values!), grid];
  const sight = sightOf(x!, within, grid, within === 1 ? 1 : evenly(within));
  const lanes = sight.weights.length;
  const { shares, each } = sharesOf(batch, channels * lanes);
  const rooms = [...roomsFor(sight, places), shares * channels * lanes, shares * channels];
  return withRoom(rooms, (inScene, inFrames, inLists, sums, inBias) => {
    const scene = new Scene(sight, x!, places, { channels, groups }, [inScene!, inFrames!, inLists!]);
    for (const room of [sums!, inBias!]) perform([['clear', room.byteOffset, room.length]]);
    const callsFor = (share: number, first: number, images: number, ins: readonly number[], piece: number): Call[] =>
      Array.from({ length: images > 0 ? groups : 0 }, (_, g) => {
        const channel = share * channels + (g * channels) / groups;
        const [image, ...lists] = ins;
        return [
          'scatteredWeights',
          ...([scene.address, images, ...scene.at(first, g, image!, lists), ...scene.roomOf(piece)] as const),
          sums!.byteOffset + 8 * channel * lanes,
          bias ? inBias!.byteOffset + 8 * channel : 0,
        ];
      });
    const visit = ({ ins }: Stage, start: number, count: number) => {
      divide({
        name: 'scatteredWeights',
        nanos: count * channels * places * sight.offsets.length * NANOS,
        parts: shares,
        grain: 1,
        calls(firstShare, some, piece) {
          const calls: Call[] = [['clear', scene.roomOf(piece)[0], frameRoom(sight)]];
          for (let share = firstShare; share < firstShare + some; share++) {
            const { first, end } = partOf(share, each, start, count);
            calls.push(...callsFor(share, first, end - first, ins, piece));
          }
          return calls;
        },
      });
    };
    if (!eachSlice([x!, ...gradient].map(contiguousOf), [], visit)) return false;
    if (!scene.isSound) {
      const outs = bias === undefined ? [weight!] : [weight!, bias];
      return withAll(gradient, grid, (y) => dense.convWeight!(outs, [x!, y], grid));
    }
    readWeights(weight!, sums!, sight);
    if (bias) for (let c = 0; c < channels; c++) setNumber(bias, c, total(inBias!, c, channels));
    return true;
  });
};

const convTranspose: Attempt = ([x], [weight, ...gradient], params) => {
  const grid = params as ConvGrid;
  const [values] = gradient;
  if (load() instanceof Error || !isContiguous(x!.shape, x!.stride)) return false;
  if (x!.size === 0 || values!.size === 0 || !isFiniteView(weight!)) return false;
  const [channels, within] = weight!.shape as [number, number];
  const [places, { groups }] = [pixelsOf(values!), grid];
  const sight = sightOf(x!, within, grid, evenly(within));
  const lanes = sight.weights.length;
  return withRoom([...roomsFor(sight, places), channels * lanes], (inScene, inFrames, inLists, weights) => {
    const scene = new Scene(sight, x!, places, { channels, groups }, [inScene!, inFrames!, inLists!]);
    writeWeights(weights!, weight!, sight);
    const { rows, columns } = overlapOf(sight.layout);
    const isCovered = rows * columns === pixelsOf(x!);
    const visit = ({ ins, outs: [to] }: Stage, _: number, count: number) => {
      divide({
        name: 'scatteredImages',
        nanos: count * channels * places * sight.offsets.length * NANOS,
        parts: count,
        grain: 1,
        calls(first, images, piece) {
          const from = weights!.byteOffset;
          const calls = Array.from(
            { length: groups },
            (_, g): Call => [
              'scatteredImages',
              ...([scene.address, images, ...scene.at(first, g, to!, ins), ...scene.roomOf(piece)] as const),
              from + (8 * g * channels * lanes) / groups,
            ],
          );
          if (!isCovered) calls.unshift(['clear', to! + first * scene.toImage, (images * scene.toImage) / 8]);
          return calls;
        },
      });
    };
    if (!eachSlice(gradient.map(contiguousOf), [x!], visit)) return false;
    if (scene.isSound) return true;
    const none = contiguous(new Float64Array(x!.shape[1]!), [x!.shape[1]!]);
    return withAll(gradient, grid, (y) => dense.convTranspose!([x!], [y, weight!, none], grid));
  });
};

/** Runs `body` with the gradients of all windows, those that are 0 too. */
function withAll(gradient: readonly Nd[], { blocks }: ConvGrid, body: (y: Nd) => boolean): boolean {
  const shape = [...gradient[0]!.shape.slice(0, 2), ...blocks];
  return withRoom([numelOf(shape)], (room) => {
    const y = contiguous(room!, shape);
    writeAll(y, gradient);
    return body(y);
  });
}

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
