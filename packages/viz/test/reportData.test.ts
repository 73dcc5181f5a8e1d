import { expect, it } from 'vitest';
import { compact, embedded, extracted, newData, type ReportData } from '../src/reportData.ts';

const points = { x: [1, 2], y: [0.5, 0.25] };
const none = { x: [], y: [] };
const data: ReportData = newData({
  title: '</script><script>alert(1)</script>\u2028',
  command: 'pnpm train "x" <y>',
  seed: null,
  options: { lr: '0.1', __proto__x: '<' },
  environment: { Node: '20' },
  started: '2026-01-02T03:04:05.000Z',
  seconds: 1.5,
  runs: [
    {
      model: 'Linear 2→3',
      parameters: 9,
      loss: 'CrossEntropyLoss()',
      optimizer: 'SGD',
      settings: { lr: '0.1' },
      epochs: 2,
      steps: 4,
      seconds: 1,
      curves: {
        loss: points,
        lr: points,
        trainLoss: points,
        validationLoss: none,
        trainAccuracy: points,
        validationAccuracy: none,
      },
      ratios: [{ name: 'weight', points }],
      idle: [],
      evaluation: {
        part: 'training',
        rows: 2,
        classes: ['<a>', 'b'],
        confusion: [
          [1, 0],
          [1, 0],
        ],
        worst: [{ row: 1, label: 1, predicted: 0, loss: 2 }],
      },
    },
  ],
  charts: { Race: [{ name: 'sgd', points }] },
});

it('what is embedded comes out as it went in, and ends no element', () => {
  const html = `<html>${embedded(data)}</html>`;
  expect(html.match(/<\/script/g)).toHaveLength(1);
  expect(html).not.toContain('\u2028');
  expect(extracted(html, 'page.html')).toEqual(data);
});

it('numbers that JSON lacks come out as NaN', () => {
  const broken = newData({
    ...data,
    charts: { Race: [{ name: 'sgd', points: { x: [1, 2], y: [Number.NaN, Number.POSITIVE_INFINITY] } }] },
  });
  expect(extracted(embedded(broken), 'page.html').charts.Race![0]!.points.y).toEqual([Number.NaN, Number.NaN]);
});

it('what is no data of a report is refused, and why', () => {
  const page = (change: (json: Record<string, unknown>) => void) => {
    const json = JSON.parse(JSON.stringify(data));
    change(json);
    return embedded(json as ReportData);
  };
  const cases: [string, RegExp][] = [
    ['<p>', /page.html is no report to compare with: it holds no data of a report; give a page that --report wrote/],
    [embedded(data).replace('{"format"', '{format'), /is no report to compare with: .*JSON/],
    [
      page((json) => {
        json.format = 'ndgrad report 0';
      }),
      /its format is not "ndgrad report 1"/,
    ],
    [
      page((json) => {
        json.runs = 3;
      }),
      /a list is missing/,
    ],
    [
      page((json) => {
        json.title = 3;
      }),
      /a text is missing/,
    ],
    [
      page((json) => {
        json.seconds = '<img>';
      }),
      /a number is missing/,
    ],
    [
      page((json) => {
        json.options = ['a'];
      }),
      /a table is no object/,
    ],
    [
      page((json) => {
        (json.charts as { Race: unknown[] }).Race = [{ name: 'a', points: { x: [1], y: [] } }];
      }),
      /other numbers of x than of y/,
    ],
  ];
  for (const [html, message] of cases) expect(() => extracted(html, 'page.html')).toThrow(message);
});

it('points are few and short', () => {
  const many = { x: Array.from({ length: 1000 }, (_, i) => i), y: new Array<number>(1000).fill(1 / 3) };
  const { x, y } = compact(many);
  expect([x.length, x[0], x.at(-1), y[0]]).toEqual([200, 0, 999, 0.33333]);
});
