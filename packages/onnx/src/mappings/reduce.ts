import { type Call, type Mapping, mappings } from '../mapping.ts';

// What sums up. Reduced dims stay as sizes of 1, except for those in front that a sum drops.

/** The dims that have become 1, and how many have been dropped in front. */
function axesOf({ inputs, shape }: Call): { axes: number[]; lead: number } {
  const sizes = inputs[0]!.shape;
  const lead = sizes.length - shape.length;
  const axes = sizes.flatMap((size, d) => (d < lead || (shape[d - lead] === 1 && size !== 1) ? [d] : []));
  return { axes, lead };
}

const over =
  (opType: string): Mapping =>
  (call) => {
    const { axes, lead } = axesOf(call);
    const y = call.graph.reduced(opType, call.inputs[0]!.name, axes);
    if (lead === 0) return y;
    return call.graph.node('Squeeze', [y, call.graph.ints(Array.from({ length: lead }, (_, d) => d))]);
  };

/** Truth values, of which there is no maximum and minimum, as 0 and 1. */
const questioned =
  (opType: string): Mapping =>
  (call) => {
    const truths = call.graph.numbers(call.graph.truths(call.inputs[0]!), 'bool');
    return call.graph.reduced(opType, truths, axesOf(call).axes);
  };

const position =
  (opType: string): Mapping<{ dim: number }> =>
  ({ graph, inputs: [x], read }) =>
    graph.numbers(graph.node(opType, [x!.name], { axis: read(({ dim }) => dim) }), 'int64');

const argsort: Mapping<{ dim: number; descending: boolean }> = ({ graph, inputs: [x], read, shape, multiples }) => {
  const { dim, descending } = read(({ dim, descending }) => ({ dim, descending }));
  const k = graph.sizes(multiples([shape[dim]!]));
  const attributes = { axis: dim, largest: descending ? 1 : 0 };
  return graph.numbers(graph.nodeOf('TopK', [x!.name, k], attributes, 2)[1]!, 'int64');
};

export const reductions = mappings({
  sum: over('ReduceSum'),
  mean: over('ReduceMean'),
  max: over('ReduceMax'),
  min: over('ReduceMin'),
  amax: over('ReduceMax'),
  amin: over('ReduceMin'),
  prod: over('ReduceProd'),
  logsumexp: over('ReduceLogSumExp'),
  any: questioned('ReduceMax'),
  all: questioned('ReduceMin'),
  argmax: position('ArgMax'),
  argmin: position('ArgMin'),
  argsort,
  cumsum: (({ graph, inputs: [x], read }) =>
    graph.node('CumSum', [x!.name, graph.ints([read(({ dim }) => dim)], [])])) as Mapping<{ dim: number }>,
});
