import { NdgradError } from '@ndgrad/core';
import { type FitObserver, pauses, silent } from '@ndgrad/train';
import { type Output, progressBar } from '@ndgrad/train/progress';
import { duration, table } from '@ndgrad/train/text';
import { defaultsOf, goalsOf, type Request, readCommandLine, UsageError } from './commandLine.ts';
import { Doctoring } from './doctoring.ts';
import { type Goal, goalText, isReached, type Lesson, type LessonContext, type Training } from './lesson.ts';
import { leaveQuietly } from './readers.ts';
import { type Reporting, reportingOf } from './reporting.ts';
import { Saving } from './saving.ts';

export { type Output, progressBar } from '@ndgrad/train/progress';
export { duration, grouped, percent, significant, sparkline, table } from '@ndgrad/train/text';
export { counted } from './counted.ts';
export {
  amount,
  count,
  fraction,
  type Goal,
  type Lesson,
  type LessonContext,
  type LessonOption,
  lesson,
  nonNegative,
  positive,
  seed,
  share,
  type Training,
  text,
} from './lesson.ts';
export type { Report } from './report.ts';

/** Exit codes of the command. */
const OK = 0;
const FAILED = 1;
const WRONG_USAGE = 2;
const INTERRUPTED = 130; // as a shell reports a program that SIGINT ended: 128 + 2

/** In milliseconds, 25 days; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A terminal's one Ctrl-C can arrive twice, when a package manager in between passes its own on. */
const SAME_INTERRUPT = 300; // milliseconds

/** Options of `runCommand`. */
export interface CommandOptions {
  /** How the help calls the command (default `pnpm train`). */
  name?: string;
  /** The lesson that runs where none is named (default: the first). */
  defaultLesson?: Lesson;
  /** Where results go (default `process.stdout`). */
  stdout?: Output;
  /** Where progress and errors go (default `process.stderr`). */
  stderr?: Output;
}

/**
 * Runs lessons as a command line asks: `[example] [options]`. The first
 * Ctrl-C ends the lesson with what was learnt so far, a second one leaves at once.
 * @param argv the words after the program's name: `process.argv.slice(2)`
 * @returns the exit code: 0; 1 where a lesson failed or missed its goal; 2 for a wrong command line; 130 after Ctrl-C
 */
export async function runCommand(
  lessons: readonly Lesson[],
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<number> {
  const {
    name = 'pnpm train',
    defaultLesson = lessons[0]!,
    stdout = process.stdout,
    stderr = process.stderr,
  } = options;
  const say = (text: string) => void stdout.write(`${text}\n`);
  const complain = (text: string) => void stderr.write(`${text}\n`);
  leaveQuietly(stdout, stderr);
  try {
    const request = readCommandLine(lessons, argv, {
      name,
      defaultLesson,
      writeHelp: (text) => void stdout.write(text),
    });
    if (request === null) return OK;
    if (request.list) {
      say(listOf(lessons, request.ci));
      return OK;
    }
    return await new Session(request, { stdout, stderr }).run(request.all ? lessons : [request.lesson]);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`${name}: ${error.message}\nRun "${name} --help" for the examples and their options.`);
    return WRONG_USAGE;
  }
}

/** How a lesson ended. */
interface Outcome {
  lesson: Lesson;
  numbers: Partial<Record<string, number>>;
  error: unknown;
  /** What ended it early. */
  stopped: 'Ctrl-C' | '--max-time' | null;
  reached: boolean;
  /** What else there is to say: where files are. */
  notes: string[];
  seconds: number;
}

/** Who watches the training runs of a lesson, where the command line asks for them. */
interface Watchers {
  /** Comes first: what it tries is no part of the run that the others see. */
  doctoring: Doctoring | null;
  saving: Saving | null;
  reporting: Reporting | null;
}

class Session {
  private readonly interrupt = new AbortController();
  private interruptedAt = Number.POSITIVE_INFINITY;
  private progress = silent;

  constructor(
    private readonly request: Request,
    private readonly io: { stdout: Output; stderr: Output },
  ) {}

  /** Runs the lessons one after another, until one is interrupted. */
  async run(lessons: readonly Lesson[]): Promise<number> {
    const onInterrupt = () => this.onInterrupt();
    process.on('SIGINT', onInterrupt);
    const outcomes: Outcome[] = [];
    try {
      for (const lesson of lessons) {
        if (this.interrupt.signal.aborted) break;
        if (this.request.all) this.print(`\n━━ ${lesson.name}: ${lesson.summary}`);
        const outcome = await this.runOne(lesson);
        outcomes.push(outcome);
        this.report(outcome);
      }
    } finally {
      process.off('SIGINT', onInterrupt);
    }
    if (this.request.all) this.say(`\n${summaryOf(outcomes, this.request.ci)}`);
    if (this.interrupt.signal.aborted) return INTERRUPTED;
    return outcomes.every(({ reached }) => reached) ? OK : FAILED;
  }

  private async runOne(lesson: Lesson): Promise<Outcome> {
    const { all, ci, quiet } = this.request;
    const values = all ? defaultsOf(lesson, ci) : this.request.values;
    const signal = this.newSignal();
    this.progress = quiet ? silent : progressBar(this.io.stderr);
    const started = performance.now();
    let numbers: Outcome['numbers'] = {};
    let error: unknown = null;
    let reporting: Reporting | null = null;
    const saving = this.savingOf(values);
    const doctoring = this.request.doctor ? new Doctoring((text) => this.say(text), signal) : null;
    try {
      reporting = await reportingOf(lesson, values, this.request);
      numbers = await lesson.run(values, this.contextOf(signal, { doctoring, saving, reporting }));
    } catch (thrown) {
      if (!signal.aborted || thrown !== signal.reason) error = thrown;
    }
    const notes: string[] = [];
    if (reporting !== null) {
      const failure = await failureOf(reporting.write());
      error ??= failure;
      if (failure === null) notes.push(`report: ${reporting.file}`);
    }
    if (saving !== null && error === null) notes.push(saving.summary(signal.aborted));
    if (doctoring !== null && error === null) notes.push(...doctoring.notes);
    const goals = Object.entries(goalsOf(lesson, ci));
    const reached = error === null && goals.every(([what, goal]) => isReached(goal, numbers[what] ?? Number.NaN));
    const stopped = this.interrupt.signal.aborted ? 'Ctrl-C' : signal.aborted ? '--max-time' : null;
    return { lesson, numbers, error, stopped, reached, notes, seconds: (performance.now() - started) / 1000 };
  }

  /** Fires on Ctrl-C, and when the time of a lesson that starts now is up. */
  private newSignal(): AbortSignal {
    const { maxTime } = this.request;
    if (maxTime === null) return this.interrupt.signal;
    // Not AbortSignal.timeout: when only AbortSignal.any refers to it, Node 20 collects it as garbage before it fires.
    const time = new AbortController();
    const timer = setTimeout(
      () => time.abort(new DOMException('the time is up', 'TimeoutError')),
      Math.min(1000 * maxTime, LONGEST_TIMER),
    );
    timer.unref();
    return AbortSignal.any([this.interrupt.signal, time.signal]);
  }

  private contextOf(signal: AbortSignal, watchers: Watchers): LessonContext {
    const turn = pauses();
    return {
      print: (...lines) => this.print(lines.join('\n')),
      training: trainingOf({ signal, progress: this.progress }, watchers),
      report: watchers.reporting?.report ?? null,
      progress: this.progress,
      signal,
      pause: async () => {
        await turn();
        signal.throwIfAborted();
      },
    };
  }

  private savingOf(values: Request['values']): Saving | null {
    const { checkpoint } = this.request;
    return checkpoint === null ? null : new Saving(checkpoint, values, this.request, (line) => this.print(line));
  }

  private report({ lesson, numbers, error, stopped, notes, seconds }: Outcome): void {
    const { all, ci, quiet } = this.request;
    const inTable = all && quiet;
    if (stopped !== null) this.say(`stopped by ${stopped} after ${duration(seconds)}; learnt so far:`);
    if (error !== null) this.complain(`${lesson.name}: ${this.messageOf(error)}`);
    for (const [what, goal] of Object.entries(goalsOf(lesson, ci))) {
      const number = numbers[what];
      if (number !== undefined && !inTable) this.say(`${what}: ${goal.format(number)}`);
      if (stopped === 'Ctrl-C' || error !== null) continue;
      const missing = missed(what, goal, number);
      if (missing !== null) this.complain(`${lesson.name}: ${missing}`);
    }
    for (const note of notes) this.say(note);
  }

  /** The message alone for what went wrong on purpose; a name in front for what did not. */
  private messageOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    if (this.request.debug) return error.stack ?? error.message;
    return error instanceof NdgradError ? error.message : `${error.name}: ${error.message} (--debug shows where)`;
  }

  private onInterrupt(): void {
    const now = performance.now();
    if (this.interrupt.signal.aborted) {
      if (now - this.interruptedAt <= SAME_INTERRUPT) return;
      this.progress.stop(); // puts the terminal back in order
      process.exit(INTERRUPTED);
    }
    this.interruptedAt = now;
    this.interrupt.abort();
  }

  private say(text: string): void {
    this.io.stdout.write(`${text}\n`);
  }

  private print(text: string): void {
    if (!this.request.quiet) this.say(text);
  }

  private complain(text: string): void {
    this.io.stderr.write(`${text}\n`);
  }
}

/** What every training run of a lesson is given. */
function trainingOf(
  general: Pick<Training, 'signal' | 'progress'>,
  { doctoring, saving, reporting }: Watchers,
): Training {
  const watching: (FitObserver | null)[] = [doctoring, saving, reporting?.report ?? null];
  return {
    ...general,
    observers: watching.filter((observer) => observer !== null),
    // Read by each spreading anew, so that each run has a file of its own.
    get checkpoint() {
      return saving?.next() ?? null;
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error) => error,
  );
}

function missed(what: string, goal: Goal, number: number | undefined): string | null {
  if (number === undefined) return `${what} was not come to; it must be ${goalText(goal)}`;
  return isReached(goal, number) ? null : `${what} must be ${goalText(goal)}, got ${goal.format(number)}`;
}

function summaryOf(outcomes: readonly Outcome[], ci: boolean): string {
  const rows = outcomes.flatMap(({ lesson, numbers, error, stopped, seconds }) =>
    Object.entries(goalsOf(lesson, ci)).map(([what, goal], i) => {
      const number = numbers[what];
      const verdict = isReached(goal, number ?? Number.NaN) ? 'reached' : stopped === 'Ctrl-C' ? 'stopped' : 'MISSED';
      return [
        i === 0 ? lesson.name : '',
        what,
        number === undefined ? '–' : goal.format(number),
        goalText(goal),
        error === null ? verdict : 'ERROR',
        i === 0 ? duration(seconds) : '',
      ];
    }),
  );
  return table(['example', 'number', 'got', 'must be', '', 'time'], rows);
}

function listOf(lessons: readonly Lesson[], ci: boolean): string {
  const rows = lessons.map((lesson) => [
    lesson.name,
    lesson.summary,
    Object.entries(goalsOf(lesson, ci))
      .map(([what, goal]) => `${what} ${goalText(goal)}`)
      .join(', '),
  ]);
  return table(['example', 'what it shows', 'must reach'], rows);
}
