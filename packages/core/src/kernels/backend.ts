import { ArgumentError } from '../errors.ts';
import { checkChoice } from '../options.ts';
import type { Nd } from './kernel.ts';
import * as wasm from './wasm/matmul.ts';

/** Runs a kernel in another way, or returns false without having done anything. */
export type Attempt = (outs: readonly Nd[], ins: readonly Nd[], params: unknown) => boolean;

/** What runs the kernels, and why. */
export interface Backend {
  /** `reference`: ndarray-ops and plain loops. `wasm`: SIMD for matrix products, the reference for the rest. */
  readonly name: 'reference' | 'wasm';
  readonly reason: string;
}

const faster: Record<Backend['name'], Readonly<Record<string, Attempt>>> = { reference: {}, wasm: wasm.kernels };

let chosen: Backend | undefined;

/**
 * What runs the kernels, and why: WebAssembly, unless it is missing or the environment variable `NDGRAD_BACKEND`
 * (`reference` or `wasm`) says otherwise.
 * @throws ArgumentError for an unknown name in `NDGRAD_BACKEND`, or for a wanted provider that is missing
 */
export function backend(): Backend {
  chosen ??= choose(globalThis.process?.env?.NDGRAD_BACKEND);
  return chosen;
}

/** How the chosen provider runs a kernel; `undefined` where it has no way of its own. */
export function accelerated(kernelName: string): Attempt | undefined {
  return faster[(chosen ?? backend()).name][kernelName];
}

function choose(wanted: string | undefined): Backend {
  if (wanted !== undefined && wanted !== '') {
    checkChoice('NDGRAD_BACKEND', 'the value', wanted, ['reference', 'wasm']);
    if (wanted === 'reference') return { name: wanted, reason: 'NDGRAD_BACKEND asks for it' };
  }
  const missing = wasm.missing();
  if (missing === null) return { name: 'wasm', reason: wanted ? 'NDGRAD_BACKEND asks for it' : 'the default' };
  if (wanted) throw new ArgumentError(`NDGRAD_BACKEND: wasm can't run here: ${missing}`);
  return { name: 'reference', reason: `wasm can't run here: ${missing}` };
}
