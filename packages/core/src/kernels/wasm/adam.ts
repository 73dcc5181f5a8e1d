import { isContiguous } from '../../shape.ts';
import { type AdamStep, factorsOf } from '../adam.ts';
import type { Attempt } from '../kernel.ts';
import { allOf, FEW } from './elementwise.ts';
import { stage } from './instance.ts';
import { divide } from './threads.ts';

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
  const numbers = [kept, added, sign, beta1, beta2, rate, root, eps] as const;
  divide({
    name: 'adam',
    nanos: 3 * n,
    parts: n,
    grain: 8,
    calls(first, count) {
      const [atW, atM, atV, ...rest] = staged.ins.map((start) => start + 8 * first) as [
        number,
        number,
        number,
        ...number[],
      ];
      return [['adam', count, atW, atM, atV, top === undefined ? 0 : rest[0]!, rest.at(-1)!, ...numbers]];
    },
  });
  staged.finish();
  return true;
};

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = { adam };
