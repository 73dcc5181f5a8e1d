import { type Attempt, contiguous, type Nd } from '../kernel.ts';
import { everyMatrix } from '../matmul.ts';
import { copy } from '../pointwise.ts';
import { addressOf, reserve } from './arena.ts';
import { load, spanOf, stage } from './instance.ts';
import { divide, RATE } from './threads.ts';

/** Every product of a batch; false where one does not fit, which then none of its size does. */
export const bmm: Attempt = ([y], [a, b]) => products(y!, a!, b!);

/** y = c + a·b, likewise. */
export const affine: Attempt = ([y], [c, a, b]) => products(y!, a!, b!, c!);

function products(y: Nd, a: Nd, b: Nd, ...c: Nd[]): boolean {
  if (y.size === 0 || a.size === 0) return false;
  return everyMatrix([y, a, b, ...c], ([yi, ai, bi, ci]) => product(yi!, ai!, bi!, ci));
}

/** y = a·b, or y = c + a·b, for matrices of any strides; false, having done nothing, where WebAssembly has no room. */
export function product(y: Nd, a: Nd, b: Nd, c: Nd | null = null): boolean {
  if (load() instanceof Error) return false;
  if (inPlace(y, a, b, c)) return true;
  return a.size + b.size + y.size <= FEW ? gathered(y, a, b, c) : copied(y, a, b, c);
}

/** A matrix in WebAssembly's memory: its address, and its steps from row to row and from column to column. */
type Place = readonly [address: number, row: number, column: number];

/** Pieces end where tiles do. */
const TILE = { rows: 6, columns: 4 };

/** Where there is nothing to add to. */
const nowhere: Place = [0, 0, 0];

function multiply([n, m, k]: readonly number[], a: Place, b: Place, y: Place, c: Place): void {
  const isByColumn = m! > n!;
  divide({
    name: 'multiply',
    nanos: (2 * n! * m! * k!) / RATE,
    parts: isByColumn ? m! : n!,
    grain: isByColumn ? TILE.columns : TILE.rows,
    calls: (first, count) => [
      isByColumn
        ? [
            'multiply',
            n!,
            count,
            k!,
            ...a,
            ...along(b, first * b[2]),
            ...along(y, first * y[2]),
            ...along(c, first * c[2]),
          ]
        : [
            'multiply',
            count,
            m!,
            k!,
            ...along(a, first * a[1]),
            ...b,
            ...along(y, first * y[1]),
            ...along(c, first * c[1]),
          ],
    ],
  });
}

const along = ([address, row, column]: Place, elements: number): Place => [address + 8 * elements, row, column];

/** Where all lie in WebAssembly's memory. */
function inPlace(y: Nd, a: Nd, b: Nd, c: Nd | null): boolean {
  const [atY, atA, atB] = [addressOf(y.data), addressOf(a.data), addressOf(b.data)];
  const atC = c === null ? 0 : addressOf(c.data);
  if (atY < 0 || atA < 0 || atB < 0 || atC < 0) return false;
  const start = c === null ? nowhere : placeOf(c, atC);
  multiply([...y.shape, a.shape[1]!], placeOf(a, atA), placeOf(b, atB), placeOf(y, atY), start);
  return true;
}

/** A matrix whose array begins at an address. */
const placeOf = ({ offset, stride }: Nd, start: number): Place => [start + 8 * offset, stride[0]!, stride[1]!];

/** Fewer numbers are copied sooner one by one. */
const FEW = 1024;
let few: Float64Array | null = null;

/** Where the operands have few numbers: they are copied in order. */
function gathered(y: Nd, a: Nd, b: Nd, c: Nd | null): boolean {
  few ??= reserve(FEW);
  if (few === null) return false;
  const [n, m] = y.shape as [number, number];
  const k = a.shape[1]!;
  gather(few, 0, a);
  gather(few, n * k, b);
  const at = few.byteOffset;
  const atY = n * k + k * m;
  if (c !== null) gather(few, atY, c);
  const inY: Place = [at + 8 * atY, m, 1];
  multiply([n, m, k], [at, k, 1], [at + 8 * n * k, m, 1], inY, c === null ? nowhere : inY);
  const { data, offset } = y;
  const [row, column] = y.stride as [number, number];
  for (let i = 0, from = atY; i < n; i++) {
    for (let j = 0, to = offset + i * row; j < m; j++, to += column) data[to] = few[from++]!;
  }
  return true;
}

function gather(to: Float64Array, start: number, { data, shape, stride, offset }: Nd): void {
  const [rows, columns] = shape as [number, number];
  const [row, column] = stride as [number, number];
  for (let i = 0; i < rows; i++) {
    for (let j = 0, from = offset + i * row; j < columns; j++, from += column) to[start++] = data[from]!;
  }
}

/** Where they have more: the stretches of memory that they span are copied as they are. */
function copied(y: Nd, a: Nd, b: Nd, c: Nd | null): boolean {
  const [n, m] = y.shape as [number, number];
  const isWhole = y.stride[1] === 1 && y.stride[0] === m;
  const to = isWhole ? y : contiguous(new Float64Array(n * m), [n, m]);
  const ins = c === null ? [a, b] : [a, b, c];
  const spans = ins.map(spanOf);
  const staged = stage(spans, [spanOf(to)]);
  if (staged === null) return false;
  const places = ins.map((x, i) => placeOf(x, staged.ins[i]! - 8 * spans[i]!.first));
  multiply([n, m, a.shape[1]!], places[0]!, places[1]!, [staged.outs[0]!, m, 1], places[2] ?? nowhere);
  staged.finish();
  if (!isWhole) copy.run([y], [to]);
  return true;
}
