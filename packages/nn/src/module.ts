import {
  ArgumentError,
  copy_,
  currentScope,
  describe,
  enterScope,
  forgetGrad,
  formatScope,
  formatShape,
  latestId,
  NdgradError,
  noGrad,
  readOptions,
  runThen,
  type Scope,
  sameShape,
  Tensor,
} from '@ndgrad/core';
import { Buffer, Parameter } from './parameter.ts';

/** A module of whatever inputs and output. */
export type AnyModule = Module<unknown[], unknown>;

/** The tensors of a module's state by their names: `0.weight`, `bn.running_mean`. */
export type StateDict = Record<string, Tensor>;

/** The names that a state and a module do not share. */
export interface KeyMismatch {
  missingKeys: string[];
  unexpectedKeys: string[];
}

/** The call of a module that is running: what is computed inside knows where it stands. */
class Call implements Scope {
  readonly since = latestId();

  constructor(
    readonly module: AnyModule,
    readonly parent: Scope | null,
  ) {}

  get path(): string {
    return pathFrom(this.root, this.module);
  }

  get label(): string {
    return this.module.label;
  }

  private get root(): AnyModule {
    return this.parent instanceof Call ? this.parent.root : this.module;
  }
}

/** Runs `body` as the call of a module: what it computes knows where it stands, and an error says so. */
export function inside<T>(module: AnyModule, body: (call: Call) => T): T {
  const call = new Call(module, currentScope());
  const before = enterScope(call);
  try {
    return body(call);
  } catch (error) {
    if (error instanceof NdgradError) locate(error, call);
    throw error;
  } finally {
    enterScope(before);
  }
}

/**
 * Runs the forward of a module that is called, by `run`, and may look at it before and after; returns what the call is
 * to return. `path` is where the module stands, seen from the outermost one that is being called.
 */
export type CallObserver = (module: AnyModule, inputs: readonly unknown[], run: () => unknown, path: string) => unknown;

let observer: CallObserver | null = null;

/** Whether somebody sees the calls of modules, and so may keep what passes between them. */
export function isObserved(): boolean {
  return observer !== null;
}

/**
 * Runs `body`, and shows `next` every call of a module on the way; an observer from around sees them as well. Where
 * `body` is async, it sees what is called until the promise is settled.
 *
 * ```ts
 * observeCalls((module, inputs, run, path) => {
 *   const output = run();
 *   console.log(path, module.label, output.shape);
 *   return output;
 * }, () => model.call(x));
 * ```
 */
export function observeCalls<T>(next: CallObserver, body: () => T): T;
/** Makes `next` see every call of a module from now on, or with `null` nobody; returns who saw them before. */
export function observeCalls(next: CallObserver | null): CallObserver | null;
export function observeCalls<T>(next: CallObserver | null, body?: () => T): T | CallObserver | null {
  const before = observer;
  if (body === undefined || next === null) {
    observer = next;
    return before;
  }
  observer =
    before === null
      ? next
      : (module, inputs, run, path) => before(module, inputs, () => next(module, inputs, run, path), path);
  return runThen(body, () => {
    observer = before;
  });
}

/**
 * The parent of all layers, losses and models. A subclass has its parameters, buffers and child modules as ordinary
 * fields, or in arrays or plain objects that are fields, and computes in `forward`. It is used by `call`:
 *
 * ```ts
 * class Perceptron extends Module {
 *   hidden = new Linear(784, 100);
 *   output = new Linear(100, 10);
 *   override forward(x: Tensor): Tensor {
 *     return this.output.call(relu(this.hidden.call(x))); // [n, 784] → [n, 100] → [n, 10]
 *   }
 * }
 * const scores = new Perceptron().call(images);
 * ```
 * What is found on the way from the root to a tensor makes its name: `hidden.weight`, `blocks.0.bias`. One rule makes
 * PyTorch's names of ours: a capital after a small letter becomes an underscore and its small letter, so that the field
 * `runningMean` is named `running_mean`. Private fields (`#name`) and plain tensors are no part of the state.
 * @see PyTorch `nn.Module`
 */
export abstract class Module<Inputs extends unknown[] = [Tensor], Output = Tensor> {
  /**
   * A class that has this as its own keeps neither its input nor its output when it is called. What passes between two
   * such layers of a `Sequential` is computed in memory that is used again after the backward pass.
   */
  static readonly keepsNothing?: boolean;

  /** Whether the module is being trained (default), which matters to dropout and batch normalisation. */
  training = true;

  /** The computation itself. Called by `call`, not by the user. */
  abstract forward(...inputs: Inputs): Output;

  /** Runs `forward`. An error thrown inside says in which module: `in layers.2 (Linear 100→10): …` */
  call(...inputs: Inputs): Output {
    return inside(this, (call) => {
      if (observer === null) return this.forward(...inputs);
      return observer(this, inputs, () => this.forward(...inputs), call.path) as Output;
    });
  }

  // What is inside

  /** All modules, this one included, by path; each once. This one's path is `''`. */
  namedModules(): [path: string, module: AnyModule][] {
    return once(modulesBelow(this));
  }

  /** All modules, this one included; each once. */
  modules(): AnyModule[] {
    return this.namedModules().map(([, module]) => module);
  }

  /** The modules that are this one's own fields, by name; each once. */
  namedChildren(): [name: string, module: AnyModule][] {
    return once(membersOf(this).filter((member): member is [string, AnyModule] => member[1] instanceof Module));
  }

  /** The modules that are this one's own fields; each once. */
  children(): AnyModule[] {
    return this.namedChildren().map(([, module]) => module);
  }

  /** All parameters by name, `encoder.0.weight`; a shared one once, under its first name. */
  namedParameters(): [name: string, parameter: Parameter][] {
    return once(tensorsBelow(this, Parameter));
  }

  /** All parameters, each once: what an optimizer takes. */
  parameters(): Parameter[] {
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /** All buffers by name; a shared one once, under its first name. */
  namedBuffers(): [name: string, buffer: Buffer][] {
    return once(tensorsBelow(this, Buffer));
  }

  /** All buffers, each once. */
  buffers(): Buffer[] {
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  // State

  /**
   * The parameters and buffers by name, detached, in memory that stays this module's: clone what is to be kept. A
   * shared parameter stands under each of its names, as in PyTorch.
   * @throws ArgumentError where two tensors would have the same name
   */
  stateDict(): StateDict {
    const state: StateDict = {};
    for (const [path, module] of modulesBelow(this)) {
      for (const [name, tensor] of [...tensorsOf(module, Parameter), ...tensorsOf(module, Buffer)]) {
        const key = join(path, name);
        if (Object.hasOwn(state, key)) throw new ArgumentError(`stateDict: two tensors are named "${key}"`);
        state[key] = tensor.detach();
      }
    }
    return state;
  }

  /**
   * Copies a state into the parameters and buffers, in place.
   * @param options strict (default true): whether missing and unexpected names are errors. Wrong shapes always are.
   * @returns the names that were missing and unexpected
   * @throws ArgumentError listing everything that does not fit; then nothing was changed
   */
  loadStateDict(state: StateDict, options?: { strict?: boolean }): KeyMismatch {
    const { strict } = readOptions('loadStateDict', options, { strict: true });
    const own = this.stateDict();
    const missingKeys = Object.keys(own).filter((key) => !Object.hasOwn(state, key));
    const unexpectedKeys = Object.keys(state).filter((key) => !Object.hasOwn(own, key));
    const shared = Object.keys(own).filter((key) => Object.hasOwn(state, key));
    const problems = shared.flatMap((key) => mismatch(key, own[key]!, state[key]));
    if (strict) problems.unshift(...listed('missing', missingKeys), ...listed('unexpected', unexpectedKeys));
    if (problems.length > 0) {
      throw new ArgumentError(`loadStateDict: the state does not fit ${this.label}:\n  ${problems.join('\n  ')}`);
    }
    noGrad(() => {
      for (const key of shared) copy_(own[key]!, state[key]!);
    });
    return { missingKeys, unexpectedKeys };
  }

  // Modes

  /** Sets this module and all below to training, or with `false` to evaluation. */
  train(mode = true): this {
    if (typeof mode !== 'boolean') throw new ArgumentError(`train: the mode is true or false, got ${describe(mode)}`);
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /** Sets this module and all below to evaluation: no dropout, running statistics instead of the batch's. */
  eval(): this {
    return this.train(false);
  }

  /** Forgets the gradients of all parameters. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) forgetGrad(parameter);
  }

  /** Makes all parameters want gradients, or with `false` freezes them. */
  requiresGrad_(wanted = true): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = wanted;
    return this;
  }

  /** Calls `visit` with every module below, children first, then with this one. */
  apply(visit: (module: AnyModule) => void): this {
    for (const child of this.children()) child.apply(visit);
    visit(this);
    return this;
  }

  // As text

  /** The arguments as `toString` shows them: `inFeatures=784, outFeatures=100, bias=true`. */
  extraRepr(): string {
    return '';
  }

  /** The module in a word or two, for error messages: `Linear 784→100`. */
  get label(): string {
    return this.constructor.name;
  }

  /** The module and those below it, one a line. */
  toString(): string {
    return render(this, []);
  }

  /** What `console.log` prints in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** What counts among a module's fields. */
type Member = Parameter | Buffer | AnyModule;

function membersOf(module: AnyModule): [name: string, member: Member][] {
  return [...membersWithin(module, '', [])];
}

/** Fields, and what stands in arrays and plain objects; `above` keeps from walking in circles. */
function* membersWithin(container: object, prefix: string, above: readonly object[]): Generator<[string, Member]> {
  for (const [field, value] of Object.entries(container)) {
    if (value instanceof Parameter || value instanceof Buffer || value instanceof Module) {
      yield [prefix + nameOf(field), value];
    } else if (isPlain(value) && !above.includes(value)) {
      yield* membersWithin(value, `${prefix}${nameOf(field)}.`, [...above, value]);
    }
  }
}

const nameOf = (field: string): string =>
  field.replace(/(?<=[a-z0-9])[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? typeof value[0] === 'object' : Object.getPrototypeOf(value) === Object.prototype;
}

/** `root` and all below it, parents first, with their paths. One that stands in several places comes several times. */
function* modulesBelow(
  root: AnyModule,
  path = '',
  above: readonly AnyModule[] = [],
): Generator<[path: string, module: AnyModule]> {
  if (above.includes(root)) return; // a reference back to a parent
  yield [path, root];
  for (const [name, member] of membersOf(root)) {
    if (member instanceof Module) yield* modulesBelow(member, join(path, name), [...above, root]);
  }
}

type Kind<T> = abstract new (...args: never[]) => T;

function tensorsOf<T extends Tensor>(module: AnyModule, kind: Kind<T>): [name: string, tensor: T][] {
  return membersOf(module).filter((member): member is [string, T & Member] => member[1] instanceof kind);
}

function* tensorsBelow<T extends Tensor>(root: AnyModule, kind: Kind<T>): Generator<[name: string, tensor: T]> {
  for (const [path, module] of modulesBelow(root)) {
    for (const [name, tensor] of tensorsOf(module, kind)) yield [join(path, name), tensor];
  }
}

/** Each value under its first name. */
function once<T>(named: Iterable<[string, T]>): [string, T][] {
  const names = new Map<T, string>();
  for (const [name, value] of named) if (!names.has(value)) names.set(value, name);
  return [...names].map(([value, name]) => [name, value]);
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function mismatch(key: string, own: Tensor, given: unknown): string[] {
  if (!(given instanceof Tensor)) return [`"${key}": expected a tensor, got ${describe(given)}`];
  if (sameShape(own.shape, given.shape)) return [];
  return [`"${key}": the module has ${formatShape(own.shape)}, the state ${formatShape(given.shape)}`];
}

function listed(what: string, keys: readonly string[]): string[] {
  return keys.length === 0 ? [] : [`${what}: ${keys.map((key) => `"${key}"`).join(', ')}`];
}

const located = new WeakSet<Error>();

/** Says in the error where the innermost module that is being called stands, once. */
function locate(error: NdgradError, call: Call): void {
  if (located.has(error)) return;
  located.add(error);
  const { message, stack } = error;
  error.message = `in ${formatScope(call)}: ${message}`;
  // The trace begins with the message as it was.
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
}

function pathFrom(root: AnyModule, module: AnyModule): string {
  for (const [path, below] of modulesBelow(root)) if (below === module) return path;
  return '';
}

function render(module: AnyModule, above: readonly AnyModule[]): string {
  const name = module.constructor.name;
  if (above.includes(module)) return `${name}(…)`;
  const own = module.extraRepr();
  const children = module
    .namedChildren()
    .map(([child, below]) => `(${child}): ${render(below, [...above, module])}`.replaceAll('\n', '\n  '));
  if (children.length === 0) return `${name}(${own})`;
  return `${name}(\n  ${[...(own === '' ? [] : [own]), ...children].join('\n  ')}\n)`;
}
