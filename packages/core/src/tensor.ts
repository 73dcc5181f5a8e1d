import { ArgumentError, GradError, ShapeError } from './errors.ts';
import { allocate, type Nd, type Operand, viewAs } from './kernels/kernel.ts';
import { copy } from './kernels/pointwise.ts';
import { type Loan, Memory } from './memory.ts';
import { formatValues } from './print.ts';
import type { Scope } from './scope.ts';
import { formatShape, isContiguous, numelOf, type Shape } from './shape.ts';

/** Wherever an operation takes a tensor, a plain number will do: it broadcasts. */
export type TensorLike = Tensor | number;

/**
 * What a backward rule may see: the inputs by name, the output `y`, the parameters, and the inputs' shapes (for rules
 * that do not care for the values). Nothing else.
 */
export type At<Names extends string, P> = Readonly<Record<Names, Tensor>> & {
  readonly y: Tensor;
  readonly params: P;
  readonly shapes: Readonly<Record<Names, Shape>>;
};

/** From the upstream gradient g = ∂L/∂y to ∂L/∂input, written in tensor operations so that it can be differentiated. */
export type Rule<Names extends string, P> = (g: Tensor, at: At<Names, P>) => Tensor;

/**
 * A gradient of images, [n, channels, height, width], that is 0 but at some places of each plane: where a max pool found
 * its maxima. Places are counted row by row; where one comes twice, the values add up.
 */
export interface Scattered {
  /** [n, channels, …] */
  readonly values: Tensor;
  /** Of that shape. */
  readonly positions: Tensor;
  /** Of the images. */
  readonly shape: Shape;
  /** What the images hold at the positions, where that is known. */
  readonly there: Tensor | null;
}

/** All the gradients that are wanted, by input, in one pass; from g written out, or from a scattered one. */
export type Fused<Names extends string, P, G = Tensor> = (
  g: G,
  at: At<Names, P>,
  wants: Readonly<Record<Names, boolean>>,
) => Readonly<Partial<Record<Names, Tensor | Scattered>>>;

/** A differentiable operation: its forward and its backward rules. Made by `op()`. */
export interface Op {
  readonly name: string;
  readonly inputs: readonly string[];
  /** Whether its inputs are broadcast, so that their gradients are to be summed back. */
  readonly broadcast: boolean;
  /** One rule per input; `null` where no gradient flows. */
  readonly rules: readonly (Rule<string, unknown> | null)[];
  /** What the rules give, faster; for sweeps that are not themselves recorded. */
  readonly fused: Fused<string, unknown> | undefined;
  /** The same where g is scattered. Without it g is written out first. */
  readonly scattered: Fused<string, unknown, Scattered> | undefined;
  /** The view of a node that rules see. */
  readonly at: (y: Tensor, node: Node) => At<string, unknown>;
}

/** How a tensor was computed: one node of the graph that `backward` sweeps. */
export interface Node {
  readonly op: Op;
  readonly params: unknown;
  /** `null` once the sweep has passed and let go of them. */
  inputs: readonly Tensor[] | null;
  /** The version of each input's memory, and last of the output's, when the node was recorded. */
  readonly versions: readonly number[];
  /** The call of a module in which it was recorded. */
  readonly scope: Scope | null;
  /** Who lends the memory of what was computed beside it. */
  readonly loan: Loan | null;
}

/** Nested lists of numbers, as deep as a tensor has dimensions. */
export type NestedArray = number | NestedArray[];

let lastId = 0;

/** The id of the tensor made last. Ids only grow, so an input's is smaller than its output's. */
export function latestId(): number {
  return lastId;
}

/**
 * An n-dimensional array of doubles that remembers how it was computed. A view: several tensors may show the same
 * memory. Make one with `tensor`, `zeros`, `randn`, …; the operations are methods as well as functions.
 */
export class Tensor implements Operand {
  /** Grows with every tensor made. */
  readonly id = ++lastId;
  /** The view of the numbers, as an `NdArray` of the `ndarray` package; its memory is shared. */
  readonly ndarray: Nd;
  readonly storage: Memory;
  /** The gradient, for those who do not hold on to it: reading it here is no look. @internal */
  heldGrad: Tensor | null = null;
  /** Whether somebody may hold on to the gradient. @internal */
  isGradSeen = false;
  /** How this tensor was computed; `null` for a leaf. */
  node: Node | null = null;
  /** Whether `backward` keeps the gradient of this tensor although it is no leaf. */
  retainsGrad = false;
  private wantsGrad = false;

  /** Wraps a view without a copy; `storage` is the memory's record where the memory is another tensor's. */
  constructor(view: Nd, storage?: Memory) {
    this.ndarray = view;
    this.storage = storage ?? new Memory(this.id);
  }

  /** Sizes of the dimensions, outermost first; `[]` for a scalar. */
  get shape(): Shape {
    return this.ndarray.shape;
  }

  /** How many dimensions. */
  get ndim(): number {
    return this.ndarray.shape.length;
  }

  /** How many elements. */
  numel(): number {
    return numelOf(this.ndarray.shape);
  }

  /** Whether the elements lie one after another in row-major order. */
  isContiguous(): boolean {
    return isContiguous(this.ndarray.shape, this.ndarray.stride);
  }

  /** Whether this tensor was made by the user, not computed from others that want gradients. */
  get isLeaf(): boolean {
    return this.node === null;
  }

  /** ∂L/∂this, of this tensor's shape, once `backward` has run; it accumulates over several calls. */
  get grad(): Tensor | null {
    this.isGradSeen = true;
    return this.heldGrad;
  }

  set grad(gradient: Tensor | null) {
    this.isGradSeen = true;
    this.heldGrad = gradient;
  }

  /** Whether gradients flow to this tensor. Can be set on leaves; what is computed from them follows. */
  get requiresGrad(): boolean {
    return this.wantsGrad || this.node !== null;
  }

  set requiresGrad(wanted: boolean) {
    if (this.node !== null && !wanted) {
      throw new GradError('requiresGrad can only be switched off on a leaf; use detach() for a tensor without history');
    }
    this.wantsGrad = wanted;
  }

  /** Sets `requiresGrad` and returns the tensor. */
  requiresGrad_(wanted = true): this {
    this.requiresGrad = wanted;
    return this;
  }

  /** Makes `backward` keep this tensor's gradient in `grad`, although it is computed. @see PyTorch `Tensor.retain_grad` */
  retainGrad(): this {
    if (!this.requiresGrad) throw new GradError('retainGrad: this tensor does not want a gradient (requiresGrad)');
    this.retainsGrad = true;
    return this;
  }

  /** The same memory without history: no gradient flows through it. */
  detach(): Tensor {
    return new Tensor(this.ndarray, this.storage);
  }

  /** The elements in row-major order, copied. */
  toArray(): Float64Array {
    checkPresent('toArray', this);
    const flat = allocate(this.shape);
    copy.run([flat], [this.ndarray]);
    return flat.data;
  }

  /** The elements as nested lists; a plain number for a scalar. */
  tolist(): NestedArray {
    checkPresent('tolist', this);
    const { data, shape, stride, offset } = this.ndarray;
    const list = (dim: number, at: number): NestedArray =>
      dim === shape.length
        ? data[at]!
        : Array.from({ length: shape[dim]! }, (_, i) => list(dim + 1, at + i * stride[dim]!));
    return list(0, offset);
  }

  /**
   * The one element of a tensor that has one.
   * @throws ShapeError for any other number of elements
   */
  item(): number {
    checkPresent('item', this);
    if (this.numel() !== 1) {
      throw new ShapeError(
        `item: expected one element, got a tensor of shape ${formatShape(this.shape)}; use tolist()`,
      );
    }
    return this.ndarray.data[this.ndarray.offset]!;
  }

  /** Values, shape, and what made it. */
  toString(): string {
    const notes = [`shape ${formatShape(this.shape)}`];
    if (this.node !== null) notes.push(`made by ${this.node.op.name}`);
    else if (this.wantsGrad) notes.push('requiresGrad');
    return `tensor(${formatValues(this.ndarray, 'tensor('.length)}, ${notes.join(', ')})`;
  }

  /** What `console.log` prints in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** A new tensor that shows memory of `x` through another shape, stride and offset; its memory's history is shared. */
export function viewOf(x: Tensor, shape: Shape, stride: Shape, offset: number): Tensor {
  return new Tensor(viewAs(x.ndarray.data, shape, stride, offset), x.storage);
}

/** A 0-d tensor of a plain number; a tensor stays what it is. @throws ArgumentError for anything else */
export function asTensor(operation: string, value: TensorLike): Tensor {
  if (value instanceof Tensor) {
    checkPresent(operation, value);
    return value;
  }
  if (typeof value !== 'number') {
    const hint = Array.isArray(value) ? '; wrap lists in tensor([…])' : '';
    throw new ArgumentError(
      `${operation}: expected a tensor or a number, got ${value === null ? 'null' : typeof value}${hint}`,
    );
  }
  return new Tensor(viewAs(Float64Array.of(value), [], [], 0));
}

/** @throws GradError for a value whose memory is used again */
function checkPresent(operation: string, x: Tensor): void {
  if (!x.storage.isGone) return;
  throw new GradError(
    `${operation}: this value was computed on the way, between two layers or by a backward rule, and its memory is ` +
      'used again; clone() it where it is computed, or pass { retainGraph: true } to backward()',
  );
}
