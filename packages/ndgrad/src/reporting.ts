import { ArgumentError } from '@ndgrad/core';
import type { FitObserver } from '@ndgrad/train';
import type { Request } from './commandLine.ts';
import type { Lesson } from './lesson.ts';
import type { Report } from './report.ts';

/** The report of one lesson, which watches its training, and where it will be. */
export interface Reporting {
  readonly report: Report & FitObserver;
  readonly file: string;
  /** Writes the page. */
  write(): Promise<void>;
}

/** The report that the command line asks for; `null` without `--report`. */
export async function reportingOf(
  lesson: Lesson,
  values: Readonly<Record<string, number | string>>,
  { report: wanted, compare, command }: Request,
): Promise<Reporting | null> {
  if (wanted === null) return null;
  const { dirname, resolve } = await import('node:path');
  const { RunReport } = await import('@ndgrad/viz');
  const file = resolve(wanted === true ? `${lesson.name}.html` : wanted);
  // Better now than after an hour of training.
  await checkThere('--report', dirname(file), 'folder');
  if (compare !== null) await checkThere('--compare', compare, 'file');
  const seed = typeof values.seed === 'number' ? values.seed : null;
  const title = `${lesson.name}: ${lesson.summary}`;
  const report = new RunReport({ title, command, options: values, seed });
  return { report, file, write: () => report.write(file, { compare }) };
}

async function checkThere(flag: string, path: string, kind: 'file' | 'folder'): Promise<void> {
  const { stat } = await import('node:fs/promises');
  const found = await stat(path).catch(() => null);
  if (found === null || found.isDirectory() !== (kind === 'folder')) {
    throw new ArgumentError(`${flag}: there is no ${kind} ${path}`);
  }
}
