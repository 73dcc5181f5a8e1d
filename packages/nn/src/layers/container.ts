import { ArgumentError, describe, type Tensor } from '@ndgrad/core';
import { type AnyModule, Module } from '../module.ts';

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
 * Layers one after another: each takes what the one before gives. `model[0]` is the first.
 * @see PyTorch `nn.Sequential`
 */
export class Sequential extends ModuleArray<Module, [Tensor], Tensor> {
  constructor(...layers: Module[]) {
    super(layers);
  }

  override forward(x: Tensor): Tensor {
    for (const layer of this) x = layer.call(x);
    return x;
  }
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
