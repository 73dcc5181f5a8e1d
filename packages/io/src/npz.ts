import { ArgumentError, checkNumber, describe, readOptions, type Tensor } from '@ndgrad/core';
import { zipSync } from 'fflate';
import { FileError } from './errors.ts';
import { quote } from './json.ts';
import { decode, encode } from './npy.ts';
import type { NpyDtype } from './npyHeader.ts';
import { unzip } from './zip.ts';
import { nameProblem } from './zipDirectory.ts';

/** How arrays are stored. */
export interface NpzOptions {
  /** The format of the numbers: `'F64'`, without loss, unless given. */
  dtype?: NpyDtype;
  /** Whether the file is compressed, as `numpy.savez_compressed` does (default false). */
  compressed?: boolean;
}

/** What limits the reading of compressed arrays. */
export interface ReadNpzOptions {
  /** How many bytes all that is compressed may become, as bytes and as doubles (default 2³⁰, 1 GiB). */
  maxBytes?: number;
}

/** What compressed arrays may become unless told otherwise: 1 GiB. */
export const MAX_BYTES = 2 ** 30;

/** Zip's sizes and counts have 32 and 16 bits. */
const [MOST_BYTES, MOST_FILES] = [2 ** 32 - 2, 2 ** 16 - 2];

/**
 * The bytes of an `.npz` file, as `numpy.savez` writes them: a zip with one `.npy` file for each array. Equal arrays
 * give equal bytes.
 * @throws ArgumentError for names that are no paths in a folder, for a number that the wanted format can't hold, and for
 *   more than 4 GB
 */
export function encodeNpz(tensors: Record<string, Tensor>, options?: NpzOptions): Uint8Array {
  const { dtype, compressed } = readOptions('encodeNpz', options, { dtype: 'F64' as NpyDtype, compressed: false });
  if (typeof tensors !== 'object' || tensors === null || Array.isArray(tensors)) {
    throw new ArgumentError(`encodeNpz: expected tensors by name, got ${describe(tensors)}`);
  }
  if (typeof compressed !== 'boolean') {
    throw new ArgumentError(`encodeNpz: compressed must be true or false, got ${describe(compressed)}`);
  }
  const files = Object.entries(tensors).map(([name, tensor]): [string, Uint8Array] => {
    const problem = nameProblem(`${name}.npy`) ?? (name === '' ? 'that is empty' : null);
    if (problem !== null) throw new ArgumentError(`encodeNpz: the name ${quote(name)}, ${problem}; use plain names`);
    return [`${name}.npy`, encode(`encodeNpz: ${quote(name)}`, tensor, dtype)];
  });
  const size = files.reduce((sum, [name, bytes]) => sum + bytes.length + 4 * name.length + 100, 0);
  if (size > MOST_BYTES || files.length > MOST_FILES) {
    throw new ArgumentError('encodeNpz: more than 4 GB or 65534 arrays; write several files, or a safetensors file');
  }
  // The earliest date that a zip knows.
  return zipSync(Object.fromEntries(files), { level: compressed ? 6 : 0, mtime: new Date(1980, 0, 1) });
}

/**
 * The arrays in the bytes of an `.npz` file, by name, as float64. Files may come from anywhere: sizes are checked before
 * memory is taken for them, nothing is executed, nothing is unpacked into files.
 * @param options name: what errors call the bytes, such as the file's path (default `'the bytes'`)
 * @throws FileError, with the byte, for what is no zip of `.npy` files, has names that come twice or lead out of a
 *   folder, overlaps or gaps, or would become larger than `maxBytes`; and for what `decodeNpy` refuses: then the byte is
 *   that of the array's own file, unpacked
 */
export function decodeNpz(bytes: Uint8Array, options?: ReadNpzOptions & { name?: string }): Record<string, Tensor> {
  const { name, maxBytes } = readOptions('decodeNpz', options, { name: 'the bytes', maxBytes: MAX_BYTES });
  if (!(bytes instanceof Uint8Array)) {
    throw new ArgumentError(`decodeNpz: the bytes must be a Uint8Array, got ${describe(bytes)}`);
  }
  checkNumber('decodeNpz', 'maxBytes', maxBytes, { test: (most) => most >= 0, must: 'be a number of bytes' });
  const tensors: [string, Tensor][] = [];
  let left = maxBytes;
  for (const file of unzip(name, bytes, maxBytes)) {
    if (!/.\.npy$/.test(file.name)) {
      const problem = `it holds ${quote(file.name)}, which is no .npy file`;
      throw new FileError(name, problem, 'write it with numpy.savez', { at: file.at });
    }
    const x = decode(`${name} (in ${quote(file.name)})`, file.bytes, file.compressed ? left : Infinity);
    if (file.compressed) left -= 8 * x.numel();
    tensors.push([file.name.slice(0, -'.npy'.length), x]);
  }
  return Object.fromEntries(tensors);
}
