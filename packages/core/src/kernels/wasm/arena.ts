/** What is used of the global, which TypeScript's library for Node does not declare in full. */
declare const WebAssembly: {
  readonly Memory: new (limits: {
    initial: number;
    maximum: number;
    shared: boolean;
  }) => { readonly buffer: ArrayBuffer };
};

export type Memory = InstanceType<typeof WebAssembly.Memory>;

const PAGE = 65_536;
/** In bytes; where a memory can't be had, the next smaller one is tried. What is not touched takes no room. */
const SIZES = [2 ** 30, 2 ** 28, 2 ** 26];
/** Vectors of two, and a cache line's start for each block. */
const GRAIN = 64;

let buffer: ArrayBuffer | null = null;
/** The first byte that was never handed out. */
let fresh = 0;
/** Blocks that were given back, by their size in bytes. */
const spare = new Map<number, Float64Array[]>();

/**
 * Makes WebAssembly's memory, of a fixed size, so that views of it stay valid; `isShared`, where threads are to see it.
 * @throws RangeError where there is no room
 */
export function openMemory(isShared: boolean): Memory {
  for (const bytes of SIZES) {
    try {
      const memory = new WebAssembly.Memory({ initial: bytes / PAGE, maximum: bytes / PAGE, shared: isShared });
      buffer = memory.buffer;
      return memory;
    } catch {}
  }
  throw new RangeError('there is no room for its memory');
}

/** Keeps everything below an address from being handed out: the module's own data. */
export function startFrom(address: number): void {
  fresh = Math.max(fresh, rounded(address, GRAIN));
}

/**
 * An array in WebAssembly's memory; what it holds is arbitrary. `null` where there is no room.
 * Sizes are rounded up to an eighth of their power of two, so that a block fits more than one length.
 */
export function reserve(length: number): Float64Array | null {
  const bytes = blockSize(length);
  const block = spare.get(bytes)?.pop();
  if (block !== undefined) return block.length === length ? block : new Float64Array(buffer!, block.byteOffset, length);
  if (fresh + bytes > buffer!.byteLength) return null;
  const start = fresh;
  fresh += bytes;
  return new Float64Array(buffer!, start, length);
}

/** Gives a reserved array back: from now on its memory may be anyone's. */
export function release(block: Float64Array): void {
  const bytes = blockSize(block.length);
  const others = spare.get(bytes);
  if (others === undefined) spare.set(bytes, [block]);
  else others.push(block);
}

/** Where an array begins in WebAssembly's memory, in bytes; −1 if it lies elsewhere. */
export function addressOf(data: Float64Array): number {
  return data.buffer === buffer ? data.byteOffset : -1;
}

function blockSize(length: number): number {
  const bytes = Math.max(8 * length, GRAIN);
  return rounded(bytes, Math.max(GRAIN, 2 ** (31 - Math.clz32(bytes - 1)) / 8));
}

/** Fewer numbers are copied sooner by `set`. */
const LONG = 1024;

/**
 * Copies numbers, as many as `from` has. Node's buffers copy bytes as memory has them; into a memory that threads share,
 * and out of it, `set` goes word by word and takes two to four times as long.
 */
export function copyNumbers(to: Float64Array, from: Float64Array): void {
  if (from.length < LONG || globalThis.Buffer === undefined) to.set(from);
  else bytesOf(to).fill(bytesOf(from));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

const rounded = (bytes: number, step: number): number => Math.ceil(bytes / step) * step;
