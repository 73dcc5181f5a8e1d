export { UnsupportedOpError } from './errors.ts';
export { type ExportOptions, exportOnnx, saveOnnx } from './export.ts';
export type { Dtype } from './graph.ts';
export { exportPredictor, type Predictor, type PredictorOptions } from './predictor/export.ts';
