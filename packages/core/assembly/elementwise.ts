// Loops over contiguous doubles, two at a time, without branches: a branch on fresh data costs more than the arithmetic.
// n is even; the caller leaves room for one element more.

/** y = x where x > 0 (or NaN), else 0 */
export function relu(n: i32, x: i32, y: i32): void {
  const zero = f64x2.splat(0);
  for (let i = 0; i < n * 8; i += 16) {
    const value = v128.load(x + i);
    v128.store(y + i, v128.andnot(value, f64x2.le(value, zero)));
  }
}

/** y = g where x > 0 (or NaN), else 0 */
export function step(n: i32, g: i32, x: i32, y: i32): void {
  const zero = f64x2.splat(0);
  for (let i = 0; i < n * 8; i += 16) {
    v128.store(y + i, v128.andnot(v128.load(g + i), f64x2.le(v128.load(x + i), zero)));
  }
}
