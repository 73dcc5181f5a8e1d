import * as Plot from '@observablehq/plot';
import { type Axis, colour, FULL, HALF, plain, scaleOf, svgOf } from './chartsPlot.ts';
import type { Points } from './reportCurves.ts';
import type { Distribution } from './reportDistribution.ts';
import type { Regions } from './reportRegions.ts';

/** A curve of a chart. */
export interface Series {
  readonly name: string;
  readonly points: Points;
  /** Which of the page's colours. */
  readonly colour: number;
  /** Of another run (default false): dashed. */
  readonly other?: boolean;
  /** Behind the others, pale (default false). */
  readonly faint?: boolean;
  /** With a dot at each point (default: where there are few). */
  readonly dots?: boolean;
}

export interface LineChart {
  /** What the chart shows, for those who can't see it. */
  readonly label: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** A range of y that is good, and the value in its middle. */
  readonly band?: { readonly low: number; readonly high: number; readonly middle: number };
  /** Over the whole width of the page (default false). */
  readonly wide?: boolean;
  /** Two curves of the same x between which the area is filled. */
  readonly between?: readonly [Points, Points];
}

/** From so many points on the dots are left out. */
const DOTS = 26;

/** Curves; `null` where none has a point that can be shown. */
export function lineChart({ label, x, y, series, band, between, wide = false }: LineChart): string | null {
  const drawn = series.map((one) => ({ ...one, data: pairs(one.points, x, y) }));
  const shown = drawn.flatMap(({ data }) => data);
  if (!shown.some(([, value]) => !Number.isNaN(value))) return null;
  const marks: Plot.Markish[] = [];
  if (band !== undefined) {
    marks.push(Plot.rectY([band], { y1: 'low', y2: 'high', fill: 'var(--good)', className: 'band' }));
    marks.push(Plot.ruleY([band.middle], { stroke: 'var(--good-line)', strokeDasharray: '1,3' }));
  }
  if (between !== undefined) marks.push(areaBetween(between, y));
  for (const { data, ...one } of drawn) marks.push(...lineMarks(one, data));
  return svgOf(label, {
    ...(wide ? FULL : HALF),
    marginLeft: 46,
    marginRight: 14,
    marginBottom: 38,
    marginTop: 26,
    x: { ...scaleOf(x, shown, 0), tickSize: 4 },
    y: {
      ...scaleOf(y, [...shown, ...(band === undefined ? [] : [[0, band.low] as const, [0, band.high] as const])], 1),
      tickSize: 0,
      grid: true,
      ...(y.log ? {} : { nice: true }),
    },
    marks,
  });
}

/** What can't be shown is NaN, at which the line breaks. */
function pairs({ x, y }: Points, xAxis: Axis, yAxis: Axis): [number, number][] {
  const usable = (value: number, { log = false }: Axis) => Number.isFinite(value) && (!log || value > 0);
  return x.flatMap((at, i): [number, number][] => {
    if (!usable(at, xAxis)) return [];
    return [[at, usable(y[i]!, yAxis) ? y[i]! * (yAxis.percent ? 100 : 1) : Number.NaN]];
  });
}

function lineMarks(
  { name, colour: i, other = false, faint = false, dots }: Omit<Series, 'points'>,
  data: [number, number][],
) {
  const stroke = colour(i);
  const marks: Plot.Markish[] = [
    Plot.line(data, {
      x: '0',
      y: '1',
      stroke,
      strokeWidth: faint ? 1 : 1.75,
      strokeOpacity: faint ? 0.4 : 1,
      ...(other ? { strokeDasharray: '5,3' } : {}),
      ariaLabel: () => name,
    }),
  ];
  if (dots ?? (!faint && data.length < DOTS)) {
    const fill = other ? 'var(--card)' : stroke;
    marks.push(Plot.dot(data, { x: '0', y: '1', r: 2.4, fill, stroke, ariaLabel: () => `${name}, points` }));
  }
  return marks;
}

function areaBetween([upper, lower]: readonly [Points, Points], { percent = false }: Axis): Plot.Markish {
  const data = upper.x.map((x, i) => ({
    x,
    y1: upper.y[i]! * (percent ? 100 : 1),
    y2: (lower.y[i] ?? Number.NaN) * (percent ? 100 : 1),
  }));
  return Plot.areaY(data, { x: 'x', y1: 'y1', y2: 'y2', fill: colour(1), fillOpacity: 0.13, ariaLabel: () => 'gap' });
}

// Distributions

const RIDGE = { width: 250, step: 19, overlap: 1.5 } as const;

/**
 * One layer's histograms at several steps, each a ridge of its own, the oldest behind. All are of the same height: what
 * they tell is their width and their form.
 */
export function ridgeChart(label: string, moments: readonly { name: string; distribution: Distribution }[]): string {
  const rows = moments.length;
  const marks = moments.flatMap(({ name, distribution: { low, high, shares } }, i) => {
    const most = Math.max(...shares) || 1;
    const base = rows - 1 - i;
    const at = (bar: number) => low + ((high - low) * (bar + 0.5)) / shares.length;
    const ridge = [
      { x: low, h: 0 },
      ...shares.map((share, bar) => ({ x: at(bar), h: share / most })),
      { x: high, h: 0 },
    ];
    const data = ridge.map(({ x, h }) => ({ x, y1: base, y2: base + RIDGE.overlap * h }));
    const fillOpacity = 0.35 + (0.5 * (i + 1)) / rows;
    return [
      Plot.areaY(data, { x: 'x', y1: 'y1', y2: 'y2', fill: 'var(--card)' }),
      Plot.areaY(data, { x: 'x', y1: 'y1', y2: 'y2', fill: 'var(--ridge)', fillOpacity, ariaLabel: () => name }),
      Plot.lineY(data, { x: 'x', y: 'y2', stroke: 'var(--ridge)', strokeWidth: 1 }),
    ];
  });
  return svgOf(label, {
    width: RIDGE.width,
    height: 44 + RIDGE.step * (rows + RIDGE.overlap),
    marginTop: 4,
    marginLeft: 52,
    marginRight: 8,
    marginBottom: 24,
    x: { label: null, ticks: 4, tickFormat: plain, tickSize: 4 },
    y: { axis: null, domain: [0, rows - 1 + RIDGE.overlap] },
    marks: [
      Plot.axisY(
        moments.map((_, i) => rows - 1 - i),
        { tickFormat: (y: number) => moments[rows - 1 - y]?.name ?? '', tickSize: 0, label: null },
      ),
      ...marks,
    ],
  });
}

/** One histogram. */
export function histogramChart(label: string, { low, high, shares }: Distribution): string {
  const width = (high - low) / shares.length;
  const bars = shares.map((share, i) => ({ x1: low + i * width, x2: low + (i + 1) * width, share: 100 * share }));
  return svgOf(label, {
    width: 250,
    height: 150,
    marginLeft: 36,
    marginRight: 8,
    marginTop: 18,
    marginBottom: 24,
    x: { label: null, domain: [low, high], ticks: 4, tickFormat: plain, tickSize: 4 },
    y: { label: '%', labelArrow: 'none', ticks: 3, tickSize: 0, grid: true },
    marks: [
      Plot.rectY(bars, { x1: 'x1', x2: 'x2', y: 'share', fill: 'var(--ridge)', insetLeft: 0.5, insetRight: 0.5 }),
    ],
  });
}

// The plane

/** Of fewer points each is drawn larger. */
const FEW_POINTS = 40;

const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'cross', 'star', 'wye', 'times'] as const;

/** Points of a plane by their labels, and behind them the regions that a classifier makes. */
export function planeChart(
  label: string,
  { x, y, size, leads, points }: Regions,
  labels: readonly (string | number)[],
): string {
  const [dx, dy] = [x, y].map(([low, high]) => (high - low) / Math.max(1, size - 1) / 2) as [number, number];
  const place = { width: size, height: size, x1: x[0] - dx, x2: x[1] + dx, y1: y[0] - dy, y2: y[1] + dy };
  const regions = leads.flatMap((lead, c) => {
    if (!Array.from(lead).some((value) => value > 0)) return [];
    const common = { ...place, value: Plot.identity, thresholds: [0], fill: colour(c), ariaLabel: () => `region ${c}` };
    return [Plot.contour(Array.from(lead), { ...common, fillOpacity: 0.22, stroke: colour(c), strokeWidth: 0.8 })];
  });
  const dots = labels.map((which, c) =>
    Plot.dot(
      points.filter((point) => point.label === which),
      {
        x: 'x',
        y: 'y',
        r: points.length < FEW_POINTS ? 5 : 2.6,
        symbol: SYMBOLS[c % SYMBOLS.length]!,
        fill: colour(c),
        stroke: 'var(--card)',
        strokeWidth: 0.6,
        ariaLabel: () => `points of ${which}`,
      },
    ),
  );
  return svgOf(label, {
    width: HALF.width,
    height: 430,
    marginLeft: 40,
    marginBottom: 30,
    x: { domain: [...x], label: null, ticks: 6, tickFormat: plain, tickSize: 4 },
    y: { domain: [...y], label: null, ticks: 6, tickFormat: plain, tickSize: 4 },
    marks: [Plot.frame({ stroke: 'var(--line)' }), ...regions, ...dots],
  });
}
