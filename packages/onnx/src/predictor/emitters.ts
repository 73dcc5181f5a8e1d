import { broadcast, type Emission, type Emitter, elementwise, product, repeating, stridesOf } from './emit.ts';

type Shape = readonly number[];

/** The sizes before, at and behind a dim. */
const around = (shape: Shape, dim: number): [number, number, number] => [
  product(shape.slice(0, dim)),
  shape[dim]!,
  product(shape.slice(dim + 1)),
];

// Reductions

/** All that goes to one place of the result, taken together by an expression in y and x. */
const reduced =
  (start: number, expression: string): Emitter =>
  ({ inputs: [x], shape, call }) => {
    const lead = x!.shape.length - shape.length;
    const kept = x!.shape.map((_, d) => (d < lead ? 1 : shape[d - lead]!));
    return call(
      'combine',
      x!.code,
      x!.shape,
      repeating(kept, x!.shape),
      product(shape),
      start,
      `(y, x) => ${expression}`,
    );
  };

/** Where the best stands along a dim: the first of equal ones, or the first NaN. */
const position =
  (comparison: '>' | '<'): Emitter<{ dim: number }> =>
  ({ inputs: [x], params: { dim }, call }) => {
    const better = `(value, best) => best === best && (value ${comparison} best || value !== value)`;
    return call('position', x!.code, ...around(x!.shape, dim), better);
  };

// Products

const matmul: Emitter = (emission) => {
  const { inputs, shape, call } = emission;
  const lead = shape.slice(0, -2);
  const [a, b] = inputs.map((x) => broadcast(x, [...lead, ...x.shape.slice(-2)], emission));
  const [n, m] = shape.slice(-2);
  return call('multiply', a, b, product(lead), n, inputs[0]!.shape.at(-1)!, m);
};

const linear: Emitter = ({ inputs: [x, weight, bias], call }) => {
  const [[n, inner], out] = [x!.shape, weight!.shape[0]];
  return call('linear', x!.code, weight!.code, bias?.code ?? 'null', n, inner, out);
};

const convolved =
  (helper: 'conv' | 'convTranspose'): Emitter<Record<string, number | Shape>> =>
  ({ inputs: [x, weight, bias], params, shape, call }) =>
    call(helper, x!.code, weight!.code, bias!.code, x!.shape, shape[1], params);

// Views

/** A view of the first operand, by the offset and the strides of its elements. */
const viewed =
  <P>(look: (params: P, shape: Shape, strides: Shape) => { offset?: number; strides: Shape }): Emitter<P> =>
  ({ inputs: [x], params, shape, call }) => {
    const { offset = 0, strides } = look(params, x!.shape, stridesOf(x!.shape));
    return call('view', x!.code, offset, strides, shape);
  };

const flip = viewed<Shape>((dims, shape, strides) => ({
  offset: dims.reduce((at, d) => at + (shape[d]! - 1) * strides[d]!, 0),
  strides: strides.map((step, d) => (dims.includes(d) ? -step : step)),
}));

const narrow = viewed<{ dim: number; start: number }>(({ dim, start }, _, strides) => ({
  offset: start * strides[dim]!,
  strides,
}));

// Joining and picking

const cat: Emitter<{ dim: number; starts: Shape }> = ({ inputs, params: { dim, starts }, shape, call }) => {
  const strides = stridesOf(shape);
  return inputs.reduce(
    (y, x, i) => call('place', x.code, y, starts[i]! * strides[dim]!, strides, x.shape),
    `new Float64Array(${product(shape)})`,
  );
};

const pad: Emitter<{ starts: Shape; value: number }> = ({ inputs: [x], params: { starts, value }, shape, call }) => {
  const strides = stridesOf(shape);
  const offset = starts.reduce((at, start, d) => at + start * strides[d]!, 0);
  return call('place', x!.code, `new Float64Array(${product(shape)}).fill(${value})`, offset, strides, x!.shape);
};

const indexSelect: Emitter<{ dim: number }> = ({ inputs: [x, index], params: { dim }, call }) =>
  call('pick', x!.code, index!.code, ...around(x!.shape, dim));

const gather: Emitter<{ dim: number }> = ({ inputs: [x, index], params: { dim }, shape, call }) => {
  const used = shape.map((size, d) => (d === dim ? x!.shape[d]! : size)); // the index may be smaller in other dims
  const same = product(used) === product(x!.shape);
  const code = same ? x!.code : call('view', x!.code, 0, stridesOf(x!.shape), used);
  const [outer, count, inner] = around(shape, dim);
  return call('gather', code, index!.code, outer, x!.shape[dim], count, inner);
};

// Pools and norms

interface Windows {
  starts: Shape;
  ends: Shape;
  step: number;
}
const onlyWindows = ({ starts, ends, step }: Windows): Windows => ({ starts, ends, step });

const maxPool: Emitter<{ rows: Windows; columns: Windows }> = ({ inputs: [x], params: { rows, columns }, call }) => {
  const [n, channels, height, width] = x!.shape as [number, number, number, number];
  return call('maxPool', x!.code, n * channels, height, width, onlyWindows(rows), onlyWindows(columns));
};

const windowSum: Emitter<Windows & { dim: number }> = ({ inputs: [x], params, call }) =>
  call('windowSum', x!.code, ...around(x!.shape, params.dim), onlyWindows(params));

const normalize: Emitter<{ eps: number }> = ({ inputs, params: { eps }, shape, call }) =>
  call('normalize', ...inputs.map((x) => x.code), shape, eps);

const standardize: Emitter<{ eps: number }> = ({ inputs: [x, weight, bias], params: { eps }, shape, call }) =>
  call('standardize', x!.code, weight!.code, bias!.code, shape, eps);

/** How each operation is written as JavaScript, by its name. Those that are missing are put together from others. */
export const emitters: Readonly<Record<string, Emitter<never>>> = {
  add: elementwise('a + b'),
  sub: elementwise('a - b'),
  mul: elementwise('a * b'),
  div: elementwise('a / b'),
  pow: elementwise('a === 1 ? 1 : Math.pow(a, b)'),
  maximum: elementwise('Math.max(a, b)'),
  minimum: elementwise('Math.min(a, b)'),
  clamp: elementwise('Math.min(Math.max(a, b), c)'),
  neg: elementwise('-a'),
  abs: elementwise('Math.abs(a)'),
  sign: elementwise('a > 0 ? 1 : a < 0 ? -1 : 0'),
  square: elementwise('a * a'),
  sqrt: elementwise('Math.sqrt(a)'),
  rsqrt: elementwise('1 / Math.sqrt(a)'),
  reciprocal: elementwise('1 / a'),
  exp: elementwise('Math.exp(a)'),
  exp2: elementwise('Math.pow(2, a)'),
  expm1: elementwise('Math.expm1(a)'),
  log: elementwise('Math.log(a)'),
  log1p: elementwise('Math.log1p(a)'),
  log2: elementwise('Math.log2(a)'),
  sin: elementwise('Math.sin(a)'),
  cos: elementwise('Math.cos(a)'),
  tan: elementwise('Math.tan(a)'),
  asin: elementwise('Math.asin(a)'),
  acos: elementwise('Math.acos(a)'),
  atan: elementwise('Math.atan(a)'),
  sinh: elementwise('Math.sinh(a)'),
  cosh: elementwise('Math.cosh(a)'),
  tanh: elementwise('Math.tanh(a)'),
  sigmoid: elementwise('1 / (1 + Math.exp(-a))'),
  erf: ({ inputs: [x], call }) => `${x!.code}.map((x) => ${call('erf', 'x')})`,
  clone: ({ inputs: [x] }) => x!.code,
  floor: elementwise('Math.floor(a)'),
  ceil: elementwise('Math.ceil(a)'),
  trunc: elementwise('Math.trunc(a)'),
  round: elementwise('Math.abs(a) % 1 === 0.5 ? 2 * Math.round(a / 2) : Math.round(a)'),

  eq: elementwise('a === b ? 1 : 0'),
  ne: elementwise('a !== b ? 1 : 0'),
  lt: elementwise('a < b ? 1 : 0'),
  le: elementwise('a <= b ? 1 : 0'),
  gt: elementwise('a > b ? 1 : 0'),
  ge: elementwise('a >= b ? 1 : 0'),
  isnan: elementwise('a !== a ? 1 : 0'),
  where: elementwise('a !== 0 ? b : c'),

  relu: elementwise('a <= 0 ? 0 : a'),
  leakyRelu: elementwise('a > 0 ? a : a * slope', ({ slope }: { slope: number }) => ({ slope })),
  prelu: elementwise('a > 0 ? a : a * b'),
  hardtanh: elementwise('Math.min(Math.max(a, min), max)', ({ min, max }: { min: number; max: number }) => ({
    min,
    max,
  })),
  threshold: elementwise('a <= bound ? value : a', ({ above, value }: { above: number; value: number }) => ({
    bound: above,
    value,
  })),
  elu: elementwise(
    'a > 0 ? a * scale : depth * Math.expm1(a * rate)',
    ({ scale, depth, rate }: { scale: number; depth: number; rate: number }) => ({ scale, depth, rate }),
  ),
  softplus: elementwise(
    'a * beta > bound ? a : Math.log1p(Math.exp(a * beta)) / beta',
    ({ beta, above }: { beta: number; above: number }) => ({ beta, bound: above }),
  ),
  logsigmoid: elementwise('Math.min(a, 0) - Math.log1p(Math.exp(-Math.abs(a)))'),

  sum: reduced(0, 'y + x'),
  prod: reduced(1, 'y * x'),
  amax: reduced(-Infinity, 'x > y || x !== x ? x : y'),
  amin: reduced(Infinity, 'x < y || x !== x ? x : y'),
  max: reduced(-Infinity, 'x > y || x !== x ? x : y'),
  min: reduced(Infinity, 'x < y || x !== x ? x : y'),

  argmax: position('>'),
  argmin: position('<'),

  matmul,
  linear,
  conv: convolved('conv'),
  convTranspose: convolved('convTranspose'),
  maxPool,
  windowSum,
  normalize,
  standardize,

  reshape: ({ inputs: [x] }) => x!.code,
  permute: viewed<Shape>((dims, _, strides) => ({ strides: dims.map((d) => strides[d]!) })),
  expand: (emission: Emission) => broadcast(emission.inputs[0]!, emission.shape, emission),
  flip,
  narrow,
  cat,
  pad,
  indexSelect,
  gather,
};
