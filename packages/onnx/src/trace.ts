import { type Applied, ArgumentError, describe, type Nd, observeOps, Tensor } from '@ndgrad/core';
import { type AnyModule, observeCalls } from '@ndgrad/nn';
import { UnsupportedOpError } from './errors.ts';

/** One operation of a run, or one layer that is taken as a whole. */
export interface Step {
  /** The operation's name, or the layer's class. */
  readonly name: string;
  readonly inputs: readonly Tensor[];
  /** The operation's params; the layer itself. */
  readonly params: unknown;
  readonly y: Tensor;
  /** The path of the module that was being called. */
  readonly path: string;
}

/** What a model did with its inputs: every operation that is known, in order. */
export interface Trace {
  readonly inputs: readonly Tensor[];
  readonly steps: readonly Step[];
  readonly outputs: ReadonlyMap<string, Tensor>;
  /**
   * Which value a view shows: the inputs first, then what each step computed. Views stand for values, since `detach()`
   * makes a tensor, but no view. What is missing is a constant.
   */
  readonly ids: ReadonlyMap<Nd, number>;
}

/** What a run takes as a whole; it looks inside everything else. */
export interface Known {
  isOp: (name: string) => boolean;
  /** The operands of a layer that is taken as a whole; `null` for all other modules. */
  operandsOf: (module: AnyModule, inputs: readonly unknown[]) => readonly Tensor[] | null;
}

/**
 * Runs the model in evaluation mode, and writes down what it computes. An operation that is not known is described by
 * those that its forward is made of.
 * @throws UnsupportedOpError for a value that is changed in place after its computation; ArgumentError for a model that
 *   gives something else than tensors
 */
export function trace(operation: string, model: AnyModule, inputs: readonly Tensor[], known: Known): Trace {
  const recorder = new Recorder(operation, inputs, known);
  const modes = model.modules().map((module): [AnyModule, boolean] => [module, module.training]);
  model.eval();
  const calls = observeCalls((module, given, run, path) => recorder.call(module, given, run, path));
  const ops = observeOps((applied, run) => recorder.apply(applied, run));
  try {
    const outputs = outputsOf(operation, model.call(...inputs));
    for (const y of outputs.values()) recorder.checkUnchanged(y, 'an output of the model');
    return { inputs, steps: recorder.steps, outputs, ids: recorder.ids };
  } finally {
    observeOps(ops);
    observeCalls(calls);
    for (const [module, training] of modes) module.training = training;
  }
}

class Recorder {
  readonly steps: Step[] = [];
  readonly ids = new Map<Nd, number>();
  /** The version of each value when it was computed, or first used: a graph has no place for one that changes. */
  private readonly versions = new Map<Nd, number>();
  private readonly inputCount: number;
  private path = '';

  constructor(
    private readonly operation: string,
    inputs: readonly Tensor[],
    private readonly known: Known,
  ) {
    this.inputCount = inputs.length;
    inputs.forEach((x, i) => {
      this.ids.set(x.ndarray, i);
      this.versions.set(x.ndarray, x.storage.version);
    });
  }

  call(module: AnyModule, inputs: readonly unknown[], run: () => unknown, path: string): unknown {
    const above = this.path;
    this.path = path;
    try {
      const operands = this.known.operandsOf(module, inputs);
      if (operands === null) return run();
      const y = unobserved(run) as Tensor;
      this.add({ name: module.constructor.name, inputs: operands, params: module, y, path });
      return y;
    } finally {
      this.path = above;
    }
  }

  apply({ op, inputs, ready, params }: Applied, run: () => Tensor): Tensor {
    const step = (y: Tensor): Step => ({ name: op.name, inputs, params, y, path: this.path });
    if (this.known.isOp(op.name)) {
      const y = unobserved(run);
      this.add(step(y));
      return y;
    }
    ready.forEach((x, i) => {
      this.add({ name: 'expand', inputs: [inputs[i]!], params: x.shape, y: x, path: this.path });
    });
    const y = run();
    // A kernel of its own may have computed it: then this step says so, to be refused if anything depends on it.
    if (!this.ids.has(y.ndarray)) this.add(step(y));
    return y;
  }

  /** @throws UnsupportedOpError for a value that was written over since it was computed, or first used */
  checkUnchanged(x: Tensor, user: string): void {
    const before = this.versions.get(x.ndarray);
    if (before === undefined) this.versions.set(x.ndarray, x.storage.version);
    else if (before !== x.storage.version) {
      throw new UnsupportedOpError(
        `${this.operation}: ${user} was changed in place during the forward pass, which can't be exported; ` +
          'use the operations without "_", which give new tensors',
      );
    }
  }

  private add(step: Step): void {
    for (const x of step.inputs) this.checkUnchanged(x, `an operand of ${nameOf(step)}`);
    if (this.ids.has(step.y.ndarray)) return; // nothing was computed: it is a value that has been seen
    const others = step.inputs.filter((x) => x.ndarray !== step.y.ndarray);
    if (others.length < step.inputs.length && !others.some((x) => this.ids.has(x.ndarray))) return; // or a constant
    this.ids.set(step.y.ndarray, this.inputCount + this.steps.length);
    this.versions.set(step.y.ndarray, step.y.storage.version);
    this.steps.push(step);
  }
}

/** An operation and where it stands, for messages: `cumprod in features.2`. */
export function nameOf({ name, path }: Step): string {
  return path === '' ? name : `${name} in ${path}`;
}

function unobserved<T>(run: () => T): T {
  const [calls, ops] = [observeCalls(null), observeOps(null)];
  try {
    return run();
  } finally {
    observeOps(ops);
    observeCalls(calls);
  }
}

/** What a model gives, by name: one tensor, a list of them, or an object with tensors for values. */
function outputsOf(operation: string, result: unknown): Map<string, Tensor> {
  if (result instanceof Tensor) return new Map([['output', result]]);
  const list = Array.isArray(result);
  const entries = typeof result === 'object' && result !== null ? Object.entries(result) : [];
  if (entries.length > 0 && entries.every((entry): entry is [string, Tensor] => entry[1] instanceof Tensor)) {
    return new Map(entries.map(([key, y]) => [list ? `output_${key}` : key, y]));
  }
  throw new ArgumentError(
    `${operation}: the model must give a tensor, or a list or an object of tensors, got ${describe(result)}`,
  );
}
