import { type Scope, Tensor } from '@ndgrad/core';
import { Buffer, Parameter } from '@ndgrad/nn';
import { chainOf } from './graphTypes.ts';

/** Which values of a history are drawn, and where, when modules below a level are folded. */
export class Plan {
  /** The values that are drawn, in the order of the computation. */
  readonly shown: readonly Tensor[];
  private readonly uses: ReadonlyMap<Tensor, readonly Tensor[]>;

  constructor(
    history: readonly Tensor[],
    /** How many modules deep operations are drawn one by one. */
    readonly level: number,
  ) {
    this.uses = usesOf(history);
    const shown = history.filter((x) => this.isShown(x));
    this.shown = shown.sort((a, b) => this.turnOf(a) - this.turnOf(b));
  }

  /** What computes a value: itself, for its operation, or the call of a folded module; `null` for a leaf. */
  makerOf(x: Tensor): Tensor | Scope | null {
    return x.node === null ? null : (chainOf(x.node.scope)[this.level] ?? x);
  }

  /** The call of a module in which a value is drawn. */
  homeOf(x: Tensor): Scope | null {
    if (x.node !== null) return this.openChain(x).at(-1) ?? null;
    const [first, ...others] = this.uses.get(x)!.map((y) => this.openChain(y));
    const common = first?.filter((scope) => others.every((chain) => chain.includes(scope)));
    return common?.findLast((scope) => isInner(x, scope)) ?? null;
  }

  /** All but what never leaves a folded module. */
  private isShown(x: Tensor): boolean {
    const users = this.uses.get(x)!;
    const [maker, ...others] = new Set(users.map((y) => this.makerOf(y)));
    if (maker === undefined || maker === null || maker instanceof Tensor || others.length > 0) return true;
    return x.node === null ? !isInner(x, maker) : this.makerOf(x) !== maker;
  }

  /** A value comes when it is computed; leaves come just before their first use, in the order of its inputs. */
  private turnOf(x: Tensor): number {
    if (x.node !== null) return x.id;
    const first = this.uses.get(x)![0]!;
    return first.id - 1 / (2 + first.node!.inputs!.indexOf(x));
  }

  private openChain(y: Tensor): Scope[] {
    return chainOf(y.node!.scope).slice(0, this.level);
  }
}

/** How many modules deep a history goes. */
export function depthOf(history: readonly Tensor[]): number {
  return history.reduce((depth, x) => Math.max(depth, chainOf(x.node?.scope ?? null).length), 0);
}

/** Which values are computed from each value. */
function usesOf(history: readonly Tensor[]): Map<Tensor, Tensor[]> {
  const uses = new Map<Tensor, Tensor[]>(history.map((x) => [x, []]));
  for (const y of history) for (const x of y.node?.inputs ?? []) uses.get(x)!.push(y);
  return uses;
}

/** Whether a leaf belongs to the call of a module: it is of its state, or was made inside. */
function isInner(x: Tensor, scope: Scope): boolean {
  return x instanceof Parameter || x instanceof Buffer || x.id > scope.since;
}
