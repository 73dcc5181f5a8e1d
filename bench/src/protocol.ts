import type { Task } from './tasks.ts';

/**
 * A contender runs in a process of its own. It says `Hello`, then answers each `Request` by one `Reply`: a line of JSON
 * each, on standard input and output.
 */
export type Request =
  /** Take the numbers (float64, little-endian, one array after another) and be ready for the first step. */
  | { do: 'prepare'; task: Task; file: string; shapes: number[][] }
  /** Make `steps` steps and tell their results. */
  | { do: 'check'; steps: number }
  /** Make `samples` times `steps` steps and tell how long they took. */
  | { do: 'time'; steps: number; samples: number }
  | { do: 'memory' };

export interface Replies {
  prepare: Record<string, never>;
  check: Checked;
  time: Timed;
  memory: Memory;
}

export interface Hello {
  /** What it is and what it runs on. */
  version: string;
  /** From the start of the import to its end. */
  importMilliseconds: number;
}

export interface Checked {
  /** Of each step: the loss before the update; of a product its first, last and mean element. */
  results: number[][];
}

export interface Timed {
  /** Of each sample: microseconds per step. */
  micros: number[];
}

export interface Memory {
  /** In bytes: now, and the most so far. */
  rss: number;
  peak: number;
}

/** What a contender says when it can't. */
export interface Failure {
  error: string;
}

export type Reply<T> = T | Failure;
