import type { Nd } from '@ndgrad/core';

export { flat } from '@ndgrad/core';

/** Adds 1 to a counter, a scalar, and gives its new value. */
export function increment(counter: Nd): number {
  const value = counter.data[counter.offset]! + 1;
  counter.data[counter.offset] = value;
  return value;
}
