import type { Part } from './taps.ts';

/** Gradients of weights are summed for so many shares of a batch, each apart from the others; */
const SHARES = 8;
/** but for fewer where they have more numbers than this. */
const MANY = 2 ** 20;

/** Into how many shares a batch is cut for the gradient of so many weights, and how many images each has. */
export function sharesOf(batch: number, size: number): { shares: number; each: number } {
  // They hang on shapes alone, so that the bits do.
  const shares = Math.min(batch, SHARES, Math.max(Math.floor(MANY / size), 1));
  return { shares, each: Math.ceil(batch / shares) };
}

/** The images of a share among so many from `start` on, counted from there; there may be none. */
export function partOf(share: number, each: number, start: number, images: number): Part {
  const first = Math.min(Math.max(share * each - start, 0), images);
  return { first, end: Math.max(Math.min((share + 1) * each - start, images), first) };
}

/** Every `step`-th number, summed. */
export function total(numbers: Float64Array, first: number, step: number): number {
  let sum = 0;
  for (let i = first; i < numbers.length; i += step) sum += numbers[i]!;
  return sum;
}
