// The gradients of a convolution's weights, straight from images: see correlate.ts.
import { madd } from './madd';

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
      if (many) fourTaps(u, v - u, xRow, rows, columns, g, plane, sums + t * 16, line, isPair);
      else twoTaps(u, v - u, xRow, rows, columns, g, g1, sums + t * 16, line, isPair);
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
function fourTaps(
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
function twoTaps(
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
