// What this package is in a browser: bytes in, bytes out, for there are no files.

export type { Dtype } from './dtype.ts';
export { FileError, type FileErrorOptions } from './errors.ts';
export { decodeNpy, encodeNpy, type NpyOptions } from './npy.ts';
export type { NpyDtype } from './npyHeader.ts';
export { decodeNpz, encodeNpz, type NpzOptions, type ReadNpzOptions } from './npz.ts';
export { decodeSafetensors, encodeSafetensors, type Safetensors, type SafetensorsOptions } from './safetensors.ts';
