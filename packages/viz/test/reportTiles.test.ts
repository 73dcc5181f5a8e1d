import { expect, it } from 'vitest';
import { newData, type ReportData, type RunData } from '../src/reportData.ts';
import { comparison, nameOf, runsTable, runTiles } from '../src/reportTiles.ts';
import { pageIn } from './reportRuns.ts';

const points = (...y: number[]) => ({ x: y.map((_, i) => i + 1), y });
const run = (change: Partial<RunData> = {}): RunData => ({
  model: 'Linear 2→3',
  parameters: 9,
  loss: 'CrossEntropyLoss(reduction=mean)',
  optimizer: 'SGD',
  settings: { lr: '0.1', momentum: '0' },
  epochs: 2,
  steps: 1234,
  seconds: 61,
  curves: {
    loss: points(3, 2),
    lr: points(0.1),
    trainLoss: points(1.5, 0.123456),
    validationLoss: points(),
    trainAccuracy: points(0.5, 0.975),
    validationAccuracy: points(),
  },
  ratios: [],
  idle: [],
  evaluation: null,
  ...change,
});
const validated = run({ curves: { ...run().curves, validationLoss: points(2), validationAccuracy: points(0.95) } });

const program = (change: Partial<ReportData> = {}): ReportData =>
  newData({
    title: 't',
    command: 'c',
    seed: 0,
    options: { lr: '0.1', batch: '8' },
    environment: { Node: '20' },
    started: 's',
    seconds: 1,
    runs: [run()],
    charts: {},
    ...change,
  });

/** The cells of the tables and tiles, row by row. */
const cells = (html: string, row: string, cell: string) =>
  [...pageIn(`<body>${html}<script id="report-data">{}</script></body>`).document.querySelectorAll(row)].map(
    (element) => [...element.querySelectorAll(cell)].map(({ textContent }) => textContent),
  );

it('tiles show what is known, and what the other run came to', () => {
  expect(cells(runTiles(run(), null), '.tile', 'b, span')).toEqual([
    ['0.1235', 'training loss'],
    ['97.50 %', 'training accuracy'],
    ['1,234', 'steps'],
    ['1:01 min', 'time'],
  ]);
  const beside = cells(runTiles(run(), validated), '.tile', 'b, span, i');
  expect(beside[1]).toEqual(['–', 'validation loss', 'other: 2']);
  expect(beside[4]).toEqual(['–', 'gap, points', 'other: 2.50']);
});

it('a run is named by its model and its loss', () => {
  expect(nameOf(run())).toBe('Linear 2→3; CrossEntropyLoss');
});

it('several runs stand in a table of what differs, and of their results', () => {
  const html = runsTable([run(), run({ settings: { lr: '0.2', momentum: '0', nesterov: 'true' } })]);
  expect(cells(html, 'thead tr', 'th')).toEqual([
    ['', 'lr', 'nesterov', 'training loss', 'training accuracy', 'steps', 'time'],
  ]);
  expect(cells(html, 'tbody tr', 'td').map((row) => row.slice(0, 3))).toEqual([
    ['1', '0.1', '–'],
    ['2', '0.2', 'true'],
  ]);
  expect(runsTable(new Array(203).fill(run()))).toContain('And 3 more.');
});

it('a comparison lists the options, the machine and the trainings that differ, and those alone', () => {
  const other = program({
    options: { lr: '0.2', batch: '8', extra: '<1>' },
    environment: { Node: '22' },
    runs: [run({ optimizer: 'Adam' }), run()],
  });
  const rows = cells(comparison(program(), other), 'table:nth-of-type(1) tbody tr', 'td');
  expect(rows.slice(5)).toEqual([
    ['lr', '0.1', '0.2'],
    ['extra', '–', '<1>'],
    ['Node', '20', '22'],
    ['training 1: optimizer', 'SGD', 'Adam'],
    ['training 2: model', '–', 'Linear 2→3'],
    ['training 2: loss', '–', 'CrossEntropyLoss(reduction=mean)'],
    ['training 2: optimizer', '–', 'SGD'],
    ['training 2: epochs', '–', '2'],
    ['training 2: lr', '–', '0.1'],
    ['training 2: momentum', '–', '0'],
  ]);
  expect(comparison(program(), program())).toContain('Nothing: options, machine and models are the same.');
});
