import type { Kernel, Nd } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';

// Along each lane, in order; every output has the shape of its inputs.

interface Along {
  dim: number;
}

function running(name: string, start: number, step: (so: number, x: number) => number): Kernel<Along> {
  return {
    name,
    run: ([y], [x], { dim }) => {
      const { size, step: stepX } = laneOf(x!, dim);
      const stepY = laneOf(y!, dim).step;
      eachLane([y!, x!], dim, (to, from) => {
        let value = start;
        for (let i = 0; i < size; i++) y!.data[to + i * stepY] = value = step(value, x!.data[from + i * stepX]!);
      });
    },
  };
}

export const cumsum = running('cumsum', 0, (sum, x) => sum + x);
export const cumprod = running('cumprod', 1, (product, x) => product * x);

/** y₀ = b₀, yₖ = aₖ·yₖ₋₁ + bₖ */
export const recurrence: Kernel<Along> = {
  name: 'recurrence',
  run: ([y], [a, b], { dim }) => {
    const { size } = laneOf(y!, dim);
    const [stepY, stepA, stepB] = [y!, a!, b!].map((x: Nd) => laneOf(x, dim).step) as [number, number, number];
    eachLane([y!, a!, b!], dim, (to, atA, atB) => {
      if (size === 0) return;
      let value = b!.data[atB]!;
      y!.data[to] = value;
      for (let i = 1; i < size; i++) {
        value = a!.data[atA + i * stepA]! * value + b!.data[atB + i * stepB]!;
        y!.data[to + i * stepY] = value;
      }
    });
  },
};
