import { ArgumentError, GradError } from './errors.ts';
import { isGradEnabled, withGrad } from './gradMode.ts';
import { allocate, contiguous, type Kernel } from './kernels/kernel.ts';
import { launch } from './kernels/launch.ts';
import { blockOf, openLoan } from './memory.ts';
import { currentScope } from './scope.ts';
import { broadcastShapes, expandStrides, numelOf, type Shape, sameShape } from './shape.ts';
import {
  type At,
  asTensor,
  type Fused,
  type Node,
  type Op,
  type Rule,
  type Scattered,
  Tensor,
  type TensorLike,
  viewOf,
} from './tensor.ts';

type TensorsOf<Names extends readonly string[]> = { [K in keyof Names]: Tensor };
type OperandsOf<Names extends readonly string[]> = { [K in keyof Names]: TensorLike };

/** An operation that is about to run. */
export interface Applied {
  readonly op: Op;
  readonly inputs: readonly Tensor[];
  /** The inputs as the forward sees them: broadcast, where the operation broadcasts. */
  readonly ready: readonly Tensor[];
  readonly params: unknown;
}

/** Runs an operation, and may look at it before and after. */
export type OpObserver = (applied: Applied, run: () => Tensor) => Tensor;

let observer: OpObserver | null = null;

/** Makes `next` see every operation from now on, or with `null` nobody; returns who saw them before. */
export function observeOps(next: OpObserver | null): OpObserver | null {
  const before = observer;
  observer = next;
  return before;
}

/** Whether somebody sees every operation, and so wants to see each by itself. */
export function areOpsObserved(): boolean {
  return observer !== null;
}

/** One operation, as it is written down. */
export interface OpSpec<Names extends readonly string[], P> {
  /** As it appears in errors, in printed tensors and in graphs. */
  name: string;
  /** The names of the tensor inputs, in order. */
  inputs: Names;
  /** How many trailing dims are not broadcast: 0 for a pointwise operation, 2 for a matrix product. Default: no broadcasting. */
  broadcastBefore?: number;
  /** Computes the output. Runs unrecorded; sees pointwise inputs already broadcast. */
  forward: (...args: [...TensorsOf<Names>, params: P]) => Tensor;
  /** ∂L/∂input for each input, by name; `null` where no gradient flows. */
  backward: { [K in Names[number]]: Rule<Names[number], P> | null };
  /**
   * What the rules give, faster: all wanted gradients from one pass over the numbers. Used where the sweep is not itself
   * recorded; the rules stay the definition.
   */
  fused?: Fused<Names[number], P>;
  /** The same from a gradient that is scattered, for operations that need not have it written out. */
  scattered?: Fused<Names[number], P, Scattered>;
}

/** An operation as a function of its inputs, then its params. */
export type OpFunction<Names extends readonly string[], P> = ((
  ...args: [...OperandsOf<Names>, ...([P] extends [void] ? [] : [params: P])]
) => Tensor) & { readonly op: Op };

/**
 * Makes a differentiable operation of a forward and one backward rule per input.
 *
 * ```ts
 * const cube = op({
 *   name: 'cube',
 *   inputs: ['x'],
 *   forward: (x) => mul(x, square(x)),
 *   backward: { x: (g, { x }) => mul(g, mul(3, square(x))) },
 * });
 * ```
 * The rules are tensor operations, so that gradients can themselves be differentiated. Check a new one with `gradcheck`
 * and `gradgradcheck`.
 */
export function op<const Names extends readonly string[], P = void>(spec: OpSpec<Names, P>): OpFunction<Names, P> {
  const { name, inputs, broadcastBefore, forward } = spec;
  const rules = inputs.map((input) => spec.backward[input as Names[number]]) as unknown as Op['rules'];
  const record: Op = {
    name,
    inputs,
    broadcast: broadcastBefore !== undefined,
    rules,
    fused: spec.fused as Op['fused'],
    scattered: spec.scattered as Op['scattered'],
    at: atOf(name, inputs),
  };

  const run = (...args: unknown[]): Tensor => {
    if (inputs.length > 1 && !args.some((arg) => arg instanceof Tensor)) {
      throw new ArgumentError(`${name}: expected at least one tensor, got numbers alone; wrap one in tensor()`);
    }
    const operands = inputs.map((_, i) => asTensor(name, args[i] as TensorLike));
    const params = args[inputs.length] as P;
    const result = withGrad(false, () => {
      const ready = broadcastBefore === undefined ? operands : broadcastTogether(name, operands, broadcastBefore);
      const f = forward as (...all: unknown[]) => Tensor;
      if (observer === null) return f(...ready, params);
      return observer({ op: record, inputs: operands, ready, params }, () => f(...ready, params));
    });
    const y = operands.includes(result) ? result.detach() : result;
    if (isGradEnabled() && operands.some((x, i) => x.requiresGrad && rules[i] !== null)) {
      const loan = openLoan();
      if (loan !== null) loan.firstNode ??= y.id;
      y.node = { op: record, inputs: operands, params, versions: versionsOf(y, operands), loan, scope: currentScope() };
    }
    return y;
  };
  return Object.assign(run, { op: record }) as unknown as OpFunction<Names, P>;
}

/** y = f(x), element by element. */
export function unary(name: string, kernel: Kernel, rule: Rule<'x', void> | null): OpFunction<['x'], void> {
  return op<['x']>({ name, inputs: ['x'], forward: (x) => compute(kernel, x.shape, [x]), backward: { x: rule } });
}

/** y = f(a, b), element by element, broadcast. */
export function binary(
  name: string,
  kernel: Kernel,
  backward: { a: Rule<'a' | 'b', void> | null; b: Rule<'a' | 'b', void> | null },
): OpFunction<['a', 'b'], void> {
  return op<['a', 'b']>({
    name,
    inputs: ['a', 'b'],
    broadcastBefore: 0,
    forward: (a, b) => compute(kernel, a.shape, [a, b]),
    backward,
  });
}

/** Launches a kernel into a fresh tensor of the given shape. */
export function compute<P = void>(kernel: Kernel<P>, shape: Shape, inputs: readonly Tensor[], params?: P): Tensor {
  const y = unwritten(shape);
  launch(kernel, [y], inputs, params as P);
  return y;
}

/** A new tensor of arbitrary numbers, for a kernel to write whole; in memory that is lent, where a loan is open. */
export function unwritten(shape: Shape): Tensor {
  const loan = openLoan();
  const block = loan === null ? null : blockOf(numelOf(shape));
  if (block === null) return new Tensor(allocate(shape));
  const y = new Tensor(contiguous(block, shape));
  loan!.lend(y.storage, block);
  return y;
}

/** `x` shown as a larger shape, through strides of 0. */
export function expandView(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  return viewOf(x, shape, expandStrides(x.shape, x.ndarray.stride, shape)!, x.ndarray.offset);
}

function broadcastTogether(name: string, operands: Tensor[], keep: number): Tensor[] {
  const common = broadcastShapes(name, ...operands.map((x) => (keep === 0 ? x.shape : x.shape.slice(0, -keep))));
  return operands.map((x) => expandView(x, keep === 0 ? common : [...common, ...x.shape.slice(x.ndim - keep)]));
}

function versionsOf(y: Tensor, inputs: readonly Tensor[]): number[] {
  const versions = inputs.map((x) => x.storage.version);
  versions.push(y.storage.version);
  return versions;
}

/** Values by the names of an operation's inputs. */
export function byName<T>(inputs: readonly string[], values: readonly T[]): Record<string, T> {
  const all: Record<string, T> = {};
  for (let i = 0; i < inputs.length; i++) all[inputs[i]!] = values[i]!;
  return all;
}

/** A class per operation whose getters hand a rule the inputs by name, refusing one that was changed since. */
function atOf(name: string, inputs: readonly string[]): Op['at'] {
  class AtNode {
    constructor(
      readonly output: Tensor,
      readonly node: Node,
    ) {}
    get y(): Tensor {
      return unchanged(this.output, this.node.versions[inputs.length]!, name, 'output');
    }
    get params(): unknown {
      return this.node.params;
    }
    get shapes(): Record<string, Shape> {
      return byName(
        inputs,
        this.node.inputs!.map((x) => x.shape),
      );
    }
  }
  inputs.forEach((input, i) => {
    Object.defineProperty(AtNode.prototype, input, {
      get(this: AtNode) {
        return unchanged(this.node.inputs![i]!, this.node.versions[i]!, name, `input "${input}"`);
      },
    });
  });
  return (y, node) => new AtNode(y, node) as unknown as At<string, unknown>;
}

function unchanged(x: Tensor, version: number, name: string, what: string): Tensor {
  if (x.storage.version === version) return x;
  throw new GradError(
    `${name}: its ${what} was changed in place after the forward pass, and the backward pass needs the old values ` +
      `(version ${x.storage.version}, expected ${version}); call backward() before the change, or clone() first`,
  );
}
