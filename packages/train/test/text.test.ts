import { describe, expect, it } from 'vitest';
import { duration, grouped, percent, significant, sparkline, table } from '../src/text.ts';

describe('numbers as text', () => {
  it('shows shares as percentages', () => {
    expect(percent(0.97532)).toBe('97.53 %');
    expect(percent(1, 0)).toBe('100 %');
  });

  it('shows four significant digits without needless zeros', () => {
    expect([0, 0.25, 12, 1234.56, 999999].map((value) => significant(value))).toEqual([
      '0',
      '0.25',
      '12',
      '1235',
      '1000000',
    ]);
    expect([1.2346e-7, 1e-5, 2e9, -0.00012].map((value) => significant(value))).toEqual([
      '1.235e-7',
      '1e-5',
      '2e+9',
      '-1.2e-4',
    ]);
    expect([Number.NaN, -Infinity].map((value) => significant(value))).toEqual(['NaN', '-Infinity']);
  });

  it('shows times in a fitting unit', () => {
    expect([0.00042, 0.42, 12.34, 59.99, 125, 3725].map(duration)).toEqual([
      '0.4 ms',
      '0.42 s',
      '12.3 s',
      '1:00 min',
      '2:05 min',
      '1:02:05 h',
    ]);
  });

  it('groups thousands', () => {
    expect(grouped(1234567.8)).toBe('1,234,568');
  });
});

describe('table', () => {
  it('aligns numbers to the right and words to the left', () => {
    expect(
      table(
        ['name', 'value'],
        [
          ['a', 1],
          ['long', -12.5],
        ],
      ),
    ).toBe(['name  value', '────  ─────', 'a         1', 'long  -12.5'].join('\n'));
  });

  it('shows a header alone where there are no rows', () => {
    expect(table(['a', 'b'], [])).toBe('a  b\n─  ─');
  });
});

describe('sparkline', () => {
  it('draws from the lowest to the highest value', () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe('▁▂▃▄▅▆▇█');
  });

  it('averages what is longer than its width', () => {
    expect(sparkline([0, 0, 7, 7], { width: 2 })).toBe('▁█');
  });

  it('leaves gaps where values are not finite, and is flat where they are equal', () => {
    expect(sparkline([0, Number.NaN, 1])).toBe('▁ █');
    expect(sparkline([3, 3])).toBe('▁▁');
    expect(sparkline([])).toBe('');
  });
});
