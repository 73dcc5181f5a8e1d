import {
  abs,
  add,
  div,
  eq,
  erf,
  erfc,
  exp,
  le,
  log,
  mul,
  neg,
  sign,
  sqrt,
  square,
  sub,
  type Tensor,
  where,
} from '@ndgrad/core';

// A rational approximation in the middle, in y², and one in the tails, in √(−ln((1 − |y|)/2)): lowest powers first.
const middle = {
  numerator: [0.886226899, -1.645349621, 0.914624893, -0.140543331],
  denominator: [1, -2.118377725, 1.442710462, -0.329097515, 0.012229801],
};
const tail = {
  numerator: [-1.970840454, -1.624906493, 3.429567803, 1.641345311],
  denominator: [1, 3.5438892, 1.6370678],
};

/** Horner's rule. */
const polynomial = (coefficients: readonly number[], x: Tensor): Tensor =>
  coefficients.reduceRight<Tensor>((sum, c) => add(mul(sum, x), c), mul(x, 0));

const ratio = ({ numerator, denominator }: typeof middle, x: Tensor): Tensor =>
  div(polynomial(numerator, x), polynomial(denominator, x));

/**
 * The inverse of the error function, for |y| < 1: an approximation to 9 digits, and two steps of Newton's method. ±1
 * gives ±∞. PyTorch computes it alike.
 */
export function erfinv(y: Tensor): Tensor {
  const size = abs(y);
  const inTail = sqrt(neg(log(div(sub(1, size), 2))));
  const start = where(le(size, 0.7), mul(size, ratio(middle, square(size))), ratio(tail, inTail));
  const x = newton(newton(start, size), size);
  return mul(sign(y), where(eq(size, 1), Infinity, x));
}

/** x ← x − (erf(x) − y) / erf′(x), with erf′(x) = 2/√π · e^(−x²); near y = 1 by erfc = 1 − erf, which keeps its digits. */
function newton(x: Tensor, y: Tensor): Tensor {
  const tooFar = where(le(y, 0.5), sub(erf(x), y), sub(sub(1, y), erfc(x)));
  return sub(x, div(tooFar, mul(2 / Math.sqrt(Math.PI), exp(neg(square(x))))));
}
