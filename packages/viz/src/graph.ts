import {
  ArgumentError,
  checkInteger,
  describe,
  formatScope,
  GradError,
  grad,
  type Range,
  rangeOf,
  readOptions,
  type Scope,
  Tensor,
} from '@ndgrad/core';
import { type AnyModule, Module } from '@ndgrad/nn';
import { dotOf } from './dot.ts';
import { depthOf, Plan } from './graphPlan.ts';
import { svgOf } from './graphSvg.ts';
import { textOf } from './graphText.ts';
import type { Box, Drawing, Wire } from './graphTypes.ts';

/** Options of `graph`. */
export interface GraphOptions {
  /** Names for values: `{ x, w, f }`. */
  names?: Readonly<Record<string, Tensor>>;
  /** Names parameters and buffers as in this module's state: `0.weight`. */
  model?: AnyModule | null;
  /** How many modules deep operations are drawn one by one; a deeper module is one box. Default: all that `limit` allows. */
  depth?: number | null;
  /** How many values are drawn at most (default 400). Above that modules are folded, and then the oldest left out. */
  limit?: number;
}

/** A drawing of the computational graph behind a tensor. */
export class Graph {
  constructor(private readonly drawing: Drawing) {}

  /** In Graphviz's language. */
  dot(): string {
    return dotOf(this.drawing);
  }

  /** As a table, in the order of the computation. */
  text(): string {
    return textOf(this.drawing);
  }

  /**
   * As a picture: one `<svg>` element, for light and dark pages.
   * @throws ArgumentError where Graphviz can't lay it out
   */
  svg(): Promise<string> {
    return svgOf(this.drawing);
  }

  toString(): string {
    return this.text();
  }

  /** What `console.log` prints in Node. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.text();
  }
}

/**
 * The computational graph behind a tensor, as CS231n draws circuits: on every wire the value of the forward pass above
 * and the gradient ∂root/∂value below, grouped by the modules that computed it. A scalar is shown by its number, a
 * tensor by its shape and its least and greatest element.
 *
 * ```ts
 * const [x, w] = [tensor(3), tensor(-2, { requiresGrad: true })];
 * console.log(graph(x.mul(w).sigmoid(), { names: { x, w } }).text());
 * ```
 * The gradients are computed here; no `grad` is touched, and `backward` can be called afterwards. A root that is no
 * scalar is drawn without gradients.
 * @throws GradError if nothing is recorded behind the root, if an earlier `backward` has released it, or if a value
 *   that the gradients need was changed in place
 * @see CS231n, lecture 4
 */
export function graph(root: Tensor, options?: GraphOptions): Graph {
  const { names, model, depth, limit } = readOptions('graph', options, {
    names: {} as Readonly<Record<string, Tensor>>,
    model: null as AnyModule | null,
    depth: null as number | null,
    limit: 400,
  });
  if (!(root instanceof Tensor)) throw new ArgumentError(`graph: expected a tensor, got ${describe(root)}`);
  if (depth !== null) checkInteger('graph', 'depth', depth);
  checkInteger('graph', 'limit', limit, 1);
  const named = namesOf(names, model);
  const history = historyOf(root);
  const { plan, shown, note } = fit(history, depth, limit);
  return new Graph({ ...draw(history, plan, shown, gradientsOf(root, shown), named), note });
}

/** The names of values; one that is given goes before one in the model's state. */
function namesOf(names: Readonly<Record<string, Tensor>>, model: AnyModule | null): Map<Tensor, string> {
  if (model !== null && !(model instanceof Module)) {
    throw new ArgumentError(`graph: model must be a module, got ${describe(model)}`);
  }
  const state = model === null ? [] : [...model.namedBuffers(), ...model.namedParameters()];
  const given = Object.entries(names);
  for (const [name, x] of given) {
    if (!(x instanceof Tensor)) throw new ArgumentError(`graph: names.${name} must be a tensor, got ${describe(x)}`);
  }
  return new Map([...state, ...given].map(([name, x]) => [x, name]));
}

/** Everything that the root was computed from, oldest first. */
function historyOf(root: Tensor): Tensor[] {
  if (root.node === null) {
    throw new GradError(
      'graph: nothing is recorded behind this tensor: it was not computed from one that wants a gradient ' +
        '(requiresGrad), or it was computed inside noGrad',
    );
  }
  const seen = new Set([root]);
  for (const y of seen) {
    if (y.node === null) continue;
    if (y.node.inputs === null) {
      throw new GradError(
        `graph: the graph behind ${y.node.op.name} was released by backward(); draw it before, or pass ` +
          '{ retainGraph: true } to backward',
      );
    }
    for (const x of y.node.inputs) seen.add(x); // a Set also visits what is added during the walk
  }
  return [...seen].sort((a, b) => a.id - b.id);
}

/** Folds as many levels of modules as it takes to stay within the limit; where that is not enough, the oldest go. */
function fit(history: readonly Tensor[], depth: number | null, limit: number) {
  const deepest = depthOf(history);
  let plan = new Plan(history, Math.min(depth ?? deepest, deepest));
  while (plan.shown.length > limit && plan.level > 0) plan = new Plan(history, plan.level - 1);
  const shown = plan.shown.slice(-limit);
  const notes: string[] = [];
  if (plan.level < deepest) notes.push(`modules below depth ${plan.level} are folded`);
  if (shown.length < plan.shown.length) notes.push(`the newest ${shown.length} of ${plan.shown.length} values`);
  return { plan, shown, note: notes.length > 0 ? notes.join('; ') : null };
}

function gradientsOf(root: Tensor, values: readonly Tensor[]): Map<Tensor, Tensor | null> {
  if (root.numel() !== 1) return new Map();
  const wanting = values.filter((x) => x.requiresGrad);
  const gradients = grad(root, wanting, { retainGraph: true, allowUnused: true });
  return new Map(wanting.map((x, i) => [x, gradients[i]!]));
}

type Growing<T> = { -readonly [K in keyof T]: T[K] };
type GrowingBox = Growing<Omit<Box, 'inputs'>> & { inputs: Wire[] };

function draw(
  history: readonly Tensor[],
  plan: Plan,
  shown: readonly Tensor[],
  gradients: ReadonlyMap<Tensor, Tensor | null>,
  names: ReadonlyMap<Tensor, string>,
): Omit<Drawing, 'note'> {
  const boxes = new Map<unknown, GrowingBox>();
  const wires = new Map<Tensor, Wire>();
  for (const x of shown) {
    const maker = plan.makerOf(x);
    if (maker !== null && !boxes.has(maker)) boxes.set(maker, boxOf(maker, plan.homeOf(x)));
    const g = gradients.get(x);
    wires.set(x, {
      name: names.get(x) ?? '',
      shape: x.shape,
      value: figureOf(x),
      gradient: g ? figureOf(g) : null,
      from: boxes.get(maker) ?? null,
      scope: plan.homeOf(x),
    });
  }
  const visible = new Set(plan.shown);
  for (const y of history) {
    const maker = plan.makerOf(y);
    const box = boxes.get(maker);
    if (box === undefined) continue;
    box.operations++;
    for (const x of y.node!.inputs!) {
      const wire = wires.get(x);
      if (wire === undefined) box.cut += visible.has(x) ? 1 : 0;
      else if (!box.isFolded || (plan.makerOf(x) !== maker && !box.inputs.includes(wire))) box.inputs.push(wire);
    }
  }
  return { wires: [...wires.values()], boxes: [...boxes.values()] };
}

const figureOf = (x: Tensor): number | Range => (x.numel() === 1 ? x.item() : rangeOf(x.ndarray));

function boxOf(maker: Tensor | Scope, scope: Scope | null): GrowingBox {
  const isFolded = !(maker instanceof Tensor);
  const label = isFolded ? formatScope(maker) : maker.node!.op.name;
  return { label, isFolded, operations: 0, inputs: [], cut: 0, scope };
}
