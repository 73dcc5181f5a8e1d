import { ArgumentError } from '../errors.ts';
import { checkChoice } from '../options.ts';
import * as blas from './blas/matmul.ts';
import { environment } from './environment.ts';
import type { Attempt } from './kernel.ts';
import * as wasm from './wasm/kernels.ts';

/** What runs the kernels, and why. */
export interface Backend {
  /**
   * `blas`: the system's BLAS for matrix products. `wasm`: SIMD in WebAssembly. `reference`: ndarray-ops and plain
   * loops. What one does not take, the next does.
   */
  readonly name: 'blas' | 'wasm' | 'reference';
  /** Why this one: who asked for it, what was found, why the ones before it can't run, or why it runs in one thread. */
  readonly reason: string;
}

interface Provider {
  /** Why it can't run here; `null` where it can. */
  missing(): string | null;
  /** What of it was found, where there are several. */
  found?(): string;
  /** What went wrong since, so that it is slower than it should be; `null` where nothing did. */
  trouble?(): string | null;
  readonly kernels: Readonly<Record<string, Attempt>>;
}

const providers: Readonly<Record<Backend['name'], Provider>> = {
  blas,
  wasm,
  reference: { missing: () => null, kernels: {} },
};

/** The fastest first. */
const order = ['blas', 'wasm', 'reference'] as const;

let chosen: Backend | undefined;

/**
 * What runs the kernels, and why: the system's BLAS where it is found and computes rightly, else WebAssembly, else the
 * reference; or the one that the environment variable `NDGRAD_BACKEND` (`blas`, `wasm` or `reference`) names. The BLAS
 * is opened by this call or by the first matrix product, never by an import. `NDGRAD_BLAS` gives the path of another
 * one, `NDGRAD_THREADS` the number of threads. A BLAS that ends the process (built for another processor, say) can't be
 * caught: `NDGRAD_BACKEND=wasm` does without.
 * @throws ArgumentError for an unknown name in `NDGRAD_BACKEND`, for a wanted provider that can't run here, and for a
 *   number of threads that is none
 */
export function backend(): Backend {
  chosen ??= choose();
  const trouble = providers[chosen.name].trouble?.() ?? null;
  return trouble === null ? chosen : { ...chosen, reason: `${chosen.reason}; ${trouble}` };
}

function choose(): Backend {
  const why = wanted() === undefined ? [] : ['NDGRAD_BACKEND asks for it'];
  const name = allowed().find((name) => {
    if (runs(name)) return true;
    why.push(cantRun(name));
    return false;
  })!;
  const found = providers[name].found?.();
  return { name, reason: [...why, ...(found === undefined ? [] : [`found ${found}`])].join('; ') };
}

const attempts = new Map<string, readonly Attempt[]>();

/** The faster ways to run a kernel, fastest first. Providers that have no way of their own are not even opened. */
export function attemptsAt(kernelName: string): readonly Attempt[] {
  let known = attempts.get(kernelName);
  if (known === undefined) {
    const able = order.filter((name) => kernelName in providers[name].kernels && isUsed(name));
    known = able.map((name) => providers[name].kernels[kernelName]!);
    attempts.set(kernelName, known);
  }
  return known;
}

/** Whether a provider may run kernels here. */
export function isUsed(name: Backend['name']): boolean {
  let known = used.get(name);
  if (known === undefined) {
    known = allowed().includes(name) && runs(name);
    used.set(name, known);
  }
  return known;
}

const used = new Map<Backend['name'], boolean>();

/** The provider that NDGRAD_BACKEND names, and those after it. */
function allowed(): readonly Backend['name'][] {
  const name = wanted();
  return name === undefined ? order : order.slice(order.indexOf(name));
}

function wanted(): Backend['name'] | undefined {
  const name = environment('NDGRAD_BACKEND');
  if (name !== undefined) checkChoice('NDGRAD_BACKEND', 'the value', name, order);
  return name;
}

/** @throws ArgumentError for the wanted provider, if it can't */
function runs(name: Backend['name']): boolean {
  if (providers[name].missing() === null) return true;
  if (name === wanted()) throw new ArgumentError(`NDGRAD_BACKEND: ${cantRun(name)}`);
  return false;
}

const cantRun = (name: Backend['name']): string => `${name} can't run here: ${providers[name].missing()}`;
