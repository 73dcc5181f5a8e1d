import { ArgumentError, describe, isGradEnabled, Loan, NdgradError, openLoan, type Tensor, within } from '@ndgrad/core';
import { type AnyModule, inside, isObserved, Module } from '../module.ts';
import { ReLU } from './activation.ts';
import { Conv2d } from './conv.ts';
import { MaxPool2d } from './pool.ts';

/** A list of modules, which are its fields 0, 1, 2, …: so they are named `0.weight`, `1.weight`, …. */
abstract class ModuleArray<M extends AnyModule, Inputs extends unknown[], Output> extends Module<Inputs, Output> {
  readonly [index: number]: M;
  /** How many modules. */
  length = 0;

  constructor(modules: Iterable<M>) {
    super();
    for (const module of modules) this.append(module);
  }

  /** Adds a module at the end. @throws ArgumentError for anything that is no module */
  append(module: M): this {
    if (!(module instanceof Module)) {
      throw new ArgumentError(`${this.label}: element ${this.length} must be a module, got ${describe(module)}`);
    }
    (this as { [index: number]: M })[this.length++] = module;
    return this;
  }

  /** The module at `index`; −1 is the last. */
  at(index: number): M | undefined {
    return this[index < 0 ? index + this.length : index];
  }

  *[Symbol.iterator](): Generator<M> {
    for (let i = 0; i < this.length; i++) yield this[i]!;
  }
}

/**
 * Layers one after another: each takes what the one before gives. `model[0]` is the first. A `Conv2d`, `ReLU` and
 * `MaxPool2d` in a row run as one operation (`convReluPool2d`), to the bit, where that is faster; inside `observeCalls`,
 * or called one by one, each runs by itself.
 * @see PyTorch `nn.Sequential`
 */
export class Sequential extends ModuleArray<Module, [Tensor], Tensor> {
  static override readonly keepsNothing = true;

  constructor(...layers: Module[]) {
    super(layers);
  }

  override forward(x: Tensor): Tensor {
    const between = new Between(this);
    try {
      for (let i = 0; i < this.length; ) {
        const pooled = between.pooled(i, x);
        x = pooled ?? between.call(i, x);
        i += pooled === null ? 1 : 3;
      }
    } catch (error) {
      between.end();
      throw error;
    }
    between.handOut(x);
    return x;
  }
}

/** What passes between the layers: nobody else sees it, so its memory is lent until it has served. */
class Between {
  private loans: Loan[] = [];

  constructor(private readonly layers: Sequential) {}

  call(i: number, x: Tensor): Tensor {
    const layer = this.layers[i]!;
    return this.latest(within(this.loanOf(i), () => layer.call(x)));
  }

  /** What layers i to i + 2 give, if they can run as one. */
  pooled(i: number, x: Tensor): Tensor | null {
    const [conv, relu, pool] = [this.layers[i], this.layers[i + 1], this.layers[i + 2]];
    if (!isJust(conv, Conv2d) || !isJust(relu, ReLU) || !isJust(pool, MaxPool2d)) return null;
    const { returnIndices, ...options } = pool.options;
    if (returnIndices || isObserved()) return null;
    try {
      const y = within(this.loanOf(i + 2), () => inside(conv, () => conv.pooled(x, pool.kernelSize, options)));
      return y === null ? null : this.latest(y);
    } catch (error) {
      if (error instanceof NdgradError) return null; // one by one, it says in which layer
      throw error;
    }
  }

  /** Unrecorded, only the latest value is still needed. */
  private latest(y: Tensor): Tensor {
    if (!isGradEnabled()) this.endAllBut(y);
    return y;
  }

  /** Who lends the output of a layer: one of ours between two layers that keep nothing; at the end whoever lends ours. */
  private loanOf(i: number): Loan | null {
    if (!keepsNothing(this.layers[i]) || isObserved()) return null;
    if (i === this.layers.length - 1) return openLoan();
    if (!keepsNothing(this.layers[i + 1])) return null;
    const latest = this.loans.at(-1);
    // Without a node that says when it has served, what is lent goes with the next.
    if (latest !== undefined && latest.firstNode === null) return latest;
    const next = new Loan();
    this.loans.push(next);
    return next;
  }

  /** The result is the caller's, and the rest goes with the graph. */
  handOut(y: Tensor): void {
    if (this.loans.some((loan) => loan === y.storage?.loan)) y.storage.keep(); // a pooling layer may give more than a tensor
    if (y.node === null) this.end();
    for (const loan of this.loans) {
      if (loan.firstNode === null) loan.keepAll();
      else loan.guard();
    }
  }

  end(): void {
    for (const loan of this.loans) loan.end();
    this.loans = [];
  }

  private endAllBut(y: Tensor): void {
    this.loans = this.loans.filter((loan) => {
      if (loan === y.storage?.loan) return true;
      loan.end();
      return false;
    });
  }
}

/** Whether a layer is of that very class, and does what it does. */
function isJust<M extends AnyModule>(layer: AnyModule | undefined, kind: new (...args: never[]) => M): layer is M {
  return layer?.constructor === kind && !Object.hasOwn(layer, 'forward') && !Object.hasOwn(layer, 'call');
}

/** Whether a layer's class says of itself, and not of its subclasses, that it keeps nothing. */
function keepsNothing(layer: Module | undefined): boolean {
  return layer !== undefined && Object.hasOwn(layer.constructor, 'keepsNothing');
}

/**
 * A list of modules for a model to use as it likes; a plain array does as well.
 * @see PyTorch `nn.ModuleList`
 */
export class ModuleList<M extends AnyModule = Module> extends ModuleArray<M, [], never> {
  constructor(modules: Iterable<M> = []) {
    super(modules);
  }

  /** @throws ArgumentError always: call the modules in it */
  override forward(): never {
    throw new ArgumentError('ModuleList: a list is not called; call the modules in it');
  }
}
