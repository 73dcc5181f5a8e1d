import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cat, linspace, manualSeed, noGrad, randn, randperm, stack, type Tensor, tensor } from '@ndgrad/core';
import { type AnyModule, functional } from '@ndgrad/nn';
import type { Optimizer } from '@ndgrad/optim';
import { Check, type Closeness } from './compare.ts';
import { optimizer } from './library.ts';
import { buildModel } from './model.ts';
import { compareState, type StoredState } from './modules.ts';
import { decodeNumber, decodeOptions, type Stored, type StoredTensor } from './records.ts';

interface Run {
  seed: number;
  /** The program in words. */
  recipe: string[];
  model: string;
  optimizer: [name: string, options: Record<string, Stored>];
  initial: StoredState;
  final: StoredState;
  /** Before each update. */
  losses: Stored[];
}

/** Full-batch steps on the spiral of CS231n's case study. */
interface SpiralRun extends Run {
  steps: number;
  X: StoredTensor;
  y: StoredTensor;
  accuracy: number;
}

/** Epochs of shuffled batches on the digits. */
interface DigitsRun extends Run {
  batch: number;
  epochs: number;
  /** How many rows, from the first on, are trained on; the others are the test. */
  train: number;
  /** The file's name is the name in the folder `data` beside the records. */
  data: string;
  permHeads: number[][];
  testAccuracyPerEpoch: number[];
  testLoss: number;
}

const losses: Closeness = { relative: 1e-9 };
/** Adam magnifies the rounding of gradients that are 0 in theory, as of a bias before batch normalisation. */
const weights: Closeness = { relative: 1e-6 };

/** Replays one run of `training/` from its seed. */
export function replayTraining(run: SpiralRun | DigitsRun, file: string): Check[] {
  const id = basename(file, '.json');
  return [new Check(id).run((check) => ('steps' in run ? replaySpiral(check, run) : replayDigits(check, run, file)))];
}

function replaySpiral(check: Check, run: SpiralRun): void {
  manualSeed(run.seed);
  const { x, y } = spiral(run.y.data.length / 3);
  check.tensor('value', 'X', x, run.X);
  check.tensor('value', 'y', y, run.y, { exact: true });
  const { model, updates } = start(check, run);
  const recorded = Array.from({ length: run.steps }, () => train(model, updates, x, y));
  check.numbers('value', 'losses', recorded, run.losses.map(decodeNumber), losses);
  compareState(check, model, run.final, weights);
  check.numbers('value', 'accuracy', [accuracy(model, x, y)], [run.accuracy], { exact: true });
}

/** Three arms of n points: radius r from 0 to 1, angle t along 4 radians, with noise of 0.2. */
function spiral(n: number): { x: Tensor; y: Tensor } {
  const arms = [0, 1, 2].map((j) => {
    const r = linspace(0, 1, n);
    const t = linspace(4 * j, 4 * (j + 1), n).add(randn([n]).mul(0.2));
    return stack([r.mul(t.sin()), r.mul(t.cos())], { dim: 1 }); // [n, 2]
  });
  return { x: cat(arms), y: tensor([0, 1, 2].flatMap((j) => new Array<number>(n).fill(j))) };
}

function replayDigits(check: Check, run: DigitsRun, file: string): void {
  const { images, labels } = JSON.parse(readFileSync(dataFile(file, run.data), 'utf8'));
  const n = labels.length;
  manualSeed(run.seed);
  const { model, updates, shape } = start(check, run);
  const x = tensor(images)
    .div(16)
    .reshape([n, ...shape.slice(1)]);
  const y = tensor(labels);
  const part = (from: number, count: number) => [x.narrow(0, from, count), y.narrow(0, from, count)] as const;
  const test = part(run.train, n - run.train);
  const recorded: number[] = [];
  for (let epoch = 0; epoch < run.epochs; epoch++) {
    model.train();
    const order = randperm(run.train);
    check.numbers('value', `order of epoch ${epoch}`, order.narrow(0, 0, 8).toArray(), run.permHeads[epoch]!, {
      exact: true,
    });
    for (let i = 0; i < run.train; i += run.batch) {
      const rows = order.narrow(0, i, Math.min(run.batch, run.train - i));
      recorded.push(train(model, updates, x.indexSelect(0, rows), y.indexSelect(0, rows)));
    }
    model.eval();
    const expected = run.testAccuracyPerEpoch[epoch]!;
    check.numbers('value', `test accuracy of epoch ${epoch}`, [accuracy(model, ...test)], [expected], { exact: true });
  }
  const testLoss = noGrad(() => functional.crossEntropy(scores(model, test[0]), test[1])).item();
  check.numbers('value', 'losses', recorded, run.losses.map(decodeNumber), losses);
  check.numbers('value', 'test loss', [testLoss], [run.testLoss], losses);
  compareState(check, model, run.final, weights);
}

/** Builds the model from the generator as it stands, compares its initial weights, and makes the optimizer. */
function start(check: Check, run: Run): { model: AnyModule; updates: Optimizer; shape: number[] } {
  const { model, shape } = buildModel(run.model);
  compareState(check, model, run.initial, { exact: true });
  const [name, options] = run.optimizer;
  return { model, shape, updates: new (optimizer(name))([...model.parameters()], decodeOptions(options)) };
}

/** One update; the loss before it. */
function train(model: AnyModule, updates: Optimizer, x: Tensor, y: Tensor): number {
  const loss = functional.crossEntropy(scores(model, x), y);
  updates.zeroGrad();
  loss.backward();
  updates.step();
  return loss.item();
}

function accuracy(model: AnyModule, x: Tensor, y: Tensor): number {
  return noGrad(() => scores(model, x).argmax({ dim: 1 }).eq(y).mean()).item();
}

/** What the model, a chain of layers, makes of the rows of x. */
function scores(model: AnyModule, x: Tensor): Tensor {
  return model.call(x) as Tensor;
}

/** The data beside the records, or the bundled copy where a folder brings none. */
function dataFile(file: string, data: string): string {
  const beside = join(file, '..', '..', 'data', basename(data));
  return existsSync(beside)
    ? beside
    : fileURLToPath(new URL(`../data/pytorch/data/${basename(data)}`, import.meta.url));
}
