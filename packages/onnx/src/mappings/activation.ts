import { type GraphBuilder, isExact } from '../graph.ts';
import { type Mapping, mappings } from '../mapping.ts';
import { expm1, log1p } from './pointwise.ts';

// What layers apply to each element. ONNX keeps slopes and scales in single precision, and ONNX Runtime knows several
// of these operators for single precision only: for doubles they are put together from others.

/** `yes` where x > 0, else `no`. */
function above(graph: GraphBuilder, x: string, bound: number, yes: string, no: string): string {
  return graph.node('Where', [graph.node('Greater', [x, graph.floats(bound)]), yes, no]);
}

const leakyRelu: Mapping<{ slope: number }> = ({ graph, inputs: [x], read }) => {
  const slope = read((params) => params.slope);
  if (isExact(slope, graph)) return graph.node('LeakyRelu', [x!.name], { alpha: slope });
  return sloped(graph, x!.name, graph.floats(slope));
};

const sloped = (graph: GraphBuilder, x: string, slope: string): string =>
  above(graph, x, 0, x, graph.node('Mul', [x, slope]));

const prelu: Mapping = ({ graph, inputs: [x, weight] }) => {
  if (graph.dtype === 'float32') return graph.node('PRelu', [x!.name, weight!.name]);
  return sloped(graph, x!.name, weight!.name);
};

const elu: Mapping<{ scale: number; depth: number; rate: number }> = ({ graph, inputs: [x], read }) => {
  const { scale, depth, rate } = read((params) => params);
  if (graph.dtype === 'float32') {
    if (scale === 1 && rate === 1) return graph.node('Elu', [x!.name], { alpha: depth });
    if (rate === 1) return graph.node('Selu', [x!.name], { gamma: scale, alpha: depth / scale });
    if (scale === 1 && rate === 1 / depth) return graph.node('Celu', [x!.name], { alpha: depth });
  }
  const times = (a: string, factor: number) => (factor === 1 ? a : graph.node('Mul', [a, graph.floats(factor)]));
  const below = times(expm1(graph, times(x!.name, rate)), depth);
  return above(graph, x!.name, 0, times(x!.name, scale), below);
};

/** ln(1 + eˣ): max(x, 0) + ln(1 + e^−|x|), where ONNX's own operator does not do. */
function softplusOf(graph: GraphBuilder, x: string): string {
  if (graph.dtype === 'float32') return graph.node('Softplus', [x]);
  const rest = log1p(graph, graph.node('Exp', [graph.node('Neg', [graph.node('Abs', [x])])]));
  return graph.node('Add', [graph.node('Relu', [x]), rest]);
}

const softplus: Mapping<{ beta: number; above: number }> = ({ graph, inputs: [x], read }) => {
  const { beta, above: bound } = read((params) => params);
  const scaled = beta === 1 ? x!.name : graph.node('Mul', [x!.name, graph.floats(beta)]);
  const bent = softplusOf(graph, scaled);
  const y = beta === 1 ? bent : graph.node('Div', [bent, graph.floats(beta)]);
  return above(graph, scaled, bound, x!.name, y);
};

const hardtanh: Mapping<{ min: number; max: number }> = ({ graph, inputs: [x], read }) => {
  const { min, max } = read((params) => params);
  const bounds = [min === -Infinity ? '' : graph.floats(min), max === Infinity ? '' : graph.floats(max)];
  return graph.node('Clip', [x!.name, ...bounds]);
};

const threshold: Mapping<{ above: number; value: number }> = ({ graph, inputs: [x], read }) => {
  const { above: bound, value } = read((params) => params);
  return above(graph, x!.name, bound, x!.name, graph.floats(value));
};

export const activation = mappings({
  relu: ({ graph, inputs: [x] }) => graph.node('Relu', [x!.name]),
  leakyRelu,
  prelu,
  hardtanh,
  threshold,
  elu,
  softplus,
  logsigmoid: ({ graph, inputs: [x] }) => graph.node('Neg', [softplusOf(graph, graph.node('Neg', [x!.name]))]),
  softmax: alongDim('Softmax'),
  logSoftmax: alongDim('LogSoftmax'),
});

function alongDim(opType: string): Mapping<{ dim: number }> {
  return ({ graph, inputs: [x], read }) => graph.node(opType, [x!.name], { axis: read(({ dim }) => dim) });
}
