import { type GraphBuilder, isExact, type Value } from '../graph.ts';
import { type Mapping, mappings } from '../mapping.ts';

// Normalisation of x, [outer, kept, inner]: y = (x − mean) / √(variance + eps) · weight + bias, the rest being [kept].

type NormMapping = Mapping<{ eps: number }>;

/** As [kept, 1], which broadcasts over x. */
const around = (graph: GraphBuilder, list: string): string => graph.node('Reshape', [list, graph.ints([-1, 1])]);

/** y · weight + bias, of which those that do nothing are left out. */
function scaled(graph: GraphBuilder, y: string, weight: Value, bias: Value): string {
  const product = weight.filler === 1 ? y : graph.node('Mul', [y, around(graph, weight.name)]);
  return bias.filler === 0 ? product : graph.node('Add', [product, around(graph, bias.name)]);
}

const root = (graph: GraphBuilder, variance: string, eps: number): string =>
  graph.node('Sqrt', [graph.node('Add', [variance, graph.floats(eps)])]);

/** By given numbers. */
const normalize: NormMapping = ({ graph, inputs, read }) => {
  const [x, weight, bias, mean, variance] = inputs as [Value, Value, Value, Value, Value];
  const eps = read((params) => params.eps);
  if (isExact(eps, graph)) {
    const operands = [x, weight, bias, mean, variance].map(({ name }) => name);
    return graph.node('BatchNormalization', operands, { epsilon: eps });
  }
  const centred = graph.node('Sub', [x.name, around(graph, mean.name)]);
  const y = graph.node('Div', [centred, around(graph, root(graph, variance.name, eps))]);
  return scaled(graph, y, weight, bias);
};

/** By the mean and the variance of x itself, which are worked out here. */
const standardize: NormMapping = ({ graph, inputs, read }) => {
  const [x, weight, bias] = inputs as [Value, Value, Value];
  const mean = (of: string) => graph.reduced('ReduceMean', of, [0, 2]);
  const centred = graph.node('Sub', [x.name, mean(x.name)]);
  const variance = mean(graph.node('Mul', [centred, centred]));
  const y = graph.node('Div', [
    centred,
    root(
      graph,
      variance,
      read((params) => params.eps),
    ),
  ]);
  return scaled(graph, y, weight, bias);
};

export const norms = mappings({ normalize, standardize });
