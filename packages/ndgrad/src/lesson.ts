import type { FitOptions, Progress } from '@ndgrad/train';
import { percent, significant } from '@ndgrad/train/text';
import type { Report } from './report.ts';

/** An option of a lesson: `--batch-size <number>` for the key `batchSize`. */
export interface LessonOption<T extends number | string = number | string> {
  readonly help: string;
  readonly default: T;
  /** Reads the text of the command line, or throws RangeError with what it must be. */
  readonly read: (text: string) => T;
  /** How the help names the value. */
  readonly placeholder: string;
}

/** What a lesson must reach: a number of at least `min` and at most `max`. */
export interface Goal {
  readonly min?: number;
  readonly max?: number;
  readonly format: (value: number) => string;
}

// biome-ignore lint/complexity/noBannedTypes: stands for a table of no options
type None = {};
type Options = Readonly<Record<string, LessonOption>>;
type Values<O extends Options> = { -readonly [Name in keyof O]: O[Name]['default'] };

/** What the command line asks of every training run. */
export type Training = Required<Pick<FitOptions, 'signal' | 'progress' | 'observers' | 'checkpoint'>>;

/** What a running lesson is given beside its options. */
export interface LessonContext {
  /** Writes lines to the standard output. */
  print: (...lines: string[]) => void;
  /**
   * To be spread into each `fit`: `fit(model, { loss, optimizer, train, epochs, ...training })`. Each spreading gives a
   * checkpoint of its own, so that a lesson may train several models one after another.
   */
  training: Training;
  /** Where a lesson shows pictures of its own; `null` without `--report`. */
  report: Report | null;
  /** Shows how training goes on. It is in `training`, too. */
  progress: Progress;
  /** Fires on Ctrl-C and when the time is up: end soon, and give what is known. It is in `training`, too. */
  signal: AbortSignal;
  /** To await in loops of a lesson's own: gives Ctrl-C its turn, and ends the lesson when the signal has fired. */
  pause: () => Promise<void>;
}

/** One example program: what it is called, what can be set, what it must reach. */
export interface LessonSpec<O extends Options, G extends string> {
  name: string;
  /** One line for lists. */
  summary: string;
  options: O;
  goals: Readonly<Record<G, Goal>>;
  /** A smaller size for continuous integration, with goals that this size honestly reaches. */
  ci?: { options?: Partial<Values<O>>; goals?: Partial<Readonly<Record<G, Goal>>> };
  /** Gives the number for each goal; those not come to, because the signal fired, may be left out. */
  run: (options: Values<O>, context: LessonContext) => Promise<Partial<Record<G, number>>>;
}

/** A lesson as the command runs it. */
export type Lesson = LessonSpec<Options, string>;

/** Declares a lesson, with the types of its options and goals inferred. */
export function lesson<const O extends Options = None, const G extends string = string>(
  spec: LessonSpec<O, G>,
): Lesson {
  return spec as unknown as Lesson;
}

// Options

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numeric(must: string, test: (value: number) => boolean) {
  return (fallback: number, help: string): LessonOption<number> => ({
    help,
    default: fallback,
    placeholder: 'number',
    read(text) {
      const value = NUMBER.test(text.trim()) ? Number(text) : Number.NaN;
      if (!Number.isFinite(value) || !test(value)) throw new RangeError(`must be ${must}, got ${JSON.stringify(text)}`);
      return value;
    },
  });
}

/** An option that is a whole number of at least 1: epochs, rows, units. */
export const count = numeric('a whole number of at least 1', (value) => Number.isSafeInteger(value) && value >= 1);
/** An option that is a number greater than 0: a learning rate, seconds. */
export const positive = numeric('a number greater than 0', (value) => value > 0);
/** An option that is a number of at least 0: weight decay. */
export const nonNegative = numeric('a number of at least 0', (value) => value >= 0);
/** An option that is a number in [0, 1): momentum, a share. */
export const fraction = numeric('a number in [0, 1)', (value) => value >= 0 && value < 1);
/** An option that is a whole number of at least 0: a seed. */
export const seed = numeric('a whole number of at least 0', (value) => Number.isSafeInteger(value) && value >= 0);

/** An option that is any text: a folder. */
export function text(fallback: string, help: string): LessonOption<string> {
  return { help, default: fallback, placeholder: 'text', read: (given) => given };
}

// Goals

/** A share that must be at least `min` and at most `max`, shown as a percentage: an accuracy. */
export const share = (bounds: { min?: number; max?: number }): Goal => ({
  ...bounds,
  format: (value) => percent(value),
});
/** A number that must be at least `min` and at most `max`: a loss, an error. */
export const amount = (bounds: { min?: number; max?: number }): Goal => ({ ...bounds, format: significant });

/** Whether the number lies within the goal; NaN does not. */
export function isReached({ min, max }: Goal, value: number): boolean {
  return !Number.isNaN(value) && (min === undefined || value >= min) && (max === undefined || value <= max);
}

/** `at least 97.50 %` */
export function goalText({ min, max, format }: Goal): string {
  if (min !== undefined && max !== undefined) return `${format(min)} to ${format(max)}`;
  return [min === undefined ? '' : `at least ${format(min)}`, max === undefined ? '' : `at most ${format(max)}`].join(
    '',
  );
}
