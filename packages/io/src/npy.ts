import { ArgumentError, checkChoice, describe, formatShape, permute, readOptions, Tensor, tensor } from '@ndgrad/core';
import { layouts } from './dtype.ts';
import { allocateFile, byteLength, countOf, decodeElements, encodeElements } from './elements.ts';
import { FileError } from './errors.ts';
import { type NpyDtype, npyDtypes, readNpyHeader, writeNpyHeader } from './npyHeader.ts';

/** In which format numbers are stored: `'F64'`, without loss, unless given. */
export interface NpyOptions {
  dtype?: NpyDtype;
}

/**
 * The bytes of a `.npy` file, as `numpy.save` writes them.
 * @throws ArgumentError for a number that the wanted format can't hold
 * @see https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 */
export function encodeNpy(x: Tensor, options?: NpyOptions): Uint8Array {
  const { dtype } = readOptions('encodeNpy', options, { dtype: 'F64' as NpyDtype });
  return encode('encodeNpy', x, dtype);
}

/** As `encodeNpy`, on behalf of `what`. */
export function encode(what: string, x: Tensor, dtype: NpyDtype): Uint8Array {
  if (!(x instanceof Tensor)) throw new ArgumentError(`${what}: expected a tensor, got ${describe(x)}`);
  checkChoice(what, 'dtype', dtype, npyDtypes);
  const header = writeNpyHeader(dtype, x.shape);
  const bytes = allocateFile(what, header.length + byteLength(x, dtype));
  bytes.set(header);
  encodeElements(what, x, dtype, bytes, header.length);
  return bytes;
}

/**
 * The array in the bytes of a `.npy` file as float64: of versions 1 to 3, in either byte order, row by row or column by
 * column. Files may come from anywhere: lengths are checked before memory is taken for them, and nothing is executed;
 * Python's objects are refused. What is read takes at most eight times the file's bytes.
 * @param options name: what errors call the bytes, such as the file's path (default `'the bytes'`)
 * @throws FileError, with the byte, for what is not a `.npy` file of numbers or truth values, for fewer or more bytes
 *   than the shape says, and for whole numbers that a double can't hold
 */
export function decodeNpy(bytes: Uint8Array, options?: { name?: string }): Tensor {
  const { name } = readOptions('decodeNpy', options, { name: 'the bytes' });
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError(`decodeNpy: the bytes must be a Uint8Array, got ${describe(bytes)}`);
  }
  return decode(name, bytes);
}

/** As `decodeNpy`; takes no more than `most` bytes for the numbers. */
export function decode(name: string, bytes: Uint8Array, most = Infinity): Tensor {
  const { dtype, little, byColumns, shape, end: at } = readNpyHeader(name, bytes);
  const count = countOf(shape);
  const end = count === null ? Infinity : at + count * layouts[dtype].size;
  if (end !== bytes.length) {
    const needed = end <= Number.MAX_SAFE_INTEGER ? end : 'over 2^53';
    const problem = `${dtype} of shape ${formatShape(shape)} makes ${needed} bytes, the file has ${bytes.length}`;
    const fix = end > bytes.length ? 'get the whole file' : 'write each array into a file of its own';
    throw new FileError(name, problem, fix, { at: Math.min(end, bytes.length) });
  }
  if (count! * 8 > most) {
    const problem = `its ${count} numbers would take ${count! * 8} bytes as doubles`;
    throw new FileError(name, problem, `raise maxBytes, now ${most}, if you trust the file`, { at });
  }
  if (!byColumns) return decodeElements({ name, bytes, at, dtype, shape, little });
  const x = decodeElements({ name, bytes, at, dtype, shape: shape.toReversed(), little });
  return tensor(permute(x, [...shape.keys()].toReversed()));
}
