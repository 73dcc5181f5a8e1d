import { isContiguous, numelOf } from '../../shape.ts';
import {
  type ConvGrid,
  contiguousOf,
  noBias,
  type ScatteredGrid,
  type ScatteredViews,
  scatteredViews,
} from '../conv.ts';
import { type Attempt, contiguous, type Nd } from '../kernel.ts';
import { setNumber } from '../norm.ts';
import { windowDrop } from '../pool.ts';
import { isFiniteView } from '../range.ts';
import { kernels as dense } from './conv.ts';
import { type Layout, overlapOf } from './frame.ts';
import type { Call } from './functions.ts';
import { load, perform, type Stage } from './instance.ts';
import { eachSlice, withRoom } from './room.ts';
import { partOf, sharesOf, total } from './shares.ts';
import { layoutOf, type Part } from './taps.ts';
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
    for (let i = 0; i < pixels * width; i += 4) offsets.push(8 * (start + i));
    for (let k = first; k < first + pixels; k++) {
      for (let c = 0; c < width; c++) weights.push(c < within ? (c * rows + r) * columns + k : -1);
    }
    while (weights.length < 4 * offsets.length) weights.push(-1);
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

/** The rooms that a scene needs, for so many places in a plane: each piece has a frame for an image, and one for its gradient. */
const roomsFor = (sight: Sight, places: number): number[] => [
  Math.ceil((FIELDS + sight.starts.length + sight.offsets.length) / 2),
  mostPieces() * 2 * frameRoom(sight),
  mostPieces() * 2 * (places + 1),
];

/** How many numbers the class Scene of the assembly has. */
const FIELDS = 18;

/** Where things begin in WebAssembly's memory, in bytes; 0 for what is not there. */
interface Addresses {
  /** Of the batch: its images and their gradients, its values and their positions. */
  readonly images: number;
  readonly gradients: number;
  readonly values: number;
  readonly positions: number;
  /** Of what all of it has in common: the sums of the first share, and the weights. */
  readonly sums: number;
  readonly bias: number;
  readonly weights: number;
}

/** A sight in WebAssembly's memory, with frames and a list for each piece of the work. */
class Scene {
  private readonly address: number;
  private readonly channels: number;
  private readonly groups: number;
  // From one image to the next and from one group to the next, in bytes: of the images, and of values and positions.
  private readonly toImage: number;
  private readonly toGroup: number;
  private readonly toValues: number;
  private readonly toGroupValues: number;
  private readonly frames: number;
  private readonly lists: number;
  private readonly isCovered: boolean;
  private readonly numbers: Int32Array;

  constructor(
    private readonly sight: Sight,
    images: Nd,
    private readonly places: number,
    { channels, groups }: { channels: number; groups: number },
    [inScene, inFrames, inLists]: readonly Float64Array[],
  ) {
    const { layout, width, starts, offsets } = sight;
    this.channels = channels;
    this.groups = groups;
    this.toGroup = 8 * layout.channels * pixelsOf(images);
    this.toImage = groups * this.toGroup;
    this.toGroupValues = (8 * channels * places) / groups;
    this.toValues = groups * this.toGroupValues;
    this.frames = inFrames!.byteOffset;
    this.lists = inLists!.byteOffset;
    this.address = inScene!.byteOffset;
    const { rows, columns, inImage, top, left } = overlapOf(layout);
    this.isCovered = rows * columns === pixelsOf(images);
    const across = layout.size[1];
    const [toStarts, toOffsets] = [4 * FIELDS, 4 * (FIELDS + starts.length)];
    this.numbers = new Int32Array(inScene!.buffer, this.address, FIELDS + starts.length + offsets.length);
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

  /** The call that makes a piece's frame for images ready. */
  clear(piece: number): Call {
    return ['clear', this.frameOf(piece), frameRoom(this.sight)];
  }

  /** The calls for some images of a share. */
  calls(at: Addresses, { first, end }: Part, share: number, piece: number): Call[] {
    if (first === end) return [];
    const calls: Call[] = [];
    const to = at.gradients + first * this.toImage;
    if (at.gradients && !this.isCovered) calls.push(['clear', to, ((end - first) * this.toImage) / 8]);
    const lanes = this.sight.weights.length;
    for (let g = 0; g < this.groups; g++) {
      const inGroup = g * this.toGroup;
      const inValues = first * this.toValues + g * this.toGroupValues;
      const channel = (g * this.channels) / this.groups;
      const sum = 8 * (share * this.channels + channel);
      calls.push([
        'scatteredGradients',
        this.address,
        end - first,
        at.images && at.images + first * this.toImage + inGroup,
        at.gradients && to + inGroup,
        at.values + inValues,
        at.positions + inValues,
        this.frameOf(piece),
        this.lists + 16 * piece * (this.places + 1),
        at.sums && at.sums + sum * lanes,
        at.bias && at.bias + sum,
        at.weights && at.weights + 8 * channel * lanes,
      ]);
    }
    return calls;
  }

  private frameOf(piece: number): number {
    return this.frames + 16 * piece * frameRoom(this.sight);
  }
}

const conv: Attempt = (outs, ins, params) => {
  const grid = params as ScatteredGrid;
  const views = scatteredViews(outs, ins, grid);
  const { toX, x, weight, values, positions } = views;
  const [toWeight, toBias] = views.toWeight;
  const images = (x ?? toX)!;
  if (load() instanceof Error || images.size === 0 || values.size === 0) return false;
  if (!outs.every(({ shape, stride }) => isContiguous(shape, stride))) return false;
  if (weight && !isFiniteView(weight)) return false;
  const [channels, within] = (weight ?? toWeight)!.shape as [number, number];
  const [batch, places] = [images.shape[0]!, pixelsOf(values)];
  const sight = sightOf(images, within, grid, within === 1 && !toX ? 1 : evenly(within));
  const lanes = sight.weights.length;
  const { shares, each } = sharesOf(batch, toWeight ? channels * lanes : 1);
  if (toX && toWeight && shares < sharesOf(batch, 1).shares) return oneByOne(views, grid);
  const sums = shares * channels;
  const lengths = [toWeight ? sums * lanes : 0, toBias ? sums : 0, weight ? channels * lanes : 0];
  return withRoom([...lengths, ...roomsFor(sight, places)], (inSums, inBias, inWeights, ...own) => {
    for (const room of [inSums!, inBias!]) perform([['clear', room.byteOffset, room.length]]);
    if (weight) writeWeights(inWeights!, weight, sight);
    const scene = new Scene(sight, images, places, { channels, groups: grid.groups }, own);
    const visit = (stage: Stage, start: number, count: number) => {
      const at: Addresses = {
        images: x ? stage.ins[0]! : 0,
        gradients: stage.outs[0] ?? 0,
        values: stage.ins.at(-2)!,
        positions: stage.ins.at(-1)!,
        ...{ sums: inSums!.byteOffset, bias: inBias!.byteOffset, weights: inWeights!.byteOffset },
      };
      divide({
        name: 'scatteredConv',
        nanos: count * channels * places * sight.offsets.length * NANOS * (toX && toWeight ? 2 : 1),
        parts: shares,
        grain: 1,
        calls(first, some, piece) {
          const calls = [scene.clear(piece)];
          for (let share = first; share < first + some; share++) {
            calls.push(...scene.calls(at, partOf(share, each, start, count), share, piece));
          }
          return calls;
        },
      });
    };
    const read = [...(x ? [x] : []), values, positions].map(contiguousOf);
    if (!eachSlice(read, toX ? [toX] : [], visit)) return false;
    if (!scene.isSound) return withAll(views, grid);
    if (toWeight) readWeights(toWeight, inSums!, sight);
    if (toBias) for (let c = 0; c < channels; c++) setNumber(toBias, c, total(inBias!, c, channels));
    return true;
  });
};

/** Large weights leave a batch few shares; images need not wait for them. */
function oneByOne({ toX, toWeight, x, weight, values, positions }: ScatteredViews, grid: ScatteredGrid): boolean {
  const none = { x: false, weight: false, bias: false };
  return (
    conv([toX!], [weight!, values, positions], { ...grid, wants: { ...none, x: true } }) &&
    conv(toWeight, [x!, values, positions], { ...grid, wants: { ...grid.wants, x: false } })
  );
}

/** From the gradients of all windows, those that are 0 too. */
function withAll({ toX, toWeight, x, weight, values, positions }: ScatteredViews, grid: ScatteredGrid): boolean {
  const shape = [...values.shape.slice(0, 2), ...grid.blocks];
  return withRoom([numelOf(shape)], (room) => {
    const y = contiguous(room!, shape);
    windowDrop.run([y], [values, positions]);
    if (x && !dense.convWeight!(toWeight, [x, y], grid)) return false;
    return !toX || dense.convTranspose!([toX], [y, weight!, noBias(toX)], grid);
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
export const kernels: Readonly<Record<string, Attempt>> = { scatteredConv: conv };
