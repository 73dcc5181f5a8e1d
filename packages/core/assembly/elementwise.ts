// Loops over doubles, two at a time and without branches: a branch on fresh data costs more than the arithmetic.
// Results are contiguous. An operand is as long as the result, or repeats after `period` elements, or is one number
// (period 1): so rows, columns of ones and scalars are broadcast without being written out.

import { scratch } from './matmul';

enum Op {
  add, sub, mul, div, maximum, minimum, step, eq, ne, lt, le, gt, ge, neg, abs, square, sqrt,
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function apply(op: i32, a: v128, b: v128): v128 {
  const one = f64x2.splat(1);
  if (op == Op.add) return f64x2.add(a, b);
  if (op == Op.sub) return f64x2.sub(a, b);
  if (op == Op.mul) return f64x2.mul(a, b);
  if (op == Op.div) return f64x2.div(a, b);
  if (op == Op.maximum) return f64x2.max(a, b);
  if (op == Op.minimum) return f64x2.min(a, b);
  if (op == Op.step) return v128.andnot(a, f64x2.le(b, f64x2.splat(0))); // a where b > 0 (or NaN), else 0
  if (op == Op.eq) return v128.and(f64x2.eq(a, b), one);
  if (op == Op.ne) return v128.and(f64x2.ne(a, b), one);
  if (op == Op.lt) return v128.and(f64x2.lt(a, b), one);
  if (op == Op.le) return v128.and(f64x2.le(a, b), one);
  if (op == Op.gt) return v128.and(f64x2.gt(a, b), one);
  if (op == Op.ge) return v128.and(f64x2.ge(a, b), one);
  if (op == Op.neg) return f64x2.neg(a);
  if (op == Op.abs) return f64x2.abs(a);
  if (op == Op.square) return f64x2.mul(a, a);
  return f64x2.sqrt(a);
}

/** How many elements of the result go on without an operand starting over. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function stretch(n: i32, period: i32): i32 {
  return period == 1 ? n : period;
}

/** Where an operand's pairs are: of one number, in this pair of it. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function pairs(at: i32, period: i32, twice: i32): i32 {
  if (period != 1) return at;
  v128.store(twice, v128.load_splat<f64>(at));
  return twice;
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function loop(op: i32, n: i32, a: i32, aPeriod: i32, b: i32, bPeriod: i32, y: i32): void {
  const run = min(stretch(n, aPeriod), stretch(n, bPeriod));
  const aStep = aPeriod == 1 ? 0 : 16;
  const bStep = bPeriod == 1 ? 0 : 16;
  a = pairs(a, aPeriod, scratch());
  b = pairs(b, bPeriod, scratch() + 16);
  for (let start = 0; start < n; start += run) {
    let left = a;
    let right = b;
    let i = 0;
    for (; i < run - 3; i += 4, y += 32) {
      v128.store(y, apply(op, v128.load(left), v128.load(right)));
      v128.store(y, apply(op, v128.load(left + aStep), v128.load(right + bStep)), 16);
      left += 2 * aStep;
      right += 2 * bStep;
    }
    for (; i < run; i++, y += 8, left += aStep >> 1, right += bStep >> 1) {
      v128.store64_lane(y, apply(op, v128.load64_zero(left), v128.load64_zero(right)), 0);
    }
    if (aPeriod == n) a = left;
    if (bPeriod == n) b = right;
  }
}

export function add(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.add, n, a, p, b, q, y); }
export function sub(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.sub, n, a, p, b, q, y); }
export function mul(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.mul, n, a, p, b, q, y); }
export function div(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.div, n, a, p, b, q, y); }
export function maximum(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.maximum, n, a, p, b, q, y); }
export function minimum(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.minimum, n, a, p, b, q, y); }
export function step(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.step, n, a, p, b, q, y); }
export function eq(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.eq, n, a, p, b, q, y); }
export function ne(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.ne, n, a, p, b, q, y); }
export function lt(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.lt, n, a, p, b, q, y); }
export function le(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.le, n, a, p, b, q, y); }
export function gt(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.gt, n, a, p, b, q, y); }
export function ge(n: i32, a: i32, p: i32, b: i32, q: i32, y: i32): void { loop(Op.ge, n, a, p, b, q, y); }
export function neg(n: i32, x: i32, p: i32, y: i32): void { loop(Op.neg, n, x, p, x, p, y); }
export function abs(n: i32, x: i32, p: i32, y: i32): void { loop(Op.abs, n, x, p, x, p, y); }
export function square(n: i32, x: i32, p: i32, y: i32): void { loop(Op.square, n, x, p, x, p, y); }
export function sqrt(n: i32, x: i32, p: i32, y: i32): void { loop(Op.sqrt, n, x, p, x, p, y); }
export function relu(n: i32, x: i32, p: i32, y: i32): void { loop(Op.step, n, x, p, x, p, y); }
