import {
  ArgumentError,
  add,
  clamp,
  div,
  formatShape,
  log,
  log1p,
  logsigmoid,
  mul,
  neg,
  op,
  readOptions,
  ShapeError,
  sameShape,
  sub,
  type Tensor,
} from '@ndgrad/core';
import { type ReductionOptions, reduced, reductionDefaults } from './reduction.ts';

/** What `binaryCrossEntropy` takes. */
export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** A factor for each element, broadcast to the input's shape. Default: 1. */
  weight?: Tensor | null;
}

/** What `binaryCrossEntropyWithLogits` takes. */
export interface BinaryCrossEntropyWithLogitsOptions extends BinaryCrossEntropyOptions {
  /** A factor for the positive part alone, broadcast: p > 1 favours recall, p < 1 precision. Default: 1. */
  posWeight?: Tensor | null;
}

export const binaryCrossEntropyDefaults = { ...reductionDefaults, weight: null as Tensor | null };
export const binaryCrossEntropyWithLogitsDefaults = {
  ...binaryCrossEntropyDefaults,
  posWeight: null as Tensor | null,
};

// Logarithms end at −100, so that no loss is infinite. The input's gradient (x − y) / (x(1 − x)) is exact there too, but
// for a denominator of at least 1e-12.
const lnOf = (x: Tensor) => clamp(log(x), { min: -100 });
const lnOfRest = (x: Tensor) => clamp(log1p(neg(x)), { min: -100 });
const smallest = Math.fround(1e-12);
const binaryOp = op({
  name: 'binaryCrossEntropy',
  inputs: ['input', 'target'],
  forward: (x, y) => sub(mul(sub(y, 1), lnOfRest(x)), mul(y, lnOf(x))),
  backward: {
    input: (g, { input: x, target: y }) => mul(g, div(sub(x, y), clamp(mul(sub(1, x), x), { min: smallest }))),
    target: (g, { input: x }) => mul(g, sub(lnOfRest(x), lnOf(x))),
  },
});

/**
 * −w · (target · ln input + (1 − target) · ln(1 − input)), from probabilities; logarithms end at −100.
 * @param input probabilities, in [0, 1]
 * @param target of the input's shape, usually 0 or 1
 * @throws ArgumentError for an input outside [0, 1]; ShapeError where shapes differ
 * @see PyTorch `nn.functional.binary_cross_entropy`
 */
export function binaryCrossEntropy(input: Tensor, target: Tensor, options?: BinaryCrossEntropyOptions): Tensor {
  const { weight, reduction } = readOptions('binaryCrossEntropy', options, binaryCrossEntropyDefaults);
  checkSameShape('binaryCrossEntropy', input, target);
  const outside = input.toArray().find((value) => !(value >= 0 && value <= 1));
  if (outside !== undefined) {
    throw new ArgumentError(
      `binaryCrossEntropy: the input must be probabilities, in [0, 1], got ${outside}; ` +
        'for unnormalised scores use binaryCrossEntropyWithLogits',
    );
  }
  const losses = scaled('binaryCrossEntropy', binaryOp(input, target), weight);
  return reduced('binaryCrossEntropy', losses, reduction);
}

/**
 * −w · (p · target · ln σ(input) + (1 − target) · ln(1 − σ(input))), from unnormalised scores (logits): exact where σ
 * is 0 or 1 to the last digit.
 * @param input scores, of any size
 * @param target of the input's shape, usually 0 or 1
 * @throws ShapeError where shapes do not fit
 * @see PyTorch `nn.functional.binary_cross_entropy_with_logits`
 */
export function binaryCrossEntropyWithLogits(
  input: Tensor,
  target: Tensor,
  options?: BinaryCrossEntropyWithLogitsOptions,
): Tensor {
  const name = 'binaryCrossEntropyWithLogits';
  const { weight, posWeight, reduction } = readOptions(name, options, binaryCrossEntropyWithLogitsDefaults);
  checkSameShape(name, input, target);
  const positive = mul(scaled(name, target, posWeight), logsigmoid(input));
  const negative = mul(sub(1, target), logsigmoid(neg(input)));
  return neg(reduced(name, scaled(name, add(positive, negative), weight), reduction));
}

function checkSameShape(operation: string, input: Tensor, target: Tensor): void {
  if (!sameShape(input.shape, target.shape)) {
    throw new ShapeError(
      `${operation}: input and target must have the same shape, got ${formatShape(input.shape)} and ${formatShape(target.shape)}`,
    );
  }
}

/** `x` times a weight that broadcasts to its shape. */
function scaled(operation: string, x: Tensor, weight: Tensor | null): Tensor {
  if (weight === null) return x;
  const y = mul(x, weight);
  if (sameShape(x.shape, y.shape)) return y;
  throw new ShapeError(
    `${operation}: a weight ${formatShape(weight.shape)} does not broadcast to the shape ${formatShape(x.shape)}`,
  );
}
