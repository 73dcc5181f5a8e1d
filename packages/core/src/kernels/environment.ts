import { checkInteger } from '../options.ts';

/** An environment variable; `undefined` where it is empty, or where there is no environment, as in a browser. */
export function environment(name: string): string | undefined {
  return globalThis.process?.env?.[name] || undefined;
}

/**
 * The number of threads that `NDGRAD_THREADS` asks for; `undefined` where it is not set.
 * @throws ArgumentError unless it is a whole number of at least 1
 */
export function threadsWanted(): number | undefined {
  const value = environment('NDGRAD_THREADS');
  if (value === undefined) return undefined;
  const threads = Number(value);
  checkInteger('NDGRAD_THREADS', 'the number of threads', Number.isNaN(threads) ? value : threads, 1);
  return threads;
}

/** More threads than this many are used only where they are asked for. */
const MANY = 8;

let known: number | undefined;

/**
 * How many threads compute what is large: as many as `NDGRAD_THREADS` says, else as many as there are cores, up to 8; one
 * where there are no workers, or no memory that they could share.
 * @throws ArgumentError for a number of threads that is none
 */
export function threadCount(): number {
  known ??= threadsWanted() ?? Math.min(cores(), MANY);
  return known;
}

function cores(): number {
  if (globalThis.SharedArrayBuffer === undefined) return 1;
  return globalThis.process?.getBuiltinModule?.('node:os')?.availableParallelism?.() ?? 1;
}
