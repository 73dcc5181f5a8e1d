export { UnsupportedOpError } from './errors.ts';
export { type ExportOptions, exportOnnx, saveOnnx } from './export.ts';
export type { Dtype } from './graph.ts';
