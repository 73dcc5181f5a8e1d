import { full } from '../create.ts';
import * as kernels from '../kernels/cumulative.ts';
import { product } from '../kernels/reduce.ts';
import { compute, op } from '../op.ts';
import { keptShape, normalizeDim } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { cat } from './join.ts';
import { eq, gt, mul, where } from './pointwise.ts';
import { flip } from './rearrange.ts';
import { type LaneOptions, lanes } from './reduction.ts';
import { narrow, reshape } from './view.ts';

// Sums and products along a dim, each element's and all before it. No rule divides, so zeros are like other numbers.

interface Along {
  dim: number;
}

const cumsumOp = op({
  name: 'cumsum',
  inputs: ['x'],
  forward: (x, along: Along) => compute(kernels.cumsum, x.shape, [x], along),
  backward: { x: (g, { params: along }): Tensor => backwards(g, along, (g) => cumsumOp(g, along)) },
});

// yₖ = xₖ·yₖ₋₁, so that ∂L/∂xₖ = yₖ₋₁ · sₖ, where sₖ = gₖ + xₖ₊₁·sₖ₊₁ is all that arrives at yₖ.
const cumprodOp = op({
  name: 'cumprod',
  inputs: ['x'],
  forward: (x, along: Along) => compute(kernels.cumprod, x.shape, [x], along),
  backward: { x: (g, { x, y, params: along }) => mul(before(y, 1, along), arriving(g, x, along)) },
});

/** y₀ = b₀, yₖ = aₖ·yₖ₋₁ + bₖ: what the gradients of a product are made of. */
const recurrence = op({
  name: 'recurrence',
  inputs: ['a', 'b'],
  forward: (a, b, along: Along) => compute(kernels.recurrence, b.shape, [a, b], along),
  backward: {
    a: (g, { a, y, params: along }): Tensor => mul(before(y, 0, along), arriving(g, a, along)),
    b: (g, { a, params: along }): Tensor => arriving(g, a, along),
  },
});

/** sₖ = gₖ + aₖ₊₁·sₖ₊₁: a recurrence from the end, with every a one place later. */
function arriving(g: Tensor, a: Tensor, along: Along): Tensor {
  return flip(recurrence(before(flip(a, along.dim), 1, along), flip(g, along.dim), along), along.dim);
}

function backwards(x: Tensor, { dim }: Along, f: (x: Tensor) => Tensor): Tensor {
  return flip(f(flip(x, dim)), dim);
}

/** Every element moved on by one place along `dim`, with `first` in front. */
function before(x: Tensor, first: number, { dim }: Along): Tensor {
  const size = x.shape[dim]!;
  return size === 0 ? x : cat([full(keptShape(x.shape, [dim]), first), narrow(x, dim, 0, size - 1)], { dim });
}

const prodOp = op({
  name: 'prod',
  inputs: ['x'],
  forward: (x, { dim }: Along) => compute(product, keptShape(x.shape, [dim]), [x]),
  backward: { x: (g, { x, params: along }) => mul(g, productOfOthers(x, along)) },
});

/** The product of everything: where two elements or more are 0, PyTorch takes its second derivative for 0, too. */
const prodOfAllOp = op({
  name: 'prod',
  inputs: ['x'],
  forward: (x, { dim }: Along) => compute(product, keptShape(x.shape, [dim]), [x]),
  backward: {
    x: (g, { x, params: along }) => {
      const severalZeros = gt(sumTo(eq(x, 0), g.shape), 1);
      return where(severalZeros, 0, mul(g, productOfOthers(x, along)));
    },
  },
});

/** For each element, the product of those before it and those after it. */
function productOfOthers(x: Tensor, along: Along): Tensor {
  const ofThoseBefore = (x: Tensor) => before(cumprodOp(x, along), 1, along);
  return mul(ofThoseBefore(x), backwards(x, along, ofThoseBefore));
}

/**
 * yₖ = x₀ + … + xₖ along `dim`.
 * @throws DimError for a dim out of range
 * @see PyTorch `torch.cumsum`
 */
export function cumsum(x: Tensor, dim: number): Tensor {
  return alongDim('cumsum', x, dim, cumsumOp);
}

/**
 * yₖ = x₀ · … · xₖ along `dim`.
 * @throws DimError for a dim out of range
 * @see PyTorch `torch.cumprod`
 */
export function cumprod(x: Tensor, dim: number): Tensor {
  return alongDim('cumprod', x, dim, cumprodOp);
}

function alongDim(name: string, x: Tensor, dim: number, primitive: typeof cumsumOp): Tensor {
  const d = normalizeDim(name, dim, x.ndim);
  return x.ndim === 0 ? reshape(primitive(reshape(x, [1]), { dim: 0 }), []) : primitive(x, { dim: d });
}

/**
 * The product of all elements, or of those along `dim`; 1 of nothing.
 * @throws DimError for a dim out of range
 * @see PyTorch `torch.prod`
 */
export function prod(x: Tensor, options?: LaneOptions): Tensor {
  const primitive = options?.dim == null ? prodOfAllOp : prodOp;
  return lanes('prod', x, options, (x, dim) => primitive(x, { dim }));
}
