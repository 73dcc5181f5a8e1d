import type { Nd } from '../kernel.ts';
import { addressOf, release, reserve, sharedMemory, startFrom } from './arena.ts';
import { binary } from './binary.ts';

/** What is used of the global, which TypeScript's library for Node does not declare in full. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

/** The functions of assembly/index.ts. Addresses are in bytes, counts and strides in elements. */
interface Functions {
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

let loaded: Functions | Error | undefined;

/** The compiled module; or, where WebAssembly or its SIMD is missing, the error. Compiled at the first call. */
export function load(): Functions | Error {
  if (loaded !== undefined) return loaded;
  try {
    const memory = sharedMemory();
    if (memory === null) throw new RangeError('there is no room for its memory');
    const bytes = Uint8Array.from(atob(binary), (character) => character.charCodeAt(0));
    loaded = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports as Functions;
    startFrom(loaded.freeFrom());
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
    const { data, first } = span;
    const address = addressOf(data);
    if (address >= 0) return address + 8 * first;
    const known = copies.find((copy) => copy.span.data === data && copy.span.first === first);
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
      for (const { span, block, isWritten } of copies) if (isWritten) span.data.set(block, span.first);
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
  const { data, first, length } = span;
  const block = reserve(length);
  if (block === null) return null;
  if (reads) block.set(data.length === length ? data : data.subarray(first, first + length));
  return { span, block, isWritten: false };
}
