import { basename, extname } from 'node:path';
import { Writable } from 'node:stream';
import { manualSeed } from '@ndgrad/core';
import { saveWeights } from '@ndgrad/io';
import { evaluate, fit } from '@ndgrad/train';
import { runCommand } from '../command.ts';
import { count, type Lesson, type LessonContext, lesson, positive, seed, text } from '../lesson.ts';
import { dataOf, loaderOf, loadProject, lossOf, modelOf, optimizerOf, type Project } from './project.ts';
import type { Setting } from './setting.ts';
import { type Measure, type Target, targetOf } from './target.ts';

/** What `train` is given besides its words. */
interface Words {
  /** Those that are the training command's own. */
  readonly rest: readonly string[];
  readonly targets: readonly Target[];
  readonly json: boolean;
}

/**
 * `ndgrad train <file|example> […]`: trains a project's model with the options, progress, reports, checkpoints and exit
 * codes of the examples; or an example, by its name.
 */
export async function trainCommand(argv: readonly string[], setting: Setting): Promise<number> {
  const { rest, targets, json } = wordsOf(argv);
  const [first] = rest;
  const name = `${setting.name} train`;
  const { stdout, stderr } = setting;
  if (first === undefined || first.startsWith('-') || setting.lessons.some((known) => known.name === first)) {
    if (setting.lessons.length === 0) return help(setting);
    return runCommand(setting.lessons, rest, { name, stdout, stderr });
  }
  const found = await loadProject(first);
  const numbers: Partial<Record<string, number>> = {};
  const own = projectLesson(first, found, targets, numbers);
  const started = performance.now();
  const code = await runCommand([own], [own.name, ...rest.slice(1)], {
    name,
    stderr,
    stdout: json ? nowhere() : stdout,
  });
  if (json) {
    const seconds = (performance.now() - started) / 1000;
    const reached = targets.length === 0 ? null : code === 0;
    stdout.write(`${JSON.stringify({ project: first, ...numbers, reached, seconds, code })}\n`);
  }
  return code;
}

function wordsOf(argv: readonly string[]): Words {
  const rest: string[] = [];
  const targets: Target[] = [];
  let json = false;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--json') json = true;
    else if (word === '--target') targets.push(targetOf(argv[++i] ?? ''));
    else if (word.startsWith('--target=')) targets.push(targetOf(word.slice('--target='.length)));
    else rest.push(word);
  }
  return { rest, targets, json };
}

/** A project as a lesson, so that it is trained as the examples are. */
function projectLesson(
  path: string,
  found: Project,
  targets: readonly Target[],
  numbers: Partial<Record<string, number>>,
): Lesson {
  const goals = Object.fromEntries(targets.map(({ measure, goal }) => [measure, goal]));
  return lesson({
    name: basename(path, extname(path)),
    summary: `the model of ${path}`,
    options: {
      epochs: count(found.epochs ?? 10, 'passes over the training rows'),
      lr: positive(found.lr ?? 0.001, 'learning rate'),
      batchSize: count(found.batchSize ?? 32, 'rows per step'),
      seed: seed(0, 'seed of the weights and the order'),
      save: text('', 'where the weights go, a safetensors file'),
    },
    goals,
    run: (options, context) => trained(found, options, context, numbers),
  });
}

interface Options {
  readonly epochs: number;
  readonly lr: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly save: string;
}

async function trained(
  found: Project,
  { epochs, lr, batchSize, seed, save }: Options,
  { print, training }: LessonContext,
  numbers: Partial<Record<string, number>>,
): Promise<Partial<Record<string, number>>> {
  manualSeed(seed);
  const model = modelOf(found);
  const data = await dataOf(found, 'training');
  const [loss, optimizer] = [lossOf(found), optimizerOf(found, model, lr)];
  const train = loaderOf(data.train, batchSize, true);
  const validation = data.validation === undefined ? null : loaderOf(data.validation, batchSize);
  const schedule = found.schedule?.(optimizer, { epochs }) ?? null;
  const { history } = await fit(model, { loss, optimizer, schedule, train, validation, epochs, ...training });
  const last = history.at(-1);
  const note = (measure: Measure, value: number | null | undefined) => {
    if (value !== null && value !== undefined) numbers[measure] = value;
  };
  note('train_loss', last?.trainLoss);
  note('train_acc', last?.trainAccuracy);
  note('val_loss', last?.validationLoss);
  note('val_acc', last?.validationAccuracy);
  if (data.test !== undefined) {
    const measured = await evaluate(model, loaderOf(data.test, batchSize), { loss });
    note('test_loss', measured.loss);
    note('test_acc', measured.accuracy);
  }
  for (const [measure, value] of Object.entries(numbers)) print(`${measure} ${value}`);
  if (save !== '') {
    await saveWeights(model, save);
    print(`weights: ${save}`);
  }
  return numbers;
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });

function help({ name, stdout }: Setting): number {
  stdout.write(
    `Usage: ${name} train <project file> [--epochs N …]\n\n${name} train <project file> --help shows them all.\n`,
  );
  return 0;
}
