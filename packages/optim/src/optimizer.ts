import {
  ArgumentError,
  clone,
  copy_,
  describe,
  enableGrad,
  forgetGrad,
  formatShape,
  noGrad,
  readOptions,
  ShapeError,
  sameShape,
  Tensor,
  zero_,
} from '@ndgrad/core';
import { camelCase, renamed, snakeCase } from './names.ts';
import { restored, type State, shared } from './state.ts';

/** What every optimizer has: a learning rate. */
export interface LearningRate {
  lr: number;
}

/** Parameters that share their options. A schedule writes the learning rate here, and the next step reads it. */
export type ParamGroup<Options extends LearningRate = LearningRate> = Options & {
  readonly params: readonly Tensor[];
  /** The learning rate before any schedule, once there is a schedule. */
  initialLr?: number;
};

/** A group as it is given: its parameters, and those options that differ from the optimizer's. */
export type GivenGroup<Options> = Partial<Options> & { params: Tensor | Iterable<Tensor>; initialLr?: number };

/** What an optimizer updates: parameters, such as `model.parameters()`, or a list of groups. */
export type Params<Options> = Iterable<Tensor> | Iterable<GivenGroup<Options>>;

/** An optimizer's state as plain data and tensors, in PyTorch's layout and under its names. */
export interface OptimizerStateDict {
  /** By the number of the parameter, counted over all groups. */
  state: Record<number, State>;
  /** The groups' options; `params` are the parameters' numbers. */
  param_groups: Record<string, unknown>[];
}

/** What an optimizer is, besides its formula. */
export interface OptimizerSpec<Options> {
  /** As it appears in errors. */
  name: string;
  /** The known options and their defaults. */
  defaults: Options;
  /** Throws ArgumentError for options out of range. */
  check(options: Options): void;
}

/**
 * The parent of all optimizers: holds the parameters in groups and what is remembered of each parameter; a subclass is
 * its options and its formula.
 *
 * ```ts
 * const optimizer = new SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 * const loss = F.crossEntropy(model.call(x), y);
 * optimizer.zeroGrad();
 * loss.backward();
 * optimizer.step();
 * ```
 * @see PyTorch `torch.optim.Optimizer`
 */
export abstract class Optimizer<Options extends LearningRate = LearningRate, S extends object = object> {
  /** The groups with their current options. */
  readonly paramGroups: ParamGroup<Options>[] = [];
  /** What is remembered of each parameter, from its first update on. */
  readonly state = new Map<Tensor, S>();
  /** The options of a group that does not state its own. */
  readonly defaults: Readonly<Options>;
  private readonly spec: OptimizerSpec<Options>;

  /**
   * @param params parameters, or groups `{ params, …options }`
   * @throws ArgumentError for no parameters, one given twice, one that is computed, and for options unknown or out of range
   */
  constructor(params: Params<Options>, options: Partial<Options> | undefined, spec: OptimizerSpec<Options>) {
    this.spec = spec;
    this.defaults = readOptions(spec.name, options, spec.defaults);
    const given = listOf(spec.name, params);
    if (given.length === 0) throw new ArgumentError(`${spec.name}: there are no parameters to optimize`);
    const groups = given[0] instanceof Tensor ? [{ params: given }] : given;
    for (const group of groups) this.addParamGroup(group as unknown as GivenGroup<Options>);
  }

  private get name(): string {
    return this.spec.name;
  }

  /** Whether `update` keeps no gradient that it is given, so that its memory can be used again in the next step. */
  protected readonly keepsNothing: boolean = false;

  /** What is remembered of a parameter before its first update. */
  protected abstract init(w: Tensor, options: Options): S;

  /** One update of `w` in place, by its gradient; both contiguous, of the same shape. Runs unrecorded. */
  protected abstract update(w: Tensor, g: Tensor, state: S, options: Options): void;

  /**
   * Updates every parameter that has a gradient; the others are left alone.
   * @param closure computes the loss and its gradients anew, with recording on; it is called once, before the update
   * @returns what the closure returns
   * @throws ShapeError for a gradient whose shape is not its parameter's
   */
  step(): void;
  step<Loss>(closure: () => Loss): Loss;
  step<Loss>(closure?: () => Loss): Loss | undefined {
    const loss = closure && enableGrad(closure);
    noGrad(() => {
      for (const group of this.paramGroups) {
        for (const w of group.params)
          if (w.heldGrad !== null) this.advance(w, this.keepsNothing ? w.heldGrad : w.grad!, group);
      }
    });
    return loss;
  }

  private advance(w: Tensor, grad: Tensor, group: ParamGroup<Options>): void {
    if (!sameShape(w.shape, grad.shape)) {
      throw new ShapeError(
        `${this.name}: a parameter of shape ${formatShape(w.shape)} has a gradient of shape ${formatShape(grad.shape)}`,
      );
    }
    const state = this.state.get(w) ?? this.init(w, group);
    this.state.set(w, state);
    const g = grad.isContiguous() ? grad : clone(grad);
    if (w.isContiguous()) {
      this.update(w, g, state, group);
    } else {
      const contiguous = clone(w);
      this.update(contiguous, g, state, group);
      copy_(w, contiguous);
    }
  }

  /**
   * Forgets the gradients of all parameters, before they are computed anew. With `setToNone: false` they become 0
   * instead, so that parameters which no longer get a gradient still move by momentum and weight decay.
   * @param options setToNone: default true
   */
  zeroGrad(options?: { setToNone?: boolean }): void {
    const { setToNone } = readOptions('zeroGrad', options, { setToNone: true });
    for (const { params } of this.paramGroups) {
      for (const w of params) {
        if (setToNone) forgetGrad(w);
        else if (w.heldGrad !== null) w.heldGrad = zero_(w.heldGrad.detach());
      }
    }
  }

  /**
   * Adds parameters, with options of their own where they are given: layers that are to be trained from now on, say.
   * @throws ArgumentError as the constructor
   */
  addParamGroup(group: GivenGroup<Options>): void {
    if (typeof group !== 'object' || group === null || !('params' in group)) {
      throw new ArgumentError(`${this.name}: expected tensors, or groups { params, … }, got ${describe(group)}`);
    }
    const { params, ...given } = group;
    const known = { ...this.defaults, initialLr: undefined };
    const { initialLr, ...options } = readOptions(this.name, given, known);
    this.spec.check(options as unknown as Options);
    const list = params instanceof Tensor ? [params] : listOf(this.name, params);
    const seen = new Set(this.allParams());
    for (const w of list) {
      checkParameter(this.name, w);
      if (seen.has(w))
        throw new ArgumentError(`${this.name}: the same parameter of shape ${formatShape(w.shape)} is given twice`);
      seen.add(w);
    }
    const own = { ...options, params: list } as unknown as ParamGroup<Options>;
    if (initialLr !== undefined) own.initialLr = initialLr;
    this.paramGroups.push(own);
  }

  /**
   * All that a run needs to go on later: what is remembered of each parameter, and the groups' options. The tensors are
   * the optimizer's own, which the next step changes: `clone` those that are to stay.
   */
  stateDict(): OptimizerStateDict {
    const params = this.allParams();
    const known = params.flatMap((w, i) => {
      const state = this.state.get(w);
      return state === undefined ? [] : [[i, renamed(shared(state as State), snakeCase)]];
    });
    let next = 0;
    const groups = this.paramGroups.map(({ params: own, ...options }) => {
      return { ...renamed(shared(options as unknown as State), snakeCase), params: own.map(() => next++) };
    });
    return { state: Object.fromEntries(known), param_groups: groups };
  }

  /**
   * Goes on from a saved state, whose tensors are copied. The parameters are those of this optimizer, in the same order;
   * the options become the saved ones. Nothing is changed if the state does not fit.
   * @throws ArgumentError where the groups, their sizes, or the names and shapes of the state differ
   */
  loadStateDict(saved: OptimizerStateDict): void {
    const groups = saved.param_groups;
    if (groups.length !== this.paramGroups.length) {
      throw new ArgumentError(
        `${this.name}: the saved state has ${groups.length} groups, this optimizer ${this.paramGroups.length}`,
      );
    }
    const options = groups.map((group, i) => this.savedOptions(group, i));
    const state = groups.flatMap((group, i) => this.savedStates(saved, group, options[i]!, i));
    options.forEach((values, i) => void Object.assign(this.paramGroups[i]!, values));
    this.state.clear();
    for (const [w, s] of state) this.state.set(w, s);
  }

  /** PyTorch's further options (`foreach`, `capturable`, …) say how to compute, not what, and are passed over. */
  private savedOptions(group: Record<string, unknown>, i: number): Options & { initialLr?: number } {
    const known = [...Object.keys(this.defaults), 'initialLr'];
    const given = Object.entries(renamed(group, camelCase)).filter(([name]) => known.includes(name));
    const options = { ...this.defaults, ...Object.fromEntries(given) };
    this.spec.check(options);
    const [size, own] = [(group.params as unknown[] | undefined)?.length, this.paramGroups[i]!.params.length];
    if (size !== own) {
      throw new ArgumentError(
        `${this.name}: group ${i} of the saved state has ${size} parameters, this optimizer's ${own}`,
      );
    }
    return options;
  }

  private savedStates(
    { state }: OptimizerStateDict,
    group: Record<string, unknown>,
    options: Options,
    i: number,
  ): [Tensor, S][] {
    return (group.params as number[]).flatMap((number, j): [Tensor, S][] => {
      const saved = state[number];
      if (saved === undefined) return [];
      const w = this.paramGroups[i]!.params[j]!;
      const what = `${this.name}: the saved state of parameter ${number}`;
      const fresh = this.init(w, options) as State;
      return [[w, restored(what, renamed(saved, camelCase), fresh, this.stateShape(w)) as S]];
    });
  }

  /** The shape of the tensors that are remembered of `w`. */
  protected stateShape(w: Tensor): readonly number[] {
    return w.shape;
  }

  private allParams(): Tensor[] {
    return this.paramGroups.flatMap((group) => group.params);
  }
}

function listOf(name: string, params: unknown): Tensor[] {
  const iterable = typeof params === 'object' && params !== null && Symbol.iterator in params;
  if (!iterable || params instanceof Tensor) {
    const hint = params instanceof Tensor ? '; put a single one in a list: [w]' : '';
    throw new ArgumentError(`${name}: expected parameters, such as model.parameters(), got ${describe(params)}${hint}`);
  }
  return [...(params as Iterable<Tensor>)];
}

/** A leaf that wants no gradient is allowed, as in PyTorch: it is a frozen layer's, and gets no gradient to move by. */
function checkParameter(name: string, w: unknown): void {
  if (!(w instanceof Tensor)) throw new ArgumentError(`${name}: expected parameters (tensors), got ${describe(w)}`);
  if (!w.isLeaf && !w.retainsGrad) {
    throw new ArgumentError(
      `${name}: a tensor computed by ${w.node!.op.name} can't be optimized; give the leaf that it is computed from`,
    );
  }
  if (w.shape.some((size, d) => size > 1 && w.ndarray.stride[d] === 0)) {
    throw new ArgumentError(
      `${name}: an expanded view, whose elements share memory, can't be optimized; clone() it first`,
    );
  }
}
