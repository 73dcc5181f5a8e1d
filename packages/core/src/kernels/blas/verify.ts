import { formatShape } from '../../shape.ts';
import { allocate, type Nd, viewAs } from '../kernel.ts';
import { bmm } from '../matmul.ts';
import { type Dgemm, product } from './dgemm.ts';

type Sizes = readonly [n: number, k: number, m: number];

/** Vectors and odd sizes. */
const small: readonly Sizes[] = [
  [1, 1, 1],
  [1, 7, 5],
  [5, 7, 1],
  [3, 1, 2],
  [13, 17, 11],
];

/** Beyond the kernels for small matrices, and enough for several threads. */
const large: Sizes = [101, 103, 107];

/** What a library's product gets wrong, against the reference; `null` where it is right to the last bit. */
export function faultOf(dgemm: Dgemm): string | null {
  for (const sizes of small) {
    const [as, bs] = operands(sizes);
    makeSpecial(as, bs);
    const expected = allocate([sizes[0], sizes[2]]);
    bmm.run([expected], [as[0], bs[0]]);
    const fault = faultIn(dgemm, as, bs, (y) => difference(y, expected));
    if (fault !== null) return fault;
  }
  // The reference would take long. But (a·b)·v = a·(b·v) holds for a wrong a·b next to never.
  const [as, bs] = operands(large);
  const v = viewAs(
    Float64Array.from({ length: large[2] }, (_, j) => 1 + j),
    [large[2], 1],
    [1, 1],
    0,
  );
  const expected = applied(as[0], applied(bs[0], v));
  return faultIn(dgemm, as, bs, (y) => difference(applied(y, v), expected));
}

/** What is wrong with the product of two matrices, in any of their layouts; `null` where nothing is. */
function faultIn(dgemm: Dgemm, as: Layouts, bs: Layouts, difference: (y: Nd) => string | null): string | null {
  for (const a of as) {
    for (const b of bs) {
      const y = unset(a.shape[0]!, b.shape[1]!);
      product(dgemm, y, a, b);
      const fault = difference(y) ?? (gapsAreUnset(y) ? null : 'it writes between the rows');
      if (fault !== null)
        return `cblas_dgemm computes ${formatShape(a.shape)} · ${formatShape(b.shape)} wrong: ${fault}`;
    }
  }
  return null;
}

/** x·v, for a matrix row by row and a column [n, 1]. */
function applied(x: Nd, v: Nd): Nd {
  const [rows, columns] = x.shape as [number, number];
  const y = allocate([rows, 1]);
  for (let i = 0; i < rows; i++) {
    const start = i * x.stride[0]!;
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += x.data[start + j]! * v.data[j]!;
    y.data[i] = sum;
  }
  return y;
}

/** The first element of y that differs; `null` where none does. */
function difference(y: Nd, expected: Nd): string | null {
  const [rows, columns] = y.shape as [number, number];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const [value, right] = [y.get(i, j), expected.get(i, j)];
      if (value !== right && !(Number.isNaN(value) && Number.isNaN(right))) return `${value} where ${right} is right`;
    }
  }
  return null;
}

/** A matrix row by row, and the same column by column. */
type Layouts = readonly [Nd, Nd];

const operands = ([n, k, m]: Sizes): [Layouts, Layouts] => [inBothLayouts(n, k), inBothLayouts(k, m)];

/**
 * Whole numbers up to ±2¹² from a linear congruential generator: sums of their products are exact in doubles, in
 * whatever order, and would not be in floats.
 */
function inBothLayouts(rows: number, columns: number): Layouts {
  const [byRows, byColumns] = [unset(rows, columns), unset(columns, rows)];
  let state = rows * 1009 + columns;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const value = (state >>> 19) - 2 ** 12;
      byRows.data[i * byRows.stride[0]! + j] = value;
      byColumns.data[j * byColumns.stride[0]! + i] = value;
    }
  }
  return [byRows, byColumns.transpose(1, 0)];
}

/** Puts NaN in b and ∞ in a, where not all of the result would be NaN, and zeros for them to meet: 0 · ∞ is NaN. */
function makeSpecial(as: Layouts, bs: Layouts): void {
  const [n, k] = as[0].shape as [number, number];
  const m = bs[0].shape[1]!;
  if (m > 1) {
    for (let i = 0; i < n; i += 2) set(as, i, 0, 0);
    set(bs, 0, 0, Number.NaN);
  }
  if (n > 1) {
    for (let j = 0; j < m; j += 2) set(bs, k - 1, j, 0);
    set(as, n - 1, k - 1, Number.POSITIVE_INFINITY);
  }
}

function set(both: Layouts, i: number, j: number, value: number): void {
  for (const x of both) x.set(i, j, value);
}

const GAP = 2;

/** A matrix with a gap in memory after each row. All is NaN, which may neither be read nor, in the gaps, overwritten. */
function unset(rows: number, columns: number): Nd {
  const step = columns + GAP;
  return viewAs(new Float64Array(rows * step).fill(Number.NaN), [rows, columns], [step, 1], 0);
}

function gapsAreUnset(y: Nd): boolean {
  const [rows, columns] = y.shape as [number, number];
  for (let i = 0; i < rows; i++) {
    const end = i * y.stride[0]! + columns;
    if (!y.data.subarray(end, end + GAP).every(Number.isNaN)) return false;
  }
  return true;
}
