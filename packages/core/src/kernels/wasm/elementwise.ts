import { isContiguous, sameShape } from '../../shape.ts';
import type { Nd } from '../kernel.ts';
import { spanOf, stage } from './instance.ts';

/** Fewer elements are done sooner where they are. */
const FEW = 256;

/** y = f(…xs) element by element; returns false, having done nothing, for views with gaps or too few elements. */
function elementwise(name: 'relu' | 'step') {
  return ([y]: readonly Nd[], xs: readonly Nd[]): boolean => {
    const n = y!.size;
    if (n < FEW || !inOrder(y!) || !xs.every((x) => inOrder(x) && sameShape(x.shape, y!.shape))) return false;
    const staged = stage(xs.map(spanOf), n);
    if (staged === null) return false;
    const { wasm, memory, starts, result } = staged;
    const even = n + (n % 2);
    if (name === 'relu') wasm.relu(even, starts[0]!, result);
    else wasm.step(even, starts[0]!, starts[1]!, result);
    y!.data.set(memory.subarray(result / 8, result / 8 + n), y!.offset);
    return true;
  };
}

const inOrder = (x: Nd): boolean => isContiguous(x.shape, x.stride);

/** The kernels that run here, by name. */
export const kernels = { relu: elementwise('relu'), step: elementwise('step') };
