/** a·b + c: rounded once where the module is built with relaxed SIMD and the processor can, else after each step. */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(a, b, c);
  return f64x2.add(c, f64x2.mul(a, b));
}
