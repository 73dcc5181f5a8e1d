import type { Attempt, Nd } from '../kernel.ts';
import { eachMatrix } from '../matmul.ts';
import { spanOf, stage } from './instance.ts';

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
 * y = a·b for matrices of any strides. The stretch of memory that an operand spans is copied as it is, and WebAssembly
 * walks its strides. Returns false, having done nothing, where that does not fit.
 */
export function product(y: Nd, a: Nd, b: Nd): boolean {
  const [n, m] = y.shape as [number, number];
  const [spanA, spanB] = [spanOf(a), spanOf(b)];
  const staged = stage([spanA, spanB], n * m);
  if (staged === null) return false;
  const { wasm, memory, starts, result } = staged;
  const atA = starts[0]! + 8 * (a.offset - spanA.first);
  const atB = starts[1]! + 8 * (b.offset - spanB.first);
  wasm.multiply(n, m, a.shape[1]!, atA, a.stride[0]!, a.stride[1]!, atB, b.stride[0]!, b.stride[1]!, result);
  put(y, memory, result / 8);
  return true;
}

function put(y: Nd, memory: Float64Array, start: number): void {
  const [n, m] = y.shape as [number, number];
  const [row, column] = y.stride as [number, number];
  if (column === 1 && row === m) {
    y.data.set(memory.subarray(start, start + n * m), y.offset);
    return;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) y.data[y.offset + i * row + j * column] = memory[start + i * m + j]!;
  }
}
