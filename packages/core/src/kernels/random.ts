import { boxMuller, type Generator } from '../random.ts';
import type { Kernel } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';

// Each fills a contiguous output in order, as PyTorch does.

export const uniform: Kernel<{ generator: Generator; from: number; to: number }> = {
  name: 'uniform',
  run: ([y], _, { generator, from, to }) => {
    const { data, offset, size } = y!;
    for (let i = 0; i < size; i++) data[offset + i] = generator.uniform() * (to - from) + from;
  },
};

/** Fewer than 16 numbers are drawn one by one; more of them in blocks of 16, the last block being drawn anew. */
export const normal: Kernel<{ generator: Generator; mean: number; std: number }> = {
  name: 'normal',
  run: ([y], _, { generator, mean, std }) => {
    const { data, offset, size } = y!;
    if (size < 16) {
      for (let i = 0; i < size; i++) data[offset + i] = generator.normal() * std + mean;
      return;
    }
    const draw = (from: number, to: number) => {
      for (let i = from; i < to; i++) data[i] = generator.uniform();
    };
    const transform = (block: number) => {
      for (let j = block; j < block + 8; j++) {
        const [first, second] = boxMuller(1 - data[j]!, data[j + 8]!);
        data[j] = first * std + mean;
        data[j + 8] = second * std + mean;
      }
    };
    draw(offset, offset + size);
    for (let i = 0; i + 16 <= size; i += 16) transform(offset + i);
    if (size % 16 !== 0) {
      draw(offset + size - 16, offset + size);
      transform(offset + size - 16);
    }
  },
};

export const integers: Kernel<{ generator: Generator; low: number; high: number }> = {
  name: 'integers',
  run: ([y], _, { generator, low, high }) => {
    const { data, offset, size } = y!;
    for (let i = 0; i < size; i++) data[offset + i] = generator.integer(low, high);
  },
};

/** 0 … n − 1, shuffled (Fisher & Yates). */
export const permutation: Kernel<{ generator: Generator }> = {
  name: 'permutation',
  run: ([y], _, { generator }) => {
    const { data, offset, size: n } = y!;
    for (let i = 0; i < n; i++) data[offset + i] = i;
    for (let i = 0; i < n - 1; i++) {
      const j = i + (generator.random32() % (n - i));
      const swap = data[offset + i]!;
      data[offset + i] = data[offset + j]!;
      data[offset + j] = swap;
    }
  },
};

/** 1 with probability p, else 0; p is one number for all, or one for each element. */
export const bernoulli: Kernel<{ generator: Generator }> = {
  name: 'bernoulli',
  run: ([y], [p], { generator }) => {
    const { data, offset, size } = y!;
    const step = p!.size === 1 ? 0 : 1;
    for (let i = 0; i < size; i++) data[offset + i] = generator.uniform() < p!.data[p!.offset + i * step]! ? 1 : 0;
  },
};

/** −ln(1 − u) / λ */
export const exponential: Kernel<{ generator: Generator; lambd: number }> = {
  name: 'exponential',
  run: ([y], _, { generator, lambd }) => {
    const { data, offset, size } = y!;
    for (let i = 0; i < size; i++) data[offset + i] = exponentialNumber(generator, lambd);
  },
};

const exponentialNumber = (generator: Generator, lambd: number) => (-1 / lambd) * Math.log(1 - generator.uniform());

/** The positions of the k largest w/q of each row of weights, q being exponential: k draws without replacement. */
export const drawWithout: Kernel<{ generator: Generator }> = {
  name: 'drawWithout',
  run: ([y], [weights], { generator }) => {
    const { size: count, step } = laneOf(weights!, 1);
    const { size: draws, step: stepY } = laneOf(y!, 1);
    const scores = new Float64Array(count);
    eachLane([y!, weights!], 1, (to, from) => {
      for (let j = 0; j < count; j++) scores[j] = weights!.data[from + j * step]! / exponentialNumber(generator, 1);
      const best = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
      for (let i = 0; i < draws; i++) y!.data[to + i * stepY] = best[i]!;
    });
  },
};

/** For each draw a uniform u, and the first category whose cumulative probability reaches it. */
export const drawWith: Kernel<{ generator: Generator }> = {
  name: 'drawWith',
  run: ([y], [weights], { generator }) => {
    const { size: count, step } = laneOf(weights!, 1);
    const { size: draws, step: stepY } = laneOf(y!, 1);
    const cumulative = new Float64Array(count);
    eachLane([y!, weights!], 1, (to, from) => {
      let total = 0;
      for (let j = 0; j < count; j++) cumulative[j] = total += weights!.data[from + j * step]!;
      for (let j = 0; j < count; j++) cumulative[j]! /= total;
      cumulative[count - 1] = 1;
      for (let i = 0; i < draws; i++) y!.data[to + i * stepY] = firstReaching(cumulative, generator.uniform());
    });
  },
};

function firstReaching(cumulative: Float64Array, u: number): number {
  let [low, high] = [0, cumulative.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (cumulative[middle]! < u) low = middle + 1;
    else high = middle;
  }
  return low;
}
