import type { Attempt } from '../kernel.ts';
import * as adam from './adam.ts';
import * as conv from './conv.ts';
import * as elementwise from './elementwise.ts';
import * as loss from './loss.ts';
import { affine, bmm } from './matmul.ts';
import * as norm from './norm.ts';
import * as pool from './pool.ts';
import * as scattered from './scattered.ts';
import * as unfold from './unfold.ts';

export { missing } from './instance.ts';
export { trouble } from './threads.ts';

/** The kernels that run in WebAssembly, by name. */
export const kernels: Readonly<Record<string, Attempt>> = {
  ...elementwise.kernels,
  ...adam.kernels,
  ...conv.kernels,
  ...loss.kernels,
  ...norm.kernels,
  ...pool.kernels,
  ...scattered.kernels,
  ...unfold.kernels,
  affine,
  bmm,
};
