// The gradients of a convolution where that of its result is 0 but at some places, as behind a max pool: only windows
// that have one are visited. Images stand channels last, so that what a window sees is some runs of four numbers at fixed
// distances from its first pixel. Counts are numbers, all else is in bytes.
import { madd } from './madd';
import { addTo } from './norm';
import { loadTwo, put, storeTwo } from './pairs';

/**
 * What is alike for all images: the channels of a group, their image and its part that stands in the frame, and the
 * windows. `toChannel` and the like lead from one to the next.
 */
// @ts-ignore: a decorator of AssemblyScript
@unmanaged
class Scene {
  channels: i32;
  toChannel: i32;
  toImage: i32;
  skipped: i32;
  rows: i32;
  toRow: i32;
  columns: i32;
  /** Of the frame: its size, where the part begins in it, and the ways from row to row and from pixel to pixel. */
  frame: i32;
  place: i32;
  toFrameRow: i32;
  toPixel: i32;
  /** Channels of values, places of each, and the way from image to image. */
  out: i32;
  places: i32;
  toValues: i32;
  starts: i32;
  runs: i32;
  offsets: i32;
  /** Becomes 1 where a pixel or a gradient is not finite. */
  isFlawed: i32;
}

/** Takes note of numbers times 0, summed up: NaN, unless all are finite. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function note(scene: Scene, zeros: v128): void {
  const zero = f64x2.extract_lane(zeros, 0) + f64x2.extract_lane(zeros, 1);
  if (zero != 0) scene.isFlawed = 1;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function addZeros(zeros: v128, values: v128): v128 {
  return f64x2.add(zeros, f64x2.mul(values, f64x2.splat(0)));
}

/** Copies an image into the frame, channels last, and takes note of it; or with `isBack` from there. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function copy(scene: Scene, image: i32, frame: i32, isBack: bool): void {
  const channels = scene.channels;
  const columns = scene.columns;
  const toChannel = scene.toChannel;
  const toFrameRow = scene.toFrameRow;
  const toPixel = scene.toPixel;
  let zeros = f64x2.splat(0);
  let moreZeros = zeros;
  image += scene.skipped;
  frame += scene.place;
  for (let r = scene.rows; r > 0; r--, image += scene.toRow, frame += toFrameRow) {
    let row = image;
    for (let c = 0; c < channels; c += 2, row += 2 * toChannel) {
      const isAlone = c == channels - 1;
      let at = row;
      let pixel = frame + c * 8;
      for (let i = columns; i > 0; i -= 2, at += 16, pixel += 2 * toPixel) {
        const both = i > 1;
        if (isBack) {
          const a = v128.load(pixel);
          const b = both ? v128.load(pixel + toPixel) : a;
          storeTwo(at, v128.shuffle<f64>(a, b, 0, 2), both);
          if (!isAlone) storeTwo(at + toChannel, v128.shuffle<f64>(a, b, 1, 3), both);
          continue;
        }
        const a = loadTwo(at, both);
        zeros = addZeros(zeros, a);
        if (isAlone) {
          put(pixel, a, both ? toPixel : 0);
        } else {
          const b = loadTwo(at + toChannel, both);
          moreZeros = addZeros(moreZeros, b);
          v128.store(pixel, v128.shuffle<f64>(a, b, 0, 2));
          if (both) v128.store(pixel + toPixel, v128.shuffle<f64>(a, b, 1, 3));
        }
      }
    }
  }
  if (!isBack) note(scene, f64x2.add(zeros, moreZeros));
}

/**
 * Lists the first pixels of windows whose gradient is not 0, each with that: `starts` says of each place of a plane where
 * in the frame its window begins; what stands at −1 does not count. Adds them all to the bias's, if there is one. Returns
 * the list's end.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
function listed(
  scene: Scene, values: i32, positions: i32, frame: i32, list: i32, bias: i32, channel: i32,
): i32 {
  const starts = scene.starts;
  const zero = f64x2.splat(0);
  let zeros = zero;
  let sum = zero;
  for (let i = scene.places; i > 0; i -= 2, values += 16, positions += 16) {
    const both = i > 1;
    const at = loadTwo(positions, both);
    const g = v128.andnot(loadTwo(values, both), f64x2.lt(at, zero));
    zeros = addZeros(zeros, g);
    sum = f64x2.add(sum, g);
    // A whole number as an integer: behind 2⁵², the lowest bits are the ones. What −1 leads to is not listed.
    const place = f64x2.add(at, f64x2.splat(4503599627370496));
    const isThere = i64x2.bitmask(f64x2.ne(g, zero));
    store<i32>(list, frame + load<i32>(starts + i32x4.extract_lane(place, 0) * 4));
    v128.store64_lane(list, g, 0, 8);
    list += (isThere & 1) << 4; // without a branch, which nobody could foresee
    store<i32>(list, frame + load<i32>(starts + i32x4.extract_lane(place, 2) * 4));
    v128.store64_lane(list, g, 1, 8);
    list += (isThere & 2) << 3;
  }
  note(scene, zeros);
  if (bias != 0) addTo(bias, channel, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
  return list;
}

/**
 * For each image, of what is wanted and so not at 0: sums[channel][run] += Σ over windows of g · the four numbers that
 * begin `offsets[run]` behind its first pixel; bias[channel] += Σ g; and in the image's gradient, the four numbers that
 * begin so far behind a window's first pixel = Σ g · weights[channel][run]. That stands in the frame behind the image's.
 */
export function scatteredGradients(
  scene: Scene, images: i32, image: i32, gradient: i32, values: i32, positions: i32, frame: i32, list: i32, sums: i32,
  bias: i32, weights: i32,
): void {
  const size = scene.places * 8;
  const next = frame + scene.frame;
  for (let at = 0; images > 0; images--, at += scene.toValues) {
    if (sums != 0) copy(scene, image, frame, false);
    if (gradient != 0) memory.fill(next, 0, scene.frame);
    let numbers = 0;
    for (let c = 0, i = at; c < scene.out; c++, i += size, numbers += scene.runs * 32) {
      const end = listed(scene, values + i, positions + i, frame, list, bias, c);
      if (sums != 0) visitRuns(false, scene, list, end, 0, sums + numbers);
      if (gradient != 0) visitRuns(true, scene, list, end, scene.frame, weights + numbers);
    }
    if (gradient != 0) copy(scene, gradient, next, true);
    image += scene.toImage;
    gradient += gradient == 0 ? 0 : scene.toImage;
  }
}

/** Sums up or, with `isImage`, spreads all runs of a channel, whose sums or weights are at `numbers`, `behind` what is listed. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function visitRuns(isImage: bool, scene: Scene, list: i32, end: i32, behind: i32, numbers: i32): void {
  for (let offsets = scene.offsets, last = offsets + scene.runs * 4; offsets != last; ) {
    const isSix = last - offsets > 12;
    if (isImage) {
      if (isSix) spreadSix(list, end, behind, offsets, numbers);
      else spreadThree(list, end, behind, offsets, numbers);
    } else {
      if (isSix) sixSums(list, end, offsets, numbers);
      else threeSums(list, end, offsets, numbers);
    }
    const runs = isSix ? 6 : 3;
    offsets += runs * 4;
    numbers += runs * 32;
  }
}

// Six runs, or three, for all windows of a list.

/** sums[run] += Σ g · pixels */
// @ts-ignore: a decorator of AssemblyScript
@inline
function sumUp(isSix: bool, list: i32, end: i32, offsets: i32, sums: i32): void {
  const a = load<i32>(offsets);
  const b = load<i32>(offsets, 4);
  const c = load<i32>(offsets, 8);
  const d = isSix ? load<i32>(offsets, 12) : 0;
  const e = isSix ? load<i32>(offsets, 16) : 0;
  const f = isSix ? load<i32>(offsets, 20) : 0;
  let a0 = v128.load(sums);
  let a1 = v128.load(sums, 16);
  let b0 = v128.load(sums, 32);
  let b1 = v128.load(sums, 48);
  let c0 = v128.load(sums, 64);
  let c1 = v128.load(sums, 80);
  let d0 = isSix ? v128.load(sums, 96) : a0;
  let d1 = isSix ? v128.load(sums, 112) : a0;
  let e0 = isSix ? v128.load(sums, 128) : a0;
  let e1 = isSix ? v128.load(sums, 144) : a0;
  let f0 = isSix ? v128.load(sums, 160) : a0;
  let f1 = isSix ? v128.load(sums, 176) : a0;
  for (; list != end; list += 16) {
    const at = load<i32>(list);
    const g = v128.load_splat<f64>(list, 8);
    a0 = madd(g, v128.load(at + a), a0);
    a1 = madd(g, v128.load(at + a, 16), a1);
    b0 = madd(g, v128.load(at + b), b0);
    b1 = madd(g, v128.load(at + b, 16), b1);
    c0 = madd(g, v128.load(at + c), c0);
    c1 = madd(g, v128.load(at + c, 16), c1);
    if (isSix) {
      d0 = madd(g, v128.load(at + d), d0);
      d1 = madd(g, v128.load(at + d, 16), d1);
      e0 = madd(g, v128.load(at + e), e0);
      e1 = madd(g, v128.load(at + e, 16), e1);
      f0 = madd(g, v128.load(at + f), f0);
      f1 = madd(g, v128.load(at + f, 16), f1);
    }
  }
  v128.store(sums, a0);
  v128.store(sums, a1, 16);
  v128.store(sums, b0, 32);
  v128.store(sums, b1, 48);
  v128.store(sums, c0, 64);
  v128.store(sums, c1, 80);
  if (!isSix) return;
  v128.store(sums, d0, 96);
  v128.store(sums, d1, 112);
  v128.store(sums, e0, 128);
  v128.store(sums, e1, 144);
  v128.store(sums, f0, 160);
  v128.store(sums, f1, 176);
}

/** pixels += g · weights[run] */
// @ts-ignore: a decorator of AssemblyScript
@inline
function spread(isSix: bool, list: i32, end: i32, behind: i32, offsets: i32, weights: i32): void {
  const a = behind + load<i32>(offsets);
  const b = behind + load<i32>(offsets, 4);
  const c = behind + load<i32>(offsets, 8);
  const d = isSix ? behind + load<i32>(offsets, 12) : 0;
  const e = isSix ? behind + load<i32>(offsets, 16) : 0;
  const f = isSix ? behind + load<i32>(offsets, 20) : 0;
  const a0 = v128.load(weights);
  const a1 = v128.load(weights, 16);
  const b0 = v128.load(weights, 32);
  const b1 = v128.load(weights, 48);
  const c0 = v128.load(weights, 64);
  const c1 = v128.load(weights, 80);
  const d0 = isSix ? v128.load(weights, 96) : a0;
  const d1 = isSix ? v128.load(weights, 112) : a0;
  const e0 = isSix ? v128.load(weights, 128) : a0;
  const e1 = isSix ? v128.load(weights, 144) : a0;
  const f0 = isSix ? v128.load(weights, 160) : a0;
  const f1 = isSix ? v128.load(weights, 176) : a0;
  for (; list != end; list += 16) {
    const at = load<i32>(list);
    const g = v128.load_splat<f64>(list, 8);
    addRun(at + a, g, a0, a1);
    addRun(at + b, g, b0, b1);
    addRun(at + c, g, c0, c1);
    if (isSix) {
      addRun(at + d, g, d0, d1);
      addRun(at + e, g, e0, e1);
      addRun(at + f, g, f0, f1);
    }
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function addRun(at: i32, g: v128, first: v128, second: v128): void {
  v128.store(at, madd(g, first, v128.load(at)));
  v128.store(at, madd(g, second, v128.load(at, 16)), 16);
}

// Functions of their own, which V8 compiles with all in registers; exported, so that they stay so.

export function sixSums(list: i32, end: i32, offsets: i32, sums: i32): void {
  sumUp(true, list, end, offsets, sums);
}

export function threeSums(list: i32, end: i32, offsets: i32, sums: i32): void {
  sumUp(false, list, end, offsets, sums);
}

export function spreadSix(list: i32, end: i32, behind: i32, offsets: i32, weights: i32): void {
  spread(true, list, end, behind, offsets, weights);
}

export function spreadThree(list: i32, end: i32, behind: i32, offsets: i32, weights: i32): void {
  spread(false, list, end, behind, offsets, weights);
}
