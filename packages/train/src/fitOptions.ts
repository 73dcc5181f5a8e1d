import { ArgumentError, checkInteger, checkNumber, readOptions } from '@ndgrad/core';
import type { CheckpointOptions } from './checkpoint/keeper.ts';
import { checkLoss } from './evaluate.ts';
import { type Accuracy, type Loader, type Loss, labelAccuracy } from './measure.ts';
import type { BatchRecord, EpochRecord, FitObserver, FitOptimizer, Progress } from './records.ts';

/** Options of `fit`; those up to `epochs` are required. */
export interface FitOptions {
  /** From a batch's outputs and targets to their mean loss, a scalar. */
  loss: Loss;
  optimizer: FitOptimizer;
  /** The batches to learn from; one iteration is an epoch. */
  train: Loader;
  /** Passes over the training rows. */
  epochs: number;
  /** Batches to validate on after every epoch. */
  validation?: Loader | null;
  /**
   * A learning-rate schedule, stepped after every epoch with the validation loss (without one, the training loss). One
   * that goes by batches is stepped in `onBatch`.
   */
  schedule?: { step(metric: number): unknown } | null;
  /** Stops after so many epochs without a smaller validation loss, and brings the best weights back (default: never). */
  patience?: number | null;
  /** By how much the validation loss must fall to count as smaller (default 0). */
  minDelta?: number;
  /** Ends training after the present batch, when it fires. */
  signal?: AbortSignal | null;
  /** Seconds after which training ends (default: never). */
  maxTime?: number | null;
  /** The share of right rows (default: that of class labels; `null` for other targets). */
  accuracy?: Accuracy;
  /** Called after every batch; may be async. */
  onBatch?: ((state: BatchRecord) => unknown) | null;
  /** Called after every epoch; may be async. */
  onEpoch?: ((record: EpochRecord) => unknown) | null;
  /** Shows progress: `true` on the standard error, or where a `Progress` puts it (default false: prints nothing). */
  progress?: Progress | boolean;
  /** Watch the run, each told in its turn and waited for: a report, a log (default: nobody). */
  observers?: readonly FitObserver[];
  /**
   * Saves the run as it goes, so that it can be resumed bit for bit wherever it was ended (default: saves nothing).
   * Needs Node. While it runs, no other run can save there.
   */
  checkpoint?: CheckpointOptions | null;
}

const defaults = {
  validation: null,
  schedule: null,
  patience: null,
  minDelta: 0,
  signal: null,
  maxTime: null,
  accuracy: labelAccuracy,
  onBatch: null,
  onEpoch: null,
  progress: false,
  observers: [],
  checkpoint: null,
};

/** Options of `fit`, the defaults filled in. */
export type FitSettings = Required<FitOptions>;

/** The options with their defaults. @throws ArgumentError for those missing, unknown or out of range */
export function checked(options: FitOptions): FitSettings {
  const required = { loss: undefined, optimizer: undefined, train: undefined, epochs: undefined };
  const settings = readOptions('fit', options, { ...required, ...defaults } as unknown as FitSettings);
  const { loss, optimizer, train, epochs, validation, patience, minDelta, maxTime } = settings;
  checkLoss('fit', loss);
  if (typeof optimizer?.step !== 'function') throw new ArgumentError('fit: optimizer must be an optimizer');
  checkLoader('train', train);
  checkInteger('fit', 'epochs', epochs, 1);
  if (validation !== null) checkLoader('validation', validation);
  if (typeof settings.checkpoint !== 'object') throw new ArgumentError('fit: checkpoint must be { path, … }');
  if (!Array.isArray(settings.observers)) throw new ArgumentError('fit: observers must be a list of observers');
  checkNumber('fit', 'minDelta', minDelta, { test: (v) => v >= 0, must: 'be a number of at least 0' });
  if (maxTime !== null) {
    checkNumber('fit', 'maxTime', maxTime, { test: (v) => v > 0, must: 'be a number of seconds above 0' });
  }
  if (patience === null) return settings;
  checkInteger('fit', 'patience', patience, 1);
  if (validation === null) throw new ArgumentError('fit: patience needs validation rows, whose loss it watches');
  return settings;
}

function checkLoader(name: string, loader: unknown): void {
  if (typeof (loader as Partial<Loader> | undefined)?.[Symbol.iterator] === 'function') return;
  throw new ArgumentError(`fit: ${name} must be a DataLoader or another iterable of batches [inputs, targets]`);
}
