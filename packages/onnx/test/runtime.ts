import { type Tensor, tensor } from '@ndgrad/core';
import type { AnyModule } from '@ndgrad/nn';
import proto from 'onnx-proto';
import * as ort from 'onnxruntime-web';
import { expect } from 'vitest';
import { type ExportOptions, exportOnnx } from '../src/index.ts';

// What the exported files are held against: ONNX Runtime, as WebAssembly, and ONNX's own schema.

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** How far a result may be from ours, relative to the largest number in it. */
export const tolerances = { float32: 1e-6, float64: 1e-12 };

/** What ONNX Runtime computes for each of several inputs, by the outputs' names. */
export async function runOnnx(
  bytes: Uint8Array,
  ...inputs: readonly (readonly Tensor[])[]
): Promise<Record<string, Tensor>[]> {
  const session = await ort.InferenceSession.create(bytes);
  const results: Record<string, Tensor>[] = [];
  for (const tensors of inputs) {
    const feeds = session.inputMetadata.map((info, i) => [info.name, feedOf(tensors[i]!, info)]);
    const outputs = await session.run(Object.fromEntries(feeds));
    results.push(Object.fromEntries(Object.entries(outputs).map(([name, y]) => [name, read(y)])));
  }
  await session.release();
  return results;
}

function feedOf(x: Tensor, info: ort.InferenceSession.ValueMetadata): ort.Tensor {
  const type = info.isTensor ? info.type : null;
  const numbers = x.toArray();
  if (type === 'int64') return new ort.Tensor(BigInt64Array.from([...numbers], BigInt), x.shape);
  return new ort.Tensor(type === 'float64' ? numbers : Float32Array.from(numbers), x.shape);
}

const read = ({ data, dims }: ort.Tensor): Tensor => tensor(Array.from(data as Float64Array, Number), { shape: dims });

/** The file as ONNX's schema reads it. */
export function readModel(bytes: Uint8Array) {
  const { graph, ...model } = proto.onnx.ModelProto.decode(bytes);
  return {
    ...model,
    inputs: graph!.input!,
    outputs: graph!.output!,
    operators: graph!.node!.map((node) => node.opType!),
    nodes: graph!.node!,
    initializers: graph!.initializer!.map(({ name }) => name!),
  };
}

/** The largest difference, relative to the largest number that is expected. */
export function distance(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [actual.toArray(), expected.toArray()];
  const scale = b.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  let largest = 0;
  b.forEach((value, i) => {
    if (Object.is(a[i], value) || a[i] === value) return;
    largest = Math.max(largest, Math.abs(a[i]! - value) / scale);
    if (!Number.isFinite(a[i]) || !Number.isFinite(value)) largest = Infinity;
  });
  return largest;
}

/** Our outputs in evaluation mode, by name. */
export function evaluated(model: AnyModule, inputs: readonly Tensor[]): Record<string, Tensor> {
  const modes = model.modules().map((module): [AnyModule, boolean] => [module, module.training]);
  model.eval();
  const y = model.call(...inputs);
  for (const [module, training] of modes) module.training = training;
  if (Array.isArray(y)) return Object.fromEntries(y.map((x, i) => [`output_${i}`, x as Tensor]));
  return y !== null && typeof y === 'object' && 'ndarray' in y
    ? { output: y as Tensor }
    : (y as Record<string, Tensor>);
}

/** Exports the model by one example, and expects ONNX Runtime to compute what it does, for it and for other inputs. */
export async function expectSame(
  model: AnyModule,
  example: Tensor | readonly Tensor[],
  options: ExportOptions & { others?: readonly (readonly Tensor[])[] } = {},
): Promise<Uint8Array> {
  const { others = [], ...exportOptions } = options;
  const bytes = exportOnnx(model, example, exportOptions);
  const all = [[example].flat() as Tensor[], ...others];
  const results = await runOnnx(bytes, ...all);
  all.forEach((inputs, i) => {
    for (const [name, y] of Object.entries(evaluated(model, inputs))) {
      expect(distance(results[i]![name]!, y)).toBeLessThan(tolerances[exportOptions.dtype ?? 'float32']);
    }
  });
  return bytes;
}
