import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stratifiedCounts } from '../src/stratify.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

describe('stratifiedCounts', () => {
  it('leaves whole numbers as they are, also those missed by a rounding error', () => {
    expect(stratifiedCounts([50, 50, 50], [0.8, 0.2])).toEqual([[40, 10], [40, 10], [40, 10]]); // biome-ignore format: a table
    expect(0.29 * 100).toBeLessThan(29);
    expect(stratifiedCounts([100], [0.29, 0.71])).toEqual([[29, 71]]);
  });

  it('spreads what is left over of the classes across the parts', () => {
    // Three halves each: the parts get 1.5 + 1.5 + 1.5 + 1.5 = 6 examples each, so two classes round up in each part.
    const counts = stratifiedCounts([3, 3, 3, 3], [0.5, 0.5]);
    expect(counts.map(sum)).toEqual([3, 3, 3, 3]);
    expect([0, 1].map((part) => sum(counts.map((row) => row[part]!)))).toEqual([6, 6]);
  });

  it('keeps rows, columns and cells next to their exact values, whatever the table', () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 });
    const weights = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }).filter((w) => sum(w) > 0);
    fc.assert(
      fc.property(sizes, weights, (rows, columns) => {
        const shares = columns.map((weight) => weight / sum(columns));
        const counts = stratifiedCounts(rows, shares);
        expect(counts.map(sum)).toEqual(rows);
        shares.forEach((share, part) => {
          const total = sum(counts.map((row) => row[part]!));
          expect(Math.abs(total - sum(rows) * share)).toBeLessThan(1);
          rows.forEach((size, i) => expect(Math.abs(counts[i]![part]! - size * share)).toBeLessThan(1));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('gives nothing of nothing', () => {
    expect(stratifiedCounts([], [0.5, 0.5])).toEqual([]);
    expect(stratifiedCounts([0], [1])).toEqual([[0]]);
  });
});
