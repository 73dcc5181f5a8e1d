import type { GraphBuilder, Value } from '../graph.ts';
import { type Call, type Mapping, mappings } from '../mapping.ts';
import { sameSizes } from '../sizes.ts';

// What works element by element. ONNX broadcasts as we do.

const one =
  (opType: string): Mapping =>
  ({ graph, inputs: [x] }) =>
    graph.node(opType, [x!.name]);

const two =
  (opType: string): Mapping =>
  ({ graph, inputs: [a, b] }) =>
    graph.node(opType, [a!.name, b!.name]);

/** A chain of operators of one operand, the innermost first. */
const chain =
  (...opTypes: string[]): Mapping =>
  ({ graph, inputs: [x] }) =>
    opTypes.reduce((y, opType) => graph.node(opType, [y]), x!.name);

/** An operator whose answers are truth values. */
const asks =
  (opType: string): Mapping =>
  ({ graph, inputs }) =>
    graph.numbers(
      graph.node(
        opType,
        inputs.map((x) => x.name),
      ),
      'bool',
    );

/** An operator on truth values. */
const combines =
  (opType: string): Mapping =>
  ({ graph, inputs }) =>
    graph.numbers(
      graph.node(
        opType,
        inputs.map((x) => graph.truths(x)),
      ),
      'bool',
    );

const rounded =
  (opType: 'Floor' | 'Trunc'): Mapping =>
  ({ graph, inputs: [a, b] }) =>
    round(graph, opType, graph.node('Div', [a!.name, b!.name]));

/** a − b · the quotient, rounded. */
const rest =
  (opType: 'Floor' | 'Trunc'): Mapping =>
  ({ graph, inputs: [a, b] }) => {
    const quotient = round(graph, opType, graph.node('Div', [a!.name, b!.name]));
    return graph.node('Sub', [a!.name, graph.node('Mul', [b!.name, quotient])]);
  };

/** ONNX has no operator that drops fractions. */
function round(graph: GraphBuilder, opType: 'Floor' | 'Trunc', x: string): string {
  if (opType === 'Floor') return graph.node('Floor', [x]);
  return graph.node('Mul', [graph.node('Sign', [x]), graph.node('Floor', [graph.node('Abs', [x])])]);
}

/** eˣ − 1 = 2t / (1 − t) with t = tanh(x / 2), which keeps its digits near 0; where |x| > 1 the plain form does. */
export function expm1(graph: GraphBuilder, x: string): string {
  const t = graph.node('Tanh', [graph.node('Mul', [x, graph.floats(0.5)])]);
  const near = graph.node('Div', [graph.node('Add', [t, t]), graph.node('Sub', [graph.floats(1), t])]);
  const far = graph.node('Sub', [graph.node('Exp', [x]), graph.floats(1)]);
  return graph.node('Where', [graph.node('Less', [graph.node('Abs', [x]), graph.floats(1)]), near, far]);
}

/** ln(1 + x) = x · ln(u) / (u − 1) with u = 1 + x as it is rounded, and x where that is 1 (Kahan). */
export function log1p(graph: GraphBuilder, x: string): string {
  const u = graph.node('Add', [x, graph.floats(1)]);
  const lost = graph.node('Equal', [u, graph.floats(1)]);
  const step = graph.node('Where', [lost, graph.floats(1), graph.node('Sub', [u, graph.floats(1)])]);
  const log = graph.node('Where', [lost, graph.floats(1), graph.node('Log', [u])]);
  const infinite = graph.node('IsInf', [u]);
  const share = graph.node('Where', [infinite, graph.floats(1), graph.node('Div', [x, step])]);
  return graph.node('Mul', [log, share]);
}

/** (eˣ ± e⁻ˣ) / 2, for doubles, of which ONNX Runtime knows no hyperbolic sine and cosine. */
const hyperbolic =
  (opType: 'Sinh' | 'Cosh'): Mapping =>
  ({ graph, inputs: [x] }) => {
    if (graph.dtype === 'float32') return graph.node(opType, [x!.name]);
    if (opType === 'Sinh') {
      const e = expm1(graph, x!.name); // (e + e / (e + 1)) / 2 with e = eˣ − 1, exact near 0
      const other = graph.node('Div', [e, graph.node('Add', [e, graph.floats(1)])]);
      return graph.node('Mul', [graph.node('Add', [e, other]), graph.floats(0.5)]);
    }
    const e = graph.node('Exp', [x!.name]);
    return graph.node('Mul', [graph.node('Add', [e, graph.node('Reciprocal', [e])]), graph.floats(0.5)]);
  };

/**
 * The operands of a product or quotient. ONNX Runtime merges a factor of one number into a matrix product beside it, and
 * rounds it to single precision: for doubles it is repeated along a dim.
 */
function factors({ graph, inputs, shape }: Call): string[] {
  const dim = shape.findLastIndex((size) => typeof size === 'number' && size > 1);
  return inputs.map(({ name, constant }) => {
    if (graph.dtype === 'float32' || constant?.numel() !== 1 || dim < 0) return name;
    return graph.node('Expand', [
      name,
      graph.ints(shape.slice(dim).map((size, d) => (d === 0 ? (size as number) : 1))),
    ]);
  });
}

/** ONNX Runtime makes an operator of its own of x · σ(x), which it then does not know for doubles: x / (1 + e⁻ˣ). */
const mul: Mapping = (call) => {
  const { graph, inputs } = call;
  const [x, y] = [inputs[0]!.name, graph.producerOf(inputs[1]!.name)];
  if (graph.dtype === 'float32' || y?.opType !== 'Sigmoid' || y.input[0] !== x) {
    return graph.node('Mul', factors(call));
  }
  return graph.node('Div', [x, graph.node('Add', [graph.node('Exp', [graph.node('Neg', [x])]), graph.floats(1)])]);
};

const clamp: Mapping = ({ graph, inputs: [x, min, max], shape }) => {
  const bound = (value: Value, none: number) => {
    const numbers = value.constant?.toArray();
    return numbers?.length === 1 ? (numbers[0] === none ? '' : graph.floats(numbers[0]!)) : null;
  };
  const [low, high] = [bound(min!, -Infinity), bound(max!, Infinity)];
  if (low !== null && high !== null && sameSizes(x!.shape, shape)) return graph.node('Clip', [x!.name, low, high]);
  return graph.node('Min', [graph.node('Max', [x!.name, min!.name]), max!.name]);
};

const where: Mapping = ({ graph, inputs: [condition, input, other], shape }) => {
  const [yes, no] = [input!.name, other!.name];
  if (yes === no && sameSizes(input!.shape, shape)) return yes;
  return graph.node('Where', [graph.truths(condition!), yes, no]);
};

export const pointwise = mappings({
  // Arithmetic
  add: two('Add'),
  sub: two('Sub'),
  mul,
  div: (call) => call.graph.node('Div', factors(call)),
  divFloor: rounded('Floor'),
  divTrunc: rounded('Trunc'),
  fmod: rest('Trunc'),
  remainder: rest('Floor'),
  pow: two('Pow'),
  maximum: two('Max'),
  minimum: two('Min'),
  clamp,

  // Functions of one number
  neg: one('Neg'),
  abs: one('Abs'),
  sign: one('Sign'),
  square: ({ graph, inputs: [x] }) => graph.node('Mul', [x!.name, x!.name]),
  sqrt: one('Sqrt'),
  rsqrt: chain('Sqrt', 'Reciprocal'),
  reciprocal: one('Reciprocal'),
  exp: one('Exp'),
  exp2: ({ graph, inputs: [x] }) => graph.node('Pow', [graph.floats(2), x!.name]),
  expm1: ({ graph, inputs: [x] }) => expm1(graph, x!.name),
  log: one('Log'),
  log1p: ({ graph, inputs: [x] }) => log1p(graph, x!.name),
  log2: ({ graph, inputs: [x] }) => graph.node('Div', [graph.node('Log', [x!.name]), graph.floats(Math.LN2)]),
  sin: one('Sin'),
  cos: one('Cos'),
  tan: ({ graph, inputs: [x] }) => {
    if (graph.dtype === 'float32') return graph.node('Tan', [x!.name]);
    return graph.node('Div', [graph.node('Sin', [x!.name]), graph.node('Cos', [x!.name])]);
  },
  asin: one('Asin'),
  acos: one('Acos'),
  atan: one('Atan'),
  sinh: hyperbolic('Sinh'),
  cosh: hyperbolic('Cosh'),
  tanh: one('Tanh'),
  sigmoid: one('Sigmoid'),
  erf: one('Erf'),
  clone: ({ inputs: [x] }) => x!.name,
  floor: one('Floor'),
  ceil: one('Ceil'),
  trunc: ({ graph, inputs: [x] }) => round(graph, 'Trunc', x!.name),
  round: one('Round'),

  // Questions
  eq: asks('Equal'),
  ne: ({ graph, inputs: [a, b] }) => {
    const equal = graph.node('Equal', [a!.name, b!.name]);
    return graph.numbers(graph.node('Not', [equal]), 'bool');
  },
  lt: asks('Less'),
  le: asks('LessOrEqual'),
  gt: asks('Greater'),
  ge: asks('GreaterOrEqual'),
  isnan: asks('IsNaN'),
  isinf: asks('IsInf'),
  isfinite: ({ graph, inputs: [x] }) => {
    const either = graph.node('Or', [graph.node('IsNaN', [x!.name]), graph.node('IsInf', [x!.name])]);
    return graph.numbers(graph.node('Not', [either]), 'bool');
  },
  logicalNot: combines('Not'),
  logicalAnd: combines('And'),
  logicalOr: combines('Or'),
  logicalXor: combines('Xor'),
  where,
});
