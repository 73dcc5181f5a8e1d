import { ArgumentError, clone, noGrad, type Tensor } from '@ndgrad/core';
import type { Module } from '@ndgrad/nn';
import type { Best, Course } from './checkpoint/course.ts';
import type { GeneratorStates } from './checkpoint/generators.ts';
import type { Keeper } from './checkpoint/keeper.ts';
import { CheckpointError, TrainingError } from './errors.ts';
import { measure } from './evaluate.ts';
import type { FitSettings } from './fitOptions.ts';
import { type Loader, lossOf, Means, type Measured } from './measure.ts';
import type { Observers } from './observers.ts';
import { pauses } from './pause.ts';
import type { EpochRecord, StopReason } from './records.ts';

/** What `fit` gives. */
export interface FitResult {
  /** The epochs that were completed, those before it was resumed included. */
  history: EpochRecord[];
  reason: StopReason;
  /** The epoch whose weights the model holds, where `patience` brought the best ones back; else `null`. */
  bestEpoch: number | null;
}

/** What keeps the run, and how far it had come when it was ended; `null` where it begins. */
export interface Kept {
  keeper: Keeper;
  course: Course | null;
}

/** An epoch that has begun. */
interface Epoch {
  readonly number: number;
  readonly means: Means;
  /** The learning rate at its start. */
  readonly lr: number;
  /** When it began, or would have begun had it never been ended, as `performance.now` counts. */
  readonly began: number;
  /** The generators' states at its start, where the run is kept. */
  readonly generators: GeneratorStates | null;
}

/** A run of `fit` from its first epoch, or where it was ended, to its last. */
export class Run {
  private readonly history: EpochRecord[];
  private stepsDone: number;
  private best: Best | null;
  private present: Epoch | null;
  /** The generators' states where validation began, until it ends: one that is broken off starts anew. */
  private beforeValidation: GeneratorStates | null = null;
  private readonly keeper: Keeper | null;
  private readonly started = performance.now();
  private readonly pause = pauses();

  constructor(
    private readonly model: Module,
    private readonly settings: FitSettings,
    private readonly observers: Observers,
    kept: Kept | null,
  ) {
    const { history, step, best, underway } = kept?.course ?? { history: [], step: 0, best: null, underway: null };
    this.keeper = kept?.keeper ?? null;
    this.history = [...history];
    this.stepsDone = step;
    this.best = settings.patience === null ? null : best;
    this.present = underway && {
      ...underway,
      number: history.length + 1,
      means: new Means(underway.sums),
      began: this.started - 1000 * underway.seconds,
    };
  }

  async go(): Promise<FitResult> {
    const reason = await this.epochs();
    try {
      await this.keeper?.end(this.course(), this.beforeValidation);
    } finally {
      if (this.best !== null) this.model.loadStateDict(this.best.state);
    }
    return { history: this.history, reason, bestEpoch: this.best?.epoch ?? null };
  }

  private async epochs(): Promise<StopReason> {
    const { epochs, patience, schedule } = this.settings;
    while (this.history.length < epochs) {
      if (patience !== null && this.epochsWithoutProgress() >= patience) return 'patience';
      const record = this.stopped() ? null : await this.epoch();
      if (record === null) return this.stopped()!;
      this.history.push(record);
      await this.observers.epoch(record);
      schedule?.step(record.validationLoss ?? record.trainLoss);
      if (patience !== null) this.keepBest(record);
      await this.keeper?.epoch(this.course());
    }
    return 'epochs';
  }

  /** `null` if it was stopped on the way. */
  private async epoch(): Promise<EpochRecord | null> {
    const epoch = this.present ?? this.newEpoch();
    this.present = epoch;
    const { number, means, lr, began } = epoch;
    if (!(await this.learn(epoch))) return null;
    const measured = await this.validate();
    if (measured === undefined) return null;
    this.present = null;
    return {
      epoch: number,
      trainLoss: means.loss,
      trainAccuracy: means.accuracy,
      validationLoss: measured?.loss ?? null,
      validationAccuracy: measured?.accuracy ?? null,
      lr,
      seconds: (performance.now() - began) / 1000,
    };
  }

  private newEpoch(): Epoch {
    return {
      number: this.history.length + 1,
      means: new Means(),
      lr: this.settings.optimizer.paramGroups[0]!.lr,
      began: performance.now(),
      generators: this.keeper?.generators.states() ?? null,
    };
  }

  /** One pass over the training rows, or what is left of it; `false` if it was stopped on the way. */
  private async learn(epoch: Epoch): Promise<boolean> {
    const { train, optimizer } = this.settings;
    const { number, means } = epoch;
    this.model.train();
    for (const [x, y] of this.batchesOf(epoch)) {
      const { lr } = optimizer.paramGroups[0]!;
      const { value, right } = this.step(x, y, (loss) => notFinite(loss, number, means.batches + 1, lr));
      means.add(x.shape[0] ?? 1, value, right);
      const { batches: batch, rows, loss, accuracy } = means;
      await this.observers.batch({ epoch: number, batch, rows, loss, accuracy, batchLoss: value, lr });
      this.stepsDone++;
      if (this.keeper?.isDue(this.stepsDone)) await this.keeper.batch(this.course());
      await this.pause();
      // Before the next batch is made, which may draw; after the last one, the epoch is completed.
      if (this.stopped() !== null && batch !== train.length) return false;
    }
    if (means.rows === 0) throw new ArgumentError('fit: the training loader gave no rows');
    return true;
  }

  /** The epoch's batches that are still to be learnt from. */
  private batchesOf({ means, generators: atStart }: Epoch): Iterable<readonly [Tensor, Tensor]> {
    const { train } = this.settings;
    if (means.batches === 0) return train;
    const { generators } = this.keeper!;
    const now = generators.states();
    generators.restore(atStart!);
    const rest = train.from?.(means.batches) ?? without(train, means.batches);
    generators.restore(now);
    return rest;
  }

  /** `null` without validation rows; `undefined` if it was stopped on the way. */
  private async validate(): Promise<Measured | null | undefined> {
    const { loss, validation, accuracy } = this.settings;
    if (validation === null) return null;
    this.beforeValidation = this.keeper?.generators.states() ?? null;
    const stopped = () => this.stopped() !== null;
    const measured = await measure(this.model, validation, loss, accuracy, stopped);
    if (measured === null && stopped()) return undefined;
    if (measured === null) throw new ArgumentError('fit: the validation loader gave no rows');
    this.beforeValidation = null;
    return measured;
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
  private keepBest({ epoch, validationLoss }: EpochRecord): void {
    const loss = Number.isNaN(validationLoss) ? Number.POSITIVE_INFINITY : validationLoss!;
    if (this.best !== null && !(loss < this.best.loss - this.settings.minDelta)) return;
    const state = Object.entries(this.model.stateDict()).map(([name, value]) => [name, clone(value)]);
    this.best = { epoch, loss, state: Object.fromEntries(state) };
  }

  private epochsWithoutProgress(): number {
    return this.history.length - (this.best?.epoch ?? 0);
  }

  /** How far the run has come, for its checkpoint. */
  private course(): Course {
    const { history, stepsDone: step, best, present } = this;
    const underway = present && {
      sums: present.means.sums,
      lr: present.lr,
      seconds: (performance.now() - present.began) / 1000,
      generators: present.generators!,
    };
    return { history, step, best, underway };
  }
}

/** What comes after the first batches, which are made and dropped. */
function without(loader: Loader, batches: number): Iterable<readonly [Tensor, Tensor]> {
  const iterator = loader[Symbol.iterator]();
  for (let batch = 0; batch < batches; batch++) {
    if (iterator.next().done) {
      throw new CheckpointError(
        `fit: the checkpoint has ${batches} batches of its epoch, the training loader ${batch}`,
      );
    }
  }
  return { [Symbol.iterator]: () => iterator };
}

function notFinite(loss: number, epoch: number, batch: number, lr: number): TrainingError {
  const advice =
    epoch === 1 && batch === 1
      ? 'nothing was learnt yet, so look for NaN or huge numbers in the inputs, targets and initial weights'
      : `the steps are too large: lower lr (now ${lr}), or clip the gradients`;
  return new TrainingError(`fit: the loss is ${loss} in epoch ${epoch}, batch ${batch}: ${advice}`);
}
