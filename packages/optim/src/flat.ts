import type { Nd } from '@ndgrad/core';

/** The elements of a contiguous view in order, on its memory. */
export function flat({ data, offset, size }: Nd): Float64Array {
  return data.length === size ? data : data.subarray(offset, offset + size);
}

/** Adds 1 to a counter, a scalar, and gives its new value. */
export function increment(counter: Nd): number {
  const value = counter.data[counter.offset]! + 1;
  counter.data[counter.offset] = value;
  return value;
}
