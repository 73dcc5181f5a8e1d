import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { backprop } from '../src/01-backprop.ts';
import { runLesson } from './run.ts';

const worked = JSON.parse(
  readFileSync(new URL('../../conformance/data/cs231n/seed_worked_example.json', import.meta.url), 'utf8'),
);

describe('pnpm train backprop', () => {
  let out = '';
  /** The cells of the line that begins with these words. */
  const cells = (...start: string[]) => {
    const lines = out.split('\n').map((line) => line.trim().split(/\s{2,}/));
    return lines.find((line) => start.every((word, i) => line[i] === word))!;
  };

  beforeAll(async () => {
    const run = await runLesson(backprop, []);
    expect(run.err).toBe('');
    expect(run.code).toBe(0);
    out = run.out;
  });

  it('prints every value of the graph forward', () => {
    const { p, q, s, r, t, L } = worked.forward;
    for (const [name, value] of Object.entries({ p, q, s, r, f: t, L })) expect(Number(cells(name)[2])).toBe(value);
    for (const name of ['a', 'b', 'c', 'x', 'y', 'z']) expect(Number(cells(name)[2])).toBe(worked.inputs[name]);
  });

  it('prints every gradient backward, as the product of the one above and the local derivative', () => {
    const named = (name: string) => name.replace('f', 't'); // the notes call the prediction t
    const gradients = { ...worked.gradients, ...worked.gradients_on_data };
    const edges = ['fL', 'sf', 'rf', 'ps', 'qs', 'ap', 'bq', 'cr', 'xp', 'yq', 'zr'];
    for (const [x, y] of edges) {
      const [, above, aboveValue, local, localValue, product, swept] = cells(`∂L/∂${x}`, `∂L/∂${y}`);
      const expected = gradients[`dL/d${named(x!)}`];
      expect([above, local]).toEqual([`∂L/∂${y}`, `∂${y}/∂${x}`]);
      expect(Number(aboveValue)).toBe(gradients[`dL/d${named(y!)}`]);
      expect(Number(aboveValue) * Number(localValue)).toBe(expected);
      expect([Number(product), Number(swept)]).toEqual([expected, expected]);
      const published = worked.local_derivatives[`d${named(y!)}/d${named(x!)}`];
      if (published !== undefined) expect(Number(localValue)).toBe(published);
    }
  });

  it('prints the numerical gradients of both differences, and counts their evaluations', () => {
    const published = worked.numeric_gradient_by_h['1e-05'];
    for (const [method, numbers, evaluations] of [
      ['forward', published.forward, 4],
      ['central', published.centred, 6],
    ] as const) {
      const row = cells(method, '-0.999999999962').slice(1).map(Number);
      numbers.forEach((slope: number, i: number) => void expect(row[i]).toBeCloseTo(slope, 9));
      expect(row[3]).toBeLessThan(1e-10);
      expect(row[4]).toBe(evaluations);
    }
  });

  it('shows gradient descent hopping around the kink at a fixed rate, and coming to rest at a decaying one', () => {
    const steps = [0, 1, 2, 3, 4, 5, 6, 7].map((step) => cells(String(step)).map(Number));
    expect(steps.slice(0, 2)).toEqual([
      [0, 3, 3],
      [1, 0.004, 0.004], // as derived by hand for lr = 0.02
    ]);
    const fixed = steps.map(([, loss]) => loss!);
    for (const t of [0, 2, 4, 6]) expect(fixed[t]).toBeGreaterThan(2.9);
    for (const t of [1, 3, 5, 7]) expect(fixed[t]).toBeLessThan(0.2);
    const last = /loss at a decaying rate: (.*)/.exec(out)![1];
    expect(Number(last)).toBeLessThan(1e-3);
  });
});
