// Training
export { TrainingError } from './errors.ts';
export { type EvaluateOptions, evaluate } from './evaluate.ts';
export { type FitOptimizer, type FitOptions, type FitResult, fit } from './fit.ts';
export type { Accuracy, Loader, Loss, Measured } from './measure.ts';
// Metrics
export { accuracy, confusionMatrix } from './metrics.ts';
// For loops of one's own
export { pauses } from './pause.ts';
export type { BatchProgress, BatchRecord, EpochRecord, Progress, StopReason } from './records.ts';
