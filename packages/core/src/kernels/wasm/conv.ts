import { isContiguous } from '../../shape.ts';
import type { ConvGrid } from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { Frame, type Layout, lengthOf, lineOf, planeOf } from './frame.ts';
import { type Functions, load } from './instance.ts';
import { Images, roomFor, withRoom } from './room.ts';
import {
  type Filter,
  filterOf,
  layoutOf,
  type Pass,
  panelsOf,
  passOf,
  tapsOf,
  transposed,
  transposedFilterOf,
  writeOffsets,
  writePanels,
} from './taps.ts';

// Image by image, straight from the pixels: see assembly/conv.ts.

const conv: Attempt = ([y], [x, weight, bias], params) => {
  const grid = params as ConvGrid;
  const layout = layoutOf(x!, grid);
  const filter = filterOf(weight!, grid.groups);
  return correlate(y!, x!, bias!, filter, layout, [passOf(layout, grid)], grid.stride[0]);
};

const convTranspose: Attempt = ([x], [y, weight, bias], params) => {
  const grid = params as ConvGrid;
  if (!isFinite(weight!)) return false;
  const { layout, passes } = transposed(y!, [x!.shape[2]!, x!.shape[3]!], grid);
  return correlate(x!, y!, bias!, transposedFilterOf(weight!, grid.groups), layout, passes, 1);
};

/** Behind the edge a transposed convolution sees nothing, not zeros, which an infinite weight would turn into NaN. */
function isFinite({ data, offset, shape, stride }: Nd): boolean {
  const visit = (d: number, at: number): boolean => {
    if (d === shape.length) return Number.isFinite(data[at]!);
    for (let i = 0; i < shape[d]!; i++) if (!visit(d + 1, at + i * stride[d]!)) return false;
    return true;
  };
  return visit(0, offset);
}

/** A pass with its taps and weights in WebAssembly's memory. */
interface Ready extends Pass {
  readonly taps: number;
  readonly offsets: number;
  readonly panels: number;
  /** From one group to the next. */
  readonly panelsStep: number;
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
  const taps = passes.map((pass) => tapsOf(pass, within));
  const all = taps.reduce((a, b) => a + b, 0);
  const rooms = [lengthOf(layout), Math.ceil(all / 2), all * panelsOf(out) * groups, groups * out + 3];
  return withRoom([...rooms, roomFor(x), roomFor(y)], (inFrame, inOffsets, inPanels, biases, inX, inY) => {
    for (let c = 0; c < groups * out; c++) biases![c] = bias.data[bias.offset + c * bias.stride[0]!]!;
    const ready = prepare(passes, filter, layout, inOffsets!, inPanels!);
    const frame = new Frame(wasm, layout, inFrame!);
    const [from, to] = [new Images(x, inX!), new Images(y, inY!)];
    const channel = 8 * y.shape[2]! * y.shape[3]!;
    for (let i = 0; i < x.shape[0]!; i++) {
      frame.hold(from.read(i));
      const at = to.place(i);
      for (let g = 0; g < groups; g++) {
        const place: Place = {
          x: frame.address + 8 * g * within * planeOf(layout),
          xRow: 8 * rowStride * lineOf(layout),
          bias: biases!.byteOffset + 8 * g * out,
          y: at + g * out * channel,
          channel,
        };
        for (const pass of ready) run(wasm, pass, g, out, place);
      }
      to.written(i);
    }
    return true;
  });
}

/** Offsets and panels of all passes, one after another. */
function prepare(
  passes: readonly Pass[],
  filter: Filter,
  layout: Layout,
  inOffsets: Float64Array,
  inPanels: Float64Array,
): Ready[] {
  let [offset, panel] = [0, 0];
  return passes.map((pass) => {
    const taps = tapsOf(pass, filter.within);
    const offsets = new Int32Array(inOffsets.buffer, inOffsets.byteOffset + 4 * offset, taps);
    writeOffsets(offsets, pass, layout, filter.within);
    const length = taps * panelsOf(filter.out);
    const panels = inPanels.byteOffset + 8 * panel;
    for (let g = 0; g < filter.groups; g++, panel += length) {
      writePanels(inPanels.subarray(panel, panel + length), pass, filter, g);
    }
    offset += taps;
    return { ...pass, taps, offsets: offsets.byteOffset, panels, panelsStep: 8 * length };
  });
}

/** Addresses and steps of one group of one image, in bytes. */
interface Place {
  readonly x: number;
  readonly xRow: number;
  readonly bias: number;
  readonly y: number;
  readonly channel: number;
}

function run(wasm: Functions, pass: Ready, group: number, out: number, { x, xRow, bias, y, channel }: Place): void {
  const { taps, offsets, panels, panelsStep, rows, columns, start, rowStep, step } = pass;
  wasm.correlate(
    out,
    taps,
    offsets,
    panels + group * panelsStep,
    bias,
    x,
    xRow,
    rows,
    columns,
    y + 8 * start,
    channel,
    8 * rowStep,
    8 * step,
  );
}

const convWeight: Attempt = ([weight], [x, y], params) => {
  const wasm = load();
  const grid = params as ConvGrid;
  if (wasm instanceof Error || !isContiguous(weight!.shape, weight!.stride) || y!.size === 0 || x!.size === 0) {
    return false;
  }
  const layout = layoutOf(x!, grid);
  const pass = passOf(layout, grid);
  const { out, within } = filterOf(weight!, grid.groups);
  const taps = tapsOf(pass, within);
  const rooms = [lengthOf(layout), Math.ceil(taps / 2), 2 * weight!.size, roomFor(x!), roomFor(y!)];
  return withRoom(rooms, (inFrame, inOffsets, sums, inX, inY) => {
    const offsets = new Int32Array(inOffsets!.buffer, inOffsets!.byteOffset, taps);
    writeOffsets(offsets, pass, layout, within);
    sums!.fill(0);
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
    }
    const { data, offset } = weight!;
    for (let i = 0; i < weight!.size; i++) data[offset + i] = sums![2 * i]! + sums![2 * i + 1]!;
    return true;
  });
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { conv, convTranspose, convWeight };
