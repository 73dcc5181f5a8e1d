import { describe, numelOf, readOptions } from '@ndgrad/core';
import { DataError } from './errors.ts';
import { absolutePath, nodeModule, readBytes } from './node.ts';
import type { FilePath } from './places.ts';

/** What an IDX file holds: unsigned bytes in row-major order. */
export interface IdxArray {
  /** Sizes of the dimensions, outermost first. */
  shape: number[];
  /** As many bytes as the shape says; a view of the file's bytes where those were not compressed. */
  data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;
const types: Record<number, string> = {
  8: 'unsigned bytes',
  9: 'signed bytes',
  11: '16-bit integers',
  12: '32-bit integers',
  13: '32-bit floats',
  14: '64-bit floats',
};

/**
 * Reads the IDX format, that of MNIST: two zero bytes, the type of the elements (8, unsigned bytes, is the one that is
 * read), the number of dimensions, their sizes as big-endian 32-bit numbers, then the elements.
 * @param name what errors call the bytes: the file they came from
 * @throws DataError for bytes that are not IDX, hold another type, or are fewer or more than the sizes say
 * @see http://yann.lecun.com/exdb/mnist
 */
export function parseIdx(bytes: Uint8Array, options?: { name?: string }): IdxArray {
  const { name } = readOptions('parseIdx', options, { name: 'the bytes' });
  return decode('parseIdx', bytes, name);
}

/**
 * Reads a file in the IDX format (see `parseIdx`), compressed by gzip or not.
 * @throws DataError naming the file, what was expected and what was found
 */
export function readIdx(path: FilePath): IdxArray {
  return readIdxFile('readIdx', absolutePath('readIdx', 'path', path));
}

/** As `readIdx`, on behalf of `operation`; with `ndim`, for files of so many dimensions only. */
export function readIdxFile(operation: string, path: string, ndim?: number): IdxArray {
  const array = decode(operation, gunzipped(operation, path, readBytes(operation, path)), path);
  if (ndim !== undefined && array.shape.length !== ndim) {
    throw new DataError(
      `${operation}: ${path}: expected the magic number ${magic(ndim)}, found ${magic(array.shape.length)}`,
    );
  }
  return array;
}

function decode(operation: string, bytes: Uint8Array, name: string): IdxArray {
  const fail = (expected: string, found: string): never => {
    throw new DataError(`${operation}: ${name}: expected ${expected}, found ${found}`);
  };
  if (!(bytes instanceof Uint8Array)) fail('a Uint8Array', describe(bytes));
  const [zero, zeroToo, type, ndim] = bytes;
  if (ndim === undefined) fail('an IDX header of at least 4 bytes', `${bytes.length} bytes`);
  if (zero !== 0 || zeroToo !== 0 || types[type!] === undefined) {
    fail('an IDX file, which begins with the bytes 00 00 08', hex(bytes.subarray(0, 4)));
  }
  if (type !== UNSIGNED_BYTE) fail('unsigned bytes (IDX type 8)', `${types[type!]} (IDX type ${type})`);
  const start = 4 + 4 * ndim!;
  if (bytes.length < start) fail(`a header of ${start} bytes for ${ndim} dimensions`, `${bytes.length} bytes`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: ndim! }, (_, i) => header.getUint32(4 + 4 * i));
  const size = start + numelOf(shape);
  if (bytes.length !== size) {
    const cut = bytes.length < size ? ': the file was cut short' : ': there is more than that';
    fail(`${size} bytes (a header of ${start} and ${shape.join(' × ')} elements)`, `${bytes.length}${cut}`);
  }
  return { shape, data: bytes.subarray(start) };
}

/** The bytes themselves, or what they hold when they are gzip's, which the file's name need not say. */
function gunzipped(operation: string, path: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return nodeModule('node:zlib').gunzipSync(bytes);
  } catch (cause) {
    throw new DataError(`${operation}: ${path}: expected a whole gzip file, found ${(cause as Error).message}`, {
      cause,
    });
  }
}

const magic = (ndim: number): string =>
  `${UNSIGNED_BYTE * 256 + ndim} (unsigned bytes in ${ndim} dimension${ndim === 1 ? '' : 's'})`;

const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');
