import { grouped, percent } from '@ndgrad/train/text';
import { type LineChart, lineChart, type Series } from './charts.ts';
import type { Axis } from './chartsPlot.ts';
import { COLOURS } from './chartsPlot.ts';
import { type Points, thinned } from './reportCurves.ts';
import type { RunData } from './reportData.ts';
import { type Cell, either, type FigureOptions, figure, table } from './reportHtml.ts';
import type { IdleUnits, NamedCurve, RunRecord } from './reportRecord.ts';

// What changed from step to step: loss, accuracy, learning rate, updates, idle units

/** One axis for all charts of a run. */
function epochs({ curves }: RunData, other: RunData | null): Axis {
  const ends = [curves, ...(other === null ? [] : [other.curves])].flatMap(({ loss, trainLoss }) => [loss, trainLoss]);
  return { label: 'epochs', domain: [0, Math.max(...ends.map(({ x }) => x.at(-1) ?? 0))] };
}

/** About what a healthy update is, relative to the weight, and how far from it is still well. */
const RATIO = { low: 3e-4, middle: 1e-3, high: 3e-3 };

const ROWS = 30;

/** All charts over the epochs of a run, and beside them the curves of `other`. */
export function curveFigures(id: string, run: RunRecord, data: RunData, other: RunData | null): string {
  return [
    lossFigure(id, run, data, other),
    accuracyFigure(data, other),
    rateFigure(data, other),
    ratioFigure(data, other),
    ...(['dead', 'saturated'] as const).map((kind) => idleFigure(kind, run.idle, data, other)),
  ].join('');
}

/** The chart with its legend; nothing where there are no points. */
function curves(chart: LineChart, options: FigureOptions): string {
  const svg = lineChart(chart);
  return svg === null ? '' : figure(svg, { legend: chart.series, ...options });
}

const one = (name: string, points: Points, colour: number, more: Partial<Series> = {}): Series[] =>
  points.x.length === 0 ? [] : [{ name, points, colour, ...more }];

function lossFigure(id: string, run: RunRecord, data: RunData, other: RunData | null): string {
  const { curves } = data;
  const x = epochs(data, other);
  const byBatches = run.steps > (run.last?.epoch ?? 0);
  const series = [
    ...(byBatches ? one('each batch', curves.loss, 0, { faint: true, dots: false }) : []),
    ...one('training', curves.trainLoss, 0),
    ...one('validation', curves.validationLoss, 1),
    ...(other === null ? [] : one('other: training', longer(other.curves), 0, { other: true })),
    ...(other === null ? [] : one('other: validation', other.curves.validationLoss, 1, { other: true })),
  ];
  const last = curves.trainLoss.y.at(-1) ?? curves.loss.y.at(-1);
  const label = `Loss over the epochs, ${last === undefined ? 'none' : `at the end ${last}`}`;
  const linear = lineChart({ label, x, y: { label: 'loss', zero: true }, series });
  const log = lineChart({
    label: `${label}, on a logarithmic axis`,
    x,
    y: { label: 'loss', log: true },
    series,
  });
  if (linear === null) return '';
  const charts: [string, string][] = [['linear', linear]];
  if (log !== null) charts.push(['log', log]);
  return figure(either(`${id}-loss`, charts), {
    title: 'Loss',
    legend: series,
    caption: byBatches
      ? 'A training point is the mean over its epoch, each row measured while it was learnt from.'
      : 'Each epoch is one step.',
    table: epochTable(curves),
  });
}

/** Where no epoch was completed there are the batches. */
const longer = ({ trainLoss, loss }: RunData['curves']): Points => (trainLoss.x.length > 0 ? trainLoss : loss);

function epochTable(curves: RunData['curves']): string {
  const columns = {
    'training loss': curves.trainLoss,
    'validation loss': curves.validationLoss,
    'training accuracy': curves.trainAccuracy,
    'validation accuracy': curves.validationAccuracy,
  };
  const known = Object.entries(columns).filter(([, { x }]) => x.length > 0);
  if (known.length === 0) return '';
  const at = thinned(Array.from(curves.trainLoss.x.keys()), ROWS);
  const rows = at.map((i): Cell[] => {
    const cells = known.map(([name, { y }]) => (name.endsWith('accuracy') ? percent(y[i]!) : y[i]!));
    return [grouped(Math.round(curves.trainLoss.x[i]!)), ...cells];
  });
  return table(['epoch', ...known.map(([name]) => name)], rows);
}

function accuracyFigure(data: RunData, other: RunData | null): string {
  const { trainAccuracy, validationAccuracy } = data.curves;
  const series = [
    ...one('training', trainAccuracy, 0),
    ...one('validation', validationAccuracy, 1),
    ...(other === null ? [] : one('other: training', other.curves.trainAccuracy, 0, { other: true })),
    ...(other === null ? [] : one('other: validation', other.curves.validationAccuracy, 1, { other: true })),
  ];
  const [last, validated] = [trainAccuracy.y.at(-1), validationAccuracy.y.at(-1)];
  const gap = last === undefined || validated === undefined ? null : 100 * (last - validated);
  const ends = [
    ...(last === undefined ? [] : [`training ${percent(last)}`]),
    ...(validated === undefined ? [] : [`validation ${percent(validated)}`]),
  ];
  return curves(
    {
      label: `Accuracy over the epochs, at the end ${ends.join(', ')}`,
      x: epochs(data, other),
      y: { label: 'accuracy, %', percent: true },
      series,
      ...(gap === null ? {} : { between: [trainAccuracy, validationAccuracy] as const }),
    },
    {
      title: gap === null ? 'Accuracy' : 'Accuracy, and the gap',
      caption:
        gap === null
          ? 'There were no validation rows, so the gap to unseen data is not known.'
          : `The gap at the end is ${gap.toFixed(1)} points. A wide one means overfitting: regularise more, or get more data.`,
    },
  );
}

function rateFigure(data: RunData, other: RunData | null): string {
  const { lr } = data.curves;
  const series = [
    ...one('learning rate', lr, 0, { dots: false }),
    ...(other === null ? [] : one('other', other.curves.lr, 0, { other: true, dots: false })),
  ];
  const ends = `from ${lr.y[0]} to ${lr.y.at(-1)}`;
  return curves(
    {
      label: `Learning rate over the epochs, ${ends}`,
      x: epochs(data, other),
      y: { label: 'learning rate', zero: true },
      series,
    },
    { title: 'Learning rate', caption: `Of the optimizer’s first group: ${ends}.` },
  );
}

function ratioFigure(data: RunData, other: RunData | null): string {
  const { ratios } = data;
  const shown = thinned(ratios, COLOURS);
  const series = shown.flatMap(({ name, points }, i) => [
    ...one(name, points, i, { dots: false }),
    ...matching(name, other?.ratios, i, { dots: false }),
  ]);
  return curves(
    {
      label: `Size of a step relative to the weight, for each of ${shown.length} layers`,
      x: epochs(data, other),
      y: { label: '‖Δw‖ / ‖w‖', log: true },
      series,
      band: RATIO,
    },
    {
      title: 'Update to weight',
      caption:
        'How far single steps moved each weight, relative to its size. About 1e-3 is well (the band); far above, the ' +
        'learning rate is too high, far below too low.',
      table: table(['weight', 'first step', 'median', 'last'], ratios.map(ratioRow)),
    },
  );
}

function ratioRow({ name, points: { y } }: NamedCurve): Cell[] {
  const sorted = y.filter(Number.isFinite).toSorted((a, b) => a - b);
  return [name, y[0] ?? '–', sorted[Math.floor(sorted.length / 2)] ?? '–', y.at(-1) ?? '–'];
}

const idleText = {
  dead: {
    title: 'Dead ReLUs',
    caption:
      'The share of units that gave 0 to every one of the rows looked at: no gradient flows through them. Many of ' +
      'them are a sign of too high a learning rate.',
  },
  saturated: {
    title: 'Saturated units',
    caption:
      'The share of outputs at which sigmoid or tanh are nearly flat (below 4 % of their largest slope): hardly any ' +
      'gradient flows through them.',
  },
};

function idleFigure(
  kind: 'dead' | 'saturated',
  idle: readonly IdleUnits[],
  data: RunData,
  other: RunData | null,
): string {
  const layers = idle.filter((layer) => layer.kind === kind);
  const shown = thinned(layers, COLOURS);
  const series = shown.flatMap(({ name }, i) => [
    ...matching(name, data.idle, i, { other: false }),
    ...matching(name, other?.idle, i, {}),
  ]);
  const most = Math.max(0, ...series.flatMap(({ points }) => points.y));
  const rows = layers.map(({ name, units, points: { y } }) => [
    name,
    grouped(units),
    ...[y[0], y.at(-1)].map((share) => percent(share ?? Number.NaN)),
  ]);
  return curves(
    {
      label: `${idleText[kind].title}, at most ${percent(most)}`,
      x: epochs(data, other),
      y: { label: '%', percent: true, domain: [0, Math.max(0.1, Math.ceil(10 * most) / 10)] },
      series,
    },
    { ...idleText[kind], table: table(['layer', kind === 'dead' ? 'units' : 'outputs', 'start', 'end'], rows) },
  );
}

/** The curve of the same name in a list, if there is one. */
function matching(
  name: string,
  list: readonly NamedCurve[] | undefined,
  colour: number,
  more: Partial<Series>,
): Series[] {
  const { other = true } = more;
  const found = list?.find((curve) => curve.name === name);
  return found === undefined ? [] : one(other ? `other: ${name}` : name, found.points, colour, { ...more, other });
}
