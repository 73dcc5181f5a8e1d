import type { Attempt, Nd } from '../kernel.ts';
import { eachMatrix } from '../matmul.ts';
import { type Span, spanOf, stage } from './instance.ts';

/** Every product of a batch; false where one does not fit, which then none of its size does. */
export const bmm: Attempt = ([y], [a, b]) => {
  if (y!.size === 0 || a!.size === 0) return false;
  let fits = true;
  eachMatrix([y!, a!, b!], ([yi, ai, bi]) => {
    fits &&= product(yi!, ai!, bi!);
  });
  return fits;
};

/**
 * y = a·b for matrices of any strides. The stretch of memory that an operand spans is taken as it is, and WebAssembly
 * walks its strides. Returns false, having done nothing, where that does not fit.
 */
export function product(y: Nd, a: Nd, b: Nd): boolean {
  const [n, m] = y.shape as [number, number];
  const isWhole = y.stride[1] === 1 && y.stride[0] === m;
  const [spanA, spanB] = [spanOf(a), spanOf(b)];
  const spanY = isWhole ? { data: y.data, first: y.offset, length: n * m } : whole(new Float64Array(n * m));
  const staged = stage([spanA, spanB], [spanY]);
  if (staged === null) return false;
  const { wasm, ins, outs } = staged;
  const atA = ins[0]! + 8 * (a.offset - spanA.first);
  const atB = ins[1]! + 8 * (b.offset - spanB.first);
  wasm.multiply(n, m, a.shape[1]!, atA, a.stride[0]!, a.stride[1]!, atB, b.stride[0]!, b.stride[1]!, outs[0]!);
  staged.finish();
  if (!isWhole) put(y, spanY.data);
  return true;
}

const whole = (data: Float64Array): Span => ({ data, first: 0, length: data.length });

/** Spreads a contiguous matrix over y's strides. */
function put(y: Nd, values: Float64Array): void {
  const [n, m] = y.shape as [number, number];
  const [row, column] = y.stride as [number, number];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) y.data[y.offset + i * row + j * column] = values[i * m + j]!;
  }
}
