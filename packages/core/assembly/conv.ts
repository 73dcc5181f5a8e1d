// Convolutions straight from images: the pixels of a window stand at fixed distances from its first one ("taps"), and
// two neighbouring windows read two neighbouring pixels, so that no columns are written out. Images stand in frames of
// zeros that hold all that windows see. Where windows are several pixels apart, the rows of a frame are dealt out to as
// many phases, so that what neighbours read lies side by side. Counts and channels are numbers, all else is in bytes.
import { madd } from './madd';

/**
 * Copies channels × rows × columns pixels into a frame, where `to` is the place of their rows, and of their first pixel
 * in a frame of one phase; in others its column is `left`.
 */
export function frame(
  from: i32, channels: i32, fromChannel: i32, rows: i32, fromRow: i32, columns: i32,
  to: i32, toChannel: i32, toRow: i32, left: i32, phases: i32, phase: i32,
): void {
  for (let c = 0; c < channels; c++, from += fromChannel, to += toChannel) {
    for (let r = 0; r < rows; r++) {
      const at = from + r * fromRow;
      const place = to + r * toRow;
      let i = 0;
      if (phases == 1) {
        for (; i < columns - 1; i += 2) v128.store(place + i * 8, v128.load(at + i * 8));
        if (i < columns) store<f64>(place + i * 8, load<f64>(at + i * 8));
      } else {
        let which = left % phases;
        let along = (left / phases) * 8;
        for (; i < columns; i++) {
          store<f64>(place + which * phase + along, load<f64>(at + i * 8));
          if (++which == phases) {
            which = 0;
            along += 8;
          }
        }
      }
    }
  }
}

/**
 * y[channel][window] = bias + Σ over taps of weight · pixel. Weights come in panels of four channels, tap by tap, and one
 * of two for what remains; a panel's missing channels are 0.
 */
export function correlate(
  channels: i32, taps: i32, offsets: i32, weights: i32, bias: i32,
  x: i32, xRow: i32, rows: i32, columns: i32, y: i32, yChannel: i32, yRow: i32, yStep: i32,
): void {
  const pairs = rows * ((columns + 1) >> 1);
  for (let c = 0; c < channels; c += 4) {
    const few = channels - c <= 2;
    let column = 0;
    let xLine = x;
    let yLine = y;
    for (let pair = 0; pair < pairs; pair += 2) {
      const p = xLine + column * 8;
      const yp = yLine + column * yStep;
      const wholeP = column < columns - 1;
      column += 2;
      if (column >= columns) {
        column = 0;
        xLine += xRow;
        yLine += yRow;
      }
      let q = p;
      let yq = yp;
      let wholeQ = wholeP;
      if (pair + 1 < pairs) {
        q = xLine + column * 8;
        yq = yLine + column * yStep;
        wholeQ = column < columns - 1;
        column += 2;
        if (column >= columns) {
          column = 0;
          xLine += xRow;
          yLine += yRow;
        }
      }
      if (few) two(taps, offsets, weights, bias, channels - c, p, q, yp, yq, yChannel, yStep, wholeP, wholeQ);
      else four(taps, offsets, weights, bias, channels - c, p, q, yp, yq, yChannel, yStep, wholeP, wholeQ);
    }
    weights += taps * 32;
    bias += 32;
    y += 4 * yChannel;
  }
}

/** A pair of windows that are neighbours, or, where the row ends, its first one alone. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function put(y: i32, step: i32, whole: bool, value: v128): void {
  if (whole && step == 8) {
    v128.store(y, value);
    return;
  }
  v128.store64_lane(y, value, 0);
  if (whole) v128.store64_lane(y + step, value, 1);
}

/** Four channels (the last may be missing) of two pairs of windows, whose sums stay in registers. */
function four(
  taps: i32, offsets: i32, weights: i32, bias: i32, channels: i32,
  p: i32, q: i32, yp: i32, yq: i32, yChannel: i32, yStep: i32, wholeP: bool, wholeQ: bool,
): void {
  let p0 = v128.load_splat<f64>(bias);
  let p1 = v128.load_splat<f64>(bias, 8);
  let p2 = v128.load_splat<f64>(bias, 16);
  let p3 = v128.load_splat<f64>(bias, 24);
  let q0 = p0;
  let q1 = p1;
  let q2 = p2;
  let q3 = p3;
  for (let end = offsets + taps * 4; offsets < end; offsets += 4, weights += 32) {
    const tap = load<i32>(offsets);
    const a = v128.load(p + tap);
    const b = v128.load(q + tap);
    const w0 = v128.load_splat<f64>(weights);
    p0 = madd(w0, a, p0);
    q0 = madd(w0, b, q0);
    const w1 = v128.load_splat<f64>(weights, 8);
    p1 = madd(w1, a, p1);
    q1 = madd(w1, b, q1);
    const w2 = v128.load_splat<f64>(weights, 16);
    p2 = madd(w2, a, p2);
    q2 = madd(w2, b, q2);
    const w3 = v128.load_splat<f64>(weights, 24);
    p3 = madd(w3, a, p3);
    q3 = madd(w3, b, q3);
  }
  put(yp, yStep, wholeP, p0);
  put(yq, yStep, wholeQ, q0);
  put(yp + yChannel, yStep, wholeP, p1);
  put(yq + yChannel, yStep, wholeQ, q1);
  put(yp + 2 * yChannel, yStep, wholeP, p2);
  put(yq + 2 * yChannel, yStep, wholeQ, q2);
  if (channels > 3) {
    put(yp + 3 * yChannel, yStep, wholeP, p3);
    put(yq + 3 * yChannel, yStep, wholeQ, q3);
  }
}

/** One or two channels of two pairs of windows. */
function two(
  taps: i32, offsets: i32, weights: i32, bias: i32, channels: i32,
  p: i32, q: i32, yp: i32, yq: i32, yChannel: i32, yStep: i32, wholeP: bool, wholeQ: bool,
): void {
  let p0 = v128.load_splat<f64>(bias);
  let p1 = v128.load_splat<f64>(bias, 8);
  let q0 = p0;
  let q1 = p1;
  for (let end = offsets + taps * 4; offsets < end; offsets += 4, weights += 16) {
    const tap = load<i32>(offsets);
    const a = v128.load(p + tap);
    const b = v128.load(q + tap);
    const w0 = v128.load_splat<f64>(weights);
    p0 = madd(w0, a, p0);
    q0 = madd(w0, b, q0);
    const w1 = v128.load_splat<f64>(weights, 8);
    p1 = madd(w1, a, p1);
    q1 = madd(w1, b, q1);
  }
  put(yp, yStep, wholeP, p0);
  put(yq, yStep, wholeQ, q0);
  if (channels > 1) {
    put(yp + yChannel, yStep, wholeP, p1);
    put(yq + yChannel, yStep, wholeQ, q1);
  }
}

/**
 * sums[channel][tap] += Σ over windows of g[channel][window] · pixel, the even and the odd windows of each row apart: two
 * sums for each.
 */
export function correlateWeights(
  channels: i32, taps: i32, offsets: i32, x: i32, xRow: i32, rows: i32, columns: i32, g: i32, sums: i32,
): void {
  const plane = rows * columns * 8;
  const line = taps * 16;
  for (let c = 0; c < channels; ) {
    const many = channels - c >= 4;
    const g1 = channels - c > 1 ? plane : 0;
    for (let t = 0; t < taps; t += 2) {
      const u = x + load<i32>(offsets + t * 4);
      const isPair = t + 1 < taps;
      const v = isPair ? x + load<i32>(offsets + t * 4 + 4) : u;
      if (many) fourByTwo(u, v - u, xRow, rows, columns, g, plane, sums + t * 16, line, isPair);
      else twoByTwo(u, v - u, xRow, rows, columns, g, g1, sums + t * 16, line, isPair);
    }
    const done = many ? 4 : 2;
    c += done;
    g += done * plane;
    sums += done * line;
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function addTo(sums: i32, a: v128, b: v128, isPair: bool): void {
  v128.store(sums, f64x2.add(v128.load(sums), a));
  if (isPair) v128.store(sums, f64x2.add(v128.load(sums, 16), b), 16);
}

/** Four channels of g with two taps, the second `apart` from the first. */
function fourByTwo(
  x: i32, apart: i32, xRow: i32, rows: i32, columns: i32, g: i32, plane: i32, sums: i32, line: i32, isPair: bool,
): void {
  let a0 = f64x2.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  for (let r = 0; r < rows; r++, x += xRow) {
    let at = x;
    for (let end = g + (columns >> 1) * 16; g < end; g += 16, at += 16) {
      const u = v128.load(at);
      const v = v128.load(at + apart);
      const g0 = v128.load(g);
      a0 = madd(g0, u, a0);
      b0 = madd(g0, v, b0);
      const g1 = v128.load(g + plane);
      a1 = madd(g1, u, a1);
      b1 = madd(g1, v, b1);
      const g2 = v128.load(g + 2 * plane);
      a2 = madd(g2, u, a2);
      b2 = madd(g2, v, b2);
      const g3 = v128.load(g + 3 * plane);
      a3 = madd(g3, u, a3);
      b3 = madd(g3, v, b3);
    }
    if (columns & 1) {
      const u = v128.load64_zero(at);
      const v = v128.load64_zero(at + apart);
      const g0 = v128.load64_zero(g);
      a0 = madd(g0, u, a0);
      b0 = madd(g0, v, b0);
      const g1 = v128.load64_zero(g + plane);
      a1 = madd(g1, u, a1);
      b1 = madd(g1, v, b1);
      const g2 = v128.load64_zero(g + 2 * plane);
      a2 = madd(g2, u, a2);
      b2 = madd(g2, v, b2);
      const g3 = v128.load64_zero(g + 3 * plane);
      a3 = madd(g3, u, a3);
      b3 = madd(g3, v, b3);
      g += 8;
    }
  }
  addTo(sums, a0, b0, isPair);
  addTo(sums + line, a1, b1, isPair);
  addTo(sums + 2 * line, a2, b2, isPair);
  addTo(sums + 3 * line, a3, b3, isPair);
}

/** Two channels of g, the second `plane` after the first or the same, with two taps. */
function twoByTwo(
  x: i32, apart: i32, xRow: i32, rows: i32, columns: i32, g: i32, plane: i32, sums: i32, line: i32, isPair: bool,
): void {
  let a0 = f64x2.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  for (let r = 0; r < rows; r++, x += xRow) {
    let at = x;
    for (let end = g + (columns >> 1) * 16; g < end; g += 16, at += 16) {
      const u = v128.load(at);
      const v = v128.load(at + apart);
      const g0 = v128.load(g);
      a0 = madd(g0, u, a0);
      b0 = madd(g0, v, b0);
      const g1 = v128.load(g + plane);
      a1 = madd(g1, u, a1);
      b1 = madd(g1, v, b1);
    }
    if (columns & 1) {
      const u = v128.load64_zero(at);
      const v = v128.load64_zero(at + apart);
      const g0 = v128.load64_zero(g);
      a0 = madd(g0, u, a0);
      b0 = madd(g0, v, b0);
      const g1 = v128.load64_zero(g + plane);
      a1 = madd(g1, u, a1);
      b1 = madd(g1, v, b1);
      g += 8;
    }
  }
  addTo(sums, a0, b0, isPair);
  if (plane != 0) addTo(sums + line, a1, b1, isPair);
}
