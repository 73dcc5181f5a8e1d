import { madd } from './madd';

/** ln 2 in two parts; the first has so few digits that its products with whole numbers are exact. */
const LN2: f64 = 0.6931471803691238;
const LN2_REST: f64 = 1.9082149292705877e-10;

// @ts-ignore: a decorator of AssemblyScript
@inline
function line(r: v128, a: f64, b: f64): v128 {
  return madd(r, f64x2.splat(b), f64x2.splat(a));
}

/** 2ᵏ for two whole numbers from −1022 to 1023. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function power(k: v128): v128 {
  return i64x2.shl(i64x2.add(i64x2.extend_low_i32x4_s(k), i64x2.splat(1023)), 52);
}

/**
 * eˣ for two numbers of at most 0, off by a unit in the last place at most: eˣ = 2ᵏ·eʳ with |r| ≤ ln 2 / 2, and eʳ by
 * its series to r¹³.
 */
// @ts-ignore: a decorator of AssemblyScript
@inline
export function exp(x: v128): v128 {
  const z = f64x2.max(x, f64x2.splat(-800)); // below, all are 0
  const k = f64x2.nearest(f64x2.mul(z, f64x2.splat(1.4426950408889634)));
  const r = f64x2.sub(f64x2.sub(z, f64x2.mul(k, f64x2.splat(LN2))), f64x2.mul(k, f64x2.splat(LN2_REST)));
  const r2 = f64x2.mul(r, r);
  const r4 = f64x2.mul(r2, r2);
  const first = madd(r2, line(r, 1.0 / 24, 1.0 / 120), line(r, 1.0 / 2, 1.0 / 6));
  const second = madd(r2, line(r, 1.0 / 40320, 1.0 / 362880), line(r, 1.0 / 720, 1.0 / 5040));
  const third = madd(r2, line(r, 1.0 / 479001600, 1.0 / 6227020800), line(r, 1.0 / 3628800, 1.0 / 39916800));
  const rest = madd(r4, madd(r4, third, second), first);
  const series = f64x2.add(f64x2.splat(1), madd(r2, rest, r));
  const exponent = i32x4.trunc_sat_f64x2_s_zero(k);
  const half = i32x4.shr_s(exponent, 1); // so that what is below the normal numbers is rounded once, at the end
  return f64x2.mul(f64x2.mul(series, power(half)), power(i32x4.sub(exponent, half)));
}
