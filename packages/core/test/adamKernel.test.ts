import { expect, it } from 'vitest';
import { type AdamStep, adam } from '../src/kernels/adam.ts';
import type { Nd } from '../src/kernels/kernel.ts';
import { kernels } from '../src/kernels/wasm/kernels.ts';
import { numbers } from './kernelCases.ts';

const base: AdamStep = { lr: 0.1, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, isDecoupled: false, maximize: false };

/** Weights, means of g and g², the number of steps and, where wanted, the largest mean of g² so far. */
function state(n: number, hasLargest: boolean): Nd[] {
  const all = [numbers([n]), numbers([n]), numbers([n]), numbers([]), numbers([n])];
  for (const { data } of [all[2]!, all[4]!]) data.set(data.map((value) => value ** 2));
  all[3]!.data[0] = 2;
  return all.slice(0, hasLargest ? 5 : 4);
}

it('a step in WebAssembly has the bits of the reference', () => {
  for (const change of [{}, { weightDecay: 0.01 }, { weightDecay: 0.01, isDecoupled: true }, { maximize: true }]) {
    for (const [n, hasLargest] of [
      [513, false],
      [1024, true],
    ] as const) {
      const expected = state(n, hasLargest);
      const mine = expected.map((x, k) => Object.assign(state(n, true)[k]!, { data: x.data.slice() }));
      const g = numbers([n]);
      g.data[7] = Number.NaN;
      g.data[8] = Number.POSITIVE_INFINITY;
      adam.run(expected, [g], { ...base, ...change });
      expect(kernels.adam!(mine, [g], { ...base, ...change })).toBe(true);
      expected.forEach(({ data }, k) => {
        expect(data.every((value, i) => Object.is(value, mine[k]!.data[i]))).toBe(true);
      });
      expect(mine[3]!.data[0]).toBe(3);
    }
  }
});

it('few weights, and those that do not lie in order, are left to the reference, and the step is not counted', () => {
  const few = state(3, false);
  expect(kernels.adam!(few, [numbers([3])], base)).toBe(false);
  const many = [numbers([30, 40], 'turned'), numbers([30, 40]), numbers([30, 40]), numbers([])];
  many[3]!.data[0] = 2;
  expect(kernels.adam!(many, [numbers([30, 40])], base)).toBe(false);
  expect([few[3]!.data[0], many[3]!.data[0]]).toEqual([2, 2]);
});
