import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ArgumentError, describe, formatShape, NdgradError, type Tensor, tensor } from '@ndgrad/core';
import { DataLoader, type Dataset } from '@ndgrad/data';
import { decodeSafetensors, readFileWhole } from '@ndgrad/io';
import { CrossEntropyLoss, Module, type Parameter, type StateDict } from '@ndgrad/nn';
import { Adam } from '@ndgrad/optim';
import { type FitOptimizer, type Loader, type Loss, readCheckpoint } from '@ndgrad/train';

/** What a file that goes with the command exports: a model, and what it learns from. */
export interface Project {
  /** The model, or what makes it: called after the seed is set. */
  model: Module | (() => Module);
  /** What it learns from, or what reads it. Datasets are batched; loaders, and lists of batches, are taken as they are. */
  data?: ProjectData | (() => ProjectData | Promise<ProjectData>);
  /** Default: cross-entropy. */
  loss?: Loss;
  /** Default: Adam. */
  optimizer?: (parameters: Parameter[], settings: { lr: number }) => FitOptimizer;
  /** Stepped after every epoch (default: none). */
  schedule?: (optimizer: FitOptimizer, settings: { epochs: number }) => { step(metric: number): unknown };
  /** What the command line's options are if they are not given: 10 epochs, rate 0.001, batches of 32. */
  epochs?: number;
  lr?: number;
  batchSize?: number;
  /** The names of the classes (default: the data's). */
  classes?: readonly string[];
  /** The shape of one input (default: that of the data). */
  inputShape?: readonly number[];
  /** What raw inputs `[n, …]` of `predict` go through first (default: bytes of pictures are divided by 255). */
  transform?: (inputs: Tensor) => Tensor;
}

/** What a model learns from, and what it is measured by. */
export interface ProjectData {
  train: Dataset | Loader;
  validation?: Dataset | Loader;
  test?: Dataset | Loader;
}

/** Declares a project, so that an editor knows its types. */
export function project(spec: Project): Project {
  return spec;
}

/** What is wrong with the command line or with what it names; printed without a stack. */
export class CommandError extends NdgradError {}

/**
 * The project that a file exports, by name or as its default.
 * @throws CommandError for a file that is not there, can't be run or exports no model
 */
export async function loadProject(path: string): Promise<Project> {
  const file = resolve(path);
  if (!existsSync(file)) throw new CommandError(`there is no file ${path}`);
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const hint =
      code === 'ERR_UNKNOWN_FILE_EXTENSION' ? '; this Node runs no TypeScript: node --import tsx, or compile it' : '';
    throw new CommandError(`${path} can't be run: ${message}${hint}`, { cause });
  }
  const found = { ...(exported.default as object | undefined), ...exported } as unknown as Project;
  if (!(found.model instanceof Module) && typeof found.model !== 'function') {
    throw new CommandError(
      `${path} must export a model: export const model = () => new Sequential(…); found ${describe(found.model)}`,
    );
  }
  return found;
}

export const modelOf = ({ model }: Project): Module => (model instanceof Module ? model : model());
export const lossOf = ({ loss }: Project): Loss => loss ?? new CrossEntropyLoss();

/** The loss as a function of a batch's outputs and targets. */
export function lossFunctionOf(found: Project): (outputs: Tensor, targets: Tensor) => Tensor {
  const loss = lossOf(found);
  return typeof loss === 'function' ? loss : (outputs, targets) => loss.call(outputs, targets);
}

export function optimizerOf(found: Project, model: Module, lr: number): FitOptimizer {
  return found.optimizer?.(model.parameters(), { lr }) ?? new Adam(model.parameters(), { lr });
}

/** @throws CommandError for a project without data */
export async function dataOf(found: Project, what: string): Promise<ProjectData> {
  const { data } = found;
  const given = typeof data === 'function' ? await data() : data;
  if (given?.train === undefined) {
    throw new CommandError(
      `${what} needs data: export const data = () => ({ train, validation }), datasets or loaders`,
    );
  }
  return given;
}

/** What a model is tested on: test rows if there are some, else validation rows, else those it learnt from. */
export function testOf({ train, validation, test }: ProjectData): { name: string; rows: Dataset | Loader } {
  if (test !== undefined) return { name: 'test', rows: test };
  return validation === undefined ? { name: 'train', rows: train } : { name: 'validation', rows: validation };
}

export function loaderOf(rows: Dataset | Loader, batchSize: number, shuffle = false): Loader {
  return isDataset(rows) ? new DataLoader(rows, { batchSize, shuffle }) : rows;
}

const isDataset = (rows: Dataset | Loader): rows is Dataset => typeof (rows as Dataset).batch === 'function';

/** The names of the classes; `null` where nobody gives some. */
export async function classesOf(found: Project): Promise<readonly string[] | null> {
  if (found.classes !== undefined) return found.classes;
  if (found.data === undefined) return null;
  const { train } = await dataOf(found, 'classes');
  return (train as Dataset).classNames ?? null;
}

/** A batch like those that the model takes: the first of its data, or zeros of the project's shape. */
export async function exampleOf(found: Project, what: string): Promise<Tensor> {
  if (found.data !== undefined) {
    const { train } = await dataOf(found, what);
    for (const [x] of loaderOf(train, 4)) return x;
  }
  if (found.inputShape !== undefined) {
    const shape = [2, ...found.inputShape];
    const values = Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((i * 7) % 11) / 11);
    return tensor(values, { shape });
  }
  throw new CommandError(`${what} needs an input: export const inputShape = [784], or data`);
}

/**
 * Loads weights into the model: a file of `saveWeights` or of PyTorch, or a checkpoint (of which the best weights are
 * taken, where it kept some).
 * @throws CommandError, FileError, CheckpointError
 */
export async function weightsInto(model: Module, path: string | undefined): Promise<void> {
  if (path === undefined) return;
  if (!existsSync(path)) throw new CommandError(`there is no file ${path}`);
  const { tensors, metadata } = decodeSafetensors(await readFileWhole(path), { name: path });
  try {
    model.loadStateDict(metadata.format === 'ndgrad checkpoint' ? await bestOf(path) : tensors);
  } catch (cause) {
    if (!(cause instanceof ArgumentError)) throw cause;
    throw new CommandError(`${path}: ${cause.message}`, { cause });
  }
}

/** The weights of a checkpoint, whose checksum is compared. */
async function bestOf(path: string): Promise<StateDict> {
  const { model, best } = await readCheckpoint(path);
  return best?.state ?? model;
}

/** @throws CommandError unless the inputs have the shape that the model takes */
export function checkInputs(path: string, x: Tensor, shape: readonly number[] | undefined): Tensor {
  if (shape === undefined) return x;
  const size = shape.reduce((a, b) => a * b, 1);
  if (x.numel() !== (x.shape[0] ?? 0) * size) {
    throw new CommandError(
      `${path}: the model takes inputs of shape ${formatShape(shape)}, ${size} numbers each; the file has ` +
        `${formatShape(x.shape.slice(1))}`,
    );
  }
  return x.reshape([x.shape[0]!, ...shape]);
}
