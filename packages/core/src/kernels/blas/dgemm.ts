import ops from 'ndarray-ops';
import { allocate, type Nd } from '../kernel.ts';

/** CBLAS's product, y ← alpha · a·b + beta · y. `order` and `trans…` are its codes; a step leads from row to row. */
export type Dgemm = (
  order: number,
  transA: number,
  transB: number,
  n: number,
  m: number,
  k: number,
  alpha: number,
  a: Float64Array,
  stepA: number,
  b: Float64Array,
  stepB: number,
  beta: number,
  y: Float64Array,
  stepY: number,
) => void;

const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;
/** The library counts in 32 bits. */
export const MOST = 2 ** 31 - 1;

/**
 * y = a·b (or, with a `beta` of 1, y += a·b) for matrices of any strides, which the library reads and writes where they
 * are; only what it can't read (repeated, backwards, or with gaps in both directions) is copied first. Returns false,
 * having done nothing, where y's rows are not contiguous.
 */
export function product(dgemm: Dgemm, y: Nd, a: Nd, b: Nd, beta = 0): boolean {
  const to = inPlace(y);
  if (to?.trans !== PLAIN || Math.max(y.data.length, a.data.length, b.data.length) > MOST) return false;
  const [n, m] = y.shape as [number, number];
  const k = a.shape[1]!;
  const left = inPlace(a) ?? copied(a);
  const right = inPlace(b) ?? copied(b);
  dgemm(
    ROW_MAJOR,
    left.trans,
    right.trans,
    n,
    m,
    k,
    1,
    left.data,
    left.step,
    right.data,
    right.step,
    beta,
    to.data,
    to.step,
  );
  return true;
}

/** A matrix as the library takes it: the memory from its first element on, and how it lies there. */
interface Matrix {
  readonly data: Float64Array;
  readonly trans: number;
  readonly step: number;
}

/** A matrix that lies row by row, or column by column, which is its transpose row by row; `null` for any other. */
function inPlace(x: Nd): Matrix | null {
  const [rows, columns] = x.shape as [number, number];
  const [row, column] = x.stride as [number, number];
  const data = x.offset === 0 ? x.data : x.data.subarray(x.offset);
  if ((columns === 1 || column === 1) && (rows === 1 || row >= columns)) {
    return { data, trans: PLAIN, step: rows === 1 ? columns : row };
  }
  if ((rows === 1 || row === 1) && (columns === 1 || column >= rows)) {
    return { data, trans: TRANSPOSED, step: columns === 1 ? rows : column };
  }
  return null;
}

function copied(x: Nd): Matrix {
  const copy = allocate(x.shape);
  ops.assign(copy, x);
  return { data: copy.data, trans: PLAIN, step: x.shape[1]! };
}
