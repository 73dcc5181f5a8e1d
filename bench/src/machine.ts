import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import type { Machine } from './results.ts';

/** What the numbers were measured on; nothing that tells whose machine it is. */
export function machine(loadBefore: number): Machine {
  return {
    processor: processor(),
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    load: [loadBefore, load()],
  };
}

/** How many processes wanted to run, on average over the last minute. */
export const load = () => Math.round(100 * loadavg()[0]!) / 100;

const processor = () =>
  (cpus()[0]?.model ?? 'unknown processor').replaceAll(/\((?:R|TM)\)/gi, '').replaceAll(/\s+/g, ' ');

/** A name for a file of results: the day and the processor. */
export function resultName(date: Date, ...parts: string[]): string {
  const words = [processor(), `${availableParallelism()} cores`, ...parts].join(' ');
  const slug = words
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `${date.toISOString().slice(0, 10)}-${slug}`;
}
