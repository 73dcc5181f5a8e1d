import { existsSync } from 'node:fs';
import { format, parse } from 'node:path';
import type { CheckpointOptions, FitObserver } from '@ndgrad/train';
import type { Request } from './commandLine.ts';

/** Options that say for how long to train: a resumed run may have others. */
const LENGTHS = /^(epochs|.*steps)$/i;

/** The checkpoints of one lesson: of its first training run at the path that was given, of its second `run-2`, … */
export class Saving implements FitObserver {
  private runs = 0;

  constructor(
    private readonly path: string,
    private readonly values: Readonly<Record<string, number | string>>,
    private readonly request: Request,
    private readonly print: (line: string) => void,
  ) {}

  /** The options of the next training run. */
  next(): CheckpointOptions {
    const { checkpointEvery, resume, command } = this.request;
    this.runs++;
    // A run after the first may not have begun when the lesson was ended.
    const resumes = resume && this.runs > 1 ? 'auto' : resume;
    const settings = Object.fromEntries(Object.entries(this.values).filter(([name]) => !LENGTHS.test(name)));
    return { path: this.pathOf(this.runs), every: checkpointEvery, resume: resumes, settings, command };
  }

  start({ history = [] }: { history?: readonly unknown[] }): void {
    if (history.length > 0) this.print(`resumed after epoch ${history.length}`);
  }

  /** Where the lesson is saved, in words. */
  summary(stopped: boolean): string {
    const path = this.pathOf(Math.max(1, this.runs));
    if (this.runs === 0 && !stopped) return 'checkpoint: none, for this example trains in a loop of its own';
    if (!existsSync(path)) return 'checkpoint: none yet';
    return `checkpoint: ${path}${stopped ? ' (the same command with --resume goes on)' : ''}`;
  }

  private pathOf(run: number): string {
    const { dir, name, ext } = parse(this.path);
    return run === 1 ? this.path : format({ dir, name: `${name}-${run}`, ext });
  }
}
