import type { Module } from '@ndgrad/nn';
import type { CheckpointOptions } from './checkpoint/keeper.ts';
import { keepingModes } from './evaluate.ts';
import { checked, type FitOptions, type FitSettings } from './fitOptions.ts';
import { Observers } from './observers.ts';
import type { FitObserver } from './records.ts';
import { type FitResult, type Kept, Run } from './run.ts';

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
 *
 * With a checkpoint, a run that was ended at any moment goes on when the same program is started again, to the same
 * weights and the same history, bit for bit, as if it had never been ended:
 *
 * ```ts
 * await fit(model, { loss, optimizer, train, epochs: 20, checkpoint: { path: 'run.safetensors', resume: 'auto' } });
 * ```
 * @throws TrainingError for a loss that is no finite number, before it reaches the weights
 * @throws ArgumentError for options that are missing, unknown or out of range, and for loaders without rows
 * @throws CheckpointError where the checkpoint can't be written, read or gone on from
 */
export async function fit(model: Module, options: FitOptions): Promise<FitResult> {
  const settings = checked(options);
  const kept = settings.checkpoint === null ? null : await openKeeper(model, settings, settings.checkpoint);
  try {
    return await observed(model, settings, kept);
  } finally {
    await kept?.keeper.close();
  }
}

async function openKeeper(model: Module, settings: FitSettings, checkpoint: CheckpointOptions): Promise<Kept> {
  const { Keeper } = await import('./checkpoint/keeper.ts'); // which needs Node
  return Keeper.open(checkpoint, { model, ...settings });
}

async function observed(model: Module, settings: FitSettings, kept: Kept | null): Promise<FitResult> {
  const { loss, optimizer, train, validation, accuracy, epochs } = settings;
  const observers = new Observers(await watchersOf(settings));
  let result: FitResult;
  try {
    const [batches, history] = [train.length ?? null, kept?.course?.history ?? []];
    await observers.start({ model, loss, optimizer, train, validation, accuracy, epochs, batches, history });
    result = await keepingModes(model, () => new Run(model, settings, observers, kept).go());
  } catch (error) {
    await observers.stop().catch(() => undefined); // the first error is the one to know
    throw error;
  }
  await observers.stop();
  return result;
}

/** All who are told: the progress first, the callbacks last. */
async function watchersOf({ progress, observers, onBatch, onEpoch }: FitSettings): Promise<FitObserver[]> {
  const shown = progress === true ? (await import('./progress.ts')).progressBar() : progress;
  const callbacks: FitObserver = { ...(onBatch && { batch: onBatch }), ...(onEpoch && { epoch: onEpoch }) };
  return [...(shown === false ? [] : [shown]), ...observers, callbacks];
}
