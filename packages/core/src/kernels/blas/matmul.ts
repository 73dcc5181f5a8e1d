import type { Attempt, Nd } from '../kernel.ts';
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

/** So few rows or columns leave most of a library's tiles empty. */
const THIN = 4;

/**
 * Whether WebAssembly takes no longer for a product: a call of the library has its price, and a processor that has seen
 * AVX-512 runs everything some tenths slower for a while.
 */
function isSmall(y: Nd, a: Nd): boolean {
  const [n, m, k] = [y.shape.at(-2)!, y.shape.at(-1)!, a.shape.at(-1)!];
  return k <= THIN || n * m * k < (Math.min(n, m) <= THIN ? 2 ** 17 : 2 ** 10);
}

/** Every product of a batch; false where y's rows are not contiguous, and for what is done sooner without. */
const bmm: Attempt = ([y], [a, b]) => {
  const blas = library();
  if (blas instanceof Error || y!.size === 0 || isSmall(y!, a!)) return false;
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
