import { manualSeed, noGrad, type Tensor } from '@ndgrad/core';
import { doctor } from '@ndgrad/train';
import { significant, table } from '@ndgrad/train/text';
import { dataOf, loaderOf, loadProject, lossFunctionOf, lossOf, modelOf, optimizerOf, weightsInto } from './project.ts';
import type { Setting } from './setting.ts';

/** Options of `ndgrad gradcheck` and `ndgrad doctor`. */
export interface CheckRequest {
  weights?: string;
  json?: boolean;
}

/** Few rows, few numbers of each parameter: each costs two evaluations. */
const ROWS = 3;
const NUMBERS = 12;
const STEP = 1e-5;
/** The course's bands, above which a gradient is probably wrong, or only fine where there are kinks. */
const WRONG = 1e-2;
const KINKS = 1e-4;

/**
 * `ndgrad gradcheck <file>`: the gradients of the loss on a few rows, by backpropagation and by central differences.
 * @see CS231n, notes "Learning", gradient checks
 */
export async function gradcheckCommand(path: string, request: CheckRequest, { stdout }: Setting): Promise<number> {
  const found = await loadProject(path);
  manualSeed(0);
  const model = modelOf(found).eval(); // no dropout, fixed statistics: the same function each time
  await weightsInto(model, request.weights);
  const { train } = await dataOf(found, 'gradcheck');
  const [x, y] = firstRows(loaderOf(train, ROWS));
  const criterion = lossFunctionOf(found);
  const loss = () => criterion(model.call(x), y);
  model.zeroGrad();
  loss().backward();
  const rows = model.namedParameters().map(([name, w]) => ({ name, error: worstError(w, () => noGrad(loss).item()) }));
  const worst = Math.max(...rows.map(({ error }) => error));
  if (request.json) stdout.write(`${JSON.stringify({ project: path, worst, parameters: rows })}\n`);
  else {
    const lines = rows.map(({ name, error }) => [name, significant(error), verdictOf(error)]);
    stdout.write(`${table(['parameter', 'relative error', ''], lines)}\nworst: ${significant(worst)}\n`);
  }
  return worst > WRONG ? 1 : 0;
}

function firstRows(loader: Iterable<readonly [Tensor, Tensor]>): [Tensor, Tensor] {
  for (const [x, y] of loader) {
    const n = Math.min(ROWS, x.shape[0]!);
    return [x.narrow(0, 0, n), y.narrow(0, 0, Math.min(n, y.shape[0]!))];
  }
  throw new Error('the loader gave no rows');
}

/** The largest |a − n| / max(|a|, |n|) over some of a parameter's numbers; where both are tiny there is nothing to say. */
function worstError(w: Tensor, loss: () => number): number {
  const { data, offset } = w.ndarray;
  const gradient = w.grad?.toArray() ?? new Float64Array(w.numel());
  const stride = Math.max(1, Math.floor(w.numel() / NUMBERS));
  let worst = 0;
  for (let i = 0; i < w.numel(); i += stride) {
    const before = data[offset + i]!;
    data[offset + i] = before + STEP;
    const above = loss();
    data[offset + i] = before - STEP;
    const below = loss();
    data[offset + i] = before;
    const [a, n] = [gradient[i]!, (above - below) / (2 * STEP)];
    const size = Math.max(Math.abs(a), Math.abs(n));
    if (size > 1e-7) worst = Math.max(worst, Math.abs(a - n) / size);
  }
  return worst;
}

function verdictOf(error: number): string {
  if (error > WRONG) return 'probably wrong';
  return error > KINKS ? 'fine only with kinks (ReLU, max)' : 'fine';
}

/** `ndgrad doctor <file>`: what the doctor finds before training. */
export async function doctorCommand(path: string, request: CheckRequest, { stdout }: Setting): Promise<number> {
  const found = await loadProject(path);
  manualSeed(0);
  const model = modelOf(found);
  await weightsInto(model, request.weights);
  const data = await dataOf(found, 'doctor');
  const optimizer = optimizerOf(found, model, found.lr ?? 0.001);
  const loader = loaderOf(data.train, found.batchSize ?? 32, true);
  const examination = await doctor(model, { loss: lossOf(found), optimizer, loader });
  stdout.write(request.json ? `${JSON.stringify(examination)}\n` : `${examination}\n`);
  return examination.findings.some(({ severity }) => severity === 'error') ? 1 : 0;
}
