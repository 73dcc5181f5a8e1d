import { expect, it } from 'vitest';
import { judge } from '../src/memory.ts';
import { picture } from '../src/picture.ts';
import { significant, table } from '../src/report.ts';

it('numbers have three digits, or all that stand before the point', () => {
  expect([0.012345, 1, 12.345, 123.45, 1234567].map(significant)).toEqual(['0.0123', '1', '12.3', '123', '1,234,567']);
});

it('columns are aligned, and a reason may be long', () => {
  const rows = [
    ['a', '1', '2'],
    ['long', '10', '20'],
    ['b', 'no: a long reason'],
  ];
  expect(table(rows)).toBe('  a      1   2\n  long  10  20\n  b     no: a long reason');
});

it('memory that grows is told from memory that saws', () => {
  const saw = Array.from({ length: 100 }, (_, i) => 1e8 + 5e6 * (i % 7));
  expect(judge(saw, 100).flat).toBe(true);
  const leak = saw.map((bytes, i) => bytes + 1e6 * i);
  const { slope, flat } = judge(leak, 100);
  expect(flat).toBe(false);
  expect(slope.value).toBeGreaterThan(9_000); // 1e6 bytes in 100 steps
  expect(slope.value).toBeLessThan(11_000);
});

it('a bar goes from 1 to the ratio, and a cross stands where there is no time', () => {
  const row = (name: string, median: number) => ({
    name,
    label: name,
    micros: { q1: 1, median: 1, q3: 1 },
    ratio: { q1: median, median, q3: median },
  });
  const rows = [row('torch-float64', 1), row('fast', 10), row('slow', 0.1)];
  const without = [rows[0]!, rows[1]!, { name: 'slow', label: 'slow', note: 'no' }];
  const svg = picture(
    [
      { task: 'one', title: '', base: 'torch-float64', rows },
      { task: 'two', title: '', base: 'torch-float64', rows: without },
    ],
    'a < b',
  );
  const heights = [...svg.matchAll(/<rect x="[\d.]+" y="([\d.]+)" width="11" height="([\d.]+)"/g)].map((m) => [
    m[1],
    m[2],
  ]);
  expect(heights).toContainEqual(['92', '180']); // two decades in 360 pixels, the upper one
  expect(heights).toContainEqual(['272', '180']);
  expect(svg.match(/>×</g)).toHaveLength(1);
  expect(svg).toContain('a &lt; b');
});
