import { type Mapping, mappings } from '../mapping.ts';

// Losses that are one operation here. ONNX's own operator is meant for training, and runtimes leave it out.

/** −ln softmax(x)[label] along dim 1. */
const softmaxLoss: Mapping<{ reduction: 'mean' | 'sum' | 'none' }> = ({ graph, inputs: [x, labels], read }) => {
  const logs = graph.node('LogSoftmax', [x!.name], { axis: 1 });
  const places = graph.node('Unsqueeze', [graph.indices(labels!), graph.ints([1])]);
  const picked = graph.node('GatherElements', [logs, places], { axis: 1 });
  const losses = graph.node('Neg', [graph.node('Squeeze', [picked, graph.ints([1])])]);
  const reduction = read((params) => params.reduction);
  if (reduction === 'none') return losses;
  const all = labels!.shape.map((_, d) => d);
  return graph.reduced(reduction === 'mean' ? 'ReduceMean' : 'ReduceSum', losses, all, true);
};

export const losses = mappings({ softmaxLoss });
