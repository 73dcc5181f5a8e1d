import { linspace, noGrad, stack, type Tensor } from '@ndgrad/core';
import type { Module } from '@ndgrad/nn';
import { thinned } from './reportCurves.ts';
import { inEvaluation } from './reportLayers.ts';

export interface PlanePoint {
  readonly x: number;
  readonly y: number;
  readonly label: number | string;
}

/** Points of a plane, and how a classifier divides it. */
export interface Regions {
  readonly x: Range;
  readonly y: Range;
  /** How many columns the grid has, and as many rows. */
  readonly size: number;
  /** For each class, its lead over the best of the others on the grid, row by row from the lowest y. */
  readonly leads: readonly ArrayLike<number>[];
  readonly points: readonly PlanePoint[];
}

export type Range = readonly [low: number, high: number];

const MOST_POINTS = 600;
const GRID = 120;

/** Regions as a model of inputs `[n, 2]` and scores `[n, C]` makes them. */
export function regionsOfModel(model: Module, points: readonly PlanePoint[]): Regions {
  const [x, y] = boundsOf(points);
  const columns = linspace(...x, GRID)
    .reshape([1, GRID])
    .expand([GRID, GRID])
    .reshape([-1]);
  const rows = linspace(...y, GRID)
    .reshape([GRID, 1])
    .expand([GRID, GRID])
    .reshape([-1]);
  const scores = inEvaluation(model, () => noGrad(() => model.call(stack([columns, rows], { dim: 1 }))));
  return { x, y, size: GRID, leads: leadsOf(scores), points: thinned(points, MOST_POINTS) };
}

/** Regions as a function makes them, which gives each place its label, a whole number from 0. */
export function regionsOfLabels(points: readonly PlanePoint[], labelAt: (x: number, y: number) => number): Regions {
  const [x, y] = boundsOf(points);
  const place = ([low, high]: Range, i: number) => low + ((high - low) * i) / (GRID - 1);
  const labels = Array.from({ length: GRID * GRID }, (_, i) =>
    labelAt(place(x, i % GRID), place(y, Math.floor(i / GRID))),
  );
  const classes = 1 + labels.reduce((most, label) => Math.max(most, label), 0);
  const leads = Array.from({ length: classes }, (_, c) => labels.map((label) => (label === c ? 1 : -1)));
  return { x, y, size: GRID, leads, points: thinned(points, MOST_POINTS) };
}

/** The points alone. */
export function withoutRegions(points: readonly PlanePoint[]): Regions {
  const [x, y] = boundsOf(points);
  return { x, y, size: 0, leads: [], points: thinned(points, MOST_POINTS) };
}

function boundsOf(points: readonly PlanePoint[]): [x: Range, y: Range] {
  return [widened(points.map(({ x }) => x)), widened(points.map(({ y }) => y))];
}

function widened(values: readonly number[]): Range {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values.filter(Number.isFinite)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low > high) return [-1, 1];
  const margin = high > low ? 0.08 * (high - low) : 1;
  return [low - margin, high + margin];
}

function leadsOf(scores: Tensor): Float64Array[] {
  const [n, classes] = scores.shape as [number, number];
  const values = scores.toArray();
  return Array.from({ length: classes }, (_, c) =>
    Float64Array.from({ length: n }, (_, i) => {
      let other = Number.NEGATIVE_INFINITY;
      for (let k = 0; k < classes; k++) if (k !== c) other = Math.max(other, values[i * classes + k]!);
      return values[i * classes + c]! - other;
    }),
  );
}
