import { cat, type Tensor } from '@ndgrad/core';
import { confusionMatrix, evaluate } from '@ndgrad/train';
import { percent, significant, table } from '@ndgrad/train/text';
import { isReached } from '../lesson.ts';
import { classesOf, dataOf, loaderOf, loadProject, lossFunctionOf, modelOf, testOf, weightsInto } from './project.ts';
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
  const criterion = lossFunctionOf(found);
  const [scores, labels]: [Tensor[], Tensor[]] = [[], []];
  const seen = (outputs: Tensor, targets: Tensor) => {
    scores.push(outputs);
    labels.push(targets);
    return criterion(outputs, targets);
  };
  const { loss, accuracy } = await evaluate(model, loader, { loss: request.json ? criterion : seen });
  const measure = target?.measure.endsWith('loss') ? loss : (accuracy ?? Number.NaN);
  const reached = target === null || isReached(target.goal, measure);
  if (request.json) {
    stdout.write(`${JSON.stringify({ project: path, rows: name, loss, accuracy, reached })}\n`);
  } else {
    stdout.write(`${name} loss ${significant(loss)}${accuracy === null ? '' : `, accuracy ${percent(accuracy)}`}\n`);
    const classes = accuracy === null ? null : await classesOf(found);
    if (classes !== null && classes.length <= MOST_CLASSES)
      stdout.write(`${confusion(cat(scores), cat(labels), classes)}\n`);
  }
  if (!reached) stderr.write(`eval: ${request.target} is not reached: ${significant(measure, 6)}\n`);
  return reached ? 0 : 1;
}

function confusion(scores: Tensor, labels: Tensor, classes: readonly string[]): string {
  const counts = confusionMatrix(scores, labels).tolist() as number[][];
  return table(
    ['taken for', ...classes],
    counts.map((row, i) => [classes[i] ?? String(i), ...row]),
  );
}
