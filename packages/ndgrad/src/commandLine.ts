import { nearest } from '@ndgrad/core';
import type { CheckpointOptions } from '@ndgrad/train';
import { table } from '@ndgrad/train/text';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { goalText, type Lesson, type LessonOption, positive } from './lesson.ts';

/** A command line that asks for nothing that there is. */
export class UsageError extends Error {}

/** What a command line asks for. */
export interface Request {
  lesson: Lesson;
  /** The values of the lesson's options, defaults included. */
  values: Record<string, number | string>;
  all: boolean;
  ci: boolean;
  list: boolean;
  quiet: boolean;
  debug: boolean;
  /** Seconds. */
  maxTime: number | null;
  /** Where each lesson's report goes: a file, or `true` for `<lesson>.html` in the present folder. */
  report: string | true | null;
  /** The file of an earlier report, whose run is to be laid beside this one. */
  compare: string | null;
  /** The file in which training is saved as it goes. */
  checkpoint: string | null;
  /** How often: every so many epochs, or steps. */
  checkpointEvery: NonNullable<CheckpointOptions['every']>;
  /** Whether to go on from the checkpoint. */
  resume: boolean;
  /** Whether each training run is examined before it starts. */
  doctor: boolean;
  /** The command line as it was typed. */
  command: string;
}

/** How the command calls itself, and where its help goes. */
interface Setting {
  name: string;
  /** The lesson that is meant where none is named. */
  defaultLesson: Lesson;
  writeHelp: (text: string) => void;
}

/**
 * Reads a command line: `[example] [options]`.
 * @returns `null` where it asked for help, which has then been written
 * @throws UsageError naming what is wrong and the nearest known word
 */
export function readCommandLine(lessons: readonly Lesson[], argv: readonly string[], setting: Setting): Request | null {
  let request: Request | null = null;
  const program = configured(new Command(setting.name), setting)
    .usage('[example] [options]')
    .description(`Trains an example (default: ${setting.defaultLesson.name}).`)
    .commandsGroup('Examples:')
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .option('--all', 'run every example, and end with a table')
    .option('--ci', 'run at the smaller size of continuous integration')
    .option('--list', 'list the examples and what each must reach')
    .option('--quiet', 'print the result only')
    .option('--debug', 'print stack traces')
    .addOption(new Option('--max-time <seconds>', 'end training after so long').argParser(reader(positive(1, ''))))
    .option('--report [file]', 'write what happened as a page with pictures (default: <example>.html)')
    .option('--compare <file>', 'lay the run of an earlier report beside this one')
    .option('--checkpoint <file>', 'save training as it goes')
    .addOption(
      new Option('--checkpoint-every <n>', 'how often: every 5 epochs, or every 200steps')
        .default(1)
        .argParser(frequency),
    )
    .option('--resume', 'go on from the checkpoint')
    .option('--doctor', 'look for what is wrong before training')
    .addHelpText(
      'after',
      () =>
        `\n${optionsHelp(lessons)}\n\nCtrl-C ends an example with what it has learnt so far; a second one leaves at once.`,
    );

  for (const lesson of lessons) {
    const command = configured(program.command(lesson.name, { isDefault: lesson === setting.defaultLesson }), setting)
      .usage('[options]')
      .description(lesson.summary)
      .allowUnknownOption() // refused below, with the nearest known one
      .allowExcessArguments()
      .addHelpText('after', () => lessonHelp(lesson, setting.name));
    for (const [key, option] of Object.entries(lesson.options)) command.addOption(declared(key, option));
    command.action(() => {
      request = { ...checked(lessons, program, command, lesson), command: commandText(setting.name, argv) };
    });
  }
  try {
    program.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return null; // help was asked for
    throw new UsageError(error.message.replace(/^error: /, ''));
  }
  return request;
}

function configured(command: Command, { writeHelp }: Setting): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .helpOption('-h, --help', 'show this help')
    .configureOutput({ writeOut: writeHelp, writeErr: () => {} });
}

/** `--batch-size <number>` */
function declared(key: string, option: LessonOption): Option {
  return new Option(`${flagOf(key)} <${option.placeholder}>`, option.help)
    .default(option.default)
    .argParser(reader(option));
}

function reader(option: LessonOption): (text: string) => number | string {
  return (text) => {
    try {
      return option.read(text);
    } catch (error) {
      if (error instanceof RangeError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

/** `5`: epochs; `200steps` */
function frequency(text: string): Request['checkpointEvery'] {
  const [, digits, unit] = /^([1-9]\d*) ?(steps?|epochs?)?$/.exec(text.trim()) ?? [];
  if (digits === undefined) {
    throw new InvalidArgumentError(
      `must be a number of epochs, or of steps such as 200steps, got ${JSON.stringify(text)}`,
    );
  }
  return unit?.startsWith('step') ? { steps: Number(digits) } : Number(digits);
}

/** `batchSize` → `--batch-size` */
function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** As it can be typed again. */
function commandText(name: string, argv: readonly string[]): string {
  const quoted = argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`));
  return [name, ...quoted].join(' ');
}

type Checked = Omit<Request, 'command'>;

function checked(lessons: readonly Lesson[], program: Command, command: Command, lesson: Lesson): Checked {
  const { all = false, ci = false, list = false, quiet = false, debug = false, maxTime = null } = program.opts();
  const {
    report = null,
    compare = null,
    checkpoint = null,
    checkpointEvery,
    resume = false,
    doctor = false,
  } = program.opts();
  const names = lessons.map(({ name }) => name);
  const unknown = command.args.find((word) => word.startsWith('-'));
  if (unknown !== undefined) {
    const flags = [...program.options, ...command.options].map(({ long }) => long!);
    const flag = unknown.split('=')[0]!;
    throw new UsageError(
      `unknown option ${JSON.stringify(flag)} of ${lesson.name}.${nearest(flag, [...flags, '--help'])}`,
    );
  }
  const [extra] = command.args;
  if (extra !== undefined && names.includes(extra)) {
    throw new UsageError(
      `one example at a time, and its name first, not ${JSON.stringify(extra)} here; --all runs all`,
    );
  }
  if (extra !== undefined && program.args[0] === extra) {
    throw new UsageError(
      `unknown example ${JSON.stringify(extra)}.${nearest(extra, names)} There are: ${names.join(', ')}`,
    );
  }
  if (extra !== undefined) throw new UsageError(`${JSON.stringify(extra)} is one word too many`);
  if (names.includes(report))
    throw new UsageError(`--report takes a file; put the example's name first: ${report} --report`);
  if (compare !== null && report === null) throw new UsageError('--compare goes with --report');
  if (checkpoint === null && (resume || program.getOptionValueSource('checkpointEvery') === 'cli')) {
    throw new UsageError(`${resume ? '--resume' : '--checkpoint-every'} goes with --checkpoint`);
  }
  const given = Object.keys(lesson.options).filter((key) => command.getOptionValueSource(key) === 'cli');
  if (all && (given.length > 0 || program.args[0] === lesson.name)) {
    const word = given[0] === undefined ? `"${lesson.name}"` : flagOf(given[0]);
    throw new UsageError(`--all runs every example with its own options; leave out ${word}`);
  }
  if (all && (compare !== null || typeof report === 'string')) {
    throw new UsageError('--all writes a report for each example: --report without a file, and no --compare');
  }
  if (all && checkpoint !== null) throw new UsageError('--checkpoint is for one example, not for --all');
  const sized = ci ? { ...lesson.ci?.options } : {};
  const values = command.opts<Record<string, number | string>>();
  for (const [key, value] of Object.entries(sized)) if (!given.includes(key)) values[key] = value!;
  return {
    lesson,
    values,
    all,
    ci,
    list,
    quiet,
    debug,
    maxTime,
    report,
    compare,
    checkpoint,
    checkpointEvery,
    resume,
    doctor,
  };
}

/** The options of a lesson as they stand when nobody sets any. */
export function defaultsOf(lesson: Lesson, ci: boolean): Record<string, number | string> {
  const values = Object.fromEntries(Object.entries(lesson.options).map(([key, option]) => [key, option.default]));
  return ci ? { ...values, ...(lesson.ci?.options as typeof values | undefined) } : values;
}

/** What a lesson must reach, at full size or that of continuous integration. */
export function goalsOf(lesson: Lesson, ci: boolean): Lesson['goals'] {
  return ci ? { ...lesson.goals, ...(lesson.ci?.goals as Lesson['goals'] | undefined) } : lesson.goals;
}

function optionsHelp(lessons: readonly Lesson[]): string {
  const rows = lessons.flatMap((lesson) =>
    Object.entries(lesson.options).map(([key, { help, default: value }], i) => [
      i === 0 ? lesson.name : '',
      flagOf(key),
      String(value),
      help,
    ]),
  );
  return `Options of the examples:\n${table(['example', 'option', 'default', ''], rows)}`.replaceAll('\n', '\n  ');
}

function lessonHelp(lesson: Lesson, name: string): string {
  const goals = Object.entries(lesson.goals).map(([what, goal]) => `  ${what}: ${goalText(goal)}`);
  const general = [
    '--all --ci --list --quiet --debug --max-time <seconds> --report [file] --compare <file>',
    '--checkpoint <file> --checkpoint-every <n> --resume --doctor',
  ].join(' ');
  return `\nMust reach, or the exit code is 1:\n${goals.join('\n')}\n\nAlso: ${general} (${name} --help)`;
}
