import { ArgumentError, clamp, describe, div, noGrad, readOptions, stack, Tensor, zeros } from '@ndgrad/core';
import { checkBoolean } from './checks.ts';

/** Options of `clipGradNorm_`. */
export interface ClipGradNormOptions {
  /** p of the p-norm (default 2); `Infinity` for the largest element. */
  normType?: number;
  /** Whether a norm that is NaN or infinite is refused (default false: the gradients become NaN or 0). */
  errorIfNonfinite?: boolean;
}

/**
 * Scales the gradients of all parameters, in place and by one factor, so that their norm, as of one long vector, is at
 * most `maxNorm`:
 *
 *   g ← g · min(1, maxNorm / (‖g‖ + 1e-6))
 * @param parameters one or several; those without a gradient are passed over
 * @param maxNorm at least 0; `Infinity` only measures
 * @returns the norm before, a scalar; 0 without gradients
 * @throws ArgumentError for options out of range, and with `errorIfNonfinite` for a norm that is not finite
 * @see Pascanu, Mikolov & Bengio, 2013; CS231n, lecture 10; PyTorch `nn.utils.clip_grad_norm_`
 */
export function clipGradNorm_(
  parameters: Tensor | Iterable<Tensor>,
  maxNorm: number,
  options?: ClipGradNormOptions,
): Tensor {
  const name = 'clipGradNorm_';
  const { normType, errorIfNonfinite } = readOptions(name, options, { normType: 2, errorIfNonfinite: false });
  checkLimit(name, 'maxNorm', maxNorm);
  checkBoolean(name, 'errorIfNonfinite', errorIfNonfinite);
  if (typeof normType !== 'number' || Number.isNaN(normType)) {
    throw new ArgumentError(`${name}: normType must be a number, got ${describe(normType)}`);
  }
  const gradients = gradientsOf(name, parameters);
  if (gradients.length === 0) return zeros([]);
  return noGrad(() => {
    const total = norm(stack(gradients.map((g) => norm(g, normType))), normType);
    if (errorIfNonfinite && !Number.isFinite(total.item())) {
      throw new ArgumentError(`${name}: the norm of the gradients is ${total.item()}, so they can't be scaled`);
    }
    const factor = clamp(div(maxNorm, total.add(1e-6)), { max: 1 });
    for (const g of gradients) g.mul_(factor);
    return total;
  });
}

/**
 * Clamps every element of the gradients to [−clipValue, clipValue], in place.
 * @param parameters one or several; those without a gradient are passed over
 * @param clipValue at least 0
 * @throws ArgumentError for a clip value below 0
 * @see PyTorch `nn.utils.clip_grad_value_`
 */
export function clipGradValue_(parameters: Tensor | Iterable<Tensor>, clipValue: number): void {
  checkLimit('clipGradValue_', 'clipValue', clipValue);
  noGrad(() => {
    for (const g of gradientsOf('clipGradValue_', parameters)) g.copy_(clamp(g, { min: -clipValue, max: clipValue }));
  });
}

/** (Σ |x|ᵖ)^(1/p), the p-norm; for p = 0 how many elements are not 0. */
function norm(x: Tensor, p: number): Tensor {
  const size = x.abs();
  if (p === Infinity) return size.max();
  if (p === -Infinity) return size.min();
  if (p === 0) return size.ne(0).sum();
  if (p === 1) return size.sum();
  if (p === 2) return x.square().sum().sqrt();
  return size
    .pow(p)
    .sum()
    .pow(1 / p);
}

function gradientsOf(name: string, parameters: Tensor | Iterable<Tensor>): Tensor[] {
  return (parameters instanceof Tensor ? [parameters] : [...parameters]).flatMap((w) => {
    if (!(w instanceof Tensor)) throw new ArgumentError(`${name}: expected parameters (tensors), got ${describe(w)}`);
    return w.grad === null ? [] : [w.grad.detach()];
  });
}

function checkLimit(operation: string, name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number' || !(value >= 0)) {
    throw new ArgumentError(`${operation}: ${name} must be a number of at least 0, got ${describe(value)}`);
  }
}
