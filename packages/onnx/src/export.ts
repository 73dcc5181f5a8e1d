import { ArgumentError, checkChoice, checkInteger, describe, type Nd, readOptions, type Tensor } from '@ndgrad/core';
import type { AnyModule } from '@ndgrad/nn';
import { batchedOf, checkExamples, runTwice } from './examples.ts';
import { type Dtype, GraphBuilder } from './graph.ts';
import { isOp, mappingOf, operandsOf } from './mappings/index.ts';
import { elementType, encodeModel, type NodeProto, type ValueInfoProto } from './proto.ts';
import { type Size, sizesOf } from './sizes.ts';
import { writeRuns } from './write.ts';

/** Options of `exportOnnx`. */
export interface ExportOptions {
  /** The version of ONNX's operators, 17 (default) to 23. */
  opset?: number;
  /** The type of all numbers in the graph (default `'float32'`). */
  dtype?: Dtype;
  /** Whether dim 0 of the inputs is a batch of any size (default true), or all sizes are the example's. */
  dynamicBatch?: boolean;
  /** Default `input`, or `input_0`, `input_1`, …. */
  inputNames?: readonly string[] | null;
  /** Default `output`; `output_0`, `output_1`, … for a list; the keys of an object. */
  outputNames?: readonly string[] | null;
  /** Texts that are kept in the file, such as the names of classes. */
  metadata?: Readonly<Record<string, string>>;
}

const defaults: Required<ExportOptions> = {
  opset: 17,
  dtype: 'float32',
  dynamicBatch: true,
  inputNames: null,
  outputNames: null,
  metadata: {},
};

/**
 * The model as an ONNX file. The graph holds what the model computes in evaluation mode for an example, operator by
 * operator; parameters and buffers are initializers under their state names. All inputs and outputs have the graph's
 * dtype, classes and truth values too; only an input that is used for nothing but indices takes int64.
 *
 * The model is run on two batches of different sizes, made of the example's numbers, which should be varied: what differs
 * between the runs is worked out from the batch size in the graph, or refused. Modules are in their former modes
 * afterwards.
 * @param model gives a tensor, or a list or an object of tensors
 * @param inputs what the model is called with: a tensor or several; with `dynamicBatch`, dim 0 is the batch of the first
 *   one and of all that have as many rows
 * @returns the bytes of a `.onnx` file
 * @throws UnsupportedOpError, naming the operation and the module, for what ONNX can't say; ArgumentError for options
 *   that make no sense, and for a model that does not take batches
 * @see https://onnx.ai/onnx/operators
 */
export function exportOnnx(model: AnyModule, inputs: Tensor | readonly Tensor[], options?: ExportOptions): Uint8Array {
  const { opset, dtype, dynamicBatch, metadata, ...names } = checkOptions(options);
  const examples = checkExamples('exportOnnx', inputs);
  const batched = batchedOf(examples, dynamicBatch);
  // Neither batch is of 1, which is a size that broadcasts; sizes that do not depend on the batch do not differ.
  const batches = batched.includes(true) ? ([2, 3] as const) : ([1, 1] as const);
  const [first, second] = runTwice('exportOnnx', model, examples, batched, batches, {
    isOp,
    operandsOf: (module, given) => operandsOf(module, given, { dtype, opset }),
  });
  const states = statesOf(model);
  const taken = new Set(states.values());
  const inputNames = chooseNames('inputNames', names.inputNames, defaultNames(examples.length), taken);
  const outputNames = chooseNames('outputNames', names.outputNames, [...first.outputs.keys()], taken);

  const graph = new GraphBuilder(dtype, opset, taken, inputNames[batched.indexOf(true)] ?? null);
  const results = writeRuns({ first, second, batches, states, mappingOf }, inputNames, graph);
  const { nodes, constants } = graph.finish(results, outputNames);
  const indices = takeIndices(nodes, inputNames);
  const infos = (side: 'inputs' | 'outputs', names: readonly string[]): ValueInfoProto[] => {
    const [a, b] = [first, second].map((run) => [...run[side].values()]) as [Tensor[], Tensor[]];
    return names.map((name, i) => {
      const type = elementType[indices.has(name) ? 'int64' : dtype];
      return valueInfo(name, type, sizesOf(a[i]!.shape, b[i]!.shape, batches));
    });
  };
  return encodeModel({
    irVersion: 8,
    producerName: 'ndgrad',
    opsetImport: [{ domain: '', version: opset }],
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: model.constructor.name || 'model',
      node: nodes,
      initializer: constants,
      input: infos('inputs', inputNames),
      output: infos('outputs', outputNames),
    },
  });
}

/** Writes `exportOnnx(model, inputs, options)` to a file, whole or not at all. @throws as it does, and FileError */
export async function saveOnnx(
  model: AnyModule,
  inputs: Tensor | readonly Tensor[],
  path: string,
  options?: ExportOptions,
): Promise<void> {
  const bytes = exportOnnx(model, inputs, options);
  const { writeFileAtomic } = await import('@ndgrad/io'); // at first use: files are beyond a browser
  await writeFileAtomic(path, bytes);
}

function checkOptions(options: ExportOptions | undefined): Required<ExportOptions> {
  const settings = readOptions('exportOnnx', options, defaults);
  const { opset, dtype, dynamicBatch, metadata } = settings;
  checkInteger('exportOnnx', 'opset', opset, 17);
  if (opset > 23) throw new ArgumentError(`exportOnnx: opset must be at most 23, got ${opset}`);
  checkChoice('exportOnnx', 'dtype', dtype, ['float32', 'float64']);
  if (typeof dynamicBatch !== 'boolean') {
    throw new ArgumentError(`exportOnnx: dynamicBatch must be true or false, got ${describe(dynamicBatch)}`);
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value === 'string') continue;
    throw new ArgumentError(`exportOnnx: metadata must be texts, got ${describe(value)} for "${key}"`);
  }
  return settings;
}

/** The names of parameters and buffers, by what they show. */
function statesOf(model: AnyModule): Map<Nd, string> {
  const named = [...model.namedParameters(), ...model.namedBuffers()];
  return new Map(named.map(([name, x]) => [x.ndarray, name]));
}

const defaultNames = (count: number): string[] =>
  count === 1 ? ['input'] : Array.from({ length: count }, (_, i) => `input_${i}`);

/** The names that are wanted, or the usual ones where none are; they are taken then. */
function chooseNames(
  option: string,
  wanted: readonly string[] | null,
  usual: readonly string[],
  taken: Set<string>,
): readonly string[] {
  if (wanted !== null && (!Array.isArray(wanted) || wanted.length !== usual.length)) {
    throw new ArgumentError(`exportOnnx: ${option} must be a list of ${usual.length}, got ${describe(wanted)}`);
  }
  return usual.map((name, i) => {
    let chosen: unknown = wanted === null ? name : wanted[i];
    for (let more = 1; wanted === null && taken.has(chosen as string); more++) chosen = `${name}_${more}`;
    if (typeof chosen !== 'string' || chosen === '' || taken.has(chosen)) {
      throw new ArgumentError(
        `exportOnnx: ${option} must be texts that no other input, output, parameter or buffer is named, ` +
          `got ${describe(chosen)}`,
      );
    }
    taken.add(chosen);
    return chosen;
  });
}

/** Inputs that are used for nothing but indices become such: their casts are left out, and their names returned. */
function takeIndices(nodes: NodeProto[], inputNames: readonly string[]): Set<string> {
  const isCast = ({ opType, attribute }: NodeProto) => opType === 'Cast' && attribute[0]!.i === elementType.int64;
  const found = new Set<string>();
  for (const name of inputNames) {
    const users = nodes.filter(({ input, opType }) => input.includes(name) && opType !== 'Shape');
    if (users.length === 0 || !users.every(isCast)) continue;
    found.add(name);
    for (const cast of users) {
      nodes.splice(nodes.indexOf(cast), 1);
      for (const { input } of nodes) input.forEach((x, i) => void (x === cast.output[0] && input.splice(i, 1, name)));
    }
  }
  return found;
}

function valueInfo(name: string, elemType: number, shape: readonly Size[]): ValueInfoProto {
  const dim = shape.map((size) => {
    if (typeof size === 'number') return { dimValue: size };
    return size?.batches === 1 ? { dimParam: 'batch' } : {};
  });
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
