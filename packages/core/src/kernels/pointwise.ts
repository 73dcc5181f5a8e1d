import compile from 'cwise-compiler';
import ops from 'ndarray-ops';
import type { Kernel, Nd } from './launch.ts';

/** y = f(x), by a loop of ndarray-ops. */
function unary(name: string, loop: (y: Nd, x: Nd) => unknown): Kernel {
  return { name, run: ([y], [x]) => void loop(y!, x!) };
}

/** y = f(a, b), by a loop of ndarray-ops. */
function binary(name: string, loop: (y: Nd, a: Nd, b: Nd) => unknown): Kernel {
  return { name, run: ([y], [a, b]) => void loop(y!, a!, b!) };
}

/**
 * A loop compiled as ndarray-ops compiles its own. `body` is the statement for one element: it writes `_y_`, and reads
 * as many of the inputs `_a_`, `_b_`, `_c_` and of the numbers `_s_`, `_t_`, `_u_` (the launch's params) as it names.
 */
export function compiled(name: string, body: string): Kernel<readonly number[] | void> {
  const arrays = ['_y_', '_a_', '_b_', '_c_'].filter((arg) => body.includes(arg));
  const scalars = ['_s_', '_t_', '_u_'].filter((arg) => body.includes(arg));
  const nothing = { body: '', args: [], thisVars: [], localVars: [] };
  const loop = compile({
    args: [...arrays.map(() => 'array' as const), ...scalars.map(() => 'scalar' as const)],
    pre: nothing,
    body: {
      body,
      args: [...arrays, ...scalars].map((arg, i) => ({ name: arg, lvalue: i === 0, rvalue: true, count: 2 })),
      thisVars: [],
      localVars: [],
    },
    post: nothing,
    debug: false,
    funcName: name,
    blockSize: 64,
  }) as (...args: (Nd | number)[]) => void;
  return { name, run: ([y], ins, params) => loop(y!, ...ins, ...(params ?? [])) };
}

export const copy = unary('copy', ops.assign);
export const fill: Kernel<number> = { name: 'fill', run: ([y], _, value) => void ops.assigns(y!, value) };

export const add = binary('add', ops.add);
export const sub = binary('sub', ops.sub);
export const mul = binary('mul', ops.mul);
export const div = binary('div', ops.div);
export const maximum = binary('maximum', ops.max);
export const minimum = binary('minimum', ops.min);
// C's pow, unlike JavaScript's, gives 1 for 1^NaN and (−1)^±∞.
export const pow = compiled(
  'pow',
  '_y_ = _a_ === 1 || (_a_ === -1 && (_b_ === Infinity || _b_ === -Infinity)) ? 1 : Math.pow(_a_, _b_)',
);

export const neg = unary('neg', ops.neg);
export const exp = unary('exp', ops.exp);
export const log = unary('log', ops.log);
export const sqrt = unary('sqrt', ops.sqrt);
export const abs = unary('abs', ops.abs);
export const square = compiled('square', '_y_ = _a_ * _a_');
export const sign = compiled('sign', '_y_ = _a_ > 0 ? 1 : _a_ < 0 ? -1 : 0');
export const tanh = compiled('tanh', '_y_ = Math.tanh(_a_)');
export const sigmoid = compiled('sigmoid', '_y_ = 1 / (1 + Math.exp(-_a_))');
export const relu = compiled('relu', '_y_ = _a_ <= 0 ? 0 : _a_');
export const leakyRelu = compiled('leakyRelu', '_y_ = _a_ > 0 ? _a_ : _a_ * _s_');

export const eq = binary('eq', ops.eq);
export const ne = binary('ne', ops.neq);
export const lt = binary('lt', ops.lt);
export const le = binary('le', ops.leq);
export const gt = binary('gt', ops.gt);
export const ge = binary('ge', ops.geq);
export const where = compiled('where', '_y_ = _a_ !== 0 ? _b_ : _c_');
