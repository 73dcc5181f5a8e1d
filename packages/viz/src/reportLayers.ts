import { noGrad, type OpObserver, observeOps, Tensor } from '@ndgrad/core';
import { type AnyModule, type CallObserver, type Module, observeCalls } from '@ndgrad/nn';
import { type Distribution, distribution } from './reportDistribution.ts';

/** What a layer gave to a batch of rows. */
export interface LayerOutputs {
  /** Where it stands and what it is: `1 (Linear 784→100)`. */
  readonly name: string;
  readonly outputs: Distribution;
  /** For relu the share of units that are dead, for sigmoid and tanh the share of outputs that are saturated. */
  readonly idle: { readonly kind: 'dead' | 'saturated'; readonly share: number; readonly units: number } | null;
}

/** Below 4 % of its largest slope, which is ¼ for sigmoid and 1 for tanh, a unit counts as saturated. */
const SIGMOID_SLOPE = 0.01;
const TANH_SLOPE = 0.04;

const idleOf: Readonly<Record<string, (y: Tensor) => LayerOutputs['idle']>> = {
  relu: deadUnits,
  sigmoid: (y) => saturated(y, (value) => value * (1 - value) < SIGMOID_SLOPE),
  tanh: (y) => saturated(y, (value) => 1 - value * value < TANH_SLOPE),
};

/** A unit (a column of `[n, units]`, a channel of `[n, channels, …]`) is dead if it gives 0 to every row. */
function deadUnits(y: Tensor): LayerOutputs['idle'] {
  const units = y.shape[1] ?? 1;
  const perRow = y.ndim < 2 ? 1 : y.numel() / (y.shape[0]! || 1);
  const alive = new Set<number>();
  const values = y.toArray();
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== 0) alive.add(Math.floor(((i % perRow) * units) / perRow));
  }
  return { kind: 'dead', share: units === 0 ? 0 : 1 - alive.size / units, units };
}

function saturated(y: Tensor, test: (value: number) => boolean): LayerOutputs['idle'] {
  const values = y.toArray();
  const share = values.length === 0 ? 0 : values.filter(test).length / values.length;
  return { kind: 'saturated', share, units: values.length };
}

/** What was seen of one layer, before its distribution is taken. */
interface Seen {
  name: string;
  output: Tensor;
  activation: string | null;
}

/**
 * What every layer of a model gives to `x`, in evaluation mode and without gradients: modules without children, and the
 * operations relu, sigmoid and tanh wherever they are called. The model is left in the modes in which it was.
 */
export function layerOutputs(model: Module, x: Tensor): LayerOutputs[] {
  const seen = watchedCall(model, x);
  const times = new Map<string, number>();
  return seen.map(({ name, output, activation }) => {
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    return {
      name: time === 1 ? name : `${name}, call ${time}`,
      outputs: distribution(output.toArray()),
      idle: activation === null ? null : idleOf[activation]!(output),
    };
  });
}

function watchedCall(model: Module, x: Tensor): Seen[] {
  const watch = new Watch(model);
  const calls = observeCalls(watch.call);
  const ops = observeOps(watch.op);
  try {
    inEvaluation(model, () => noGrad(() => model.call(x)));
  } finally {
    observeCalls(calls);
    observeOps(ops);
  }
  return watch.seen;
}

/** Runs `body` with all modules in evaluation mode, and puts each back to the mode in which it was. */
export function inEvaluation<T>(model: Module, body: () => T): T {
  const before = model.modules().map((module) => [module, module.training] as const);
  model.eval();
  try {
    return body();
  } finally {
    for (const [module, training] of before) module.training = training;
  }
}

class Watch {
  readonly seen: Seen[] = [];
  private readonly paths: ReadonlyMap<AnyModule, string>;
  private readonly callers: AnyModule[] = [];

  constructor(model: Module) {
    this.paths = new Map(model.namedModules().map(([path, module]) => [module, path]));
  }

  readonly call: CallObserver = (module, inputs, run) => {
    const before = this.seen.length;
    this.callers.push(module);
    try {
      const output = run();
      if (module.children().length === 0 && output instanceof Tensor) this.leaf(module, inputs, output, before);
      return output;
    } finally {
      this.callers.pop();
    }
  };

  readonly op: OpObserver = ({ op }, run) => {
    const output = run();
    const module = this.callers.at(-1);
    if (Object.hasOwn(idleOf, op.name) && module !== undefined) {
      const name = [this.paths.get(module), op.name].filter(Boolean).join(' ');
      this.seen.push({ name, output, activation: op.name });
    }
    return output;
  };

  /** Its output may be that of an activation just seen; what else a layer without weights computes is its own affair. */
  private leaf(module: AnyModule, inputs: readonly unknown[], output: Tensor, before: number): void {
    const inside = this.seen.splice(before);
    const activation = inside.find((seen) => seen.output.storage === output.storage)?.activation ?? null;
    if (module.parameters().length > 0)
      this.seen.push(...inside.filter((seen) => seen.output.storage !== output.storage));
    const passedOn = inputs.some((input) => input instanceof Tensor && input.storage === output.storage);
    if (!passedOn) this.seen.push({ name: this.nameOf(module), output, activation });
  }

  private nameOf(module: AnyModule): string {
    const path = this.paths.get(module);
    return path ? `${path} (${module.label})` : module.label;
  }
}
