// Training
export { CheckpointError, TrainingError } from './errors.ts';
export { type EvaluateOptions, evaluate } from './evaluate.ts';
export { fit } from './fit.ts';
export type { FitOptions } from './fitOptions.ts';
export type { FitResult } from './run.ts';
export type { Accuracy, Loader, Loss, Measured } from './measure.ts';
// Metrics
export { accuracy, confusionMatrix } from './metrics.ts';
// Checkpoints
export {
  type Checkpoint,
  type CheckpointParts,
  loadCheckpoint,
  readCheckpoint,
  type SaveCheckpointOptions,
  saveCheckpoint,
} from './checkpoint.ts';
export type { About } from './checkpoint/document.ts';
export type { CheckpointOptions } from './checkpoint/keeper.ts';
export type { Stateful } from './checkpoint/parts.ts';
export type { Value } from './checkpoint/values.ts';
// The doctor
export { doctor, type DoctorOptions, doctorObserver } from './doctor.ts';
export type { Code, Severity } from './doctor/catalogue.ts';
export type { Diagnosis, Evidence, Finding, NotChecked, Passed } from './doctor/diagnosis.ts';
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
export { VERSION } from './version.ts';
