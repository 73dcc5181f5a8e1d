import {
  clone,
  eye,
  matmul,
  mT,
  mul,
  mul_,
  narrow,
  select,
  square,
  sub_,
  sum,
  type Tensor,
  tensor,
} from '@ndgrad/core';

/**
 * The Q of a = Q·R, `[m, n]` with m ≥ n: orthonormal columns, where R has a positive diagonal, which makes it unique.
 * Each column is reflected onto its axis, and the reflections, applied in reverse to the axes, are Q.
 * @see Householder (1958); Golub & Van Loan, "Matrix computations", section 5.2
 */
export function orthonormal(a: Tensor): Tensor {
  const [m, n] = a.shape as [number, number];
  const from = (x: Tensor, k: number) => narrow(narrow(x, 0, k, m - k), 1, k, n - k);
  const r = clone(a);
  const reflections: Tensor[] = [];
  const signs: number[] = [];
  for (let k = 0; k < n; k++) {
    const block = from(r, k);
    const v = reflection(clone(narrow(block, 1, 0, 1)));
    reflect(block, v);
    reflections.push(v);
    signs.push(Math.sign(select(select(block, 0, 0), 0, 0).item()));
  }
  const q = eye(m, { m: n });
  for (let k = n - 1; k >= 0; k--) reflect(from(q, k), reflections[k]!);
  return mul(q, tensor(signs));
}

/** The v of length √2 for which x − v·vᵀx is a multiple of the first axis. Overwrites x `[m, 1]`; 0 where x is. */
function reflection(x: Tensor): Tensor {
  const length = lengthOf(x);
  if (length === 0) return x;
  const first = select(x, 0, 0);
  sub_(first, first.item() > 0 ? -length : length); // away from 0, so that no digits cancel
  return mul_(x, Math.SQRT2 / lengthOf(x));
}

const lengthOf = (x: Tensor): number => Math.sqrt(sum(square(x)).item());

/** x ← x − v·vᵀ·x */
function reflect(x: Tensor, v: Tensor): void {
  sub_(x, matmul(v, matmul(mT(v), x))); // [m, 1] · [1, m] · [m, n]
}
