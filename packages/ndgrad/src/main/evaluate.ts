import { cat, noGrad, type Tensor } from '@ndgrad/core';
import { confusionMatrix, evaluate } from '@ndgrad/train';
import { percent, significant, table } from '@ndgrad/train/text';
import { classesOf, dataOf, loaderOf, loadProject, lossOf, modelOf, testOf, weightsInto } from './project.ts';
import type { Setting } from './setting.ts';
import { targetOf } from './target.ts';

/** Options of `ndgrad eval`. */
export interface EvaluateRequest {
  weights?: string;
  json?: boolean;
  target?: string;
}

/** More classes than this make no table that can be read. */
const MOST_CLASSES = 20;

/** `ndgrad eval <file>`: the loss and the accuracy on the test rows, and which class was taken for which. */
export async function evaluateCommand(
  path: string,
  request: EvaluateRequest,
  { stdout, stderr }: Setting,
): Promise<number> {
  const target = request.target === undefined ? null : targetOf(request.target);
  const found = await loadProject(path);
  const model = modelOf(found);
  await weightsInto(model, request.weights);
  const { name, rows } = testOf(await dataOf(found, 'eval'));
  const loader = loaderOf(rows, found.batchSize ?? 256);
  const { loss, accuracy } = await evaluate(model, loader, { loss: lossOf(found) });
  const measure = target?.measure.endsWith('loss') ? loss : (accuracy ?? Number.NaN);
  const reached = target === null || within(measure, target.goal);
  if (request.json) {
    stdout.write(`${JSON.stringify({ project: path, rows: name, loss, accuracy, reached })}\n`);
  } else {
    stdout.write(`${name} loss ${significant(loss)}${accuracy === null ? '' : `, accuracy ${percent(accuracy)}`}\n`);
    const classes = accuracy === null ? null : await classesOf(found);
    if (classes !== null && classes.length <= MOST_CLASSES) stdout.write(`${confusion(model, loader, classes)}\n`);
  }
  if (!reached) stderr.write(`eval: ${request.target} is not reached: ${significant(measure, 6)}\n`);
  return reached ? 0 : 1;
}

const within = (value: number, { min = -Infinity, max = Infinity }: { min?: number; max?: number }): boolean =>
  value >= min && value <= max;

function confusion(
  model: ReturnType<typeof modelOf>,
  loader: Iterable<readonly [Tensor, Tensor]>,
  classes: readonly string[],
): string {
  const [scores, labels]: [Tensor[], Tensor[]] = [[], []];
  noGrad(() => {
    model.eval();
    for (const [x, y] of loader) {
      scores.push(model.call(x));
      labels.push(y);
    }
  });
  const counts = confusionMatrix(cat(scores), cat(labels)).tolist() as number[][];
  return table(
    ['taken for', ...classes],
    counts.map((row, i) => [classes[i] ?? String(i), ...row]),
  );
}
