// Convolutions straight from images: the pixels of a window stand at fixed distances from its first one (its taps), and two
// neighbouring windows read two neighbouring pixels, so that no columns are written out. Counts and channels are numbers,
// all else is in bytes.
import { madd } from './madd';
import { putLargest } from './pool';

/**
 * y[channel][window] = bias + Σ over taps of weight · pixel; or, with `adds`, y + bias + that. Weights come in panels of
 * four channels, tap by tap, and one of two for what remains; a panel's missing channels are 0. `tile` is room for 64
 * bytes.
 */
export function correlate(
  channels: i32, taps: i32, offsets: i32, weights: i32, bias: i32, x: i32, xRow: i32, rows: i32, columns: i32,
  y: i32, yChannel: i32, yRow: i32, yStep: i32, adds: bool, tile: i32,
): void {
  store<i32>(tile, yChannel);
  for (let c = 0; c < channels; c += 4) {
    const left = channels - c;
    const panel = left > 2 ? 32 : 16;
    // Four channels along two rows, where all pairs are whole; else two channels, pair by pair.
    const whole = left > 3 && yStep == 8 && (columns & 1) == 0 ? rows & ~1 : 0;
    for (let r = 0; r < whole; r += 2) {
      const p = x + r * xRow;
      const to = y + r * yRow;
      if (adds) twoRowsMore(taps, offsets, weights, bias, p, xRow, columns, to, yRow, yChannel);
      else twoRows(taps, offsets, weights, bias, p, xRow, columns, to, yRow, yChannel);
    }
    const p = x + whole * xRow;
    const to = y + whole * yRow;
    for (let i = 0; i < min(left, 4); i += 2) {
      store<i32>(tile, left - i, 4);
      const rest = to + i * yChannel;
      pairByPair(taps, offsets, weights + i * 8, panel, bias + i * 8, p, xRow, rows - whole, columns, rest, yRow, yStep, adds, tile);
    }
    weights += taps * panel;
    bias += 32;
    y += 4 * yChannel;
  }
}

/**
 * The largest of 2 × 2 results side by side of max(0, bias + Σ over taps of weight · pixel), and where it stands in a
 * channel whose rows are `width` wide: rows × columns for each channel, to y and positions.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function correlateMaxima(
  channels: i32, taps: i32, offsets: i32, weights: i32, bias: i32, x: i32, xRow: i32, width: i32, rows: i32, columns: i32,
  y: i32, positions: i32,
): void {
  const plane = rows * columns * 8;
  for (let c = 0; c < channels; c += 4) {
    const left = channels - c;
    let p = x;
    let to = y;
    let places = positions;
    for (let r = 0; r < rows; r++) {
      const first = 2 * r * width;
      if (left > 2) fourMaxima(taps, offsets, weights, bias, p, xRow, columns, to, places, plane, left, width, first);
      else twoMaxima(taps, offsets, weights, bias, p, xRow, columns, to, places, plane, left, width, first);
      p += 2 * xRow;
      to += columns * 8;
      places += columns * 8;
    }
    weights += taps * (left > 2 ? 32 : 16);
    bias += 32;
    y += 4 * plane;
    positions += 4 * plane;
  }
}

/** Four pairs of windows at a time, for two channels; a pair at the end of an odd row has one window. */
function pairByPair(
  taps: i32, offsets: i32, weights: i32, panel: i32, bias: i32, x: i32, xRow: i32, rows: i32, columns: i32,
  y: i32, yRow: i32, yStep: i32, adds: bool, tile: i32,
): void {
  const pairs = rows * ((columns + 1) >> 1);
  let column = 0;
  for (let pair = 0; pair < pairs; ) {
    let p = x;
    let q = x;
    for (let place = tile + 12, end = place + 48; place != end; place += 12, pair++) {
      p = q;
      if (pair >= pairs) {
        store<i32>(place, q);
        store<i32>(place, NONE, 4);
        continue;
      }
      q = x + column * 8;
      store<i32>(place, q);
      store<i32>(place, y + column * yStep, 4);
      store<i32>(place, column < columns - 1 ? yStep : 0, 8);
      column += 2;
      if (column >= columns) {
        column = 0;
        x += xRow;
        y += yRow;
      }
    }
    if (adds) twoMore(taps, offsets, weights, panel, bias, p, q, tile);
    else two(taps, offsets, weights, panel, bias, p, q, tile);
  }
}

// A tile: the step from channel to channel and how many are left; then for each of its pairs of windows the address of
// the first one's first pixel, that of its result, and how far behind that the second one's is, or 0 for none.

// @ts-ignore: a decorator of AssemblyScript
@inline
function xOf(tile: i32, pair: i32): i32 {
  return load<i32>(tile + (pair + 1) * 12);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function putPair(y: i32, sums: v128, adds: bool): void {
  v128.store(y, adds ? f64x2.add(v128.load(y), sums) : sums);
}

/** Where a result would be that there is none of: the tile's last pair may be one too many. */
const NONE: i32 = 0;

/** Writes a pair's sums for one channel. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function put(tile: i32, pair: i32, channel: i32, sums: v128, adds: bool): void {
  const place = tile + (pair + 1) * 12;
  if (load<i32>(place, 4) == NONE) return;
  const y = load<i32>(place, 4) + channel * load<i32>(tile);
  const step = load<i32>(place, 8);
  if (step == 8) {
    v128.store(y, adds ? f64x2.add(v128.load(y), sums) : sums);
  } else {
    store<f64>(y, f64x2.extract_lane(sums, 0) + (adds ? load<f64>(y) : 0));
    if (step != 0) store<f64>(y + step, f64x2.extract_lane(sums, 1) + (adds ? load<f64>(y + step) : 0));
  }
}

/** What becomes of sums. */
enum Into { results, more, maxima }

/** Four channels along two rows, pair above pair: 8 sums of two, which stay in registers. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function fourByTwoRows(
  into: i32, taps: i32, offsets: i32, weights: i32, bias: i32, x: i32, xRow: i32, columns: i32, y: i32, yRow: i32,
  yChannel: i32, positions: i32, channels: i32, width: i32, first: i32,
): void {
  const end = offsets + taps * 4;
  for (let last = x + columns * 8; x != last; x += 16) {
    let p0 = v128.load_splat<f64>(bias);
    let p1 = v128.load_splat<f64>(bias, 8);
    let p2 = v128.load_splat<f64>(bias, 16);
    let p3 = v128.load_splat<f64>(bias, 24);
    let q0 = p0;
    let q1 = p1;
    let q2 = p2;
    let q3 = p3;
    let w = weights;
    for (let o = offsets; o != end; o += 4, w += 32) {
      const at = x + load<i32>(o);
      const a = v128.load(at);
      const b = v128.load(at + xRow);
      const w0 = v128.load_splat<f64>(w);
      p0 = madd(w0, a, p0);
      q0 = madd(w0, b, q0);
      const w1 = v128.load_splat<f64>(w, 8);
      p1 = madd(w1, a, p1);
      q1 = madd(w1, b, q1);
      const w2 = v128.load_splat<f64>(w, 16);
      p2 = madd(w2, a, p2);
      q2 = madd(w2, b, q2);
      const w3 = v128.load_splat<f64>(w, 24);
      p3 = madd(w3, a, p3);
      q3 = madd(w3, b, q3);
    }
    if (into == Into.maxima) {
      const two = 2 * yChannel;
      const start = f64x2.splat(first);
      putLargest(true, p0, p1, q0, q1, width, start, y, positions, yChannel);
      putLargest(true, p2, p3, q2, q3, width, start, y + two, positions + two, channels > 3 ? yChannel : 0);
      first += 2;
      positions += 8;
      y += 8;
    } else {
      const adds = into == Into.more;
      let to = y;
      putPair(to, p0, adds);
      putPair(to + yRow, q0, adds);
      to += yChannel;
      putPair(to, p1, adds);
      putPair(to + yRow, q1, adds);
      to += yChannel;
      putPair(to, p2, adds);
      putPair(to + yRow, q2, adds);
      to += yChannel;
      putPair(to, p3, adds);
      putPair(to + yRow, q3, adds);
      y += 16;
    }
  }
}

/** Two channels, of which the second may be missing, of four pairs: for maxima, p above r and q above s. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function twoByFour(
  into: i32, taps: i32, offsets: i32, weights: i32, panel: i32, bias: i32, p: i32, q: i32, r: i32, s: i32, tile: i32,
  y: i32, yChannel: i32, positions: i32, channels: i32, width: i32, first: i32,
): void {
  let p0 = v128.load_splat<f64>(bias);
  let p1 = v128.load_splat<f64>(bias, 8);
  let q0 = p0;
  let q1 = p1;
  let r0 = p0;
  let r1 = p1;
  let s0 = p0;
  let s1 = p1;
  for (let end = offsets + taps * 4; offsets != end; offsets += 4, weights += panel) {
    const tap = load<i32>(offsets);
    const w0 = v128.load_splat<f64>(weights);
    const w1 = v128.load_splat<f64>(weights, 8);
    const a = v128.load(p + tap);
    p0 = madd(w0, a, p0);
    p1 = madd(w1, a, p1);
    const b = v128.load(q + tap);
    q0 = madd(w0, b, q0);
    q1 = madd(w1, b, q1);
    const c = v128.load(r + tap);
    r0 = madd(w0, c, r0);
    r1 = madd(w1, c, r1);
    const d = v128.load(s + tap);
    s0 = madd(w0, d, s0);
    s1 = madd(w1, d, s1);
  }
  if (into == Into.maxima) {
    const apart = channels > 1 ? yChannel : 0;
    putLargest(true, p0, p1, r0, r1, width, f64x2.splat(first), y, positions, apart);
    if (p != q) putLargest(true, q0, q1, s0, s1, width, f64x2.splat(first + 2), y + 8, positions + 8, apart);
    return;
  }
  const adds = into == Into.more;
  put(tile, 2, 0, p0, adds);
  put(tile, 3, 0, q0, adds);
  put(tile, 0, 0, r0, adds);
  put(tile, 1, 0, s0, adds);
  if (load<i32>(tile, 4) == 1) return;
  put(tile, 2, 1, p1, adds);
  put(tile, 3, 1, q1, adds);
  put(tile, 0, 1, r1, adds);
  put(tile, 1, 1, s1, adds);
}

// Small functions of their own, which V8 compiles with all sums in registers; exported, so that they stay so.

export function twoRows(
  taps: i32, offsets: i32, weights: i32, bias: i32, x: i32, xRow: i32, columns: i32, y: i32, yRow: i32, yChannel: i32,
): void {
  fourByTwoRows(Into.results, taps, offsets, weights, bias, x, xRow, columns, y, yRow, yChannel, 0, 4, 0, 0);
}

export function twoRowsMore(
  taps: i32, offsets: i32, weights: i32, bias: i32, x: i32, xRow: i32, columns: i32, y: i32, yRow: i32, yChannel: i32,
): void {
  fourByTwoRows(Into.more, taps, offsets, weights, bias, x, xRow, columns, y, yRow, yChannel, 0, 4, 0, 0);
}

/** The maxima of a row of windows, of three or four channels. */
export function fourMaxima(
  taps: i32, offsets: i32, weights: i32, bias: i32, x: i32, xRow: i32, columns: i32, y: i32, positions: i32, plane: i32,
  channels: i32, width: i32, first: i32,
): void {
  const maxima = Into.maxima;
  fourByTwoRows(
    maxima, taps, offsets, weights, bias, x, xRow, 2 * columns, y, 0, plane, positions, channels, width, first,
  );
}

/** The maxima of a row of windows, of one or two channels. */
export function twoMaxima(
  taps: i32, offsets: i32, weights: i32, bias: i32, x: i32, xRow: i32, columns: i32, y: i32, positions: i32, plane: i32,
  channels: i32, width: i32, first: i32,
): void {
  const maxima = Into.maxima;
  for (; columns > 0; columns -= 2, x += 32, y += 16, positions += 16, first += 4) {
    const q = columns > 1 ? x + 16 : x;
    twoByFour(
      maxima, taps, offsets, weights, 16, bias, x, q, x + xRow, q + xRow, 0, y, plane, positions, channels, width, first,
    );
  }
}

export function two(
  taps: i32, offsets: i32, weights: i32, panel: i32, bias: i32, p: i32, q: i32, tile: i32,
): void {
  const r = xOf(tile, 0);
  const s = xOf(tile, 1);
  twoByFour(Into.results, taps, offsets, weights, panel, bias, p, q, r, s, tile, 0, 0, 0, 0, 0, 0);
}

export function twoMore(
  taps: i32, offsets: i32, weights: i32, panel: i32, bias: i32, p: i32, q: i32, tile: i32,
): void {
  const r = xOf(tile, 0);
  const s = xOf(tile, 1);
  twoByFour(Into.more, taps, offsets, weights, panel, bias, p, q, r, s, tile, 0, 0, 0, 0, 0, 0);
}
