import { onesLike } from './create.ts';
import { ArgumentError, GradError, ShapeError } from './errors.ts';
import { isGradEnabled, withGrad } from './gradMode.ts';
import { launch } from './kernels/launch.ts';
import * as elementwise from './kernels/pointwise.ts';
import { Loan, type Memory, within } from './memory.ts';
import { byName } from './op.ts';
import { sumTo } from './ops/broadcast.ts';
import { add, clone } from './ops/pointwise.ts';
import { writtenOut } from './ops/scatter.ts';
import { readOptions } from './options.ts';
import { formatShape, sameShape } from './shape.ts';
import { type At, latestId, type Node, type Op, type Scattered, Tensor } from './tensor.ts';

/** Options of `backward`. */
export interface BackwardOptions {
  /** ∂L/∂root, of the root's shape; may be left out for a scalar, where it is 1. */
  gradient?: Tensor | null;
  /** Keeps the graph for another sweep (default: the value of `createGraph`). */
  retainGraph?: boolean | null;
  /** Records the sweep itself, so that the gradients can be differentiated (default false). */
  createGraph?: boolean;
}

/** Options of `grad`. */
export interface GradOptions {
  /** ∂L/∂output for each output; may be left out where all are scalars. */
  gradOutputs?: Tensor | readonly Tensor[] | null;
  retainGraph?: boolean | null;
  createGraph?: boolean;
  /** Gives `null` for an input that the outputs do not depend on, instead of an error (default false). */
  allowUnused?: boolean;
}

/**
 * Backpropagation: adds ∂root/∂leaf to the `grad` of every leaf that wants one. Each node of the graph is visited once,
 * newest first, and the graph is released on the way.
 * @throws GradError if nothing in the graph wants a gradient, if the graph has been released by an earlier sweep, or if
 *   a value that a rule needs was changed in place
 * @throws ShapeError if the root is no scalar and no `gradient` is given, or if that has another shape
 * @see CS231n, lecture 4; PyTorch `Tensor.backward`
 */
export function backward(root: Tensor, options?: BackwardOptions): void {
  const { gradient, retainGraph, createGraph } = readOptions('backward', options, {
    gradient: null as Tensor | null,
    retainGraph: null as boolean | null,
    createGraph: false,
  });
  sweep('backward', [root], [gradient], { retainGraph: retainGraph ?? createGraph, createGraph }, (x, gradient) => {
    if (x.isLeaf || x.retainsGrad) accumulate(x, gradient, createGraph);
  });
}

/**
 * ∂outputs/∂inputs, summed over the outputs, one tensor per input. Touches no `grad`.
 * @throws as `backward`, and GradError for an input that the outputs do not depend on, unless `allowUnused`
 * @see PyTorch `torch.autograd.grad`
 */
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions & { allowUnused?: false },
): Tensor[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options: GradOptions,
): (Tensor | null)[];
export function grad(
  outputs: Tensor | readonly Tensor[],
  inputs: Tensor | readonly Tensor[],
  options?: GradOptions,
): (Tensor | null)[] {
  const { gradOutputs, retainGraph, createGraph, allowUnused } = readOptions('grad', options, {
    gradOutputs: null as Tensor | readonly Tensor[] | null,
    retainGraph: null as boolean | null,
    createGraph: false,
    allowUnused: false,
  });
  const roots = [outputs].flat() as Tensor[];
  const targets = [inputs].flat() as Tensor[];
  const given = gradOutputs === null ? roots.map(() => null) : ([gradOutputs].flat() as Tensor[]);
  if (given.length !== roots.length) {
    throw new ArgumentError(`grad: expected one gradOutputs per output (${roots.length}), got ${given.length}`);
  }
  const wanted = new Map<Tensor, Tensor | null>(targets.map((x) => [x, null]));
  const mode = { retainGraph: retainGraph ?? createGraph, createGraph };
  sweep('grad', roots, given, mode, (x, { g }) => void (wanted.has(x) && wanted.set(x, kept(writtenOut(g)))), wanted);
  return targets.map((x, i) => {
    const g = wanted.get(x)!;
    if (g === null && !allowUnused) {
      const why = x.requiresGrad ? 'the outputs do not depend on it' : 'it does not want a gradient (requiresGrad)';
      throw new GradError(`grad: input ${i} has no gradient: ${why}; allowUnused gives null instead`);
    }
    return g;
  });
}

/** A node through which a gradient is about to be handed back. */
export interface Passed {
  readonly node: Node;
  /** ∂root/∂y, of the node's output y. */
  readonly g: Tensor;
}

/** Hands a gradient back through a node, by `run`, which shows to `see` what has gathered at each input. */
export type PassObserver = (passed: Passed, run: (see: (x: Tensor, gradient: Tensor) => void) => void) => void;

let observer: PassObserver | null = null;

/** Makes `next` see every step of a sweep from now on, or with `null` nobody; returns who saw them before. */
export function observePasses(next: PassObserver | null): PassObserver | null {
  const before = observer;
  observer = next;
  return before;
}

interface Sweep {
  retainGraph: boolean;
  createGraph: boolean;
}

/** The gradient that has gathered at a tensor, and whether it was made for it, so that it may be written to. */
interface Gathered {
  g: Tensor | Scattered;
  isOwn: boolean;
}

/** The memory in which a gradient is. */
function memoryOf(g: Tensor | Scattered): readonly Memory[] {
  if (g instanceof Tensor) return [g.storage];
  const { values, positions, there } = g;
  return [values, positions, ...(there === null ? [] : [there])].map(({ storage }) => storage);
}

/**
 * The reverse sweep. Whenever all that depends on a tensor has been passed, its gradient is complete and `arrive` is
 * told. With `targets`, only the paths to them are followed.
 */
function sweep(
  operation: string,
  roots: readonly Tensor[],
  gradients: readonly (Tensor | null)[],
  { retainGraph, createGraph }: Sweep,
  arrive: (x: Tensor, gradient: Gathered) => void,
  targets?: ReadonlyMap<Tensor, unknown>,
): void {
  const gathered = new Gathering(createGraph ? null : new Loan());
  roots.forEach((root, i) => {
    gathered.add(root, { g: startOf(operation, root, gradients[i] ?? null), isOwn: false });
  });
  const order = newestFirst(operation, roots);
  const needed = targets && leadingTo(targets, order);
  const isNeeded = (x: Tensor) => needed === undefined || needed.has(x);
  const passing = new Passing();
  withGrad(createGraph, () => {
    try {
      for (const y of order) {
        if (!retainGraph) passing.reach(y);
        gathered.take(y, (gradient) => {
          arrive(y, gradient);
          if (y.node === null) return;
          handBack(y, y.node, gradient.g, isNeeded, gathered);
          if (!retainGraph) y.node.inputs = null;
        });
      }
      passing.end();
    } finally {
      gathered.end();
    }
  });
}

/** `pass`, with what it gives gathered; seen by an observer, where there is one. */
function handBack(
  y: Tensor,
  node: Node,
  g: Tensor | Scattered,
  isNeeded: (x: Tensor) => boolean,
  gathered: Gathering,
): void {
  const run = (see: ((x: Tensor, gradient: Tensor) => void) | null) =>
    gathered.lending(() =>
      pass(y, node, g, isNeeded, (x, next) => {
        const sum = gathered.add(x, next);
        see?.(x, writtenOut(sum));
      }),
    );
  if (observer === null) run(null);
  else observer({ node, g: writtenOut(g) }, run);
}

/** The gradients that have been computed and not yet been passed on. Its loan lends their memory, for that long. */
class Gathering {
  private readonly gradients = new Map<Tensor, Gathered>();

  constructor(private readonly loan: Loan | null) {}

  /** A value that is used several times gathers the sum of the gradients of its uses; returns the sum so far. */
  add(x: Tensor, next: Gathered): Tensor | Scattered {
    const before = this.gradients.get(x);
    if (before === undefined) return this.hold(x, next);
    this.gradients.delete(x);
    for (const memory of memoryOf(before.g)) memory.uses--;
    return this.hold(x, { g: add(writtenOut(before.g), writtenOut(next.g)), isOwn: true });
  }

  private hold(x: Tensor, gradient: Gathered): Tensor | Scattered {
    for (const memory of memoryOf(gradient.g)) memory.uses++;
    this.gradients.set(x, gradient);
    return gradient.g;
  }

  /** Shows the gradient at `x`, if there is one, and then lets it go. */
  take(x: Tensor, use: (gradient: Gathered) => void): void {
    const gradient = this.gradients.get(x);
    if (gradient === undefined) return;
    this.gradients.delete(x);
    const { g, isOwn } = gradient;
    const memories = memoryOf(g);
    use({ g, isOwn: isOwn && memories[0]!.uses === 1 });
    for (const memory of memories) memory.uses--;
    this.loan?.settle();
  }

  /** Runs rules, whose results are lent. */
  lending(rules: () => void): void {
    within(this.loan, rules);
  }

  /** What an error has left over is let go. */
  end(): void {
    for (const { g } of this.gradients.values()) for (const memory of memoryOf(g)) memory.uses--;
    this.loan?.end();
  }
}

/** The loans of the forward pass whose nodes the sweep is passing, the newest last. */
class Passing {
  private readonly loans: Loan[] = [];
  /** Those that have been passed, but for a gradient that shows what they lent. */
  private passed: Loan[] = [];

  /** Ends the loans whose nodes are all newer than `y`: whatever used what they lent has been passed. */
  reach(y: Tensor): void {
    while (this.loans.length > 0 && y.id < this.loans.at(-1)!.firstNode!) this.passed.push(this.loans.pop()!);
    this.passed = this.passed.filter((loan) => {
      if (loan.isInUse()) return true;
      loan.end();
      return false;
    });
    const loan = y.node?.loan ?? null;
    if (loan !== null && loan !== this.loans.at(-1)) this.loans.push(loan);
  }

  end(): void {
    for (const loan of [...this.loans, ...this.passed]) loan.end();
  }
}

/** Hands the gradient of a node on to each input that wants one, by the chain rule. */
function pass(
  y: Tensor,
  node: Node,
  g: Tensor | Scattered,
  isWanted: (x: Tensor) => boolean,
  toInput: (x: Tensor, gradient: Gathered) => void,
): void {
  const { op, inputs } = node;
  const at = op.at(y, node);
  const wants = inputs!.map((x, i) => x.requiresGrad && op.rules[i] !== null && isWanted(x));
  const before = latestId();
  const given = op.scattered === undefined ? writtenOut(g) : g;
  const all = isGradEnabled() ? null : atOnce(op, given, at, wants);
  inputs!.forEach((x, i) => {
    if (!wants[i]) return;
    let gradient = all === null ? op.rules[i]!(writtenOut(given), at) : all[op.inputs[i]!]!;
    if (!sameShape(gradient.shape, x.shape)) {
      if (!op.broadcast) {
        throw new ShapeError(
          `${op.name}: the rule for "${op.inputs[i]}" gave a gradient of shape ${formatShape(gradient.shape)} ` +
            `for an input of shape ${formatShape(x.shape)}`,
        );
      }
      gradient = sumTo(writtenOut(gradient), x.shape); // broadcasting is undone here, and nowhere else
    }
    toInput(x, { g: gradient, isOwn: memoryOf(gradient)[0]!.id > before });
  });
}

/** All the gradients, where the operation gives them in one pass; else `null`. */
function atOnce(op: Op, g: Tensor | Scattered, at: At<string, unknown>, wants: readonly boolean[]) {
  const wanted = () => byName(op.inputs, wants);
  return (g instanceof Tensor ? op.fused?.(g, at, wanted()) : op.scattered?.(g, at, wanted())) ?? null;
}

/** Every tensor that the roots depend on and that wants a gradient, newest first: an input is older than its output. */
function newestFirst(operation: string, roots: readonly Tensor[]): Tensor[] {
  const seen = new Set(roots);
  for (const y of seen) {
    if (y.node === null) continue;
    if (y.node.inputs === null) {
      throw new GradError(
        `${operation}: the graph behind ${y.node.op.name} was released by an earlier backward(); ` +
          'compute it again, or pass { retainGraph: true } to the earlier call',
      );
    }
    // A Set also visits what is added during the walk.
    for (const input of y.node.inputs) if (input.requiresGrad) seen.add(input);
  }
  return [...seen].sort((a, b) => b.id - a.id);
}

/** Those tensors that lie on a path to a target. */
function leadingTo(targets: ReadonlyMap<Tensor, unknown>, order: readonly Tensor[]): Set<Tensor> {
  const needed = new Set(targets.keys());
  for (let i = order.length - 1; i >= 0; i--) {
    const y = order[i]!;
    if (y.node?.inputs?.some((x) => needed.has(x))) needed.add(y);
  }
  return needed;
}

function startOf(operation: string, root: Tensor, gradient: Tensor | null): Tensor {
  if (!root.requiresGrad) {
    throw new GradError(
      `${operation}: nothing to differentiate: this tensor was not computed from one that wants a gradient ` +
        '(requiresGrad), or it was computed inside noGrad',
    );
  }
  if (gradient === null) {
    if (root.numel() === 1) return withGrad(false, () => onesLike(root));
    throw new ShapeError(
      `${operation}: the gradient of a tensor of shape ${formatShape(root.shape)} needs a gradient to start from; ` +
        'reduce it to a scalar first, as by mean() or sum(), or pass one of its shape',
    );
  }
  if (sameShape(gradient.shape, root.shape)) return gradient;
  throw new ShapeError(
    `${operation}: the gradient to start from has shape ${formatShape(gradient.shape)}, the tensor ${formatShape(root.shape)}`,
  );
}

/** Adds to `x.grad`; a first gradient that nothing else holds is taken as it is. */
function accumulate(x: Tensor, { g, isOwn }: Gathered, createGraph: boolean): void {
  const before = x.heldGrad;
  const whole = writtenOut(g);
  if (before === null) {
    x.heldGrad = (isOwn || whole !== g) && whole.isContiguous() && x.isLeaf ? kept(whole) : clone(whole);
    x.isGradSeen = false;
  } else if (createGraph) x.heldGrad = add(before, whole);
  else launch(elementwise.add, [before], [before, whole], undefined);
}

/** A gradient that outlives the sweep. */
function kept(g: Tensor): Tensor {
  if (g.storage.loan !== null) g.storage.keep();
  return g;
}

/** Forgets the gradient of a leaf. Its memory is used again at once, unless somebody may have kept it. */
export function forgetGrad(x: Tensor): void {
  const g = x.heldGrad;
  x.heldGrad = null;
  if (g !== null && !x.isGradSeen && x.isLeaf && g.node === null) g.storage.giveBack();
}
