import type { Attempt } from '../kernel.ts';
import { eachMatrix } from '../matmul.ts';
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

/** Every product of a batch; false where y's rows are not contiguous, or where there is nothing to multiply. */
const bmm: Attempt = ([y], [a, b]) => {
  const blas = library();
  if (blas instanceof Error || y!.size === 0 || a!.size === 0) return false;
  let fits = true;
  eachMatrix([y!, a!, b!], ([yi, ai, bi]) => {
    fits &&= product(blas.dgemm, yi!, ai!, bi!);
  });
  return fits;
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { bmm, ...conv.kernels };
