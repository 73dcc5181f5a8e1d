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
