// Pools: see src/kernels/pool.ts. Windows along a dim are lists of where they start and end (i32), and a step.
import { put } from './pairs';

// @ts-ignore: a decorator of AssemblyScript
@inline
function int(list: i32, i: i32): i32 {
  return load<i32>(list + i * 4);
}

/** Which of two windows have in `value` a new largest element, a NaN being larger than all. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function isLarger(value: v128, best: v128): v128 {
  return v128.or(f64x2.gt(value, best), f64x2.ne(value, value));
}

/**
 * The largest element of each window, and where it stands in its plane: of equal ones the first, but the last NaN. Two
 * windows of a row at a time, if they are of one size.
 */
export function windowMax(
  planes: i32, height: i32, width: i32, x: i32,
  rows: i32, tops: i32, bottoms: i32, rowStep: i32,
  columns: i32, lefts: i32, rights: i32, step: i32, y: i32, positions: i32,
): void {
  for (let p = 0; p < planes; p++, x += height * width * 8) {
    for (let i = 0; i < rows; i++) {
      const top = int(tops, i);
      const bottom = int(bottoms, i);
      for (let j = 0; j < columns; ) {
        const left = int(lefts, j);
        const right = int(rights, j);
        const both = j + 1 < columns && int(rights, j + 1) - int(lefts, j + 1) == right - left;
        const apart = both ? int(lefts, j + 1) - left : 0;
        const first = top * width + left;
        let best = f64x2.splat(-Infinity);
        let at = f64x2.splat(0);
        for (let r = top; r < bottom; r += rowStep) {
          const line = x + r * width * 8;
          for (let c = left; c < right; c += step) {
            const from = line + c * 8;
            const value = v128.load64_lane(from + apart * 8, v128.load64_zero(from), 1);
            const larger = isLarger(value, best);
            best = v128.bitselect(value, best, larger);
            at = v128.bitselect(f64x2.splat((r - top) * width + c - left), at, larger);
          }
        }
        const second = both ? 8 : 0;
        put(y, best, second);
        put(positions, f64x2.add(at, f64x2.replace_lane(f64x2.splat(first), 1, first + apart)), second);
        const done = both ? 2 : 1;
        j += done;
        y += done * 8;
        positions += done * 8;
      }
    }
  }
}

/** The same for windows of 2 × 2 pixels side by side, without loops over their pixels: in half the time. */
export function windowMaxOfFour(
  planes: i32, height: i32, width: i32, x: i32, rows: i32, columns: i32, y: i32, positions: i32,
): void {
  for (let p = 0; p < planes; p++, x += height * width * 8) {
    for (let i = 0; i < rows; i++) {
      const first = 2 * i * width;
      let from = x + first * 8;
      let start = f64x2.replace_lane(f64x2.splat(first), 1, first + 2);
      for (let end = y + (columns >> 1) * 16; y < end; y += 16, positions += 16, from += 32) {
        ofFour(from, from + 16, width, start, y, positions, 8);
        start = f64x2.add(start, f64x2.splat(4));
      }
      if (columns & 1) {
        ofFour(from, from, width, start, y, positions, 0);
        y += 8;
        positions += 8;
      }
    }
  }
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function ofFour(p: i32, q: i32, width: i32, start: v128, y: i32, positions: i32, apart: i32): void {
  const row = width * 8;
  putLargest(
    false, v128.load(p), v128.load(q), v128.load(p + row), v128.load(q + row), width, start, y, positions, apart,
  );
}

/**
 * The largest of two numbers and the two below them, for windows p and q, and where it stands in a plane whose rows are
 * `width` wide, if the first one stands at `start`; or of max(0, them), which stands at −1 if it is 0. What is of q comes
 * `apart` bytes behind, or not, if that is 0.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function putLargest(
  isRelu: bool, p: v128, q: v128, belowP: v128, belowQ: v128, width: i32, start: v128, y: i32, positions: i32, apart: i32,
): void {
  const first = v128.shuffle<f64>(p, q, 0, 2);
  const second = v128.shuffle<f64>(p, q, 1, 3);
  const third = v128.shuffle<f64>(belowP, belowQ, 0, 2);
  const fourth = v128.shuffle<f64>(belowP, belowQ, 1, 3);
  let larger = isLarger(second, first);
  let best = v128.bitselect(second, first, larger);
  const one = f64x2.splat(1);
  let at = v128.and(one, larger);
  larger = isLarger(third, best);
  best = v128.bitselect(third, best, larger);
  at = v128.bitselect(f64x2.splat(width), at, larger);
  larger = isLarger(fourth, best);
  best = v128.bitselect(fourth, best, larger);
  at = v128.bitselect(f64x2.splat(width + 1), at, larger);
  at = f64x2.add(at, start);
  if (isRelu) {
    const none = f64x2.le(best, f64x2.splat(0));
    best = v128.andnot(best, none);
    at = f64x2.sub(v128.andnot(at, none), v128.and(one, none)); // −1 where there is none
  }
  put(y, best, apart);
  put(positions, at, apart);
}

/** Maxima that are not above 0 stand nowhere, at −1. */
export function forgetZeros(n: i32, y: i32, positions: i32): void {
  for (const end = y + n * 8; y < end; y += 8, positions += 8) {
    if (load<f64>(y) <= 0) store<f64>(positions, -1);
  }
}

/** y[plane][i] = x[plane][positions[plane][i]], or 0 where that is −1 */
export function windowPick(planes: i32, size: i32, windows: i32, x: i32, positions: i32, y: i32): void {
  for (let p = 0; p < planes; p++, x += size * 8) {
    for (const end = y + windows * 8; y < end; y += 8, positions += 8) {
      const at = i32(load<f64>(positions));
      store<f64>(y, select<f64>(load<f64>(x + max(at, 0) * 8), 0, at >= 0));
    }
  }
}

/** y[plane][positions[plane][i]] += x[plane][i], from 0 on, but where that is −1 */
export function windowDrop(planes: i32, size: i32, windows: i32, x: i32, positions: i32, y: i32): void {
  for (let p = 0; p < planes; p++, y += size * 8) {
    memory.fill(y, 0, size * 8);
    for (const end = x + windows * 8; x < end; x += 8, positions += 8) {
      const at = i32(load<f64>(positions));
      const to = y + max(at, 0) * 8;
      store<f64>(to, load<f64>(to) + select<f64>(load<f64>(x), 0, at >= 0));
    }
  }
}

/**
 * y[outer][i][inner] = Σ over j in window i of x[outer][j][inner], or, spreading, from 0 on
 * y[outer][j][inner] += x[outer][i][inner] for j in window i.
 */
export function windowSum(
  outer: i32, size: i32, inner: i32, windows: i32, starts: i32, ends: i32, step: i32, x: i32, y: i32,
): void {
  for (let o = 0; o < outer; o++, x += size * inner * 8) {
    for (let i = 0; i < windows; i++, y += inner * 8) {
      const start = int(starts, i);
      const end = int(ends, i);
      let t = 0;
      for (; t < inner - 1; t += 2) {
        let sum = f64x2.splat(0);
        for (let j = start; j < end; j += step) sum = f64x2.add(sum, v128.load(x + (j * inner + t) * 8));
        v128.store(y + t * 8, sum);
      }
      if (t < inner) {
        let sum: f64 = 0;
        for (let j = start; j < end; j += step) sum += load<f64>(x + (j * inner + t) * 8);
        store<f64>(y + t * 8, sum);
      }
    }
  }
}

export function windowSpread(
  outer: i32, size: i32, inner: i32, windows: i32, starts: i32, ends: i32, step: i32, x: i32, y: i32,
): void {
  for (let o = 0; o < outer; o++, y += size * inner * 8) {
    memory.fill(y, 0, size * inner * 8);
    for (let i = 0; i < windows; i++, x += inner * 8) {
      const end = int(ends, i);
      for (let j = int(starts, i); j < end; j += step) {
        const to = y + j * inner * 8;
        let t = 0;
        for (; t < inner - 1; t += 2) v128.store(to + t * 8, f64x2.add(v128.load(to + t * 8), v128.load(x + t * 8)));
        if (t < inner) store<f64>(to + t * 8, load<f64>(to + t * 8) + load<f64>(x + t * 8));
      }
    }
  }
}
