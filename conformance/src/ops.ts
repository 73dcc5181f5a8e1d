import { grad, type Tensor } from '@ndgrad/core';
import { Check } from './compare.ts';
import { operation } from './library.ts';
import { type Call, decodeCall, decodeTensor, listOf, pathsOf, type StoredTensor } from './records.ts';

type ByPath = Record<string, StoredTensor | null>;

/** One call of an operation, and what PyTorch made of it. */
export interface OpRecord extends Call {
  id: string;
  op: string;
  output?: StoredTensor | StoredTensor[];
  outputNames?: string[];
  mutated?: Record<string, StoredTensor>;
  cotangent?: StoredTensor | (StoredTensor | null)[] | null;
  grads?: ByPath;
  u?: ByPath | null;
  grads2?: ByPath | null;
  noise?: { output?: number; grads?: number; grads2?: number };
  error?: { type: string; message: string };
}

/** Operations that only move numbers, or give truth values or positions: they must agree to the last bit. */
const exactOps = new Set(
  (
    'broadcast_to cat chunk diag diagonal embedding expand flatten flip gather index_select masked_fill movedim narrow ' +
    'one_hot pad permute repeat reshape roll select split squeeze stack t take_along_dim tile transpose tril triu ' +
    'unbind unfold unsqueeze where eq ne lt le gt ge isnan isfinite logical_not all any argmax argmin'
  ).split(' '),
);

/** Replays a file of `ops/`. */
export function replayOps({ cases }: { cases: OpRecord[] }): Check[] {
  return cases.map((record) => new Check(record.id).run((check) => replayOp(check, record)));
}

function replayOp(check: Check, record: OpRecord): void {
  const leaves = new Map<string, Tensor>();
  const args = decodeCall(record, (path, x) => leaves.set(path, x));
  const call = operation(record.op);
  if (record.error) {
    check.refuses(() => call(...args), record.error.message);
    return;
  }
  const outputs = listOf(call(...args), record.outputNames);
  const expected = listOf(record.output, record.outputNames) as StoredTensor[];
  const names = pathsOf('output', record.output);
  if (outputs.length !== expected.length) check.fail(`${outputs.length} results, expected ${expected.length}`);
  else {
    expected.forEach((output, i) => {
      const exact = output.dtype !== 'float64' || exactOps.has(record.op);
      check.tensor('value', names[i]!, outputs[i] as Tensor, output, { exact, noise: record.noise?.output ?? 0 });
    });
    for (const [path, value] of Object.entries(record.mutated ?? {})) {
      check.tensor('value', `${path} afterwards`, leaves.get(path)!, value);
    }
    replayGradients(check, record, leaves, outputs as Tensor[]);
  }
}

/** First order with a plain sweep; second order by differentiating ⟨u, g⟩, with g from a recorded one. */
function replayGradients(check: Check, record: OpRecord, leaves: Map<string, Tensor>, outputs: Tensor[]): void {
  const { cotangent, grads, u, grads2, noise } = record;
  if (!cotangent || !grads) return;
  const inputs = new Map(Object.keys(grads).map((path) => [path, leaves.get(path)!]));
  const cotangents = new Map<string, Tensor>();
  const roots: Tensor[] = [];
  const names = pathsOf('cotangent', cotangent);
  (listOf(cotangent) as (StoredTensor | null)[]).forEach((stored, i) => {
    if (stored === null) return;
    cotangents.set(names[i]!, decodeTensor({ ...stored, requiresGrad: Boolean(u) }));
    roots.push(outputs[i]!);
  });
  const plain = gradients(roots, [...cotangents.values()], inputs, { retainGraph: true });
  for (const [path, expected] of Object.entries(grads)) {
    check.tensor('gradient', `gradient of ${path}`, plain.get(path)!, expected, { noise: noise?.grads ?? 0 });
  }
  // A recorded sweep goes by the rules, where a plain one may take all gradients from one pass.
  const recorded = gradients(roots, [...cotangents.values()], inputs, { createGraph: true });
  for (const [path, expected] of Object.entries(grads)) {
    check.tensor('gradient', `recorded gradient of ${path}`, recorded.get(path)!, expected, {
      noise: noise?.grads ?? 0,
    });
  }
  if (!u || !grads2) return;
  const weighed = Object.entries(u).filter(([path, weight]) => weight !== null && recorded.get(path));
  const second = gradients(
    weighed.map(([path]) => recorded.get(path)!),
    weighed.map(([, weight]) => decodeTensor(weight!)),
    new Map([...inputs, ...cotangents]),
    {},
  );
  for (const [path, expected] of Object.entries(grads2)) {
    const what = `second-order gradient of ${path}`;
    check.tensor('second', what, second.get(path) ?? null, expected, { noise: noise?.grads2 ?? 0 });
  }
}

/** The gradient of Σ ⟨weight, root⟩ for each input by name; `null` where nothing leads to it. */
function gradients(
  roots: Tensor[],
  weights: Tensor[],
  inputs: Map<string, Tensor>,
  options: { retainGraph?: boolean; createGraph?: boolean },
): Map<string, Tensor | null> {
  const live = roots.map((_, i) => i).filter((i) => roots[i]!.requiresGrad);
  if (live.length === 0) return new Map([...inputs.keys()].map((path) => [path, null]));
  const gradOutputs = live.map((i) => weights[i]!);
  const found = grad(
    live.map((i) => roots[i]!),
    [...inputs.values()],
    { gradOutputs, allowUnused: true, ...options },
  );
  return new Map([...inputs.keys()].map((path, i) => [path, found[i]!]));
}
