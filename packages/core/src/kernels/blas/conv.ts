import { isContiguous } from '../../shape.ts';
import { type ConvGrid, convolve, convolveForWeight, convolveTransposed, type Means, oneOf } from '../conv.ts';
import type { Attempt } from '../kernel.ts';
import * as plain from '../unfold.ts';
import { addColumns, kernels as wasm } from '../wasm/unfold.ts';
import { withRoom } from '../wasm/room.ts';
import { product } from './dgemm.ts';
import { library } from './library.ts';

/** Products by the library, of columns that WebAssembly writes. `null` without a library. */
function meansOf(): Means | null {
  const blas = library();
  if (blas instanceof Error) return null;
  return {
    multiply: (y, a, b, adds) => void product(blas.dgemm, y, a, b, adds ? 1 : 0),
    unfold(columns, image, grid) {
      if (!wasm.unfold!([oneOf(columns)], [image], grid)) plain.unfold.run([oneOf(columns)], [image], grid);
    },
    fold(image, columns, grid) {
      if (!addColumns([image], [oneOf(columns)], grid)) plain.addColumns(image, oneOf(columns), grid);
    },
    withRoom(length, body) {
      const isDone = withRoom([length], (room) => {
        body(room!);
        return true;
      });
      if (!isDone) body(new Float64Array(length));
    },
  };
}

const conv: Attempt = ([y], [x, weight, bias], grid) => {
  const means = meansOf();
  if (means === null || y!.size === 0 || weight!.size === 0 || !isContiguous(y!.shape, y!.stride)) return false;
  convolve(means, y!, x!, weight!, bias!, grid as ConvGrid);
  return true;
};

const convTranspose: Attempt = ([x], [y, weight, bias], grid) => {
  const means = meansOf();
  if (means === null || y!.size === 0 || weight!.size === 0 || !isContiguous(x!.shape, x!.stride)) return false;
  convolveTransposed(means, x!, y!, weight!, bias!, grid as ConvGrid);
  return true;
};

const convWeight: Attempt = ([weight], [x, y], grid) => {
  const means = meansOf();
  if (means === null || y!.size === 0 || x!.size === 0 || !isContiguous(weight!.shape, weight!.stride)) return false;
  convolveForWeight(means, weight!, x!, y!, grid as ConvGrid);
  return true;
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { conv, convTranspose, convWeight };
