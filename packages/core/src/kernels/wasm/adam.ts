import { isContiguous } from '../../shape.ts';
import { type AdamStep, factorsOf } from '../adam.ts';
import type { Attempt } from '../kernel.ts';
import { allOf } from './elementwise.ts';
import { stage } from './instance.ts';

/** Fewer elements are done sooner where they are. */
const FEW = 512;

/** All but the gradient is written where it is read. */
const adam: Attempt = ([w, m, v, step, top], [g], params) => {
  const state = top === undefined ? [w!, m!, v!] : [w!, m!, v!, top];
  const n = w!.size;
  if (n < FEW || [...state, g!].some((x) => !isContiguous(x.shape, x.stride))) return false;
  const staged = stage([...state, g!].map(allOf), state.map(allOf));
  if (staged === null) return false;
  const t = step!.data[step!.offset]! + 1;
  step!.data[step!.offset] = t;
  const { kept, added, sign, beta1, beta2, rate, root, eps } = factorsOf(params as AdamStep, t);
  const [atW, atM, atV] = staged.ins as [number, number, number];
  const atTop = top === undefined ? 0 : staged.ins[3]!;
  staged.wasm.adam(n, atW, atM, atV, atTop, staged.ins.at(-1)!, kept, added, sign, beta1, beta2, rate, root, eps);
  staged.finish();
  return true;
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { adam };
