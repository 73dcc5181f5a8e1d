import type { Nd } from '../kernel.ts';
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

/** The functions of assembly/index.ts. Addresses are in bytes, counts and strides in elements. */
interface Functions {
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
  /** And so the other elementwise functions, by the names of their kernels; those of one operand have no second. */
  add(n: number, a: number, aPeriod: number, b: number, bPeriod: number, y: number): void;
  sumRows(rows: number, m: number, x: number, y: number): void;
  sgdMomentum(
    n: number,
    w: number,
    v: number,
    g: number,
    lr: number,
    momentum: number,
    share: number,
    weightDecay: number,
    sign: number,
    nesterov: number,
    look: number,
  ): void;
}

const PAGE = 65_536;
/** Operands beyond this do not go to WebAssembly's memory, in bytes. */
const MOST = 2 ** 30;

let loaded: Functions | Error | undefined;

/** The compiled module; or, where WebAssembly or its SIMD is missing, the error. Compiled at the first call. */
export function load(): Functions | Error {
  if (loaded !== undefined) return loaded;
  try {
    const bytes = Uint8Array.from(atob(binary), (character) => character.charCodeAt(0));
    loaded = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Functions;
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

/** A stretch of an array, from the first to the last element that a view shows. */
export interface Span {
  readonly data: Float64Array;
  readonly first: number;
  readonly length: number;
}

/** The stretch of memory that a view spans; it may have gaps. */
export function spanOf(x: Nd): Span {
  let [first, last] = [x.offset, x.offset];
  for (let d = 0; d < x.shape.length; d++) {
    const reach = (x.shape[d]! - 1) * x.stride[d]!;
    if (reach < 0) first += reach;
    else last += reach;
  }
  return { data: x.data, first, length: last - first + 1 };
}

/** Stretches copied to WebAssembly's memory, and room for a result behind them. */
export interface Stage {
  readonly wasm: Functions;
  readonly memory: Float64Array;
  /** Where each stretch begins, in bytes. */
  readonly starts: readonly number[];
  /** Where the result goes, in bytes. */
  readonly result: number;
}

/** Copies stretches to WebAssembly's memory; `null` where it is missing or they do not fit. */
export function stage(spans: readonly Span[], resultLength: number): Stage | null {
  const wasm = load();
  if (wasm instanceof Error) return null;
  const starts: number[] = [];
  let end = wasm.freeFrom();
  for (const { length } of spans) {
    starts.push(end);
    end += 8 * (length + (length % 2)); // vectors of two
  }
  if (!reaches(wasm.memory, end + 8 * (resultLength + 1))) return null;
  const memory = new Float64Array(wasm.memory.buffer);
  spans.forEach(({ data, first, length }, i) => {
    memory.set(data.length === length ? data : data.subarray(first, first + length), starts[i]! / 8);
  });
  return { wasm, memory, starts, result: end };
}

/** Whether the memory has so many bytes, or could be grown to them. */
function reaches(memory: Memory, bytes: number): boolean {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / PAGE);
  if (pages <= 0) return true;
  if (bytes > MOST) return false;
  try {
    memory.grow(pages);
    return true;
  } catch {
    return false;
  }
}
