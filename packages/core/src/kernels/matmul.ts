import { type Kernel, type Nd, viewAs } from './kernel.ts';
import { add } from './pointwise.ts';

/** y = a·b for every matrix of the batch: [batch…, n, k] · [batch…, k, m] → [batch…, n, m]. */
export const bmm: Kernel = {
  name: 'bmm',
  run: ([y], [a, b]) => eachMatrix([y!, a!, b!], ([yi, ai, bi]) => product(yi!, ai!, bi!)),
};

/** y = c + a·b likewise, with c [batch…, n, m]. */
export const affine: Kernel = {
  name: 'affine',
  run: ([y], [c, a, b]) => {
    bmm.run([y!], [a!, b!]);
    add.run([y!], [y!, c!]);
  },
};

/** The matrices in the last two dims, for every position in the dims before. */
export function eachMatrix(arrays: readonly Nd[], visit: (matrices: readonly Nd[]) => void): void {
  if (arrays[0]!.dimension === 2) {
    visit(arrays);
    return;
  }
  for (let i = 0; i < arrays[0]!.shape[0]!; i++) {
    eachMatrix(
      arrays.map((x) => viewAs(x.data, x.shape.slice(1), x.stride.slice(1), x.offset + i * x.stride[0]!)),
      visit,
    );
  }
}

/** The same, until `takes` says false of one; whether it took all. */
export function everyMatrix(arrays: readonly Nd[], takes: (matrices: readonly Nd[]) => boolean): boolean {
  let all = true;
  eachMatrix(arrays, (matrices) => {
    all &&= takes(matrices);
  });
  return all;
}

/** Products are computed in tiles of this many rows and columns, whose sums fit in registers. */
const TILE = 4;

/** One product, tile by tile; each element is summed in the order of k. */
function product(y: Nd, a: Nd, b: Nd): void {
  const [n, m] = y.shape as [number, number];
  const k = a.shape[1]!;
  const rowsOfA = panels(a.data, a.offset, n, a.stride[0]!, k, a.stride[1]!);
  const columnsOfB = panels(b.data, b.offset, m, b.stride[1]!, k, b.stride[0]!);
  const tile = new Float64Array(TILE * TILE);
  for (let j = 0; j < m; j += TILE) {
    for (let i = 0; i < n; i += TILE) {
      multiplyTile(tile, rowsOfA, i * k, columnsOfB, j * k, k);
      for (let r = 0; r < TILE && i + r < n; r++) {
        const start = y.offset + (i + r) * y.stride[0]! + j * y.stride[1]!;
        for (let c = 0; c < TILE && j + c < m; c++) y.data[start + c * y.stride[1]!] = tile[r * TILE + c]!;
      }
    }
  }
}

/**
 * The lanes of a matrix in groups of TILE, a group's lanes interleaved: first their first elements, then their second,
 * and so on, so that a tile reads memory in order. Missing lanes of the last group are 0.
 */
function panels(data: Float64Array, offset: number, lanes: number, laneStep: number, length: number, step: number) {
  const packed = new Float64Array(Math.ceil(lanes / TILE) * TILE * length);
  for (let lane = 0; lane < lanes; lane++) {
    const start = offset + lane * laneStep;
    let to = (lane - (lane % TILE)) * length + (lane % TILE);
    for (let p = 0; p < length; p++, to += TILE) packed[to] = data[start + p * step]!;
  }
  return packed;
}

/** tile[r][c] = Σ over p of a[p][r] · b[p][c] */
function multiplyTile(tile: Float64Array, a: Float64Array, aStart: number, b: Float64Array, bStart: number, k: number) {
  let [s00, s01, s02, s03] = [0, 0, 0, 0];
  let [s10, s11, s12, s13] = [0, 0, 0, 0];
  let [s20, s21, s22, s23] = [0, 0, 0, 0];
  let [s30, s31, s32, s33] = [0, 0, 0, 0];
  for (let p = 0, i = aStart, j = bStart; p < k; p++, i += TILE, j += TILE) {
    const b0 = b[j]!;
    const b1 = b[j + 1]!;
    const b2 = b[j + 2]!;
    const b3 = b[j + 3]!;
    const a0 = a[i]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s02 += a0 * b2;
    s03 += a0 * b3;
    const a1 = a[i + 1]!;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s12 += a1 * b2;
    s13 += a1 * b3;
    const a2 = a[i + 2]!;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s22 += a2 * b2;
    s23 += a2 * b3;
    const a3 = a[i + 3]!;
    s30 += a3 * b0;
    s31 += a3 * b1;
    s32 += a3 * b2;
    s33 += a3 * b3;
  }
  tile.set([s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33]);
}
