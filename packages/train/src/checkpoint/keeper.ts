import { ArgumentError, checkInteger, describe, type Generator, readOptions } from '@ndgrad/core';
import { CheckpointError } from '../errors.ts';
import type { Course } from './course.ts';
import { aboutNow, type Document, documentBytes, documentOf } from './document.ts';
import type { GeneratorStates, Generators } from './generators.ts';
import { locked } from './lock.ts';
import { nodeModule } from './node.ts';
import { type Stateful, schedulesOf, Training } from './parts.ts';
import { type Described, differences, type Settings, settingsOf } from './settings.ts';
import { Store } from './store.ts';

/** What `fit` saves while it trains; `path` is required. */
export interface CheckpointOptions {
  /** The file: a safetensors file, which holds the weights as `model.<name>`. */
  path: string;
  /** How often: after so many epochs (default 1), or so many steps. It is always saved at the start and at the end. */
  every?: number | { steps: number };
  /** How many of the last ones stay: at `path`, and those before as `run.step-600.safetensors` (default 1). */
  keepLast?: number;
  /**
   * Whether the one after the epoch with the smallest validation loss (without one, training loss) stays as
   * `run.best.safetensors` (default false).
   */
  keepBest?: boolean;
  /**
   * Whether to go on from the checkpoint at `path`: `true` where there must be one, `auto` where there may be. By
   * default (`false`) there must be none.
   */
  resume?: boolean | 'auto';
  /**
   * What else changes in training, by name: averages of the weights, or a generator that a function keeps to itself.
   * Found without it are the schedules of the optimizer, the default generator, and those in fields of the model, the
   * loss and the loaders.
   */
  extra?: Readonly<Record<string, Stateful | Generator>>;
  /** Settings by name that a resumed run must share, besides those of model, loss, optimizer, schedule and loaders. */
  settings?: Settings;
  /** How the program was started (default: its command line). */
  command?: string | null;
  /** Called when a checkpoint can't be saved, and training goes on (default: it ends with the error). */
  onError?: ((error: CheckpointError) => unknown) | null;
}

const defaults = {
  path: '',
  every: 1,
  keepLast: 1,
  keepBest: false,
  resume: false,
  extra: {},
  settings: {},
  command: null,
  onError: null,
};

/** A run of `fit`, as its checkpoints see it. */
export interface KeptRun extends Omit<Described, 'settings' | 'schedules'> {
  readonly optimizer: object & Partial<Stateful>;
  readonly schedule: (object & Partial<Stateful>) | null;
  readonly epochs: number;
  readonly patience: number | null;
  readonly observers: readonly unknown[];
}

/** Saves a run of `fit` as it goes, and brings back one that was ended. */
export class Keeper {
  /** The course that is in the file, in a word. */
  private inFile: string | null = null;

  private constructor(
    private readonly options: Required<CheckpointOptions>,
    private readonly training: Training,
    private readonly settings: Settings,
    private readonly store: Store,
    private readonly unlock: () => Promise<void>,
  ) {}

  /**
   * Locks the path, and loads what is there into the run, or saves the run as it begins.
   * @returns how far the run had come; `null` for one that begins
   * @throws CheckpointError where the path is in use, can't be written, or holds what can't be gone on from; then
   *   nothing was changed
   */
  static async open(given: CheckpointOptions, run: KeptRun): Promise<{ keeper: Keeper; course: Course | null }> {
    const options = checked(given);
    const { optimizer, ...rest } = run;
    const parts = { ...rest, optimizer: optimizer as Stateful, schedule: run.schedule as Stateful | null };
    const training = new Training(run.model, { ...parts, extra: options.extra });
    const schedules = schedulesOf(run.optimizer, [run.schedule]);
    const settings = settingsOf({ ...run, schedules, settings: options.settings });
    await checkNoFolder(options.path);
    const unlock = await locked(options.path);
    try {
      const keeper = new Keeper(options, training, settings, new Store(options.path, options.keepLast), unlock);
      return { keeper, course: await keeper.begin(run) };
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  get generators(): Generators {
    return this.training.generators;
  }

  /** Whether the course is to be saved after this step. */
  isDue(step: number): boolean {
    const { every } = this.options;
    return typeof every === 'object' && step % every.steps === 0;
  }

  /** Saves the course in the midst of an epoch. */
  async batch(course: Course): Promise<void> {
    await this.save(course, { isBest: false });
  }

  /** Saves the course after an epoch, where it is time, or the epoch is the best one yet. */
  async epoch(course: Course): Promise<void> {
    const { every, keepBest } = this.options;
    const isBest = keepBest && isLastTheBest(course);
    if (isBest || (typeof every === 'number' && course.history.length % every === 0)) {
      await this.save(course, { isBest });
    }
  }

  /**
   * Saves the course at the end.
   * @param generators their states where they are not the present ones
   */
  async end(course: Course, generators: GeneratorStates | null): Promise<void> {
    await this.save(course, { isBest: false, generators });
  }

  /** Gives the path free. */
  async close(): Promise<void> {
    await this.unlock();
  }

  private async begin(run: KeptRun): Promise<Course | null> {
    const { path, resume } = this.options;
    const bytes = await this.store.read();
    if (bytes === null && resume === true) {
      throw new CheckpointError(`${path}: there is no checkpoint to go on from`);
    }
    if (bytes === null) {
      await this.write({ history: [], step: 0, best: null, underway: null }, false, null);
      return null;
    }
    if (resume === false) {
      throw new CheckpointError(`${path}: there is a file; go on from it by resume, delete it, or give another path`);
    }
    const document = await documentOf(path, bytes);
    const course = this.fitting(document, run);
    this.training.load(path, document.parts);
    this.store.goOnFrom(course.step);
    this.inFile = markOf(course);
    return course;
  }

  /** The course of a document. @throws CheckpointError where it is not that of such a run */
  private fitting({ course, settings }: Document, { epochs, patience }: KeptRun): Course {
    const { path } = this.options;
    if (course === null || settings === null) {
      throw new CheckpointError(`${path}: fit did not make it, and can't go on from it; loadCheckpoint reads it`);
    }
    const done = course.history.length;
    const wrong = differences(settings, this.settings);
    if (patience !== null && course.best === null && done > 0) wrong.push(`patience was not set, is ${patience}`);
    if (done > epochs) wrong.push(`${done} epochs are done, more than the ${epochs} asked for`);
    if (wrong.length === 0) return course;
    throw new CheckpointError(
      `${path}: it is a run's with other settings:\n  ${wrong.slice(0, MANY).join('\n  ')}${more(wrong.length)}\n` +
        'Go on with the same ones, or give another path',
    );
  }

  private async save(course: Course, how: { isBest: boolean; generators?: GeneratorStates | null }): Promise<void> {
    if (markOf(course) === this.inFile && !how.isBest) return;
    try {
      await this.write(course, how.isBest, how.generators ?? null);
    } catch (error) {
      if (!(error instanceof CheckpointError) || this.options.onError === null) throw error;
      await this.options.onError(error);
    }
  }

  private async write(course: Course, isBest: boolean, generators: GeneratorStates | null): Promise<void> {
    const { command } = this.options;
    const now = this.training.state();
    const parts = { ...now, generators: generators ?? now.generators };
    const about = aboutNow(command);
    const bytes = await documentBytes({ parts, course, settings: this.settings, state: null, about });
    try {
      await this.store.write(bytes, course.step, isBest);
    } catch (cause) {
      const { message } = cause as Error;
      if (this.inFile === null) throw new CheckpointError(`fit: the checkpoint can't be saved: ${message}`, { cause });
      throw new CheckpointError(
        `fit: the checkpoint of ${markOf(course)} can't be saved: ${message}. ` +
          `That of ${this.inFile} is still there, and training itself went well`,
        { cause },
      );
    }
    this.inFile = markOf(course);
  }
}

/** How many differences are listed. */
const MANY = 10;
const more = (count: number): string => (count > MANY ? `\n  and ${count - MANY} more` : '');

/** `epoch 3, step 240` */
const markOf = ({ history, step, underway }: Course): string =>
  `epoch ${history.length + (underway === null ? 0 : 1)}, step ${step}${underway === null ? '' : ' within it'}`;

function isLastTheBest({ history }: Course): boolean {
  const losses = history.map(({ validationLoss, trainLoss }) => {
    const loss = validationLoss ?? trainLoss;
    return Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss;
  });
  const last = losses.pop()!;
  return losses.every((loss) => last < loss);
}

async function checkNoFolder(path: string): Promise<void> {
  const { stat } = nodeModule('node:fs/promises');
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new CheckpointError(`${path}: it is a folder; give the path of a file in it`);
}

function checked(given: CheckpointOptions): Required<CheckpointOptions> {
  const options = readOptions('fit: checkpoint', given, { ...defaults } as Required<CheckpointOptions>);
  const { path, every, keepLast, keepBest, resume, onError } = options;
  const refuse = (what: string) => {
    throw new ArgumentError(`fit: checkpoint: ${what}`);
  };
  if (typeof path !== 'string' || path === '') refuse(`path must be that of a file, got ${describe(path)}`);
  if (typeof every === 'number') checkInteger('fit: checkpoint', 'every', every, 1);
  else checkInteger('fit: checkpoint', 'every.steps', (every as { steps?: unknown } | null)?.steps, 1);
  checkInteger('fit: checkpoint', 'keepLast', keepLast, 1);
  if (typeof keepBest !== 'boolean') refuse(`keepBest must be true or false, got ${describe(keepBest)}`);
  if (typeof resume !== 'boolean' && resume !== 'auto') {
    refuse(`resume must be true, false or "auto", got ${describe(resume)}`);
  }
  if (onError !== null && typeof onError !== 'function') refuse(`onError must be a function, got ${describe(onError)}`);
  return options;
}
