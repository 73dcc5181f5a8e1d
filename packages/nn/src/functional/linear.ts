import {
  add,
  affineMap,
  bmm,
  formatShape,
  linearMap,
  matmul,
  numelOf,
  permute,
  readOptions,
  reshape,
  ShapeError,
  sameShape,
  type Tensor,
} from '@ndgrad/core';

/**
 * y = x·Wᵀ + b, with x `[…, in]`, W `[out, in]` and b `[out]`, to `[…, out]`. A weight `[in]` gives `[…]`.
 * @throws ShapeError where sizes differ
 * @see CS231n, lecture 4; PyTorch `nn.functional.linear`
 */
export function linear(input: Tensor, weight: Tensor, options?: { bias?: Tensor | null }): Tensor {
  const { bias } = readOptions('linear', options, { bias: null as Tensor | null });
  if (weight.ndim < 1 || weight.ndim > 2) {
    throw new ShapeError(`linear: the weight must be [out, in], got ${formatShape(weight.shape)}`);
  }
  if (input.ndim === 0 || input.shape.at(-1) !== weight.shape.at(-1)) {
    throw new ShapeError(
      `linear: expected an input […, ${weight.shape.at(-1)}] for the weight ${formatShape(weight.shape)}, ` +
        `got ${formatShape(input.shape)}`,
    );
  }
  const out = weight.shape[0]!;
  if (bias !== null && weight.ndim === 2 && bias.ndim === 1 && bias.shape[0] === out) {
    return onRows(input, (x) => affineMap(x, weight, bias), out);
  }
  const y = weight.ndim === 1 ? matmul(input, weight) : onRows(input, (x) => linearMap(x, weight), out);
  if (bias === null) return y;
  const fits = bias.shape.every((size, i) => size === 1 || size === y.shape[i + y.ndim - bias.ndim]);
  if (!fits || bias.ndim > y.ndim || (weight.ndim === 1 && input.ndim > 1)) {
    throw new ShapeError(
      `linear: the bias ${formatShape(bias.shape)} does not fit the output ${formatShape(y.shape)}; ` +
        `it must be [out] for a weight [out, in]`,
    );
  }
  return add(y, bias);
}

/** Applies `f`, from rows [n, in] to rows [n, out], to the last dim of `x`. */
function onRows(x: Tensor, f: (rows: Tensor) => Tensor, out: number): Tensor {
  if (x.ndim === 2) return f(x);
  const lead = x.shape.slice(0, -1);
  return reshape(f(reshape(x, [numelOf(lead), x.shape.at(-1)!])), [...lead, out]);
}

/**
 * yₒ = Σᵢⱼ x1ᵢ·Wₒᵢⱼ·x2ⱼ + bₒ, with x1 `[…, in1]`, x2 `[…, in2]`, W `[out, in1, in2]` and b `[out]`, to `[…, out]`.
 * @throws ShapeError where sizes differ
 * @see PyTorch `nn.functional.bilinear`
 */
export function bilinear(input1: Tensor, input2: Tensor, weight: Tensor, options?: { bias?: Tensor | null }): Tensor {
  const { bias } = readOptions('bilinear', options, { bias: null as Tensor | null });
  if (weight.ndim !== 3) {
    throw new ShapeError(`bilinear: the weight must be [out, in1, in2], got ${formatShape(weight.shape)}`);
  }
  const [out, in1, in2] = weight.shape as [number, number, number];
  const batch = input1.shape.slice(0, -1);
  if (
    input1.ndim === 0 ||
    input1.ndim !== input2.ndim ||
    !sameShape(batch, input2.shape.slice(0, -1)) ||
    input1.shape.at(-1) !== in1 ||
    input2.shape.at(-1) !== in2
  ) {
    throw new ShapeError(
      `bilinear: expected inputs […, ${in1}] and […, ${in2}] with the same leading sizes for the weight ` +
        `${formatShape(weight.shape)}, got ${formatShape(input1.shape)} and ${formatShape(input2.shape)}`,
    );
  }
  if (bias !== null && !sameShape(bias.shape, [out])) {
    throw new ShapeError(`bilinear: the bias must be [${out}], got ${formatShape(bias.shape)}`);
  }
  const n = batch.reduce((a, b) => a * b, 1);
  const left = matmul(reshape(input1, [n, in1]), reshape(permute(weight, [1, 0, 2]), [in1, out * in2]));
  const y = bmm(reshape(left, [n, out, in2]), reshape(input2, [n, in2, 1])); // [n, out, in2] · [n, in2, 1]
  const arranged = reshape(y, [...batch, out]);
  return bias === null ? arranged : add(arranged, bias);
}
