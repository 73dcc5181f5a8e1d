// Training
export { TrainingError } from './errors.ts';
export { type EvaluateOptions, evaluate } from './evaluate.ts';
export { type FitOptions, type FitResult, fit } from './fit.ts';
export type { Accuracy, Loader, Loss, Measured } from './measure.ts';
// Metrics
export { accuracy, confusionMatrix } from './metrics.ts';
// For loops of one's own
export { pauses } from './pause.ts';
export {
  type BatchProgress,
  type BatchRecord,
  type EpochRecord,
  type FitObserver,
  type FitOptimizer,
  type FitRun,
  type Progress,
  type StopReason,
  silent,
} from './records.ts';
