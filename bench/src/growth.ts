import type { ContenderSpec } from './contenders.ts';
import { Field } from './field.ts';
import type { Growth } from './results.ts';
import { exponent } from './statistics.ts';
import { mlp, type Training } from './tasks.ts';

interface Series {
  quantity: string;
  title: string;
  sizes: number[];
  task: (size: number) => Training;
}

const series: Series[] = [
  {
    quantity: 'batch',
    title: '784-100-10, batch n',
    sizes: [16, 32, 64, 128, 256, 512, 1024],
    task: (n) => mlp(`batch-${n}`, [784, 100, 10], n),
  },
  {
    quantity: 'width',
    title: 'n-n-n-10, batch 64',
    sizes: [32, 64, 128, 256, 512, 1024],
    task: (n) => mlp(`width-${n}`, [n, n, n, 10], 64),
  },
  {
    quantity: 'depth',
    title: 'n layers 128-128, then 128-10, batch 64',
    sizes: [1, 2, 4, 8, 16, 32],
    task: (n) => mlp(`depth-${n}`, [...Array<number>(n + 1).fill(128), 10], 64),
  },
];

/** How the time of a step grows with the batch, the width and the depth. */
export async function growths(
  spec: ContenderSpec,
  seconds: number,
  progress: (text: string) => void,
): Promise<Growth[]> {
  const growths: Growth[] = [];
  for (const { quantity, title, sizes, task } of series) {
    const points: Growth['points'] = [];
    for (const size of sizes) {
      const field = await Field.start([spec]);
      const { rows } = await field.race(task(size), { title, seconds, progress }).finally(() => field.stop());
      const { micros, note } = rows[0]!;
      if (micros !== undefined) points.push({ size, micros });
      else progress(`growth with the ${quantity}, ${size}: ${note}`);
    }
    if (points.length < 3) continue;
    const times = points.map(({ micros }) => micros.median);
    growths.push({
      contender: spec.name,
      quantity,
      title,
      points,
      exponent: exponent(
        points.map(({ size }) => size),
        times,
      ),
    });
  }
  return growths;
}
