import type { Nd } from './kernel.ts';

/**
 * Visits every lane of `arrays` along `dim`: for each position in the other dims, calls `visit` with the offset where
 * the lane of each array begins; the lane goes on by that array's `stride[dim]`. The arrays have the first one's
 * sizes, or larger ones, in all dims but `dim`.
 */
export function eachLane(arrays: readonly Nd[], dim: number, visit: (...offsets: number[]) => void): void {
  const shape = arrays[0]!.shape.slice();
  if (shape.length > 0) shape[dim] = 1;
  if (shape.includes(0)) return;
  const offsets = arrays.map((array) => array.offset);
  const position = shape.map(() => 0);
  for (;;) {
    visit(...offsets);
    let d = shape.length - 1;
    while (d >= 0 && position[d] === shape[d]! - 1) {
      for (let k = 0; k < arrays.length; k++) offsets[k] = offsets[k]! - position[d]! * arrays[k]!.stride[d]!;
      position[d--] = 0;
    }
    if (d < 0) return;
    position[d]!++;
    for (let k = 0; k < arrays.length; k++) offsets[k] = offsets[k]! + arrays[k]!.stride[d]!;
  }
}

/** How many elements a lane along `dim` has, and how far apart they lie. A scalar is one lane of one element. */
export function laneOf(x: Nd, dim: number): { size: number; step: number } {
  return x.shape.length === 0 ? { size: 1, step: 1 } : { size: x.shape[dim]!, step: x.stride[dim]! };
}
