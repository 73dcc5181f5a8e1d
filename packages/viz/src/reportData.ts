import { ArgumentError } from '@ndgrad/core';
import { type Points, rounded, thinnedPoints } from './reportCurves.ts';
import type { NamedCurve, RunRecord } from './reportRecord.ts';

/** What a page holds of its run as JSON: for programs, and to be laid beside another. */
export interface ReportData {
  readonly format: typeof FORMAT;
  readonly title: string;
  readonly command: string;
  readonly seed: number | null;
  readonly options: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** When the program began, in ISO 8601, and how long it took. */
  readonly started: string;
  readonly seconds: number;
  readonly runs: readonly RunData[];
  /** Curves that the program drew itself, by the titles of their charts. */
  readonly charts: Readonly<Record<string, readonly NamedCurve[]>>;
}

/** One training run; curves are over epochs. */
export interface RunData {
  readonly model: string;
  readonly parameters: number;
  readonly loss: string;
  readonly optimizer: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly epochs: number;
  readonly steps: number;
  readonly seconds: number;
  readonly curves: Readonly<Record<CurveName, Points>>;
  readonly ratios: readonly NamedCurve[];
  readonly idle: readonly NamedCurve[];
  readonly evaluation: EvaluationData | null;
}

export interface EvaluationData {
  readonly part: string;
  readonly rows: number;
  readonly classes: readonly string[];
  readonly confusion: readonly (readonly number[])[];
  readonly worst: readonly {
    readonly row: number;
    readonly label: number;
    readonly predicted: number;
    readonly loss: number;
  }[];
}

const curveNames = ['loss', 'lr', 'trainLoss', 'validationLoss', 'trainAccuracy', 'validationAccuracy'] as const;
export type CurveName = (typeof curveNames)[number];

const FORMAT = 'ndgrad report 1';
const ID = 'report-data';

/** Points per curve, so that a page of several runs stays small. */
const POINTS = 200;
const POINTS_OF_ALL_RUNS = 400;

/** A training run as data, its curves thinned to what a page of `runs` such runs has room for. */
export function runData(run: RunRecord, runs: number): RunData {
  const most = Math.max(40, Math.min(POINTS, Math.floor(POINTS_OF_ALL_RUNS / runs)));
  const small = ({ name, points }: NamedCurve): NamedCurve => ({ name, points: compact(points, most) });
  const { model, parameters, loss, optimizer, settings, epochs, steps, seconds, evaluation } = run;
  return {
    model,
    parameters,
    loss,
    optimizer,
    settings,
    epochs,
    steps,
    seconds,
    curves: byName((name) => compact(run.curves[name], most)),
    ratios: run.ratios.map(small),
    idle: run.idle.map(small),
    evaluation: evaluation && {
      part: evaluation.part,
      rows: evaluation.rows,
      classes: evaluation.classes,
      confusion: evaluation.confusion,
      worst: evaluation.worst.map(({ row, label, predicted, loss }) => ({
        row,
        label,
        predicted,
        loss: rounded(loss),
      })),
    },
  };
}

const byName = (points: (name: CurveName) => Points): Record<CurveName, Points> =>
  Object.fromEntries(curveNames.map((name) => [name, points(name)])) as Record<CurveName, Points>;

/** Few points, in five significant digits. */
export function compact(points: Points, most = POINTS): Points {
  const { x, y } = thinnedPoints(points, most);
  return { x: x.map((value) => rounded(value)), y: y.map((value) => rounded(value)) };
}

/** The program that a report is of, without its environment and numbers. */
export function newData(about: Omit<ReportData, 'format'>): ReportData {
  return { format: FORMAT, ...about };
}

// As a part of a page

/** The data as an element of the page, which no browser runs. Numbers that JSON lacks become null. */
export function embedded(data: ReportData): string {
  const json = JSON.stringify(data)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
  return `<script type="application/json" id="${ID}">${json}</script>`;
}

/**
 * The data of a page that `embedded` was part of.
 * @param file named in errors
 * @throws ArgumentError for a page without such data, or with data of another form
 */
export function extracted(html: string, file: string): ReportData {
  const json = new RegExp(`<script type="application/json" id="${ID}">([^<]*)</script>`).exec(html)?.[1];
  try {
    if (json === undefined) throw new TypeError('it holds no data of a report');
    return reportOf(JSON.parse(json));
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof SyntaxError)) throw error;
    throw new ArgumentError(
      `compare: ${file} is no report to compare with: ${error.message}; give a page that --report wrote`,
    );
  }
}

// From JSON that anybody may have written to data of the right form

function reportOf(value: unknown): ReportData {
  const from = fields(value, 'the report');
  if (from.format !== FORMAT) throw new TypeError(`its format is not "${FORMAT}"`);
  return {
    format: FORMAT,
    title: text(from.title),
    command: text(from.command),
    seed: from.seed === null ? null : number(from.seed),
    options: record(from.options, text),
    environment: record(from.environment, text),
    started: text(from.started),
    seconds: number(from.seconds),
    runs: list(from.runs, runOf),
    charts: record(from.charts, (curves) => list(curves, namedOf)),
  };
}

function runOf(value: unknown): RunData {
  const from = fields(value, 'a run');
  const curves = fields(from.curves, 'the curves');
  return {
    model: text(from.model),
    parameters: number(from.parameters),
    loss: text(from.loss),
    optimizer: text(from.optimizer),
    settings: record(from.settings, text),
    epochs: number(from.epochs),
    steps: number(from.steps),
    seconds: number(from.seconds),
    curves: byName((name) => pointsOf(curves[name])),
    ratios: list(from.ratios, namedOf),
    idle: list(from.idle, namedOf),
    evaluation: from.evaluation === null ? null : evaluationOf(from.evaluation),
  };
}

function evaluationOf(value: unknown): EvaluationData {
  const from = fields(value, 'the evaluation');
  return {
    part: text(from.part),
    rows: number(from.rows),
    classes: list(from.classes, text),
    confusion: list(from.confusion, (row) => list(row, number)),
    worst: list(from.worst, (item) => {
      const row = fields(item, 'a row');
      return {
        row: number(row.row),
        label: number(row.label),
        predicted: number(row.predicted),
        loss: number(row.loss),
      };
    }),
  };
}

function namedOf(value: unknown): NamedCurve {
  const from = fields(value, 'a curve');
  return { name: text(from.name), points: pointsOf(from.points) };
}

function pointsOf(value: unknown): Points {
  const from = fields(value, 'the points');
  const [x, y] = [list(from.x, number), list(from.y, number)];
  if (x.length !== y.length) throw new TypeError('a curve has other numbers of x than of y');
  return { x, y };
}

function fields(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new TypeError(`${what} is no object`);
}

function record<T>(value: unknown, of: (value: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(fields(value, 'a table')).map(([key, item]) => [key, of(item)]));
}

function list<T>(value: unknown, of: (value: unknown) => T): T[] {
  if (!Array.isArray(value)) throw new TypeError('a list is missing');
  return value.map((item) => of(item));
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('a text is missing');
  return value;
}

/** JSON has null for what is no finite number. */
function number(value: unknown): number {
  if (value === null) return Number.NaN;
  if (typeof value !== 'number') throw new TypeError('a number is missing');
  return value;
}
