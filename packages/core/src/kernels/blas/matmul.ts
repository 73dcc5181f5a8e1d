import type { Attempt } from '../kernel.ts';
import { eachMatrix } from '../matmul.ts';
import { add } from '../pointwise.ts';
import { kernels as sums } from '../wasm/elementwise.ts';
import * as conv from './conv.ts';
import { product } from './dgemm.ts';
import { library } from './library.ts';

/** Why there is no BLAS here; `null` where there is one. */
export function missing(): string | null {
  const blas = library();
  return blas instanceof Error ? blas.message : null;
}

/** The file of the BLAS that runs here. */
export function found(): string {
  const blas = library();
  return blas instanceof Error ? '' : blas.path;
}

/**
 * Products of fewer multiplications, or of no more depth, are left to WebAssembly: it takes about as long, and a processor
 * that has seen AVX-512 runs everything some tenths slower for a while.
 */
const FEW = 2 ** 17;
const THIN = 4;

/** Every product of a batch; false where y's rows are not contiguous, and for what is done sooner without. */
const bmm: Attempt = ([y], [a, b]) => {
  const blas = library();
  const depth = a!.shape.at(-1)!;
  if (blas instanceof Error || depth <= THIN || y!.size * depth < FEW) return false;
  let fits = true;
  eachMatrix([y!, a!, b!], ([yi, ai, bi]) => {
    fits &&= product(blas.dgemm, yi!, ai!, bi!);
  });
  return fits;
};

/** y = c + a·b: the product, and then the sum by whoever does sums. */
const affine: Attempt = ([y], [c, a, b]) => {
  if (!bmm([y!], [a!, b!], undefined)) return false;
  if (!sums.add!([y!], [y!, c!], undefined)) add.run([y!], [y!, c!]);
  return true;
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { affine, bmm, ...conv.kernels };
