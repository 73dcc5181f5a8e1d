// y = s + a·b in f64x2, after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008):
// blocks of a and b are packed so that the inner loop reads memory in order, from the caches. Small or narrow operands
// are read where they are. Each element is summed over k in order, one term after the other, whatever path it takes: so
// its bits depend neither on the layout nor on who computes it.
import { far, farHalf, HEIGHT, near, nearHalf, thin, THIN, WIDTH } from './tile';

/** Depth, rows and columns of the blocks: a's fits the second-level cache, a panel of b the first. */
const DEPTH: i32 = 256;
const ROWS: i32 = 96;
const COLUMNS: i32 = 2048;
/** What stays in the first-level cache, in doubles. */
const FEW: i32 = 4096;

// Not memory.data: a memory that is imported is not known to be 0, and the module would hold 4 MB of zeros.
const ROOM: i32 = ((ROWS + COLUMNS) * DEPTH + HEIGHT * WIDTH + 2 * WIDTH) * 8;
let packedA = __heap_base as i32;
let packedB = packedA + ROWS * DEPTH * 8;
let edge = packedB + COLUMNS * DEPTH * 8;
/** A row that stays 0, as the memory was at first. */
let zeros = edge + HEIGHT * WIDTH * 8;

/** Where the caller may put operands, with so many threads: everything from here on. */
export function freeFrom(threads: i32): i32 {
  return (__heap_base as i32) + threads * ROOM;
}

/** Threads that share a memory have a room of their own each, from 0 on. */
export function useRoom(thread: i32): void {
  packedA = (__heap_base as i32) + thread * ROOM;
  packedB = packedA + ROWS * DEPTH * 8;
  edge = packedB + COLUMNS * DEPTH * 8;
  zeros = edge + HEIGHT * WIDTH * 8;
}

/** Room for four numbers, of each thread's own. */
export function scratch(): i32 {
  return zeros + WIDTH * 8;
}

/**
 * y = s + a·b, or y = a·b where s is at 0: [n, k] · [k, m] → [n, m], with k of at least 1. Matrices are given by address
 * and by the steps from row to row and from column to column, in elements.
 */
export function multiply(
  n: i32, m: i32, k: i32,
  a: i32, aRow: i32, aColumn: i32,
  b: i32, bRow: i32, bColumn: i32,
  y: i32, yRow: i32, yColumn: i32,
  s: i32, sRow: i32, sColumn: i32,
): void {
  if (s == 0) {
    s = zeros;
    sRow = 0;
    sColumn = 0;
  }
  if (n <= WIDTH && n < m) {
    // yᵀ = sᵀ + bᵀ·aᵀ leaves less of the tiles empty.
    blocks(
      m, n, k, b, bColumn * 8, bRow * 8, a, aColumn * 8, aRow * 8, y, yColumn * 8, yRow * 8, s, sColumn * 8, sRow * 8,
    );
  } else {
    blocks(n, m, k, a, aRow * 8, aColumn * 8, b, bRow * 8, bColumn * 8, y, yRow * 8, yColumn * 8, s, sRow * 8, sColumn * 8);
  }
}

/** Whether a tile's row can be read where it is. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function isNear(s: i32, sColumn: i32): bool {
  return sColumn == 8 || s == zeros;
}

/** The same, with steps in bytes. */
function blocks(
  n: i32, m: i32, k: i32,
  a: i32, aRow: i32, aColumn: i32,
  b: i32, bRow: i32, bColumn: i32,
  y: i32, yRow: i32, yColumn: i32,
  s: i32, sRow: i32, sColumn: i32,
): void {
  const isThin = k <= THIN && isNear(s, sColumn);
  const readsA = isThin || m <= 4 * WIDTH || n * k <= FEW;
  const readsB = bColumn == 8 && bRow != 0 && (isThin || n <= 2 * HEIGHT || k * bRow <= FEW * 8);
  for (let j = 0; j < m; j += COLUMNS) {
    const columns = min(COLUMNS, m - j);
    const there = readsB ? columns & ~(WIDTH - 1) : 0; // from here on panels are packed, where they can be filled up
    for (let p = 0; p < k; p += DEPTH) {
      const depth = min(DEPTH, k - p);
      const fromB = b + p * bRow + j * bColumn;
      if (there < columns) pack(WIDTH, packedB, fromB + there * bColumn, columns - there, bColumn, depth, bRow);
      const height = readsA ? n : ROWS;
      for (let i = 0; i < n; i += height) {
        const rows = min(height, n - i);
        const fromA = a + i * aRow + p * aColumn;
        if (!readsA) pack(HEIGHT, packedA, fromA, rows, aRow, depth, aColumn);
        for (let c = 0; c < columns; c += WIDTH) {
          const isThere = c < there;
          const panel = isThere ? fromB + c * 8 : packedB + (c - there) * depth * 8;
          const step = isThere ? bRow : WIDTH * 8;
          const to = y + i * yRow + (j + c) * yColumn;
          const width = min(WIDTH, columns - c);
          const start = s + i * sRow + (j + c) * sColumn;
          if (isThin && (width == WIDTH || s == zeros)) {
            thin(depth, rows, fromA, aRow, aColumn, panel, step, to, yRow, yColumn, width, start, sRow);
          } else {
            const at = readsA ? fromA : 0;
            if (p == 0) column(rows, depth, at, aRow, aColumn, panel, step, to, yRow, yColumn, width, start, sRow, sColumn);
            else column(rows, depth, at, aRow, aColumn, panel, step, to, yRow, yColumn, width, to, yRow, yColumn);
          }
        }
      }
    }
  }
}

/** The tiles of a panel of b, from top to bottom; a is read where it is, or (0) where it was packed. */
function column(
  rows: i32, depth: i32, a: i32, aRow: i32, aColumn: i32,
  b: i32, bStep: i32, y: i32, yRow: i32, yColumn: i32, width: i32, s: i32, sRow: i32, sColumn: i32,
): void {
  const isHalf = width <= WIDTH / 2;
  for (let i = 0; i < rows; i += HEIGHT, y += HEIGHT * yRow, s += HEIGHT * sRow) {
    const height = min(HEIGHT, rows - i);
    const isWhole = height == HEIGHT && width == WIDTH && yColumn == 8;
    const to = isWhole ? y : edge;
    const toRow = isWhole ? yRow : WIDTH * 8;
    const isThere = s == zeros || (height == HEIGHT && width == WIDTH && sColumn == 8);
    const start = isThere ? s : edge;
    const startRow = isThere ? sRow : WIDTH * 8;
    if (!isThere) copy(edge, WIDTH * 8, 8, s, sRow, sColumn, height, width);
    if (a == 0 || (aRow == 8 && height == HEIGHT)) {
      const from = a == 0 ? packedA + i * depth * 8 : a + i * 8;
      const step = a == 0 ? HEIGHT * 8 : aColumn;
      if (isHalf) nearHalf(depth, from, step, b, bStep, to, toRow, start, startRow);
      else near(depth, from, step, b, bStep, to, toRow, start, startRow);
    } else {
      const from = a + i * aRow;
      if (isHalf) farHalf(depth, from, aRow, height, aColumn, b, bStep, to, toRow, start, startRow);
      else far(depth, from, aRow, height, aColumn, b, bStep, to, toRow, start, startRow);
    }
    if (!isWhole) copy(y, yRow, yColumn, edge, WIDTH * 8, 8, height, width);
  }
}

function copy(
  to: i32, toRow: i32, toColumn: i32, from: i32, fromRow: i32, fromColumn: i32, height: i32, width: i32,
): void {
  for (let r = 0; r < height; r++, to += toRow, from += fromRow) {
    for (let c = 0; c < width; c++) store<f64>(to + c * toColumn, load<f64>(from + c * fromColumn));
  }
}

/**
 * Lanes in groups, a group's lanes interleaved: first their first elements, then their second, and so on. Missing lanes
 * of the last group are 0.
 */
function pack(group: i32, to: i32, from: i32, lanes: i32, laneStep: i32, length: i32, step: i32): void {
  for (; lanes > 0; lanes -= group, from += group * laneStep, to += group * length * 8) {
    if (lanes < group) packFew(group, to, from, lanes, laneStep, length, step);
    else if (laneStep == 8) packRows(group, to, from, length, step);
    else if (step == 8) packLanes(group, to, from, laneStep, length);
    else packFew(group, to, from, group, laneStep, length, step);
  }
}

/** Where the elements of a group lie side by side. */
function packRows(group: i32, to: i32, from: i32, length: i32, step: i32): void {
  const isWide = group > 4;
  for (let p = 0; p < length; p++, from += step, to += group * 8) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    if (isWide) v128.store(to, v128.load(from, 32), 32);
  }
}

/** Where the elements of a lane lie side by side: two elements of two lanes at a time. */
function packLanes(group: i32, to: i32, from: i32, laneStep: i32, length: i32): void {
  const next = group * 8;
  let p = 0;
  for (; p < length - 1; p += 2, from += 16, to += 2 * next) {
    let at = from;
    for (let l = 0; l < next; l += 16) {
      const one = v128.load(at);
      const other = v128.load(at + laneStep);
      v128.store(to + l, v128.shuffle<f64>(one, other, 0, 2));
      v128.store(to + l + next, v128.shuffle<f64>(one, other, 1, 3));
      at += 2 * laneStep;
    }
  }
  if (p < length) packFew(group, to, from, group, laneStep, 1, 8);
}

function packFew(group: i32, to: i32, from: i32, lanes: i32, laneStep: i32, length: i32, step: i32): void {
  for (let p = 0; p < length; p++, from += step) {
    for (let l = 0; l < group; l++) {
      store<f64>(to, l < lanes ? load<f64>(from + l * laneStep) : 0);
      to += 8;
    }
  }
}
