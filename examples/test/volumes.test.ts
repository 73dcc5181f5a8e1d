import { readFileSync } from 'node:fs';
import { summary } from '@ndgrad/viz';
import { beforeAll, describe, expect, it } from 'vitest';
import { volumes } from '../src/41-volumes.ts';
import { alexNet, leNet5, vgg16 } from '../src/networks.ts';
import { runLesson } from './run.ts';

const lectures = JSON.parse(
  readFileSync(new URL('../../conformance/data/cs231n/shapes_and_parameter_counts.json', import.meta.url), 'utf8'),
);

/** Output (rows, columns, channels) and parameters of each layer that the lectures have a row for. */
const found = (make: Parameters<typeof summary>[0], input: number[]) =>
  summary(make, [1, ...input])
    .rows.filter(({ layer }) => !/^(ReLU|Flatten)/.test(layer))
    .map(({ output, parameters }) => [[...output[0]!.slice(2), output[0]![1]], parameters]);

describe('the lectures’ networks', () => {
  it.each([
    ['lenet5', leNet5, [1, 32, 32], 'params', 'lenet5_total'],
    ['alexnet', alexNet, [3, 227, 227], 'params_with_bias_ungrouped', 'alexnet_total_ungrouped'],
    ['vgg16', vgg16, [3, 224, 224], 'weights', 'vgg16_total_weights'],
  ] as const)('%s has the volumes and parameters of its table', (name, make, input, column, total) => {
    const rows = lectures[name].map((row: { out: number[]; [column: string]: unknown }) => [
      row.out.filter((size, i) => size !== 1 || i === 2), // 1×1×4096 is a vector here
      row[column] ?? 0,
    ]);
    expect(found(make, [...input])).toEqual(rows);
    expect(summary(make, [1, ...input]).parameters).toBe(lectures[total]);
  });
});

describe('pnpm train volumes', () => {
  let out = '';

  beforeAll(async () => {
    const run = await runLesson(volumes, []);
    expect([run.err, run.code]).toEqual(['', 0]);
    out = run.out;
  });

  it('finds every layer as in the lectures', () => {
    expect(out.match(/as in the lecture/g)).toHaveLength(7 + 13 + 21);
    expect(out).not.toContain('lecture:');
    for (const total of ['61,706', '62,378,344', '138,344,128'])
      expect(out).toMatch(new RegExp(`^all +${total} `, 'm'));
  });

  it('shows why a filter of 3 does not go over 7 pixels at stride 3', () => {
    expect(out).toContain('(N − F + 2P)/S + 1 = (7 − 3 + 2·0)/3 + 1 = 2.333 is not whole');
  });
});
