// The gradients of a convolution where that of its result is 0 but at some places, as behind a max pool: only windows
// that have one are visited. Images stand channels last, so that what a window sees is some runs of four numbers at fixed
// distances from its first pixel. Counts are numbers, all else is in bytes.
import { madd } from './madd';

/**
 * Copies channels × rows × columns pixels, channels last: `toColumn` from pixel to pixel, where an odd channel's
 * neighbour is 0 if there is room for it.
 */
export function channelsLast(
  from: i32, channels: i32, fromChannel: i32, rows: i32, fromRow: i32, columns: i32, to: i32, toRow: i32, toColumn: i32,
): void {
  for (let r = 0; r < rows; r++, from += fromRow, to += toRow) {
    let at = from;
    let c = 0;
    for (; c < channels - 1; c += 2, at += 2 * fromChannel) {
      let place = to + c * 8;
      let i = 0;
      for (; i < columns - 1; i += 2, place += 2 * toColumn) {
        const a = v128.load(at + i * 8);
        const b = v128.load(at + i * 8 + fromChannel);
        v128.store(place, v128.shuffle<f64>(a, b, 0, 2));
        v128.store(place + toColumn, v128.shuffle<f64>(a, b, 1, 3));
      }
      if (i < columns) v128.store(place, v128.load64_lane(at + i * 8 + fromChannel, v128.load64_zero(at + i * 8), 1));
    }
    if (c < channels) {
      for (let i = 0; i < columns; i++) store<f64>(to + c * 8 + i * toColumn, load<f64>(at + i * 8));
    }
  }
}

/** The reverse. */
export function channelsFirst(
  to: i32, channels: i32, toChannel: i32, rows: i32, toRow: i32, columns: i32, from: i32, fromRow: i32, fromColumn: i32,
): void {
  for (let r = 0; r < rows; r++, from += fromRow, to += toRow) {
    let at = to;
    let c = 0;
    for (; c < channels - 1; c += 2, at += 2 * toChannel) {
      let place = from + c * 8;
      let i = 0;
      for (; i < columns - 1; i += 2, place += 2 * fromColumn) {
        const a = v128.load(place);
        const b = v128.load(place + fromColumn);
        v128.store(at + i * 8, v128.shuffle<f64>(a, b, 0, 2));
        v128.store(at + i * 8 + toChannel, v128.shuffle<f64>(a, b, 1, 3));
      }
      if (i < columns) {
        store<f64>(at + i * 8, load<f64>(place));
        store<f64>(at + i * 8 + toChannel, load<f64>(place, 8));
      }
    }
    if (c < channels) {
      for (let i = 0; i < columns; i++) store<f64>(at + i * 8, load<f64>(from + c * 8 + i * fromColumn));
    }
  }
}

/** A whole number from 0 to 2³² as an integer: behind 2⁵², the lowest bits are the ones. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function whole(value: f64): i32 {
  return i32(reinterpret<i64>(value + 4503599627370496));
}

/**
 * Lists the first pixels of windows whose gradient is not 0, each with that: `starts` says of each place of a plane
 * where in the frame its window begins. Returns the list's end.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
function listed(count: i32, values: i32, positions: i32, starts: i32, frame: i32, list: i32): i32 {
  for (let i = 0; i < count; i++) {
    const value = load<f64>(values + i * 8);
    store<i32>(list, frame + load<i32>(starts + whole(load<f64>(positions + i * 8)) * 4));
    store<f64>(list, value, 8);
    list += i32(value != 0) << 4; // without a branch, which nobody could foresee
  }
  return list;
}

/** sums[channel][run] += Σ over windows of g · the four numbers that begin `offsets[run]` behind its first pixel. */
export function scatteredWeights(
  channels: i32, count: i32, values: i32, positions: i32, starts: i32, frame: i32, runs: i32, offsets: i32, sums: i32,
  list: i32,
): void {
  for (let c = 0; c < channels; c++, values += count * 8, positions += count * 8) {
    const end = listed(count, values, positions, starts, frame, list);
    for (let run = 0; run < runs; run += 4, sums += 128) sumUp(list, end, offsets + run * 4, sums);
  }
}

/** The four numbers that begin `offsets[run]` behind the first pixel of a window += Σ over channels of g · weights[channel][run]. */
export function scatteredImage(
  channels: i32, count: i32, values: i32, positions: i32, starts: i32, frame: i32, runs: i32, offsets: i32,
  weights: i32, list: i32,
): void {
  for (let c = 0; c < channels; c++, values += count * 8, positions += count * 8) {
    const end = listed(count, values, positions, starts, frame, list);
    for (let run = 0; run < runs; run += 4, weights += 128) spread(list, end, offsets + run * 4, weights);
  }
}

// Four runs for all windows of a list: exported, so that they stay functions of their own, with all in registers.

/** sums[run] += Σ g · pixels */
export function sumUp(list: i32, end: i32, offsets: i32, sums: i32): void {
  const a = load<i32>(offsets);
  const b = load<i32>(offsets, 4);
  const c = load<i32>(offsets, 8);
  const d = load<i32>(offsets, 12);
  let a0 = v128.load(sums);
  let a1 = v128.load(sums, 16);
  let b0 = v128.load(sums, 32);
  let b1 = v128.load(sums, 48);
  let c0 = v128.load(sums, 64);
  let c1 = v128.load(sums, 80);
  let d0 = v128.load(sums, 96);
  let d1 = v128.load(sums, 112);
  for (; list != end; list += 16) {
    const at = load<i32>(list);
    const g = v128.load_splat<f64>(list, 8);
    a0 = madd(g, v128.load(at + a), a0);
    a1 = madd(g, v128.load(at + a, 16), a1);
    b0 = madd(g, v128.load(at + b), b0);
    b1 = madd(g, v128.load(at + b, 16), b1);
    c0 = madd(g, v128.load(at + c), c0);
    c1 = madd(g, v128.load(at + c, 16), c1);
    d0 = madd(g, v128.load(at + d), d0);
    d1 = madd(g, v128.load(at + d, 16), d1);
  }
  v128.store(sums, a0);
  v128.store(sums, a1, 16);
  v128.store(sums, b0, 32);
  v128.store(sums, b1, 48);
  v128.store(sums, c0, 64);
  v128.store(sums, c1, 80);
  v128.store(sums, d0, 96);
  v128.store(sums, d1, 112);
}

/** pixels += g · weights[run] */
export function spread(list: i32, end: i32, offsets: i32, weights: i32): void {
  const a = load<i32>(offsets);
  const b = load<i32>(offsets, 4);
  const c = load<i32>(offsets, 8);
  const d = load<i32>(offsets, 12);
  const a0 = v128.load(weights);
  const a1 = v128.load(weights, 16);
  const b0 = v128.load(weights, 32);
  const b1 = v128.load(weights, 48);
  const c0 = v128.load(weights, 64);
  const c1 = v128.load(weights, 80);
  const d0 = v128.load(weights, 96);
  const d1 = v128.load(weights, 112);
  for (; list != end; list += 16) {
    const at = load<i32>(list);
    const g = v128.load_splat<f64>(list, 8);
    addTo(at + a, g, a0, a1);
    addTo(at + b, g, b0, b1);
    addTo(at + c, g, c0, c1);
    addTo(at + d, g, d0, d1);
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function addTo(at: i32, g: v128, first: v128, second: v128): void {
  v128.store(at, madd(g, first, v128.load(at)));
  v128.store(at, madd(g, second, v128.load(at, 16)), 16);
}

/** Writes 0 if n numbers are all finite, else NaN. */
export function finiteness(n: i32, x: i32, result: i32): void {
  let a = f64x2.splat(0);
  let b = a;
  const zero = a;
  let i = 0;
  for (; i < n - 3; i += 4, x += 32) {
    a = f64x2.add(a, f64x2.mul(v128.load(x), zero));
    b = f64x2.add(b, f64x2.mul(v128.load(x, 16), zero));
  }
  a = f64x2.add(a, b);
  let rest = f64x2.extract_lane(a, 0) + f64x2.extract_lane(a, 1);
  for (; i < n; i++, x += 8) rest += load<f64>(x) * 0;
  store<f64>(result, rest);
}
