// Convolutions of a batch, image by image: see correlate.ts.
import { correlate, correlateMaxima } from './correlate';
import { correlateWeights } from './correlateWeights';
import { relu } from './elementwise';
import { frame } from './frame';
import { sumAround } from './norm';
import { forgetZeros, windowMax, windowMaxOfFour } from './pool';

/** What is alike for all images. `toChannel` and the like lead from one to the next, in bytes. */
// @ts-ignore: a decorator of AssemblyScript
@unmanaged
class Plan {
  // How an image stands in its frame: as `frame` takes it, from the bytes of the image that are skipped on.
  toImage: i32;
  skipped: i32;
  channels: i32;
  toChannel: i32;
  rows: i32;
  toRow: i32;
  columns: i32;
  place: i32;
  toFrameChannel: i32;
  toFrameRow: i32;
  left: i32;
  phases: i32;
  toPhase: i32;
  /** From the windows of a row to those of the next. */
  xRow: i32;
  // Of groups, the channels of each result, and those of each image in the frame.
  groups: i32;
  out: i32;
  toGroup: i32;
  /** Of a channel of the result. */
  size: i32;
  /** One behind the other. */
  passes: i32;
  first: Pass;
}

/** What all channels' windows have in common, as `correlate` takes it. */
// @ts-ignore: a decorator of AssemblyScript
@unmanaged
class Pass {
  taps: i32;
  offsets: i32;
  panels: i32;
  toPanels: i32;
  bias: i32;
  toBias: i32;
  rows: i32;
  columns: i32;
  start: i32;
  rowStep: i32;
  step: i32;
  adds: i32;
}

/** How windows slide over a result, as `windowMax` takes it. */
// @ts-ignore: a decorator of AssemblyScript
@unmanaged
class Pool {
  height: i32;
  width: i32;
  rows: i32;
  tops: i32;
  bottoms: i32;
  rowStep: i32;
  columns: i32;
  lefts: i32;
  rights: i32;
  step: i32;
  /** Whether they are 2 × 2 side by side. */
  isOfFour: i32;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function hold(plan: Plan, image: i32, at: i32): void {
  frame(
    image + plan.skipped, plan.channels, plan.toChannel, plan.rows, plan.toRow, plan.columns,
    at + plan.place, plan.toFrameChannel, plan.toFrameRow, plan.left, plan.phases, plan.toPhase,
  );
}

/** y = bias + weight · windows of the image in the frame. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function correlateFrame(plan: Plan, at: i32, tile: i32, y: i32): void {
  for (let g = 0; g < plan.groups; g++, at += plan.toGroup, y += plan.out * plan.size) {
    for (let i = 0; i < plan.passes; i++) {
      const pass = changetype<Pass>(changetype<i32>(plan.first) + i * offsetof<Pass>());
      correlate(
        plan.out, pass.taps, pass.offsets, pass.panels + g * pass.toPanels, pass.bias + g * pass.toBias,
        at, plan.xRow, pass.rows, pass.columns, y + pass.start, plan.size, pass.rowStep, pass.step, pass.adds != 0, tile,
      );
    }
  }
}

/** For each image: y = bias + weight · its windows. `at` is its frame, `tile` room for 64 bytes. */
export function correlateImages(plan: Plan, images: i32, image: i32, y: i32, at: i32, tile: i32): void {
  for (; images > 0; images--, image += plan.toImage, y += plan.groups * plan.out * plan.size) {
    hold(plan, image, at);
    correlateFrame(plan, at, tile, y);
  }
}

/**
 * For each image: the maxima of max(0, bias + weight · its windows), and where they stand, −1 for 0. `room` is for the
 * result.
 */
export function poolImages(
  plan: Plan, pool: Pool, images: i32, image: i32, y: i32, positions: i32, at: i32, tile: i32, room: i32,
): void {
  const channels = plan.groups * plan.out;
  const numbers = (channels * plan.size) >> 3;
  const size = pool.rows * pool.columns * 8;
  for (; images > 0; images--, image += plan.toImage, y += channels * size, positions += channels * size) {
    hold(plan, image, at);
    if (pool.isOfFour && plan.passes == 1) {
      maximaOfFrame(plan, pool, at, y, positions);
      continue;
    }
    correlateFrame(plan, at, tile, room);
    relu(numbers, room, numbers, room);
    if (pool.isOfFour) {
      windowMaxOfFour(channels, pool.height, pool.width, room, pool.rows, pool.columns, y, positions);
    } else {
      windowMax(
        channels, pool.height, pool.width, room, pool.rows, pool.tops, pool.bottoms, pool.rowStep,
        pool.columns, pool.lefts, pool.rights, pool.step, y, positions,
      );
    }
    forgetZeros((channels * size) >> 3, y, positions);
  }
}

/** Where they are of 2 × 2 results, in the same pass over the pixels. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function maximaOfFrame(plan: Plan, pool: Pool, at: i32, y: i32, positions: i32): void {
  const pass = plan.first;
  const size = plan.out * pool.rows * pool.columns * 8;
  for (let g = 0; g < plan.groups; g++, at += plan.toGroup, y += size, positions += size) {
    correlateMaxima(
      plan.out, pass.taps, pass.offsets, pass.panels + g * pass.toPanels, pass.bias + g * pass.toBias,
      at, plan.xRow, pool.width, pool.rows, pool.columns, y, positions,
    );
  }
}

/**
 * For each image: sums[channel][tap] += Σ over its windows of g · pixel, as `correlateWeights`, and where there is a bias,
 * bias[channel] = Σ g.
 */
export function weightsOfImages(plan: Plan, images: i32, image: i32, g: i32, at: i32, sums: i32, bias: i32): void {
  const pass = plan.first;
  for (; images > 0; images--, image += plan.toImage) {
    hold(plan, image, at);
    const channels = plan.groups * plan.out;
    if (bias != 0) {
      sumAround(1, channels, plan.size >> 3, 0, g, bias);
      bias += channels * 8;
    }
    let to = sums;
    let seen = at;
    for (let k = 0; k < plan.groups; k++, seen += plan.toGroup, g += plan.out * plan.size) {
      correlateWeights(plan.out, pass.taps, pass.offsets, seen, plan.xRow, pass.rows, pass.columns, g, to);
      to += plan.out * pass.taps * 16;
    }
  }
}
