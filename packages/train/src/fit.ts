import { ArgumentError, checkInteger, checkNumber, clone, noGrad, readOptions, type Tensor } from '@ndgrad/core';
import type { Module, StateDict } from '@ndgrad/nn';
import { TrainingError } from './errors.ts';
import { checkLoss, keepingModes, measure } from './evaluate.ts';
import { type Accuracy, type Loader, type Loss, labelAccuracy, lossOf, Means } from './measure.ts';
import { pauses } from './pause.ts';
import type { BatchRecord, EpochRecord, FitOptimizer, Progress, StopReason } from './records.ts';

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
}

export interface FitResult {
  /** The epochs that were completed. */
  history: EpochRecord[];
  reason: StopReason;
  /** The epoch whose weights the model holds, where `patience` brought the best ones back; else `null`. */
  bestEpoch: number | null;
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
};

type Settings = Required<FitOptions>;

/**
 * Trains a model: for every batch outputs, loss, gradients, step. Lets the event loop take its turn every few
 * milliseconds, so that Ctrl-C and the program's other work get theirs.
 *
 * ```ts
 * const { history } = await fit(model, { loss, optimizer, train, validation, epochs: 20, patience: 3 });
 * ```
 * Ends early by `patience`, `signal` or `maxTime`, and then gives what was learnt so far: the epochs completed, and in
 * the model the weights of the last batch (with `patience` those of the best epoch). Modules are put back into the mode
 * in which they were.
 * @throws TrainingError for a loss that is no finite number, before it reaches the weights
 * @throws ArgumentError for options that are missing, unknown or out of range, and for loaders without rows
 */
export async function fit(model: Module, options: FitOptions): Promise<FitResult> {
  const settings = checked(options);
  const progress = await progressOf(settings.progress);
  const run = new Run(model, settings, progress);
  progress?.start({ epochs: settings.epochs, batches: settings.train.length ?? null });
  try {
    return await keepingModes(model, () => run.go());
  } finally {
    progress?.stop();
  }
}

class Run {
  private readonly history: EpochRecord[] = [];
  private readonly started = performance.now();
  private readonly pause = pauses();
  private best: { epoch: number; loss: number; state: StateDict } | null = null;

  constructor(
    private readonly model: Module,
    private readonly settings: Settings,
    private readonly progress: Progress | null,
  ) {}

  async go(): Promise<FitResult> {
    const reason = await this.epochs();
    if (this.best !== null) this.model.loadStateDict(this.best.state);
    return { history: this.history, reason, bestEpoch: this.best?.epoch ?? null };
  }

  private async epochs(): Promise<StopReason> {
    const { epochs, patience, schedule, onEpoch } = this.settings;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const record = this.stopped() ? null : await this.epoch(epoch);
      if (record === null) return this.stopped()!;
      this.history.push(record);
      this.progress?.epoch(record);
      await onEpoch?.(record);
      schedule?.step(record.validationLoss ?? record.trainLoss);
      if (patience !== null && this.epochsWithoutProgress(record) >= patience && epoch < epochs) return 'patience';
    }
    return 'epochs';
  }

  /** `null` if it was stopped on the way. */
  private async epoch(epoch: number): Promise<EpochRecord | null> {
    const { loss, validation, accuracy, optimizer } = this.settings;
    const began = performance.now();
    const lr = optimizer.paramGroups[0]!.lr;
    const means = await this.learn(epoch);
    if (means === null) return null;
    const stopped = () => this.stopped() !== null;
    const measured = validation && (await measure(this.model, validation, loss, accuracy, stopped));
    if (validation && measured === null) {
      if (stopped()) return null;
      throw new ArgumentError('fit: the validation loader gave no rows');
    }
    return {
      epoch,
      trainLoss: means.loss,
      trainAccuracy: means.accuracy,
      validationLoss: measured?.loss ?? null,
      validationAccuracy: measured?.accuracy ?? null,
      lr,
      seconds: (performance.now() - began) / 1000,
    };
  }

  /** One pass over the training rows; `null` if it was stopped on the way. */
  private async learn(epoch: number): Promise<Means | null> {
    const { train, optimizer, onBatch } = this.settings;
    const means = new Means();
    this.model.train();
    for (const [x, y] of train) {
      if (this.stopped()) return null;
      const { lr } = optimizer.paramGroups[0]!;
      const { value, right } = this.step(x, y, (loss) => notFinite(loss, epoch, means.batches + 1, lr));
      means.add(x.shape[0] ?? 1, value, right);
      const state = { epoch, batch: means.batches, rows: means.rows, loss: means.loss, accuracy: means.accuracy };
      this.progress?.batch(state);
      await onBatch?.({ ...state, batchLoss: value, lr });
      await this.pause();
    }
    if (means.rows === 0) throw new ArgumentError('fit: the training loader gave no rows');
    return means;
  }

  /** One update by one batch. What counts is the first evaluation; some optimizers make several. */
  private step(x: Tensor, y: Tensor, diverged: (loss: number) => Error): { value: number; right: number | null } {
    const { loss, optimizer, accuracy } = this.settings;
    let first: { value: number; right: number | null } | null = null;
    optimizer.step(() => {
      optimizer.zeroGrad();
      const outputs = this.model.call(x);
      const batchLoss = lossOf(loss, outputs, y);
      const value = batchLoss.item();
      if (first === null && !Number.isFinite(value)) throw diverged(value);
      batchLoss.backward();
      first ??= { value, right: noGrad(() => accuracy(outputs, y)) };
      return batchLoss;
    });
    return first!;
  }

  private stopped(): StopReason | null {
    const { signal, maxTime } = this.settings;
    if (signal?.aborted) return (signal.reason as Error | undefined)?.name === 'TimeoutError' ? 'maxTime' : 'aborted';
    return maxTime !== null && performance.now() - this.started >= 1000 * maxTime ? 'maxTime' : null;
  }

  /** Keeps the weights where the validation loss is the smallest yet. */
  private epochsWithoutProgress({ epoch, validationLoss }: EpochRecord): number {
    const loss = Number.isNaN(validationLoss) ? Number.POSITIVE_INFINITY : validationLoss!;
    if (this.best === null || loss < this.best.loss - this.settings.minDelta) {
      const state = Object.entries(this.model.stateDict()).map(([name, value]) => [name, clone(value)]);
      this.best = { epoch, loss, state: Object.fromEntries(state) };
    }
    return epoch - this.best.epoch;
  }
}

function notFinite(loss: number, epoch: number, batch: number, lr: number): TrainingError {
  const advice =
    epoch === 1 && batch === 1
      ? 'nothing was learnt yet, so look for NaN or huge numbers in the inputs, targets and initial weights'
      : `the steps are too large: lower lr (now ${lr}), or clip the gradients`;
  return new TrainingError(`fit: the loss is ${loss} in epoch ${epoch}, batch ${batch}: ${advice}`);
}

async function progressOf(wanted: Progress | boolean): Promise<Progress | null> {
  if (typeof wanted !== 'boolean') return wanted;
  return wanted ? (await import('./progress.ts')).progressBar() : null;
}

function checked(options: FitOptions): Settings {
  const required = { loss: undefined, optimizer: undefined, train: undefined, epochs: undefined };
  const settings = readOptions('fit', options, { ...required, ...defaults } as unknown as Settings);
  const { loss, optimizer, train, epochs, validation, patience, minDelta, maxTime } = settings;
  checkLoss('fit', loss);
  if (typeof optimizer?.step !== 'function') throw new ArgumentError('fit: optimizer must be an optimizer');
  checkLoader('train', train);
  checkInteger('fit', 'epochs', epochs, 1);
  if (validation !== null) checkLoader('validation', validation);
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
