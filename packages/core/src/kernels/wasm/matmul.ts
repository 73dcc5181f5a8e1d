import { type Attempt, contiguous, type Nd } from '../kernel.ts';
import { eachMatrix } from '../matmul.ts';
import { copy } from '../pointwise.ts';
import { addressOf, reserve } from './arena.ts';
import { load, spanOf, stage } from './instance.ts';
import { isLarge, shared } from './threads.ts';

/** Every product of a batch; false where one does not fit, which then none of its size does. */
export const bmm: Attempt = ([y], [a, b]) => {
  if (y!.size === 0 || a!.size === 0) return false;
  let fits = true;
  eachMatrix([y!, a!, b!], ([yi, ai, bi]) => {
    fits &&= product(yi!, ai!, bi!);
  });
  return fits;
};

/** y = a·b for matrices of any strides; false, having done nothing, where WebAssembly has no room for them. */
export function product(y: Nd, a: Nd, b: Nd): boolean {
  if (isLarge(y.shape[0]!, y.shape[1]!, a.shape[1]!)) return shared(y, a, b, () => alone(y, a, b));
  return alone(y, a, b);
}

function alone(y: Nd, a: Nd, b: Nd): boolean {
  if (inPlace(y, a, b)) return true;
  return a.size + b.size + y.size <= FEW ? gathered(y, a, b) : copied(y, a, b);
}

/** Where all lie in WebAssembly's memory. */
function inPlace(y: Nd, a: Nd, b: Nd): boolean {
  const wasm = load();
  const [atY, atA, atB] = [addressOf(y.data), addressOf(a.data), addressOf(b.data)];
  if (wasm instanceof Error || atY < 0 || atA < 0 || atB < 0) return false;
  const [n, m] = y.shape as [number, number];
  wasm.multiply(
    n,
    m,
    a.shape[1]!,
    atA + 8 * a.offset,
    a.stride[0]!,
    a.stride[1]!,
    atB + 8 * b.offset,
    b.stride[0]!,
    b.stride[1]!,
    atY + 8 * y.offset,
    y.stride[0]!,
    y.stride[1]!,
    false,
  );
  return true;
}

/** Fewer numbers are copied sooner one by one. */
const FEW = 1024;
let few: Float64Array | null = null;

/** Where the operands have few numbers: they are copied in order. */
function gathered(y: Nd, a: Nd, b: Nd): boolean {
  const wasm = load();
  if (wasm instanceof Error) return false;
  few ??= reserve(FEW);
  if (few === null) return false;
  const [n, m] = y.shape as [number, number];
  const k = a.shape[1]!;
  gather(few, 0, a);
  gather(few, n * k, b);
  const at = few.byteOffset;
  const atY = n * k + k * m;
  wasm.multiply(n, m, k, at, k, 1, at + 8 * n * k, m, 1, at + 8 * atY, m, 1, false);
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
function copied(y: Nd, a: Nd, b: Nd): boolean {
  const [n, m] = y.shape as [number, number];
  const isWhole = y.stride[1] === 1 && y.stride[0] === m;
  const to = isWhole ? y : contiguous(new Float64Array(n * m), [n, m]);
  const [spanA, spanB] = [spanOf(a), spanOf(b)];
  const staged = stage([spanA, spanB], [spanOf(to)]);
  if (staged === null) return false;
  const atA = staged.ins[0]! + 8 * (a.offset - spanA.first);
  const atB = staged.ins[1]! + 8 * (b.offset - spanB.first);
  const [aRow, aColumn] = a.stride as [number, number];
  const [bRow, bColumn] = b.stride as [number, number];
  staged.wasm.multiply(n, m, a.shape[1]!, atA, aRow, aColumn, atB, bRow, bColumn, staged.outs[0]!, m, 1, false);
  staged.finish();
  if (!isWhole) copy.run([y], [to]);
  return true;
}
