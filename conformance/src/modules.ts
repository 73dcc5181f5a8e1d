import { backward, type Tensor } from '@ndgrad/core';
import type { AnyModule } from '@ndgrad/nn';
import { Check, type Closeness } from './compare.ts';
import { layer } from './library.ts';
import { type Call, decodeCall, decodeTensor, listOf, pathsOf, type StoredTensor } from './records.ts';

/** Names and tensors of a state, in PyTorch's order. */
export type StoredState = [name: string, value: StoredTensor][];

interface Step {
  mode: 'train' | 'eval';
  inputs: StoredTensor[];
  output: StoredTensor | StoredTensor[];
  cotangent: StoredTensor | (StoredTensor | null)[] | null;
  inputGrads: (StoredTensor | null)[];
  paramGrads: Record<string, StoredTensor | null>;
  buffersAfter: Record<string, StoredTensor>;
}

/** A layer with its weights, and what it did in some steps. */
export interface ModuleRecord extends Call {
  id: string;
  module: string;
  stateDict: StoredState;
  parameters: string[];
  buffers: string[];
  steps: Step[];
}

/** Replays a file of `modules/`. */
export function replayModules({ cases }: { cases: ModuleRecord[] }): Check[] {
  return cases.map((record) => new Check(record.id).run((check) => replayModule(check, record)));
}

/** Builds a layer by its class's name; arguments that are layers themselves are built first. */
export function build(name: string, call: Call): AnyModule {
  const child = (value: unknown) => build((value as { module: string }).module, value as Call);
  return new (layer(name))(...decodeCall(call, () => {}, child));
}

/** Compares the names and the tensors of a state dict. */
export function compareState(check: Check, module: AnyModule, expected: StoredState, closeness: Closeness): void {
  const state = module.stateDict();
  sameNames(
    check,
    'state',
    Object.keys(state),
    expected.map(([name]) => name),
  );
  for (const [name, value] of expected) check.tensor('value', name, state[name] ?? null, value, closeness);
}

function replayModule(check: Check, record: ModuleRecord): void {
  const module = build(record.module, record);
  module.loadStateDict(Object.fromEntries(record.stateDict.map(([name, value]) => [name, decodeTensor(value)])));
  compareState(check, module, record.stateDict, { exact: true });
  sameNames(
    check,
    'parameters',
    [...module.namedParameters()].map(([name]) => name),
    record.parameters,
  );
  sameNames(
    check,
    'buffers',
    [...module.namedBuffers()].map(([name]) => name),
    record.buffers,
  );
  record.steps.forEach((step, i) => {
    replayStep(check, module, step, `step ${i}: `);
  });
}

function replayStep(check: Check, module: AnyModule, step: Step, where: string): void {
  module.train(step.mode === 'train');
  module.zeroGrad();
  const inputs = step.inputs.map(decodeTensor);
  const outputs = listOf(module.call(...inputs)) as Tensor[];
  const names = pathsOf('output', step.output);
  (listOf(step.output) as StoredTensor[]).forEach((expected, i) => {
    check.tensor('value', where + names[i], outputs[i]!, expected, { exact: expected.dtype !== 'float64' });
  });
  (listOf(step.cotangent) as (StoredTensor | null)[]).forEach((cotangent, i) => {
    if (cotangent && outputs[i]!.requiresGrad) {
      backward(outputs[i]!, { gradient: decodeTensor(cotangent), retainGraph: true });
    }
  });
  step.inputGrads.forEach((expected, i) => {
    check.tensor('gradient', `${where}gradient of input ${i}`, inputs[i]!.grad, expected);
  });
  const parameters = new Map(module.namedParameters());
  for (const [name, expected] of Object.entries(step.paramGrads)) {
    check.tensor('gradient', `${where}gradient of ${name}`, parameters.get(name)!.grad, expected);
  }
  const buffers = new Map(module.namedBuffers());
  for (const [name, expected] of Object.entries(step.buffersAfter)) {
    const exact = expected.dtype !== 'float64';
    check.tensor('value', `${where}${name} afterwards`, buffers.get(name)!, expected, { exact });
  }
}

function sameNames(check: Check, what: string, actual: string[], expected: string[]): void {
  if (String(actual) !== String(expected)) check.fail(`${what} [${actual}], expected [${expected}]`);
}
