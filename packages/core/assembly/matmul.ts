// y = a·b in f64x2, after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008):
// blocks of a and b are packed so that the inner loop reads memory in order, from the caches.
// Matrices are given by address and by the strides of rows and columns, in elements.

/** Rows and columns of the tile whose sums stay in registers: 8 sums of two doubles each. */
const TILE: i32 = 4;
/** Depth, rows and columns of the blocks: a's fits the second-level cache, a panel of b the first. */
const DEPTH: i32 = 256;
const ROWS: i32 = 128;
const COLUMNS: i32 = 2048;

// Not memory.data: a memory that is imported is not known to be 0, and the module would hold 4 MB of zeros.
const packedA = __heap_base as i32;
const packedB = packedA + ROWS * DEPTH * 8;
const edge = packedB + COLUMNS * DEPTH * 8;

/** Where the caller may put operands: everything from here on. */
export function freeFrom(): i32 {
  return edge + TILE * TILE * 8;
}

/** [n, k] · [k, m] → [n, m]; y is contiguous. Each element is summed over k in order, block by block. */
export function multiply(
  n: i32, m: i32, k: i32,
  a: i32, aRow: i32, aColumn: i32,
  b: i32, bRow: i32, bColumn: i32,
  y: i32,
): void {
  for (let j = 0; j < m; j += COLUMNS) {
    const columns = min(COLUMNS, m - j);
    for (let p = 0; p < k; p += DEPTH) {
      const depth = min(DEPTH, k - p);
      pack(packedB, b + (p * bRow + j * bColumn) * 8, columns, bColumn, depth, bRow);
      for (let i = 0; i < n; i += ROWS) {
        const rows = min(ROWS, n - i);
        pack(packedA, a + (i * aRow + p * aColumn) * 8, rows, aRow, depth, aColumn);
        multiplyBlock(rows, columns, depth, y + (i * m + j) * 8, m, p > 0);
      }
    }
  }
}

/** Lanes in groups of TILE, a group's lanes interleaved; missing lanes of the last group are 0. */
function pack(to: i32, from: i32, lanes: i32, laneStep: i32, length: i32, step: i32): void {
  const next = step * 8;
  for (let lane = 0; lane < lanes; lane += TILE) {
    const start = from + lane * laneStep * 8;
    if (lanes - lane >= TILE) {
      let at0 = start;
      let at1 = start + laneStep * 8;
      let at2 = at1 + laneStep * 8;
      let at3 = at2 + laneStep * 8;
      for (let p = 0; p < length; p++) {
        store<f64>(to, load<f64>(at0));
        store<f64>(to, load<f64>(at1), 8);
        store<f64>(to, load<f64>(at2), 16);
        store<f64>(to, load<f64>(at3), 24);
        at0 += next;
        at1 += next;
        at2 += next;
        at3 += next;
        to += TILE * 8;
      }
    } else {
      for (let p = 0; p < length; p++) {
        for (let l = 0; l < TILE; l++) {
          store<f64>(to, lane + l < lanes ? load<f64>(start + (l * laneStep + p * step) * 8) : 0);
          to += 8;
        }
      }
    }
  }
}

/** The product of the packed blocks, written to or (where there was an earlier block of k) added to y. */
function multiplyBlock(rows: i32, columns: i32, depth: i32, y: i32, yRow: i32, accumulate: bool): void {
  for (let j = 0; j < columns; j += TILE) {
    const panelB = packedB + j * depth * 8;
    for (let i = 0; i < rows; i += TILE) {
      const panelA = packedA + i * depth * 8;
      const to = y + (i * yRow + j) * 8;
      if (rows - i >= TILE && columns - j >= TILE) {
        multiplyTile(depth, panelA, panelB, to, yRow * 8, accumulate);
      } else {
        multiplyTile(depth, panelA, panelB, edge, TILE * 8, false);
        const height = min(TILE, rows - i);
        const width = min(TILE, columns - j);
        for (let r = 0; r < height; r++) {
          for (let c = 0; c < width; c++) {
            const at = to + (r * yRow + c) * 8;
            const value = load<f64>(edge + (r * TILE + c) * 8);
            store<f64>(at, accumulate ? load<f64>(at) + value : value);
          }
        }
      }
    }
  }
}

/** A tile: Σ over p of column p of a's panel times row p of b's. */
function multiplyTile(depth: i32, a: i32, b: i32, y: i32, yRow: i32, accumulate: bool): void {
  let s00 = f64x2.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  for (let end = a + depth * TILE * 8; a < end; a += TILE * 8, b += TILE * 8) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load_splat<f64>(a);
    s00 = f64x2.add(s00, f64x2.mul(a0, b0));
    s01 = f64x2.add(s01, f64x2.mul(a0, b1));
    const a1 = v128.load_splat<f64>(a, 8);
    s10 = f64x2.add(s10, f64x2.mul(a1, b0));
    s11 = f64x2.add(s11, f64x2.mul(a1, b1));
    const a2 = v128.load_splat<f64>(a, 16);
    s20 = f64x2.add(s20, f64x2.mul(a2, b0));
    s21 = f64x2.add(s21, f64x2.mul(a2, b1));
    const a3 = v128.load_splat<f64>(a, 24);
    s30 = f64x2.add(s30, f64x2.mul(a3, b0));
    s31 = f64x2.add(s31, f64x2.mul(a3, b1));
  }
  put(y, s00, s01, accumulate);
  put(y + yRow, s10, s11, accumulate);
  put(y + 2 * yRow, s20, s21, accumulate);
  put(y + 3 * yRow, s30, s31, accumulate);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function put(y: i32, left: v128, right: v128, accumulate: bool): void {
  v128.store(y, accumulate ? f64x2.add(v128.load(y), left) : left);
  v128.store(y, accumulate ? f64x2.add(v128.load(y, 16), right) : right, 16);
}
