import { isContiguous } from '../shape.ts';
import type { Kernel, Nd } from './kernel.ts';

/** The numbers of one step of gradient descent with momentum. */
export interface SgdStep {
  /** α, the learning rate. */
  readonly lr: number;
  /** μ, how much of the velocity is kept. */
  readonly momentum: number;
  /** How much of the gradient is added to it. */
  readonly share: number;
  /** λ, how much of the weight is added to the gradient. */
  readonly weightDecay: number;
  /** 1 to descend, −1 to climb. */
  readonly sign: number;
  /** Whether to move by d + look · v instead of by v. */
  readonly nesterov: boolean;
  readonly look: number;
}

/** d = sign·g + λw, v ← μv + share·d, w ← w − αv; all of them contiguous. */
export const sgdMomentum: Kernel<SgdStep> = {
  name: 'sgdMomentum',
  run: ([weights, velocity], [gradient], { lr, momentum, share, weightDecay, sign, nesterov, look }) => {
    const [w, v, g] = [flat(weights!), flat(velocity!), flat(gradient!)];
    for (let i = 0; i < w.length; i++) {
      const wi = w[i]!;
      let d = sign * g[i]!;
      if (weightDecay !== 0) d += weightDecay * wi;
      const vi = momentum * v[i]! + share * d;
      v[i] = vi;
      w[i] = wi - lr * (nesterov ? d + look * vi : vi);
    }
  },
};

/** The elements of a contiguous view in order, on its memory. */
export function flat({ data, shape, stride, offset, size }: Nd): Float64Array {
  if (!isContiguous(shape, stride)) throw new RangeError(`expected contiguous memory, got strides [${stride}]`);
  return data.length === size ? data : data.subarray(offset, offset + size);
}
