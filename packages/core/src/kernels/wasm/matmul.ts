import type { Nd } from '../kernel.ts';
import { eachMatrix } from '../matmul.ts';
import { binary } from './binary.ts';

/** What is used of the global, which TypeScript's library for Node does not declare in full. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Exports {
  readonly memory: Memory;
  freeFrom(): number;
  multiply(
    n: number,
    m: number,
    k: number,
    a: number,
    aRow: number,
    aColumn: number,
    b: number,
    bRow: number,
    bColumn: number,
    y: number,
  ): void;
}

const PAGE = 65_536;
/** Operands beyond this do not go to WebAssembly's memory, in bytes. */
const MOST = 2 ** 30;

let loaded: Exports | Error | undefined;

/** The compiled module; or, where WebAssembly or its SIMD is missing, the error. Compiled at the first call. */
function load(): Exports | Error {
  if (loaded !== undefined) return loaded;
  try {
    const bytes = Uint8Array.from(atob(binary), (character) => character.charCodeAt(0));
    loaded = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
  } catch (error) {
    loaded = error as Error;
  }
  return loaded;
}

/** Why WebAssembly with SIMD can't run here; `null` where it can. */
export function missing(): string | null {
  const wasm = load();
  return wasm instanceof Error ? wasm.message : null;
}

/** The kernels that run here, by name. */
export const kernels = {
  bmm: ([y]: readonly Nd[], [a, b]: readonly Nd[]): boolean => {
    if (y!.size === 0 || a!.size === 0) return false;
    let fits = true;
    eachMatrix([y!, a!, b!], ([yi, ai, bi]) => {
      fits &&= product(yi!, ai!, bi!);
    });
    return fits;
  },
};

/**
 * y = a·b for matrices of any strides. The stretch of memory that an operand spans is copied as it is, and WebAssembly
 * walks its strides. Returns false, having done nothing, where that does not fit.
 */
export function product(y: Nd, a: Nd, b: Nd): boolean {
  const wasm = load();
  if (wasm instanceof Error) return false;
  const [n, m] = y.shape as [number, number];
  const k = a.shape[1]!;
  const [spanA, spanB] = [spanOf(a), spanOf(b)];
  const start = wasm.freeFrom();
  const startB = start + 8 * spanA.length;
  const startY = startB + 8 * spanB.length;
  const end = startY + 8 * n * m;
  if (end > MOST || !grown(wasm.memory, end)) return false;
  const memory = new Float64Array(wasm.memory.buffer);
  memory.set(a.data.subarray(spanA.first, spanA.first + spanA.length), start / 8);
  memory.set(b.data.subarray(spanB.first, spanB.first + spanB.length), startB / 8);
  const atA = start + 8 * (a.offset - spanA.first);
  const atB = startB + 8 * (b.offset - spanB.first);
  wasm.multiply(n, m, k, atA, a.stride[0]!, a.stride[1]!, atB, b.stride[0]!, b.stride[1]!, startY);
  put(y, memory, startY / 8);
  return true;
}

function grown(memory: Memory, bytes: number): boolean {
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return true;
  try {
    memory.grow(missing);
    return true;
  } catch {
    return false;
  }
}

/** The stretch of memory from the first to the last element of a matrix. */
function spanOf(x: Nd): { first: number; length: number } {
  let [first, last] = [x.offset, x.offset];
  x.shape.forEach((size, d) => {
    const reach = (size - 1) * x.stride[d]!;
    if (reach < 0) first += reach;
    else last += reach;
  });
  return { first, length: last - first + 1 };
}

function put(y: Nd, memory: Float64Array, start: number): void {
  const [n, m] = y.shape as [number, number];
  const [row, column] = y.stride as [number, number];
  for (let i = 0; i < n; i++) {
    if (column === 1) {
      y.data.set(memory.subarray(start + i * m, start + (i + 1) * m), y.offset + i * row);
    } else {
      for (let j = 0; j < m; j++) y.data[y.offset + i * row + j * column] = memory[start + i * m + j]!;
    }
  }
}
