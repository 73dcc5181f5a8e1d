// The inner loops of the product: sums that stay in registers. Steps are in bytes.
//
// Whether V8 (up to Node 22) keeps all sums in registers hangs on the order of the locals, at twice the time if not: they
// are loaded, summed and stored in one order, and these functions do little else. That is why the module exports them: a
// function with one caller would be drawn into it.
import { madd } from './madd';

/** Rows and columns of a tile: 12 sums of two doubles each, of V8's 15 registers. */
export const HEIGHT: i32 = 6;
export const WIDTH: i32 = 4;

/**
 * A tile y = s + Σ over p of column p of a times row p of b, with s the tile at `start`. a's rows are 8 bytes apart
 * (`isNear`), or `aRow`; those from `height` on repeat the last one. With `isHalf` the tile has two columns.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
function tile(
  isNear: bool, isHalf: bool, depth: i32, a: i32, aRow: i32, height: i32, aStep: i32,
  b: i32, bStep: i32, y: i32, yRow: i32, start: i32, startRow: i32,
): void {
  const y1 = y + yRow;
  const y2 = y1 + yRow;
  const y3 = y2 + yRow;
  const y4 = y3 + yRow;
  const y5 = y4 + yRow;
  let s00 = v128.load(start);
  let s01 = isHalf ? s00 : v128.load(start, 16);
  start += startRow;
  let s10 = v128.load(start);
  let s11 = isHalf ? s10 : v128.load(start, 16);
  start += startRow;
  let s20 = v128.load(start);
  let s21 = isHalf ? s20 : v128.load(start, 16);
  start += startRow;
  let s30 = v128.load(start);
  let s31 = isHalf ? s30 : v128.load(start, 16);
  start += startRow;
  let s40 = v128.load(start);
  let s41 = isHalf ? s40 : v128.load(start, 16);
  start += startRow;
  let s50 = v128.load(start);
  let s51 = isHalf ? s50 : v128.load(start, 16);
  let a1 = 0;
  let a2 = 0;
  let a3 = 0;
  let a4 = 0;
  let a5 = 0;
  if (!isNear) {
    a1 = a + (height > 1 ? aRow : 0);
    a2 = a1 + (height > 2 ? aRow : 0);
    a3 = a2 + (height > 3 ? aRow : 0);
    a4 = a3 + (height > 4 ? aRow : 0);
    a5 = a4 + (height > 5 ? aRow : 0);
  }
  for (let end = b + depth * bStep; b != end; b += bStep) {
    const left = v128.load(b);
    const right = isHalf ? left : v128.load(b, 16);
    const x0 = v128.load_splat<f64>(a);
    s00 = madd(x0, left, s00);
    if (!isHalf) s01 = madd(x0, right, s01);
    const x1 = isNear ? v128.load_splat<f64>(a, 8) : v128.load_splat<f64>(a1);
    s10 = madd(x1, left, s10);
    if (!isHalf) s11 = madd(x1, right, s11);
    const x2 = isNear ? v128.load_splat<f64>(a, 16) : v128.load_splat<f64>(a2);
    s20 = madd(x2, left, s20);
    if (!isHalf) s21 = madd(x2, right, s21);
    const x3 = isNear ? v128.load_splat<f64>(a, 24) : v128.load_splat<f64>(a3);
    s30 = madd(x3, left, s30);
    if (!isHalf) s31 = madd(x3, right, s31);
    const x4 = isNear ? v128.load_splat<f64>(a, 32) : v128.load_splat<f64>(a4);
    s40 = madd(x4, left, s40);
    if (!isHalf) s41 = madd(x4, right, s41);
    const x5 = isNear ? v128.load_splat<f64>(a, 40) : v128.load_splat<f64>(a5);
    s50 = madd(x5, left, s50);
    if (!isHalf) s51 = madd(x5, right, s51);
    a += aStep;
    if (!isNear) {
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      a4 += aStep;
      a5 += aStep;
    }
  }
  v128.store(y, s00);
  if (!isHalf) v128.store(y, s01, 16);
  v128.store(y1, s10);
  if (!isHalf) v128.store(y1, s11, 16);
  v128.store(y2, s20);
  if (!isHalf) v128.store(y2, s21, 16);
  v128.store(y3, s30);
  if (!isHalf) v128.store(y3, s31, 16);
  v128.store(y4, s40);
  if (!isHalf) v128.store(y4, s41, 16);
  v128.store(y5, s50);
  if (!isHalf) v128.store(y5, s51, 16);
}

export function near(depth: i32, a: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, start: i32, startRow: i32): void {
  tile(true, false, depth, a, 8, HEIGHT, aStep, b, bStep, y, yRow, start, startRow);
}

export function nearHalf(depth: i32, a: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, start: i32, startRow: i32): void {
  tile(true, true, depth, a, 8, HEIGHT, aStep, b, bStep, y, yRow, start, startRow);
}

export function far(
  depth: i32, a: i32, aRow: i32, height: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32,
  start: i32, startRow: i32,
): void {
  tile(false, false, depth, a, aRow, height, aStep, b, bStep, y, yRow, start, startRow);
}

export function farHalf(
  depth: i32, a: i32, aRow: i32, height: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32,
  start: i32, startRow: i32,
): void {
  tile(false, true, depth, a, aRow, height, aStep, b, bStep, y, yRow, start, startRow);
}

/** How deep a product is whose panels of b stay in registers while all rows of a pass by. */
export const THIN: i32 = 4;

/** The same panel of b with one row of a after the other, each added to a row at `start`. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function strip(
  depth: i32, n: i32, a: i32, aRow: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, yColumn: i32, width: i32,
  start: i32, startRow: i32,
): void {
  const b1 = b + bStep;
  const b2 = b1 + bStep;
  const b3 = b2 + bStep;
  const left0 = v128.load(b);
  const right0 = v128.load(b, 16);
  const left1 = depth > 1 ? v128.load(b1) : left0;
  const right1 = depth > 1 ? v128.load(b1, 16) : left0;
  const left2 = depth > 2 ? v128.load(b2) : left0;
  const right2 = depth > 2 ? v128.load(b2, 16) : left0;
  const left3 = depth > 3 ? v128.load(b3) : left0;
  const right3 = depth > 3 ? v128.load(b3, 16) : left0;
  const isWhole = width == WIDTH && yColumn == 8;
  for (let i = 0; i < n; i++, a += aRow, y += yRow, start += startRow) {
    const x0 = v128.load_splat<f64>(a);
    let left = madd(x0, left0, v128.load(start));
    let right = madd(x0, right0, v128.load(start, 16));
    if (depth > 1) {
      const x1 = v128.load_splat<f64>(a + aStep);
      left = madd(x1, left1, left);
      right = madd(x1, right1, right);
    }
    if (depth > 2) {
      const x2 = v128.load_splat<f64>(a + 2 * aStep);
      left = madd(x2, left2, left);
      right = madd(x2, right2, right);
    }
    if (depth > 3) {
      const x3 = v128.load_splat<f64>(a + 3 * aStep);
      left = madd(x3, left3, left);
      right = madd(x3, right3, right);
    }
    if (isWhole) {
      v128.store(y, left);
      v128.store(y, right, 16);
    } else {
      v128.store64_lane(y, left, 0);
      if (width > 1) v128.store64_lane(y + yColumn, left, 1);
      if (width > 2) v128.store64_lane(y + 2 * yColumn, right, 0);
      if (width > 3) v128.store64_lane(y + 3 * yColumn, right, 1);
    }
  }
}

export function thin1(
  n: i32, a: i32, aRow: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, yColumn: i32, width: i32,
  start: i32, startRow: i32,
): void {
  strip(1, n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
}

export function thin2(
  n: i32, a: i32, aRow: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, yColumn: i32, width: i32,
  start: i32, startRow: i32,
): void {
  strip(2, n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
}

export function thin3(
  n: i32, a: i32, aRow: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, yColumn: i32, width: i32,
  start: i32, startRow: i32,
): void {
  strip(3, n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
}

export function thin4(
  n: i32, a: i32, aRow: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, yColumn: i32, width: i32,
  start: i32, startRow: i32,
): void {
  strip(4, n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
}

/** y = s + a·b for a panel of b of at most THIN rows and `width` columns, with s the rows at `start`. */
export function thin(
  depth: i32, n: i32, a: i32, aRow: i32, aStep: i32, b: i32, bStep: i32, y: i32, yRow: i32, yColumn: i32, width: i32,
  start: i32, startRow: i32,
): void {
  if (depth == 1) thin1(n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
  else if (depth == 2) thin2(n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
  else if (depth == 3) thin3(n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
  else thin4(n, a, aRow, aStep, b, bStep, y, yRow, yColumn, width, start, startRow);
}
