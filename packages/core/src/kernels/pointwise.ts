import compile from 'cwise-compiler';
import ops from 'ndarray-ops';
import type { Kernel, Nd } from './kernel.ts';

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
  let loop: CompiledLoop | undefined;
  return {
    name,
    run: ([y], ins, params) => {
      loop ??= compileLoop(name, body); // at first use: all of them together would take long
      loop(y!, ...ins, ...(params ?? []));
    },
  };
}

type CompiledLoop = (...args: (Nd | number)[]) => void;

function compileLoop(name: string, body: string): CompiledLoop {
  const arrays = ['_y_', '_a_', '_b_', '_c_'].filter((arg) => body.includes(arg));
  const scalars = ['_s_', '_t_', '_u_'].filter((arg) => body.includes(arg));
  const nothing = { body: '', args: [], thisVars: [], localVars: [] };
  return compile({
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
  }) as CompiledLoop;
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

export const clamp = compiled('clamp', '_y_ = Math.min(Math.max(_a_, _b_), _c_)');

// The quotient rounded, as C's fmod sees it, so that a = b · divFloor(a, b) + remainder(a, b) holds after rounding too.
export const divFloor = compiled(
  'divFloor',
  `var _m_ = _a_ % _b_, _q_ = (_a_ - _m_) / _b_;
   if (_m_ !== 0 && (_b_ < 0) !== (_m_ < 0)) _q_ -= 1;
   _y_ = _b_ === 0 ? _a_ / _b_ : _q_ === 0 ? 0 * (_a_ / _b_) : Math.round(_q_)`,
);
export const divTrunc = compiled('divTrunc', '_y_ = Math.trunc(_a_ / _b_)');
export const fmod = compiled('fmod', '_y_ = _a_ % _b_');
export const remainder = compiled('remainder', '_y_ = _a_ % _b_; if (_y_ !== 0 && (_b_ < 0) !== (_y_ < 0)) _y_ += _b_');

export const neg = unary('neg', ops.neg);
export const exp = unary('exp', ops.exp);
export const exp2 = compiled('exp2', '_y_ = Math.pow(2, _a_)');
export const expm1 = compiled('expm1', '_y_ = Math.expm1(_a_)');
export const log = unary('log', ops.log);
export const log1p = compiled('log1p', '_y_ = Math.log1p(_a_)');
export const log2 = compiled('log2', '_y_ = Math.log2(_a_)');
export const sqrt = unary('sqrt', ops.sqrt);
export const rsqrt = compiled('rsqrt', '_y_ = 1 / Math.sqrt(_a_)');
export const reciprocal = compiled('reciprocal', '_y_ = 1 / _a_');
export const abs = unary('abs', ops.abs);
export const square = compiled('square', '_y_ = _a_ * _a_');
export const sign = compiled('sign', '_y_ = _a_ > 0 ? 1 : _a_ < 0 ? -1 : 0');
export const sin = unary('sin', ops.sin);
export const cos = unary('cos', ops.cos);
export const tan = unary('tan', ops.tan);
export const asin = unary('asin', ops.asin);
export const acos = unary('acos', ops.acos);
export const atan = unary('atan', ops.atan);
export const sinh = compiled('sinh', '_y_ = Math.sinh(_a_)');
export const cosh = compiled('cosh', '_y_ = Math.cosh(_a_)');
export const tanh = compiled('tanh', '_y_ = Math.tanh(_a_)');
export const sigmoid = compiled('sigmoid', '_y_ = 1 / (1 + Math.exp(-_a_))');

export const floor = unary('floor', ops.floor);
export const ceil = unary('ceil', ops.ceil);
export const trunc = compiled('trunc', '_y_ = Math.trunc(_a_)');
/** Halves go to the even neighbour. */
export const round = compiled('round', '_y_ = Math.abs(_a_) % 1 === 0.5 ? 2 * Math.round(_a_ / 2) : Math.round(_a_)');

export const eq = binary('eq', ops.eq);
export const ne = binary('ne', ops.neq);
export const lt = binary('lt', ops.lt);
export const le = binary('le', ops.leq);
export const gt = binary('gt', ops.gt);
export const ge = binary('ge', ops.geq);
export const where = compiled('where', '_y_ = _a_ !== 0 ? _b_ : _c_');

export const isnan = compiled('isnan', '_y_ = _a_ !== _a_ ? 1 : 0');
export const isfinite = compiled('isfinite', '_y_ = Math.abs(_a_) < Infinity ? 1 : 0');
export const isinf = compiled('isinf', '_y_ = Math.abs(_a_) === Infinity ? 1 : 0');
export const logicalNot = compiled('logicalNot', '_y_ = _a_ === 0 ? 1 : 0');
export const logicalAnd = compiled('logicalAnd', '_y_ = _a_ !== 0 && _b_ !== 0 ? 1 : 0');
export const logicalOr = compiled('logicalOr', '_y_ = _a_ !== 0 || _b_ !== 0 ? 1 : 0');
export const logicalXor = compiled('logicalXor', '_y_ = (_a_ !== 0) !== (_b_ !== 0) ? 1 : 0');
