/** A size of a dim: a number, or so many times the batch size, or `null` where it changes in some other way. */
export type Size = number | Batches | null;

/** A multiple of the batch size. */
export interface Batches {
  readonly batches: number;
}

/** The same size as it was in two runs, whose batches had `sizes[0]` and `sizes[1]` examples. */
export function sizeOf(a: number, b: number, [n, m]: readonly [number, number]): Size {
  if (a === b) return a;
  return a % n === 0 && a / n === b / m ? { batches: a / n } : null;
}

/** The shape of a value in two runs of the same computation. */
export function sizesOf(a: readonly number[], b: readonly number[], batches: readonly [number, number]): Size[] {
  return a.map((size, d) => sizeOf(size, b[d]!, batches));
}

/** Whether two sizes are the same whatever the batch. */
export function sameSize(a: Size, b: Size): boolean {
  if (typeof a === 'object' && typeof b === 'object') return a !== null && a.batches === b?.batches;
  return a === b;
}

/** Whether two shapes are the same whatever the batch. */
export function sameSizes(a: readonly Size[], b: readonly Size[]): boolean {
  return a.length === b.length && a.every((size, d) => sameSize(size, b[d]!));
}
