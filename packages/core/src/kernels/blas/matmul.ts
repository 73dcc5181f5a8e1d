import type { Attempt, Nd } from '../kernel.ts';
import { everyMatrix } from '../matmul.ts';
import { add } from '../pointwise.ts';
import { kernels as sums } from '../wasm/elementwise.ts';
import * as wasm from '../wasm/matmul.ts';
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
 * Whether WebAssembly takes no longer for a product: a call of the library has its price, and after OpenBLAS's AVX-512
 * other kernels were seen to take a fifth longer.
 */
function isSmall(y: Nd, a: Nd): boolean {
  const [n, m, k] = [y.shape.at(-2)!, y.shape.at(-1)!, a.shape.at(-1)!];
  return k <= THIN || n * m * k < (Math.min(n, m) <= THIN ? 2 ** 17 : 2 ** 10);
}

/** Every product of a batch; false where y's rows are not contiguous, or where there is nothing to multiply. */
function multiply(y: Nd, a: Nd, b: Nd): boolean {
  const blas = library();
  if (blas instanceof Error || y.size === 0 || a.size === 0) return false;
  return everyMatrix([y, a, b], ([yi, ai, bi]) => product(blas.dgemm, yi!, ai!, bi!));
}

const bmm: Attempt = ([y], [a, b]) => (isSmall(y!, a!) && wasm.bmm([y!], [a!, b!], undefined)) || multiply(y!, a!, b!);

/** y = c + a·b: the product, and then the sum by whoever does sums. */
const affine: Attempt = ([y], [c, a, b]) => {
  if (isSmall(y!, a!) && wasm.affine([y!], [c!, a!, b!], undefined)) return true;
  if (!multiply(y!, a!, b!)) return false;
  if (!sums.add!([y!], [y!, c!], undefined)) add.run([y!], [y!, c!]);
  return true;
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { affine, bmm, ...conv.kernels };
