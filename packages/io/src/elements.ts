import { ArgumentError, fromArray, numelOf, type Tensor } from '@ndgrad/core';
import { type Dtype, layouts } from './dtype.ts';
import { FileError } from './errors.ts';

/** Whether this machine keeps the lowest byte first, as files do; then doubles are copied as they are. */
const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** No tensor of PyTorch's or NumPy's has more dimensions. */
export const MOST_DIMS = 64;

/** Where numbers lie in a file. */
export interface Elements {
  /** What errors call the file. */
  name: string;
  bytes: Uint8Array;
  /** The first byte of the first number. */
  at: number;
  dtype: Dtype;
  shape: readonly number[];
  /** The lowest byte first (default true). */
  little?: boolean;
}

/**
 * How many numbers a shape has. The sizes come from a file: they are whole numbers already, but as large as may be.
 * @returns `null` where the product, of the sizes that are not 0, is more than a double counts
 */
export function countOf(shape: readonly number[]): number | null {
  const strides = numelOf(shape.filter((size) => size !== 0));
  return Number.isSafeInteger(strides) ? numelOf(shape) : null;
}

/**
 * The numbers as a new tensor. They must lie within the bytes.
 * @throws FileError for a number that a double can't hold, or no memory for them
 */
export function decodeElements({ name, bytes, at, dtype, shape, little = true }: Elements): Tensor {
  const { size, read } = layouts[dtype];
  const values = allocate(name, numelOf(shape), at);
  if (dtype === 'F64' && little && littleEndian) {
    new Uint8Array(values.buffer).set(bytes.subarray(at, at + 8 * values.length));
    return fromArray(values, { shape });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isWhole = !dtype.includes('F');
  for (let i = 0; i < values.length; i++) {
    const value = read(view, at + i * size, little);
    if (isWhole && Number.isNaN(value)) throw unreadable(name, dtype, at + i * size);
    values[i] = value;
  }
  return fromArray(values, { shape });
}

function allocate(name: string, count: number, at: number): Float64Array {
  try {
    return new Float64Array(count);
  } catch (cause) {
    const problem = `there is no memory for its ${count} numbers as doubles`;
    throw new FileError(name, problem, 'read it on a machine with more, or split the file', { at, cause });
  }
}

function unreadable(name: string, dtype: Dtype, at: number): FileError {
  return dtype === 'BOOL'
    ? new FileError(name, 'a truth value that is neither 0 nor 1', 'write it as U8', { at })
    : new FileError(name, `a whole number beyond ±(2^53 − 1), which a double can't hold`, 'write it as F64', { at });
}

/**
 * Writes the numbers of a tensor, row by row and the lowest byte first.
 * @param what the tensor, for errors
 * @throws ArgumentError for a number that the format can't hold
 */
export function encodeElements(what: string, x: Tensor, dtype: Dtype, bytes: Uint8Array, at: number): void {
  const values = x.toArray();
  if (dtype === 'F64' && littleEndian) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    return;
  }
  const { size, holds, of, write } = layouts[dtype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!holds(value)) throw new ArgumentError(`${what}: ${dtype} holds ${of}, got ${value}; write it as F64`);
    write(view, at + i * size, value);
  }
}

/** The bytes that a tensor takes in a format. */
export const byteLength = (x: Tensor, dtype: Dtype): number => x.numel() * layouts[dtype].size;

/** Memory for a file to be written. @throws ArgumentError where there is none */
export function allocateFile(operation: string, size: number): Uint8Array {
  try {
    return new Uint8Array(size);
  } catch (cause) {
    throw new ArgumentError(`${operation}: there is no memory for a file of ${size} bytes; write several files`, {
      cause,
    });
  }
}
