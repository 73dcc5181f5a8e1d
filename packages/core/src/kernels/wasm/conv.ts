import { isContiguous } from '../../shape.ts';
import type { ConvGrid } from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { setNumber } from '../norm.ts';
import { Frame, type Layout, lengthOf, lineOf, planeOf } from './frame.ts';
import { load } from './instance.ts';
import { Images, roomFor, withRoom } from './room.ts';
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

// Image by image, straight from the pixels: see assembly/correlate.ts.

const conv: Attempt = ([y], [x, weight, bias], params) => {
  const grid = params as ConvGrid;
  const layout = layoutOf(x!, grid);
  const filter = filterOf(weight!, grid.groups);
  return correlate(y!, x!, bias!, filter, layout, [passOf(layout, grid)], grid.stride[0]);
};

const convTranspose: Attempt = ([x], [y, weight, bias], params) => {
  const grid = params as ConvGrid;
  if (!hasFinite(weight!)) return false;
  const { layout, passes } = transposed(y!, [x!.shape[2]!, x!.shape[3]!], grid);
  return correlate(x!, y!, bias!, transposedFilterOf(weight!, grid.groups), layout, passes, 1);
};

/** Behind the edge a transposed convolution sees nothing, not zeros, which an infinite weight would turn into NaN. */
function hasFinite({ data, offset, shape, stride }: Nd): boolean {
  const visit = (d: number, at: number): boolean => {
    if (d === shape.length) return Number.isFinite(data[at]!);
    for (let i = 0; i < shape[d]!; i++) if (!visit(d + 1, at + i * stride[d]!)) return false;
    return true;
  };
  return visit(0, offset);
}

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
  const wasm = load();
  if (wasm instanceof Error || !isContiguous(y.shape, y.stride) || y.size === 0 || x.size === 0) return false;
  const { groups, out, within } = filter;
  const taps = passes.reduce((sum, pass) => sum + within * tapsOf(pass), 0);
  const rooms = [lengthOf(layout), Math.ceil(taps / 2), taps * panelsOf(out) * groups, 2 * groups * out + 3, TILE];
  return withRoom([...rooms, roomFor(x), roomFor(y)], (inFrame, inOffsets, inPanels, inBias, tile, inX, inY) => {
    for (let c = 0; c < groups * out; c++) inBias![c] = bias.data[bias.offset + c * bias.stride[0]!]!;
    inBias!.fill(0, groups * out);
    const ready = prepare(passes, filter, layout, inOffsets!, inPanels!);
    const frame = new Frame(wasm, layout, inFrame!);
    const [from, to] = [new Images(x, inX!), new Images(y, inY!)];
    const channel = 8 * y.shape[2]! * y.shape[3]!;
    const group = 8 * within * planeOf(layout);
    const xRow = 8 * rowStride * lineOf(layout);
    for (let i = 0; i < x.shape[0]!; i++) {
      frame.hold(from.read(i));
      const at = to.place(i);
      for (let g = 0; g < groups; g++) {
        for (const { taps, offsets, panels, panelsStep, rows, columns, start, rowStep, step, adds } of ready) {
          wasm.correlate(
            out,
            taps,
            offsets,
            panels + g * panelsStep,
            inBias!.byteOffset + 8 * (adds ? groups * out : g * out),
            frame.address + g * group,
            xRow,
            rows,
            columns,
            at + g * out * channel + 8 * start,
            channel,
            8 * rowStep,
            8 * step,
            adds,
            tile!.byteOffset,
          );
        }
      }
      to.written(i);
    }
    return true;
  });
}

/** What a tile of windows needs of memory. */
const TILE = 8;

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
  const wasm = load();
  const grid = params as ConvGrid;
  if (wasm instanceof Error || !isContiguous(weight!.shape, weight!.stride) || y!.size === 0 || x!.size === 0) {
    return false;
  }
  const layout = layoutOf(x!, grid);
  const pass = passOf(layout, grid);
  const { out, within } = filterOf(weight!, grid.groups);
  const taps = within * tapsOf(pass);
  const channels = y!.shape[1]!;
  const rooms = [lengthOf(layout), Math.ceil(taps / 2), 2 * weight!.size, channels, roomFor(x!), roomFor(y!)];
  return withRoom(rooms, (inFrame, inOffsets, sums, inBias, inX, inY) => {
    const offsets = new Int32Array(inOffsets!.buffer, inOffsets!.byteOffset, taps);
    writeOffsets(offsets, pass, layout, { first: 0, end: within });
    sums!.fill(0);
    const total = new Float64Array(channels);
    const frame = new Frame(wasm, layout, inFrame!);
    const [images, gradients] = [new Images(x!, inX!), new Images(y!, inY!)];
    const xRow = 8 * grid.stride[0] * lineOf(layout);
    for (let i = 0; i < x!.shape[0]!; i++) {
      frame.hold(images.read(i));
      const at = gradients.read(i);
      for (let g = 0; g < grid.groups; g++) {
        wasm.correlateWeights(
          out,
          taps,
          offsets.byteOffset,
          frame.address + 8 * g * within * planeOf(layout),
          xRow,
          pass.rows,
          pass.columns,
          at + 8 * g * out * pass.rows * pass.columns,
          sums!.byteOffset + 16 * g * out * taps,
        );
      }
      if (bias === undefined) continue;
      wasm.sumAround(1, channels, pass.rows * pass.columns, 0, at, inBias!.byteOffset);
      for (let c = 0; c < channels; c++) total[c]! += inBias![c]!;
    }
    if (bias !== undefined) for (let c = 0; c < channels; c++) setNumber(bias, c, total[c]!);
    const { data, offset } = weight!;
    for (let i = 0; i < weight!.size; i++) data[offset + i] = sums![2 * i]! + sums![2 * i + 1]!;
    return true;
  });
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { conv, convTranspose, convWeight };
