// Errors
export { FileError, type FileErrorOptions } from './errors.ts';

// Files
export { writeFileAtomic } from './atomic.ts';
export { readFileWhole } from './files.ts';
export { type LoadedWeights, loadWeights, type SaveWeightsOptions, saveWeights } from './weights.ts';

// Bytes
export type { Dtype } from './dtype.ts';
export { decodeSafetensors, encodeSafetensors, type Safetensors, type SafetensorsOptions } from './safetensors.ts';
export { decodeNpy, encodeNpy, type NpyOptions } from './npy.ts';
export type { NpyDtype } from './npyHeader.ts';
