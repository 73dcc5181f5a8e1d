import { isContiguous } from '../../shape.ts';
import {
  type ConvGrid,
  convolve,
  convolveForWeight,
  convolveTransposed,
  FEW_WEIGHTS,
  type Means,
  withPlainWindows,
} from '../conv.ts';
import type { Attempt, Nd } from '../kernel.ts';
import { kernels as wasm } from '../wasm/conv.ts';
import { roomFor, withRoom } from '../wasm/room.ts';
import { windowsOf } from '../wasm/unfold.ts';
import { MOST, product } from './dgemm.ts';
import { library } from './library.ts';

/** Windows that WebAssembly writes out, where it can. */
const withWindows: Means['withWindows'] = (images, grid, length, body) => {
  const isDone = withRoom([length, roomFor(images)], (room, inImages) => {
    body(windowsOf(images, inImages!, room!, grid), room!);
    return true;
  });
  if (!isDone) withPlainWindows(images, grid, length, body);
};

/** What convolutions are made of; `null` without a library, and for what it can't write, or count. */
function meansFor(y: Nd, ...ins: readonly Nd[]): Means | null {
  const blas = library();
  if (blas instanceof Error || !isContiguous(y.shape, y.stride)) return null;
  if ([y, ...ins].some(({ size, data }) => size === 0 || data.length > MOST)) return null;
  return { multiply: (c, a, b, adds) => void product(blas.dgemm, c, a, b, adds ? 1 : 0), withWindows };
}

const conv: Attempt = ([y], [x, weight, bias], grid) => {
  if (weight!.size < FEW_WEIGHTS && wasm.conv!([y!], [x!, weight!, bias!], grid)) return true;
  const means = meansFor(y!, x!, weight!);
  if (means !== null) convolve(means, y!, x!, weight!, bias!, grid as ConvGrid);
  return means !== null;
};

const convTranspose: Attempt = ([x], [y, weight, bias], grid) => {
  const means = meansFor(x!, y!, weight!);
  if (means !== null) convolveTransposed(means, x!, y!, weight!, bias!, grid as ConvGrid);
  return means !== null;
};

const convWeight: Attempt = ([weight, bias], [x, y], grid) => {
  const means = meansFor(weight!, x!, y!);
  if (means !== null) convolveForWeight(means, weight!, bias, x!, y!, grid as ConvGrid);
  return means !== null;
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { conv, convTranspose, convWeight };
