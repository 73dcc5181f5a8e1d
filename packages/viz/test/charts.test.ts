import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { histogramChart, lineChart, planeChart, ridgeChart } from '../src/charts.ts';
import { distribution } from '../src/reportDistribution.ts';
import { regionsOfLabels, withoutRegions } from '../src/reportRegions.ts';

const drawn = (svg: string) => {
  const { document } = parseHTML(`<body>${svg}</body>`) as unknown as {
    document: { querySelectorAll(selector: string): Iterable<Drawn> };
  };
  return (selector: string) => [...document.querySelectorAll(selector)];
};
interface Drawn {
  readonly textContent: string;
  getAttribute(name: string): string | null;
}

const labels = (svg: string, axis: 'x' | 'y') =>
  drawn(svg)(`[aria-label="${axis}-axis tick label"] text`).map(({ textContent }) => textContent);
const x = { label: 'epochs' };

describe('lineChart', () => {
  const points = { x: [0, 1, 2], y: [1, 0.5, 0.25] };

  it('has a role, a label, and one path for each curve, broken where there is no number', () => {
    const svg = lineChart({
      label: 'the <loss>',
      x,
      y: { label: 'loss' },
      series: [
        { name: 'a', points, colour: 0 },
        { name: 'b', points: { x: [0, 1, 2, 3, 4], y: [1, 2, Number.NaN, 3, 4] }, colour: 9, other: true, dots: false },
      ],
    })!;
    const find = drawn(svg);
    expect(find('svg').map((element) => [element.getAttribute('role'), element.getAttribute('aria-label')])).toEqual([
      ['img', 'the <loss>'],
    ]);
    expect(find('path[aria-label="a"]')).toHaveLength(1);
    expect(find('path[aria-label="b"]')[0]!.getAttribute('d')!.match(/M/g)).toHaveLength(2);
    expect(find('circle')).toHaveLength(3);
    expect(svg).toContain('stroke="var(--c0)"');
    expect(svg).toContain('stroke="var(--c1)"'); // the tenth colour is the second again
    expect(svg).not.toContain('<style');
    expect(svg).not.toMatch(/="[^"]*\d\.\d{2,}[^"]*"(?=[^>]*<\/path>)/);
  });

  it('puts points where they belong', () => {
    const svg = lineChart({
      label: '',
      x: { ...x, domain: [0, 2] },
      y: { label: '', zero: true, domain: [0, 1] },
      series: [{ name: 'a', points, colour: 0 }],
    })!;
    // 520 × 270 with margins of 46 left, 14 right, 26 above, 38 below
    expect(drawn(svg)('circle').map((dot) => [dot.getAttribute('cx'), dot.getAttribute('cy')])).toEqual([
      ['46', '26'],
      ['276', '129'],
      ['506', '180.5'],
    ]);
    expect(labels(svg, 'x')).toEqual(['0', '1', '2']);
  });

  it('shows shares as percentages', () => {
    const svg = lineChart({
      label: '',
      x,
      y: { label: '%', percent: true },
      series: [{ name: 'a', points, colour: 0 }],
    })!;
    expect(labels(svg, 'y').at(-1)).toBe('100');
  });

  it('on a logarithmic axis leaves out what is not above 0, and labels powers of ten, 1-2-5, or more', () => {
    const log = (...y: number[]) =>
      lineChart({
        label: '',
        x,
        y: { label: '', log: true },
        series: [{ name: 'a', points: { x: y.map((_, i) => i), y }, colour: 0 }],
      })!;
    expect(drawn(log(1, 0, -1, 0.1))('path[aria-label="a"]')[0]!.getAttribute('d')).toMatch(/M.*M/);
    expect(labels(log(1e-6, 1), 'y')).toEqual(['1e-6', '1e-5', '1e-4', '0.001', '0.01', '0.1', '1']);
    expect(labels(log(0.004, 0.11), 'y')).toEqual(['0.005', '0.01', '0.02', '0.05', '0.1']);
    expect(labels(log(0.2, 0.5), 'y')).toEqual(['0.2', '0.3', '0.4', '0.5']);
  });

  it('draws a good range, and the area between two curves', () => {
    const low = { x: points.x, y: [0, 0, 0] };
    const svg = lineChart({
      label: '',
      x,
      y: { label: '' },
      series: [{ name: 'a', points, colour: 0 }],
      band: { low: 0.1, middle: 0.2, high: 0.3 },
      between: [points, low],
    })!;
    expect(drawn(svg)('.band rect')).toHaveLength(1);
    expect(drawn(svg)('path[aria-label="gap"]')).toHaveLength(1);
  });

  it('is nothing without points', () => {
    expect(lineChart({ label: '', x, y: { label: '' }, series: [] })).toBeNull();
    expect(
      lineChart({
        label: '',
        x,
        y: { label: '', log: true },
        series: [{ name: 'a', points: { x: [1], y: [0] }, colour: 0 }],
      }),
    ).toBeNull();
  });
});

it('ridges stand one below the other, the first behind', () => {
  const svg = ridgeChart(
    'weights',
    ['start', '4'].map((name, i) => ({ name, distribution: distribution([i, i + 1, i + 2]) })),
  );
  expect(labels(svg, 'y').sort()).toEqual(['4', 'start']);
  for (const name of ['start', '4']) expect(drawn(svg)(`path[aria-label="${name}"]`)).toHaveLength(1);
  expect(svg.indexOf('aria-label="start"')).toBeLessThan(svg.indexOf('aria-label="4"'));
});

it('a histogram has a bar for each share', () => {
  const svg = histogramChart('values', distribution([0, 1, 1, 2], { bins: 2, range: [0, 2] }));
  const bars = drawn(svg)('rect').map((bar) => Number(bar.getAttribute('height')));
  expect(bars).toHaveLength(2);
  expect(bars[1]! / bars[0]!).toBeCloseTo(3, 1);
});

it('the plane has the points by their kinds, and a region for each class that has one', () => {
  const points = [
    { x: 0, y: 0, label: 0 },
    { x: 1, y: 1, label: 1 },
    { x: 1, y: 0.9, label: 1 },
  ];
  const svg = planeChart(
    'plane',
    regionsOfLabels(points, (px) => (px > 0.5 ? 1 : 0)),
    [0, 1],
  );
  expect(drawn(svg)('[aria-label^="region"]').map((region) => region.getAttribute('aria-label'))).toEqual([
    'region 0',
    'region 1',
  ]);
  expect(drawn(svg)('path[aria-label="points of 1"]')).toHaveLength(2);
  expect(drawn(planeChart('plane', withoutRegions(points), [0, 1]))('[aria-label^="region"]')).toHaveLength(0);
});
