import type { Tensor } from '@ndgrad/core';
import type { Module } from '@ndgrad/nn';
import type { Accuracy, Loader, Loss } from './measure.ts';

/** How far an epoch has come. */
export interface BatchProgress {
  epoch: number;
  /** Batches of this epoch that are done. */
  batch: number;
  /** Rows of this epoch that are done. */
  rows: number;
  /** The mean loss of this epoch so far. */
  loss: number;
  /** The accuracy in this epoch so far; `null` where the targets are no labels. */
  accuracy: number | null;
}

/** One batch: its own loss, and the epoch's means so far. */
export interface BatchRecord extends BatchProgress {
  batchLoss: number;
  lr: number;
}

/** One epoch that was completed. */
export interface EpochRecord {
  /** From 1. */
  epoch: number;
  /** The mean over the rows, each measured while its batch was learnt from. */
  trainLoss: number;
  /** As `trainLoss`; `null` where the targets are no class labels. */
  trainAccuracy: number | null;
  /** After the epoch, in evaluation mode; `null` without validation rows. */
  validationLoss: number | null;
  validationAccuracy: number | null;
  /** The learning rate during the epoch, of the optimizer's first group. */
  lr: number;
  /** How long training and validation took. */
  seconds: number;
}

/** Why training ended: all epochs, no more progress (`patience`), the signal, or the time. */
export type StopReason = 'epochs' | 'patience' | 'aborted' | 'maxTime';

/** What `fit` needs of an optimizer; those of `@ndgrad/optim` have it. */
export interface FitOptimizer {
  /** Calls `closure`, which computes loss and gradients, and updates the parameters. */
  step(closure: () => Tensor): unknown;
  zeroGrad(): void;
  readonly paramGroups: readonly { readonly lr: number }[];
}

/** What `fit` is about to do, as those who watch are told. */
export interface FitRun {
  readonly model: Module;
  readonly loss: Loss;
  readonly optimizer: FitOptimizer;
  readonly train: Loader;
  readonly validation: Loader | null;
  readonly accuracy: Accuracy;
  readonly epochs: number;
  /** Batches per epoch, where the loader knows it. */
  readonly batches: number | null;
  /** The epochs that were completed before, where a run is resumed (default: none). */
  readonly history?: readonly EpochRecord[];
}

/** Watches a training run: a report, a doctor, a log. What is left out is not told; all of it may be async. */
export interface FitObserver {
  /** Before the first epoch, the model in the state in which it will be trained. */
  start?(run: FitRun): unknown;
  /** After every step: the parameters still have the gradients that it took. */
  batch?(record: BatchRecord): unknown;
  /** After every epoch, validation included. */
  epoch?(record: EpochRecord): unknown;
  /** At the end, however it came. */
  stop?(): unknown;
}

/** What training tells of itself while it runs. */
export interface Progress {
  /** Before the first epoch. `batches` per epoch, where the loader knows it; `history`: the epochs of a resumed run. */
  start(run: { epochs: number; batches: number | null; history?: readonly EpochRecord[] }): void;
  /** After every batch. */
  batch(state: BatchProgress): void;
  /** After every epoch. */
  epoch(record: EpochRecord): void;
  /** At the end, however it came. */
  stop(): void;
}

/** Says nothing. */
export const silent: Progress = { start() {}, batch() {}, epoch() {}, stop() {} };
