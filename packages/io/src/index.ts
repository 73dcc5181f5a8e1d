// Errors
export { FileError, type FileErrorOptions } from './errors.ts';

// A module's weights
export { type LoadedWeights, loadWeights, type SaveWeightsOptions, saveWeights } from './weights.ts';

// Arrays of NumPy's
export { loadNpy, loadNpz, saveNpy, saveNpz } from './npyFiles.ts';

// Files, whole
export { writeFileAtomic } from './atomic.ts';
export { readFileWhole } from './files.ts';

// Bytes: these need no files and also run in a browser
export type { Dtype } from './dtype.ts';
export { decodeSafetensors, encodeSafetensors, type Safetensors, type SafetensorsOptions } from './safetensors.ts';
export { decodeNpy, encodeNpy, type NpyOptions } from './npy.ts';
export type { NpyDtype } from './npyHeader.ts';
export { decodeNpz, encodeNpz, type NpzOptions, type ReadNpzOptions } from './npz.ts';
