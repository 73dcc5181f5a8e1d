import { zerosLike } from '../create.ts';
import * as kernels from '../kernels/pointwise.ts';
import { binary, unary } from '../op.ts';
import { checkInteger, readOptions } from '../options.ts';
import type { Tensor, TensorLike } from '../tensor.ts';
import { div, mul, neg } from './pointwise.ts';

// Steps are flat: nothing flows back through them but zeros.
const flat = (g: Tensor): Tensor => zerosLike(g);

/** The largest whole number that is not above x. */
export const floor = unary('floor', kernels.floor, flat);
/** The smallest whole number that is not below x. */
export const ceil = unary('ceil', kernels.ceil, flat);
/** x without its fraction. */
export const trunc = unary('trunc', kernels.trunc, flat);
const roundOp = unary('round', kernels.round, flat);

/**
 * x to the given number of decimals (default 0; −2 rounds to hundreds); halves go to the even neighbour.
 * @see PyTorch `torch.round`
 */
export function round(x: TensorLike, options?: { decimals?: number }): Tensor {
  const { decimals } = readOptions('round', options, { decimals: 0 });
  checkInteger('round', 'decimals', decimals, -Infinity);
  if (decimals === 0) return roundOp(x);
  const scale = 10 ** Math.abs(decimals);
  return decimals > 0 ? div(roundOp(mul(x, scale)), scale) : mul(roundOp(div(x, scale)), scale);
}

/** a − b · trunc(a / b), broadcast: the rest of a division, with the sign of a. @see PyTorch `torch.fmod` */
export const fmod = binary('fmod', kernels.fmod, {
  a: (g) => g,
  b: (g, { a, b }) => neg(mul(g, div(a, b, { roundingMode: 'trunc' }))),
});
/** a − b · floor(a / b), broadcast: the rest of a division, with the sign of b. @see PyTorch `torch.remainder` */
export const remainder = binary('remainder', kernels.remainder, {
  a: (g) => g,
  b: (g, { a, b }) => neg(mul(g, div(a, b, { roundingMode: 'floor' }))),
});
