import { clone, defaultGenerator, enableGrad, narrow, noGrad, select, type Tensor, tensor } from '@ndgrad/core';
import { DataLoader } from '@ndgrad/data';
import { type FitRun, type Loader, type Loss, pauses } from '@ndgrad/train';
import { type Graph, graph } from './graph.ts';
import { inEvaluation } from './reportLayers.ts';
import { type Picture, pictureOf, pictureShape } from './reportPictures.ts';
import { type PlanePoint, type Regions, regionsOfModel } from './reportRegions.ts';
import { undrawn } from './reportWatch.ts';

/** How a trained classifier does, row by row. */
export interface Evaluation {
  readonly part: 'validation' | 'training';
  /** How many rows were looked at. */
  readonly rows: number;
  /** Names of the classes; their numbers where there are no names. */
  readonly classes: readonly string[];
  /** How often class i (row) was taken for class j (column). */
  readonly confusion: readonly (readonly number[])[];
  /** The rows of the highest loss, the highest first. */
  readonly worst: readonly WorstRow[];
  /** For inputs of two numbers. */
  readonly regions: Regions | null;
}

export interface WorstRow {
  /** From 0, in the order of the data. */
  readonly row: number;
  readonly label: number;
  readonly predicted: number;
  readonly loss: number;
  /** The input, as a picture where it is one. */
  readonly picture: Picture | null;
  /** The input, where it is a list of a few numbers. */
  readonly values: readonly number[] | null;
}

const WORST = 24;
const CANDIDATES = 4 * WORST;
const MOST_VALUES = 8;

/**
 * Looks at the validation rows, or where there are none at the training rows, for at most `seconds`. `null` unless the
 * model gives scores `[n, C]` and the targets are labels `[n]`.
 */
export async function evaluation(run: FitRun, seconds: number): Promise<Evaluation | null> {
  const generator = defaultGenerator.getState();
  try {
    return await evaluated(run, seconds);
  } finally {
    defaultGenerator.setState(generator); // as if a loader that draws had not been read
  }
}

/** Rows that a graph is drawn of. */
const FEW = 2;

/** The graph of the loss of a few rows, as the model computes it in evaluation; `null` without rows. */
export function lossGraph({ model, loss, validation, train }: FitRun): Graph | null {
  return undrawn(() => {
    for (const [x, y] of inOrder(validation ?? train)) {
      const [inputs, targets] = [firstRows(x, FEW), firstRows(y, FEW)];
      return inEvaluation(model, () =>
        enableGrad(() => graph(lossOf(loss, model.call(inputs), targets), { model, limit: VALUES })),
      );
    }
    return null;
  });
}

/** Values of a graph that still can be read on a page; beyond them modules are folded. */
const VALUES = 60;

async function evaluated(run: FitRun, seconds: number): Promise<Evaluation | null> {
  const { model, loss, validation, train } = run;
  const loader = inOrder(validation ?? train);
  const pause = pauses();
  const until = performance.now() + 1000 * seconds;
  const table = new ScoreTable(loss);
  let first: Tensor | null = null;
  for (const [x, y] of loader) {
    const scores = inEvaluation(model, () => noGrad(() => model.call(x)));
    if (!areLabels(scores, y)) return null;
    noGrad(() => table.add(x, scores, y));
    first ??= x;
    await pause();
    if (performance.now() > until) break;
  }
  if (first === null) return null;
  const names = classNamesOf(validation ?? train);
  return {
    part: validation === null ? 'training' : 'validation',
    rows: table.rows,
    classes: table.confusion.map((_, c) => names?.[c] ?? String(c)),
    confusion: table.confusion,
    worst: noGrad(() => table.worst),
    regions: first.ndim === 2 && first.shape[1] === 2 ? regionsOfModel(model, table.points) : null,
  };
}

/** A loader that shuffles is read in the order of its data, so that row numbers mean something. */
function inOrder(loader: Loader): Loader {
  return loader instanceof DataLoader
    ? new DataLoader(loader.dataset, { batchSize: Math.min(loader.batchSize, loader.dataset.length || 1) })
    : loader;
}

function classNamesOf(loader: Loader): readonly string[] | null {
  return loader instanceof DataLoader ? (loader.dataset.classNames ?? null) : null;
}

/** Whether these are scores `[n, C]`, C ≥ 2, and labels `[n]` of 0 … C − 1. */
function areLabels(scores: unknown, y: Tensor): boolean {
  const { shape = [] } = scores as Partial<Tensor>;
  if (shape.length !== 2 || shape[1]! < 2 || y.ndim !== 1 || y.shape[0] !== shape[0]) return false;
  return y.toArray().every((label) => Number.isInteger(label) && label >= 0 && label < shape[1]!);
}

/** A row whose class did badly beside the best of the others. */
interface Candidate extends Omit<WorstRow, 'loss'> {
  readonly lead: number;
  readonly scores: Float64Array;
}

/** Counts, and keeps the rows that did worst. */
class ScoreTable {
  rows = 0;
  confusion: number[][] = [];
  readonly points: PlanePoint[] = [];
  private candidates: Candidate[] = [];

  constructor(private readonly loss: Loss) {}

  add(x: Tensor, scores: Tensor, y: Tensor): void {
    const classes = scores.shape[1]!;
    if (this.rows === 0) this.confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
    const [labels, values] = [y.toArray(), scores.toArray()];
    const plane = x.ndim === 2 && x.shape[1] === 2 ? x.toArray() : null;
    for (let i = 0; i < labels.length; i++) {
      const [label, own] = [labels[i]!, values.slice(i * classes, (i + 1) * classes)];
      const predicted = largest(own);
      this.confusion[label]![predicted]!++;
      if (plane !== null) this.points.push({ x: plane[2 * i]!, y: plane[2 * i + 1]!, label });
      const lead = own[label]! - bestOther(own, label);
      if (!this.isCandidate(lead)) continue;
      this.keep({ row: this.rows + i, label, predicted, scores: own, lead: rank(lead), ...shown(x, i) });
    }
    this.rows += labels.length;
  }

  /** The rows of the highest loss among those of the smallest lead: one loss at a time is too slow for all. */
  get worst(): WorstRow[] {
    return this.candidates
      .map(({ scores, lead: _, ...row }) => ({ ...row, loss: this.lossOf(scores, row.label) }))
      .sort((a, b) => (rank(-a.loss) < rank(-b.loss) ? -1 : 1))
      .slice(0, WORST);
  }

  private lossOf(scores: Float64Array, label: number): number {
    return lossOf(this.loss, tensor(scores, { shape: [1, scores.length] }), tensor([label])).item();
  }

  private isCandidate(lead: number): boolean {
    return this.candidates.length < CANDIDATES || rank(lead) < this.candidates.at(-1)!.lead;
  }

  private keep(candidate: Candidate): void {
    const at = this.candidates.findIndex(({ lead }) => candidate.lead < lead);
    this.candidates.splice(at < 0 ? this.candidates.length : at, 0, candidate);
    this.candidates.length = Math.min(CANDIDATES, this.candidates.length);
  }
}

/** What is no number is worse than any. */
const rank = (lead: number): number => (Number.isNaN(lead) ? Number.NEGATIVE_INFINITY : lead);

function bestOther(scores: Float64Array, label: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let c = 0; c < scores.length; c++) if (c !== label) best = Math.max(best, scores[c]!);
  return best;
}

const lossOf = (loss: Loss, scores: Tensor, y: Tensor): Tensor =>
  typeof loss === 'function' ? loss(scores, y) : loss.call(scores, y);

function largest(values: Float64Array): number {
  let best = 0;
  for (let c = 1; c < values.length; c++) if (values[c]! > values[best]!) best = c;
  return best;
}

function shown(x: Tensor, i: number): Pick<WorstRow, 'picture' | 'values'> {
  const shape = pictureShape(x.shape);
  const row = select(x, 0, i).toArray();
  if (shape !== null) return { picture: pictureOf(row, shape), values: null };
  return { picture: null, values: row.length <= MOST_VALUES ? Array.from(row) : null };
}

/** The first rows of a batch, kept: a copy. */
export function firstRows(x: Tensor, most: number): Tensor {
  return noGrad(() => clone(narrow(x.detach(), 0, 0, Math.min(most, x.shape[0] ?? 0))));
}
