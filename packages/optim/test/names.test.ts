import { describe, expect, it } from 'vitest';
import { camelCase, snakeCase } from '../src/names.ts';

describe('names', () => {
  it.each([
    ['lr', 'lr'],
    ['weight_decay', 'weightDecay'],
    ['max_exp_avg_sq', 'maxExpAvgSq'],
    ['T_max', 'TMax'],
    ['T_0', 'T0'],
    ['H_diag', 'HDiag'],
  ])('%s is %s here', (theirs, ours) => {
    expect(camelCase(theirs)).toBe(ours);
    expect(snakeCase(ours)).toBe(theirs);
  });
});
