import { ArgumentError, describe, type Generator, readOptions } from '@ndgrad/core';
import { type AnyModule, Module, type StateDict } from '@ndgrad/nn';
import { type About, aboutNow, documentBytes, documentOf } from './checkpoint/document.ts';
import { files } from './checkpoint/node.ts';
import { type Stateful, Training } from './checkpoint/parts.ts';
import { bytesAt } from './checkpoint/store.ts';
import type { Value } from './checkpoint/values.ts';
import { CheckpointError } from './errors.ts';
import type { Loader } from './measure.ts';
import type { EpochRecord } from './records.ts';

/** What a loop of one's own trains with, besides its model; what is left out is neither saved nor loaded. */
export interface CheckpointParts {
  /** Its schedules are found. */
  optimizer?: Stateful | null;
  /** A schedule that is not one of the optimizer's. */
  schedule?: Stateful | null;
  /** The loader, whose generators are part of the state. */
  train?: Loader | null;
  /** What else changes in training, by name: averages of the weights, a generator that a function keeps to itself. */
  extra?: Readonly<Record<string, Stateful | Generator>>;
}

/** Options of `saveCheckpoint`. */
export interface SaveCheckpointOptions extends CheckpointParts {
  /** Plain data and tensors that the loop keeps: the epoch, the losses so far (default `null`). */
  state?: Value;
  /** How the program was started (default: its command line). */
  command?: string | null;
}

/** A checkpoint, read. */
export interface Checkpoint {
  /** The weights and buffers, for `model.loadStateDict`. */
  readonly model: StateDict;
  /** Those of the epoch with the smallest validation loss, where `fit` had patience; else `null`. */
  readonly best: { readonly epoch: number; readonly loss: number; readonly state: StateDict } | null;
  /** The epochs that `fit` completed; empty for a loop of one's own. */
  readonly history: readonly EpochRecord[];
  /** The steps that `fit` took; `null` for a loop of one's own. */
  readonly step: number | null;
  /** What a loop of one's own kept. */
  readonly state: Value;
  readonly about: About;
}

const noParts: Required<CheckpointParts> = { optimizer: null, schedule: null, train: null, extra: {} };

/**
 * Saves a training loop of one's own: model, optimizer, schedule, and the generators that they draw from (the default
 * one, those in their fields, those in `extra`). At every instant the path holds a whole checkpoint, the old or the new.
 *
 * ```ts
 * const path = 'run.safetensors';
 * const parts = { optimizer, train };
 * let epoch = existsSync(path) ? ((await loadCheckpoint(path, model, parts)).state as { epoch: number }).epoch : 0;
 * while (epoch < epochs) {
 *   trainOneEpoch(model, parts);
 *   await saveCheckpoint(path, model, { ...parts, state: { epoch: ++epoch } });
 * }
 * ```
 * @throws CheckpointError where the file can't be written
 * @throws ArgumentError for parts without a `stateDict`, and for a state that is more than plain data and tensors
 */
export async function saveCheckpoint(path: string, model: AnyModule, options?: SaveCheckpointOptions): Promise<void> {
  const defaults: Required<SaveCheckpointOptions> = { ...noParts, state: null, command: null };
  const { state, command, ...parts } = readOptions('saveCheckpoint', options, defaults);
  check('saveCheckpoint', path, model);
  const { writeFileAtomic } = await files();
  const training = trainingOf(model, parts);
  const about = aboutNow(command);
  const bytes = await documentBytes({ parts: training.state(), course: null, settings: null, state, about });
  try {
    await writeFileAtomic(path, bytes);
  } catch (cause) {
    throw new CheckpointError(`saveCheckpoint: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Loads a checkpoint into a model and what it is trained with: one of `saveCheckpoint`, or one of `fit`, whose last
 * weights it then has. Generators go on from their saved states, the default one too. Where something does not fit,
 * nothing is changed.
 * @returns what the checkpoint holds
 * @throws CheckpointError for a file that can't be read, is no checkpoint, is damaged, or does not fit
 */
export async function loadCheckpoint(path: string, model: AnyModule, parts?: CheckpointParts): Promise<Checkpoint> {
  const given = readOptions('loadCheckpoint', parts, noParts);
  check('loadCheckpoint', path, model);
  const training = trainingOf(model, given);
  const document = await read('loadCheckpoint', path);
  training.load(path, document.parts);
  return checkpointOf(document);
}

/**
 * What a checkpoint holds, without a model to load it into.
 * @throws CheckpointError for a file that can't be read, is no checkpoint, or is damaged
 */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  checkPath('readCheckpoint', path);
  return checkpointOf(await read('readCheckpoint', path));
}

type Document = Awaited<ReturnType<typeof documentOf>>;

function checkpointOf({ parts, course, state, about }: Document): Checkpoint {
  const { best, history, step } = course ?? { best: null, history: [], step: null };
  return { model: parts.model, best, history, step, state, about };
}

async function read(operation: string, path: string): Promise<Document> {
  const bytes = await bytesAt(path);
  if (bytes === null) throw new CheckpointError(`${operation}: there is no file ${path}`);
  return documentOf(path, bytes);
}

function trainingOf(model: AnyModule, parts: Required<CheckpointParts>): Training {
  return new Training(model, { ...parts, validation: null, loss: null, observers: [] });
}

function check(operation: string, path: unknown, model: unknown): void {
  checkPath(operation, path);
  if (!(model instanceof Module)) {
    throw new ArgumentError(`${operation}: expected a model, a Module, got ${describe(model)}`);
  }
}

function checkPath(operation: string, path: unknown): void {
  if (typeof path === 'string' && path !== '') return;
  throw new ArgumentError(`${operation}: the path must be that of a file, got ${describe(path)}`);
}
