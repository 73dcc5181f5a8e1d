import type { Task } from './tasks.ts';

/** A framework, as the benchmark sees it. A module in `contenders/` exports `load`. */
export interface Contender {
  /** What it is and what it runs on. */
  readonly version: string;
  /** Makes everything ready for the first step. @throws where it can't do this task */
  prepare(task: Task, arrays: readonly Float64Array[]): Run | Promise<Run>;
}

/** A task that is ready to run. */
export interface Run {
  /** One step of training, or one product, from start to end; but what the next step needs may be left to `finish`. */
  step(): void | Promise<void>;
  finish?(): Promise<void>;
  /** The loss of the last step, or the elements of the last product. */
  result(): ArrayLike<number>;
}

/** How a contender is loaded; `variant` says which of several (a backend, say). */
export type Load = (variant: string) => Contender | Promise<Contender>;
