import type { Attempt } from '../kernel.ts';
import * as elementwise from './elementwise.ts';
import { bmm } from './matmul.ts';

export { missing } from './instance.ts';

/** The kernels that run in WebAssembly, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { ...elementwise.kernels, bmm };
