import { expand, type Nd, narrow, type Tensor } from '@ndgrad/core';
import { UnsupportedOpError } from './errors.ts';
import type { GraphBuilder, Value } from './graph.ts';
import type { Call, Mapping } from './mapping.ts';
import { type Plan, planOf, sameNumbers, sameValue, unexplained } from './plan.ts';
import { type Size, sizesOf } from './sizes.ts';
import { nameOf, type Step, type Trace } from './trace.ts';

/** Two runs of one model, on batches of different sizes where the batch is to be dynamic, and of different contents. */
export interface Runs {
  readonly first: Trace;
  readonly second: Trace;
  /** How many examples each run's batch had. */
  readonly batches: readonly [number, number];
  /** The names of parameters and buffers, by their views. */
  readonly states: ReadonlyMap<Nd, string>;
  mappingOf: (step: Step) => Mapping | undefined;
}

/**
 * Writes what the outputs depend on into the graph, and gives the outputs' names. What both runs have in common is the
 * computation; a constant that differs between them is worked out from the batch size, or refused.
 * @throws UnsupportedOpError for an operation without a mapping, and for what depends on the inputs without being
 *   computed from them by operations
 */
export function writeRuns(runs: Runs, inputNames: readonly string[], graph: GraphBuilder): string[] {
  return new Writer(runs, planOf('exportOnnx', runs.first, runs.second), inputNames, graph).write();
}

class Writer {
  /** Of what is written, by views of the first run. */
  private readonly names = new Map<Nd, string>();
  private readonly constants = new Map<Nd, Value>();

  constructor(
    private readonly runs: Runs,
    private readonly plan: Plan,
    inputNames: readonly string[],
    private readonly graph: GraphBuilder,
  ) {
    runs.first.inputs.forEach((x, i) => void this.names.set(x.ndarray, inputNames[i]!));
  }

  write(): string[] {
    const { first, second } = this.runs;
    for (const i of this.plan.steps) this.names.set(first.steps[i]!.y.ndarray, this.writeStep(i));
    const others = [...second.outputs.values()];
    return [...first.outputs.values()].map((y, i) => this.valueOf(y, others[i]!, 'an output of the model').name);
  }

  private writeStep(i: number): string {
    const { first, second, mappingOf } = this.runs;
    const [a, b] = [first.steps[i]!, second.steps[i]!];
    const mapping = mappingOf(a);
    if (mapping === undefined) {
      throw new UnsupportedOpError(
        `exportOnnx: ${nameOf(a)}: this operation can't be written as ONNX; ` +
          'compute the same by other operations, or outside the model',
      );
    }
    const around = this.graph.scope; // a constant is written when it is asked for, in the midst of another step
    this.graph.scope = a.path;
    const name = mapping(this.callOf(a, b));
    this.graph.scope = around;
    return name;
  }

  private callOf(a: Step, b: Step): Call {
    const depends = (): never => {
      throw new UnsupportedOpError(
        `exportOnnx: ${nameOf(a)}: one of its sizes depends on the batch in a way that ONNX can't follow; ` +
          'set dynamicBatch: false',
      );
    };
    return {
      graph: this.graph,
      inputs: a.inputs.map((x, i) => this.valueOf(x, b.inputs[i]!, nameOf(a))),
      read: (select) => {
        const value = select(a.params as never);
        return sameValue(value, select(b.params as never)) ? value : depends();
      },
      shape: sizesOf(a.y.shape, b.y.shape, this.runs.batches),
      fixed: (size) => (typeof size === 'number' ? size : depends()),
      multiples: (sizes) => sizes.map((size) => size ?? depends()),
    };
  }

  private valueOf(a: Tensor, b: Tensor, user: string): Value {
    if (!this.plan.isComputed(a.ndarray)) return this.constantOf(a, b, user);
    const shape = sizesOf(a.shape, b.shape, this.runs.batches);
    return { shape, constant: null, filler: null, name: this.names.get(a.ndarray)! };
  }

  private constantOf(a: Tensor, b: Tensor, user: string): Value {
    const before = this.constants.get(a.ndarray);
    if (before !== undefined) return before;
    const same = sameNumbers(a, b);
    const name = remembered(() => {
      if (same) return this.writeConstant(a);
      return this.placeOf(a.ndarray) < 0 ? this.deriveConstant(a, b, user) : this.writeStep(this.placeOf(a.ndarray));
    });
    const value: Value = {
      shape: sizesOf(a.shape, b.shape, this.runs.batches),
      constant: same ? a : null,
      filler: this.showsState(a.ndarray) ? null : fillerOf(a, b),
      get name() {
        return name();
      },
    };
    this.constants.set(a.ndarray, value);
    return value;
  }

  /** Parameters and buffers keep their names, also where they are seen through another shape. */
  private writeConstant(x: Tensor): string {
    const state = this.runs.states.get(x.ndarray);
    if (state !== undefined) return this.graph.named(state, x);
    if (this.showsState(x.ndarray)) return this.writeStep(this.placeOf(x.ndarray));
    return this.graph.floats(x.toArray(), x.shape);
  }

  private showsState(view: Nd): boolean {
    if (this.runs.states.has(view)) return true;
    const step = this.runs.first.steps[this.placeOf(view)];
    return (step?.name === 'reshape' || step?.name === 'permute') && this.showsState(step.inputs[0]!.ndarray);
  }

  /** Which step made a view; negative if none did. */
  private placeOf(view: Nd): number {
    const { ids, inputs } = this.runs.first;
    return (ids.get(view) ?? -1) - inputs.length;
  }

  /** A constant that depends on the batch: that is a multiple of its size or of its inverse, or has a row for each example. */
  private deriveConstant(a: Tensor, b: Tensor, user: string): string {
    const { graph, runs } = this;
    const [n, m] = runs.batches;
    const batch = () => graph.numbers(graph.sizes([{ batches: 1 }]), 'int64');
    if (n !== m && a.numel() === 1 && b.numel() === 1) {
      const [x, y] = [a.toArray()[0]!, b.toArray()[0]!];
      const factor = x / n === y / m ? x / n : x * n === y * m ? x * n : null;
      if (factor !== null) {
        const scaled = graph.node(x / n === y / m ? 'Mul' : 'Div', [graph.floats([factor], [1]), batch()]);
        return graph.node('Reshape', [scaled, graph.ints(a.shape)]);
      }
    }
    const shape = sizesOf(a.shape, b.shape, runs.batches);
    if (a.ndim === b.ndim && !shape.includes(null)) {
      const row = (x: Tensor) =>
        shape.reduce<Tensor>((y, size, d) => (typeof size === 'number' ? y : narrow(y, d, 0, 1)), x);
      const one = row(a);
      if (sameNumbers(one, row(b)) && [a, b].every((x) => sameNumbers(expand(one, x.shape), x))) {
        return graph.node('Expand', [
          graph.floats(one.toArray(), one.shape),
          graph.sizes(shape as Exclude<Size, null>[]),
        ]);
      }
    }
    throw unexplained('exportOnnx', user);
  }
}

/** The one number that both tensors are made of. */
function fillerOf(a: Tensor, b: Tensor): number | null {
  const [first] = a.toArray();
  const same = [a, b].every((x) => x.toArray().every((value) => value === first));
  return same ? (first ?? null) : null;
}

function remembered<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
