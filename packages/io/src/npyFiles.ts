import { readOptions, type Tensor } from '@ndgrad/core';
import { writeFileAtomic } from './atomic.ts';
import { readFileWhole } from './files.ts';
import { decodeNpy, encodeNpy, type NpyOptions } from './npy.ts';
import { decodeNpz, encodeNpz, MAX_BYTES, type NpzOptions, type ReadNpzOptions } from './npz.ts';

/** Saves an array in a `.npy` file, whole or not at all. @see `encodeNpy`, `writeFileAtomic` for what is thrown */
export async function saveNpy(path: string, x: Tensor, options?: NpyOptions): Promise<void> {
  await writeFileAtomic(path, encodeNpy(x, options));
}

/** The array in a `.npy` file. @see `decodeNpy`, `readFileWhole` for what is thrown */
export async function loadNpy(path: string): Promise<Tensor> {
  return decodeNpy(await readFileWhole(path), { name: path });
}

/** Saves arrays by name in an `.npz` file, whole or not at all. @see `encodeNpz`, `writeFileAtomic` for what is thrown */
export async function saveNpz(path: string, tensors: Record<string, Tensor>, options?: NpzOptions): Promise<void> {
  await writeFileAtomic(path, encodeNpz(tensors, options));
}

/** The arrays in an `.npz` file, by name. @see `decodeNpz`, `readFileWhole` for what is thrown */
export async function loadNpz(path: string, options?: ReadNpzOptions): Promise<Record<string, Tensor>> {
  const { maxBytes } = readOptions('loadNpz', options, { maxBytes: MAX_BYTES });
  return decodeNpz(await readFileWhole(path), { maxBytes, name: path });
}
