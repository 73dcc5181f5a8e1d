import { allclose, type Nd, sameShape, type Tensor } from '@ndgrad/core';
import { UnsupportedOpError } from './errors.ts';
import { nameOf, type Step, type Trace } from './trace.ts';

/** What there is to write of a computation. Whatever does not depend on the inputs is a constant. */
export interface Plan {
  /** The places of the steps that lead from the inputs to the outputs, in order. */
  readonly steps: readonly number[];
  /** Whether a view shows an input, or what is computed from one. */
  readonly isComputed: (view: Nd) => boolean;
}

/**
 * What two runs of one model have in common.
 * @throws UnsupportedOpError unless they do the same, step by step
 */
export function planOf(operation: string, first: Trace, second: Trace): Plan {
  checkSame(operation, first, second);
  const { inputs, steps, outputs } = first;
  const computed = new Set(inputs.map((x) => x.ndarray));
  for (const { inputs: operands, y } of steps) {
    if (operands.some((x) => computed.has(x.ndarray))) computed.add(y.ndarray);
  }
  const needed = new Set([...outputs.values()].map((y) => y.ndarray));
  for (const { inputs: operands, y } of [...steps].reverse()) {
    if (needed.has(y.ndarray)) for (const x of operands) needed.add(x.ndarray);
  }
  const places = steps.flatMap(({ y: { ndarray } }, i) => (needed.has(ndarray) && computed.has(ndarray) ? [i] : []));
  return { steps: places, isComputed: (view) => computed.has(view) };
}

function checkSame(operation: string, first: Trace, second: Trace): void {
  const differs = (a: string, b: string) => {
    throw new UnsupportedOpError(
      `${operation}: what the model computes depends on its inputs' values or on the batch size: ${a} in one run, ` +
        `${b} in another; only one computation can be exported`,
    );
  };
  const sources = (xs: Iterable<Tensor>, { ids }: Trace) => [...xs].map((x) => ids.get(x.ndarray)).join();
  const look = (step: Step | undefined, run: Trace) =>
    step === undefined ? 'nothing more' : `${step.name} ${step.y.ndim} ${sources(step.inputs, run)}`;
  for (let i = 0; i < Math.max(first.steps.length, second.steps.length); i++) {
    const [a, b] = [first.steps[i], second.steps[i]];
    if (look(a, first) === look(b, second)) continue;
    differs(a === undefined ? 'nothing more' : nameOf(a), b === undefined ? 'nothing more' : nameOf(b));
  }
  const [ours, theirs] = [[...first.outputs.keys()].join(), [...second.outputs.keys()].join()];
  if (ours !== theirs) differs(`the outputs ${ours}`, theirs);
  if (sources(first.outputs.values(), first) !== sources(second.outputs.values(), second)) {
    differs('an output computed in one way', 'in another way');
  }
}

/** The same numbers in the same shape; NaN is itself. */
export function sameNumbers(a: Tensor, b: Tensor): boolean {
  return (
    a.ndarray === b.ndarray || (sameShape(a.shape, b.shape) && allclose(a, b, { rtol: 0, atol: 0, equalNan: true }))
  );
}

/** Whether two params are the same, lists and plain objects by their contents. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const keys = Object.keys(a);
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.length === Object.keys(b).length && keys.every((key) => sameValue(left[key], right[key]));
}

/** A constant that no operation computes, though it changes with the inputs. */
export function unexplained(operation: string, user: string): UnsupportedOpError {
  return new UnsupportedOpError(
    `${operation}: ${user}: a constant changes with the inputs, though no operation computes it from them ` +
      '(random numbers, toArray(), item() and the like); use operations on tensors alone',
  );
}
