import { threadCount } from '../environment.ts';
import type { Nd } from '../kernel.ts';
import { addressOf, copyNumbers, type Memory, openMemory, release, reserve, startFrom } from './arena.ts';
import type { Call, Functions } from './functions.ts';
import { compile } from './module.ts';

/** What is used of the global, which TypeScript's library for Node does not declare in full. */
declare const WebAssembly: {
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** What the functions are of. */
interface Origin {
  readonly module: object;
  readonly memory: Memory;
  /** Whether a·b + c is rounded once. */
  readonly isFused: boolean;
}

let loaded: Functions | Error | undefined;
let origin: Origin | undefined;

/**
 * The functions of the compiled module; or, where WebAssembly or its SIMD is missing, the error. Compiled at the first
 * call, with fused products and sums where they are there and right, and with a memory that is shared where threads may
 * help.
 * @throws ArgumentError for a number of threads that is none
 */
export function load(): Functions | Error {
  if (loaded !== undefined) return loaded;
  const threads = threadCount();
  const isShared = threads > 1;
  try {
    const memory = openMemory(isShared);
    loaded = fusedIn(memory, isShared) ?? loadedIn(memory, { isFused: false, isShared });
    startFrom(loaded.freeFrom(threads));
  } catch (error) {
    loaded = error as Error;
  }
  return loaded;
}

/** What they are of, once they are loaded. */
export const loadedFrom = (): Origin => origin!;

export function instantiate(module: object, memory: Memory): Functions {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Functions;
}

function loadedIn(memory: Memory, options: { isFused: boolean; isShared: boolean }): Functions {
  const module = compile(options);
  const wasm = instantiate(module, memory);
  origin = { module, memory, isFused: options.isFused };
  return wasm;
}

function fusedIn(memory: Memory, isShared: boolean): Functions | null {
  try {
    const wasm = loadedIn(memory, { isFused: true, isShared });
    return fuses(wasm, memory) ? wasm : null;
  } catch {
    return null;
  }
}

function fuses(wasm: Functions, memory: Memory): boolean {
  const at = wasm.freeFrom(1);
  const numbers = new Float64Array(memory.buffer, at, 3);
  numbers.set([3, 5, 7]);
  wasm.multiply(1, 1, 1, at, 1, 1, at + 8, 1, 1, at + 16, 1, 1, at + 16, 1, 1);
  return numbers[2] === 3 * 5 + 7;
}

/** Why WebAssembly with SIMD can't run here; `null` where it can. */
export function missing(): string | null {
  const wasm = load();
  return wasm instanceof Error ? wasm.message : null;
}

/** Calls one function after the other; once they are loaded. */
export function perform(calls: readonly Call[]): void {
  const functions = loaded as unknown as Readonly<Record<string, (...args: number[]) => void>>;
  for (const [name, ...args] of calls) functions[name]!(...args);
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

/** Operands as WebAssembly sees them. */
export interface Stage {
  readonly wasm: Functions;
  /** Where each stretch that is read begins, in bytes. */
  readonly ins: readonly number[];
  /** Where each stretch that is written begins, in bytes. */
  readonly outs: readonly number[];
  /** Brings the results to where they belong. Once it is called, the addresses are no longer valid. */
  finish(): void;
}

/**
 * Makes stretches ready for WebAssembly: what lies in its memory stays where it is, the rest is copied there. A stretch
 * that is both read and written is one. `null` where WebAssembly is missing or has no room.
 */
export function stage(ins: readonly Span[], outs: readonly Span[]): Stage | null {
  const wasm = load();
  if (wasm instanceof Error) return null;
  const copies: Copy[] = [];
  const give = () => copies.forEach(({ block }) => void release(block));
  const placed = (span: Span, reads: boolean): number => {
    const { data, first, length } = span;
    const address = addressOf(data);
    if (address >= 0) return address + 8 * first;
    const isSame = (other: Span) => other.data === data && other.first === first && other.length === length;
    const known = copies.find((copy) => isSame(copy.span));
    const copy = known ?? reserved(span, reads);
    if (copy === null) return -1;
    if (known === undefined) copies.push(copy);
    copy.isWritten ||= !reads;
    return copy.block.byteOffset;
  };
  const starts = { ins: ins.map((span) => placed(span, true)), outs: outs.map((span) => placed(span, false)) };
  if (starts.ins.includes(-1) || starts.outs.includes(-1)) {
    give();
    return null;
  }
  return {
    wasm,
    ...starts,
    finish() {
      for (const { span, block, isWritten } of copies) if (isWritten) copyNumbers(stretchOf(span), block);
      give();
    },
  };
}

/** A stretch's place in WebAssembly's memory for the time of one call. */
interface Copy {
  readonly span: Span;
  readonly block: Float64Array;
  isWritten: boolean;
}

function reserved(span: Span, reads: boolean): Copy | null {
  const block = reserve(span.length);
  if (block === null) return null;
  if (reads) copyNumbers(block, stretchOf(span));
  return { span, block, isWritten: false };
}

const stretchOf = ({ data, first, length }: Span): Float64Array =>
  data.length === length ? data : data.subarray(first, first + length);
