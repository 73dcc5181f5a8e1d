import { noGrad, softmax, type Tensor } from '@ndgrad/core';
import { significant, table } from '@ndgrad/train/text';
import { readInputs } from './inputs.ts';
import { checkInputs, classesOf, exampleOf, loadProject, modelOf, type Project, weightsInto } from './project.ts';
import type { Setting } from './setting.ts';

/** Options of `ndgrad predict`. */
export interface PredictRequest {
  weights?: string;
  json?: boolean;
}

const BYTE = 255;

/**
 * `ndgrad predict <file> <inputs>`: the class of each input with its probabilities, as a table or as lines of JSON; of
 * a model without classes, its outputs.
 */
export async function predictCommand(
  path: string,
  inputs: string,
  request: PredictRequest,
  { stdout }: Setting,
): Promise<number> {
  const found = await loadProject(path);
  const model = modelOf(found);
  await weightsInto(model, request.weights);
  const shape = await shapeOf(found);
  const { x, isPicture } = await readInputs(inputs, shape?.length === 3 && shape[0] === 3 ? 3 : 1);
  const raw = checkInputs(inputs, x, shape);
  const ready = found.transform?.(raw) ?? (isPicture ? raw.div(BYTE) : raw);
  const outputs = noGrad(() => model.eval().call(ready));
  const classes = await classesOf(found);
  const isClassifier = outputs.ndim === 2 && classes !== null && outputs.shape[1] === classes.length;
  const lines = isClassifier ? classified(outputs, classes) : plain(outputs);
  if (request.json) for (const line of lines) stdout.write(`${JSON.stringify(line)}\n`);
  else stdout.write(`${isClassifier ? classTable(lines as Classified[]) : outputTable(lines as Plain[])}\n`);
  return 0;
}

async function shapeOf(found: Project): Promise<readonly number[] | undefined> {
  if (found.inputShape !== undefined || found.data === undefined) return found.inputShape;
  return (await exampleOf(found, 'predict')).shape.slice(1);
}

interface Classified {
  row: number;
  class: string;
  probability: number;
  probabilities: Record<string, number>;
}

function classified(scores: Tensor, classes: readonly string[]): Classified[] {
  const rows = softmax(scores, 1).tolist() as number[][];
  return rows.map((list, row) => {
    const best = list.indexOf(Math.max(...list));
    const probabilities = Object.fromEntries(list.map((value, i) => [classes[i]!, value]));
    return { row, class: classes[best]!, probability: list[best]!, probabilities };
  });
}

interface Plain {
  row: number;
  output: unknown;
}

const plain = (outputs: Tensor): Plain[] => (outputs.tolist() as unknown[]).map((output, row) => ({ row, output }));

/** The class, and the next likely ones. */
function classTable(lines: readonly Classified[]): string {
  const shown = Math.min(3, Object.keys(lines[0]?.probabilities ?? {}).length);
  const header = ['row', 'class', 'probability', ...Array(Math.max(0, shown - 1)).fill('then')];
  const rows = lines.map(({ row, probabilities }) => {
    const likely = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
    const [first, ...others] = likely.slice(0, shown);
    return [String(row), first![0], significant(first![1]), ...others.map(([name, p]) => `${name} ${significant(p)}`)];
  });
  return table(header, rows);
}

const outputTable = (lines: readonly Plain[]): string =>
  table(
    ['row', 'output'],
    lines.map(({ row, output }) => [String(row), JSON.stringify(output)]),
  );
