import type { Kernel } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';

/**
 * Where the elements of each lane stand that come first in order, as many as the output takes. Equal ones keep their
 * order; NaN counts as larger than anything.
 */
export const order: Kernel<{ dim: number; descending: boolean }> = {
  name: 'order',
  run: ([y], [x], { dim, descending }) => {
    const { size, step } = laneOf(x!, dim);
    const { size: taken, step: stepY } = laneOf(y!, dim);
    const values = new Float64Array(size);
    const sense = descending ? -1 : 1;
    const compare = (i: number, j: number) => sense * ascending(values[i]!, values[j]!) || i - j;
    eachLane([y!, x!], dim, (to, from) => {
      for (let i = 0; i < size; i++) values[i] = x!.data[from + i * step]!;
      const sorted = Uint32Array.from(values.keys()).sort(compare);
      for (let i = 0; i < taken; i++) y!.data[to + i * stepY] = sorted[i]!;
    });
  },
};

function ascending(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(a !== a) - Number(b !== b);
}
