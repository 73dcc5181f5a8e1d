// Two numbers in memory, the second of which may be missing.

/** Two numbers, or one and 0. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function loadTwo(at: i32, both: bool): v128 {
  return both ? v128.load(at) : v128.load64_zero(at);
}

/** Stores a number and, unless it stands 0 bytes behind, another one. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function put(at: i32, values: v128, apart: i32): void {
  if (apart == 8) {
    v128.store(at, values);
    return;
  }
  v128.store64_lane(at, values, 0);
  if (apart != 0) v128.store64_lane(at + apart, values, 1);
}

/** Stores two numbers, or the first. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function storeTwo(at: i32, values: v128, both: bool): void {
  put(at, values, both ? 8 : 0);
}
