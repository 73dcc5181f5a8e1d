import {
  type Applied,
  ArgumentError,
  checkShape,
  describe,
  dryRun,
  formatShape,
  noGrad,
  numelOf,
  observeOps,
  readOptions,
  type Shape,
  Tensor,
  zeros,
} from '@ndgrad/core';
import { type AnyModule, Module, observeCalls, type Parameter } from '@ndgrad/nn';
import { grouped, table } from '@ndgrad/train/text';
import { checkStride } from './summaryStride.ts';

/** One call of a layer. */
export interface SummaryRow {
  /** Where the layer stands in the model: `features.0`; `''` for the model itself. */
  readonly path: string;
  /** What it is: `Conv2d 3→64, 3×3`; `input` in the first row. */
  readonly layer: string;
  /** The shapes of what it gives; none for a layer that was not called. */
  readonly output: readonly Shape[];
  /** Its own learnt numbers; those of a layer that is called again are counted at its first call. */
  readonly parameters: number;
  /** How many numbers it gives that were not there before: 0 for a view of its input. */
  readonly activations: number;
  /** Of its products: one for each weight and place where it is used. */
  readonly multiplyAdds: number;
}

/** What `summary` finds. Prints as a table. */
export class Summary {
  /** Of all parameters of the model, each once. */
  readonly parameters: number;
  /** Of those that want a gradient. */
  readonly trainable: number;
  /** Of the input and of all layers, in one forward pass. */
  readonly activations: number;
  /** In one forward pass. */
  readonly multiplyAdds: number;

  constructor(
    /** The input and then the layers, in the order of the calls. */
    readonly rows: readonly SummaryRow[],
    parameters: readonly Parameter[],
  ) {
    this.parameters = sizeOf(parameters);
    this.trainable = sizeOf(parameters.filter((parameter) => parameter.requiresGrad));
    this.activations = rows.reduce((sum, row) => sum + row.activations, 0);
    this.multiplyAdds = rows.reduce((sum, row) => sum + row.multiplyAdds, 0);
  }

  /** The memory of the parameters, in bytes, as float64. */
  get parameterBytes(): number {
    return this.parameters * BYTES;
  }

  /** The memory of the activations of one forward pass, in bytes, as float64. A backward pass needs about as much again. */
  get activationBytes(): number {
    return this.activations * BYTES;
  }

  /** A table; memory is in float64, in MB of 10⁶ bytes. */
  toString(): string {
    const cells = this.rows.map((row) => [
      row.path,
      row.layer,
      row.output.length === 0 ? 'not called' : row.output.map(formatShape).join(', '),
      ...this.figures(row),
    ]);
    const frozen = this.parameters - this.trainable;
    const total = frozen === 0 ? 'all' : `all (${grouped(frozen)} frozen)`;
    cells.push(['', total, '', ...this.figures(this)]);
    const header = ['path', 'layer', 'output', 'parameters', 'in MB', 'activations', 'in MB', 'multiply-adds'];
    return `${table(header, cells)}\n\nMB: 10⁶ bytes, 8 bytes for each number (float64).`;
  }

  /** What `console.log` prints in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  private figures({ parameters, activations, multiplyAdds }: Omit<SummaryRow, 'path' | 'layer' | 'output'>): string[] {
    return [
      grouped(parameters),
      megabytes(parameters),
      grouped(activations),
      megabytes(activations),
      grouped(multiplyAdds),
    ];
  }
}

const BYTES = 8;
const megabytes = (count: number): string => ((count * BYTES) / 1e6).toFixed(2);
const sizeOf = (parameters: readonly Parameter[]): number => parameters.reduce((sum, p) => sum + p.numel(), 0);

/** Options of `summary`. */
export interface SummaryOptions {
  /** Whether a stride that does not fit is refused (default true); with `false` the last rows are left out, as PyTorch does. */
  strict?: boolean;
}

/** A model, or a function that makes it. */
export type ModelOrMaker = AnyModule | (() => AnyModule);

/** More parameters times inputs than this are too much to compute. */
const SMALL = 1e9;

/**
 * The layers of a model in the order of their calls, each with the shape of its output, its parameters, its memory and
 * its multiply-adds, and all of it summed up.
 *
 * ```ts
 * console.log(String(summary(model, [1, 1, 28, 28])));
 * console.log(String(summary(() => new VGG16(), [1, 3, 224, 224]))); // draws no weights
 * ```
 * The model is called, in evaluation mode, on zeros. A large one is not computed (see `dryRun`): then branches that
 * depend on values may go astray. The model of a function is not even given its initial weights, so that 138 million
 * parameters take no memory.
 * @param inputShape with the batch dim, or a list of shapes for several inputs
 * @throws ShapeError where a layer does not fit its input, and where a window does not fit a whole number of times:
 *   (N − F + 2P)/S + 1 must be whole
 * @see CS231n, lectures 5 and 9
 */
export function summary(model: ModelOrMaker, inputShape: Shape | readonly Shape[], options?: SummaryOptions): Summary {
  const { strict } = readOptions('summary', options, { strict: true });
  const made = model instanceof Module ? model : dryRun(makerOf(model));
  if (!(made instanceof Module)) throw new ArgumentError(`summary: the function gave ${describe(made)}, no module`);
  const inputs = shapesOf(inputShape).map((shape) => zeros(shape));
  const work = sizeOf(made.parameters()) * inputs.reduce((sum, x) => sum + x.numel(), 0);
  const isDry = made !== model || work > SMALL;
  const watch = new Watch(inputs);
  const call = () => observeCalls(watch.seeCall(strict), () => made.call(...inputs));
  const modes = made.modules().map((module): [AnyModule, boolean] => [module, module.training]);
  made.eval();
  const before = observeOps((applied, run) => watch.seeOp(applied, run));
  try {
    noGrad(() => void (isDry ? dryRun(call) : call()));
  } finally {
    observeOps(before);
    for (const [module, training] of modes) module.training = training;
  }
  return new Summary([...watch.rows, ...uncalled(made, watch.called)], made.parameters());
}

function makerOf(model: unknown): () => AnyModule {
  if (typeof model === 'function') return model as () => AnyModule;
  throw new ArgumentError(`summary: expected a module or a function that makes one, got ${describe(model)}`);
}

function shapesOf(given: Shape | readonly Shape[]): Shape[] {
  const shapes = (Array.isArray(given) && Array.isArray(given[0]) ? given : [given]) as Shape[];
  for (const shape of shapes) checkShape('summary', shape);
  return shapes;
}

/** A call that is running. */
interface Frame {
  multiplyAdds: number;
  hasCalls: boolean;
}

/** Writes down the calls of modules. */
class Watch {
  readonly rows: SummaryRow[] = [];
  readonly called = new Set<AnyModule>();
  private readonly counted = new Set<Parameter>();
  private readonly known = new Set<unknown>();
  private readonly frames: Frame[] = [];
  private isInside = false;

  constructor(inputs: readonly Tensor[]) {
    this.rows.push({
      path: '',
      layer: 'input',
      output: inputs.map((x) => x.shape),
      parameters: 0,
      activations: this.countNew(inputs),
      multiplyAdds: 0,
    });
  }

  seeCall(strict: boolean) {
    return (module: AnyModule, inputs: readonly unknown[], run: () => unknown, path: string): unknown => {
      if (strict && inputs[0] instanceof Tensor) checkStride(module, inputs[0].shape);
      const above = this.frames.at(-1);
      if (above !== undefined) above.hasCalls = true;
      const frame = { multiplyAdds: 0, hasCalls: false };
      this.frames.push(frame);
      const output = run();
      this.frames.pop();
      this.called.add(module);
      this.write(module, path, tensorsIn(output), frame);
      return output;
    };
  }

  /** Counts the products of operations; what those are made of is not counted again. */
  seeOp({ op, inputs }: Applied, run: () => Tensor): Tensor {
    const count = products[op.name];
    if (this.isInside || count === undefined) return run();
    this.isInside = true;
    try {
      const y = run();
      const frame = this.frames.at(-1);
      if (frame !== undefined) frame.multiplyAdds += count(inputs, y);
      return y;
    } finally {
      this.isInside = false;
    }
  }

  /** A row for a layer; a module that calls others has one where it computes something itself. */
  private write(module: AnyModule, path: string, outputs: readonly Tensor[], { multiplyAdds, hasCalls }: Frame): void {
    const own = ownParameters(module).filter((parameter) => !this.counted.has(parameter));
    for (const parameter of own) this.counted.add(parameter);
    const activations = this.countNew(outputs);
    const parameters = sizeOf(own);
    if (hasCalls && parameters + activations + multiplyAdds === 0) return;
    this.rows.push({
      path,
      layer: module.label,
      output: outputs.map((y) => y.shape),
      parameters,
      activations,
      multiplyAdds,
    });
  }

  private countNew(tensors: readonly Tensor[]): number {
    let count = 0;
    for (const x of tensors) {
      if (!this.known.has(x.storage)) count += x.numel();
      this.known.add(x.storage);
    }
    return count;
  }
}

/** Multiply-adds of operations that are products. */
const products: Readonly<Record<string, (inputs: readonly Tensor[], y: Tensor) => number>> = {
  matmul: ([a], y) => y.numel() * a!.shape.at(-1)!,
  linear: ([x], y) => y.numel() * x!.shape.at(-1)!,
  conv: ([, weight], y) => y.numel() * numelOf(weight!.shape.slice(1)), // F·F·C for each output
  convTranspose: ([x, weight]) => x!.numel() * numelOf(weight!.shape.slice(1)), // F·F·K for each input
};

/** Parameters that are a module's own fields, not those of modules below. */
function ownParameters(module: AnyModule): Parameter[] {
  const below = new Set(module.children().flatMap((child) => child.parameters()));
  return module.parameters().filter((parameter) => !below.has(parameter));
}

/** Layers with parameters that the model did not call. */
function uncalled(model: AnyModule, called: ReadonlySet<AnyModule>): SummaryRow[] {
  const counted = new Set([...called].flatMap(ownParameters));
  const rows: SummaryRow[] = [];
  for (const [path, module] of model.namedModules()) {
    const own = ownParameters(module).filter((parameter) => !counted.has(parameter));
    if (called.has(module) || own.length === 0) continue;
    for (const parameter of own) counted.add(parameter);
    rows.push({ path, layer: module.label, output: [], parameters: sizeOf(own), activations: 0, multiplyAdds: 0 });
  }
  return rows;
}

/** The tensors of an output: itself, or what stands in a list or an object. */
function tensorsIn(output: unknown): Tensor[] {
  if (output instanceof Tensor) return [output];
  if (typeof output !== 'object' || output === null) return [];
  return Object.values(output).filter((value): value is Tensor => value instanceof Tensor);
}
