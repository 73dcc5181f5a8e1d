import type { Range, Scope, Shape } from '@ndgrad/core';

/** A value of a drawn graph: a wire. */
export interface Wire {
  /** The name it was given; `''` without. */
  readonly name: string;
  readonly shape: Shape;
  /** The forward value: the number where there is one element, else the range. */
  readonly value: number | Range;
  /** ∂root/∂value; `null` where none flows. */
  readonly gradient: number | Range | null;
  /** What computes it; `null` for a leaf. */
  readonly from: Box | null;
  /** The call of a module in which it is drawn. */
  readonly scope: Scope | null;
}

/** An operation of a drawn graph, or the call of a module that is drawn as one. */
export interface Box {
  /** The operation's name; the module's path and class. */
  readonly label: string;
  /** Whether this is a module. */
  readonly isFolded: boolean;
  /** How many operations it stands for. */
  readonly operations: number;
  readonly inputs: readonly Wire[];
  /** How many of its inputs are left out of the drawing. */
  readonly cut: number;
  /** The call of a module in which it is drawn. */
  readonly scope: Scope | null;
}

/** What is drawn. */
export interface Drawing {
  /** The values, in the order of the computation. */
  readonly wires: readonly Wire[];
  /** The operations and the folded modules, by their first value. */
  readonly boxes: readonly Box[];
  /** What is not drawn one by one; `null` where everything is. */
  readonly note: string | null;
}

/** The calls of modules around `scope`, itself included, the outermost first. */
export function chainOf(scope: Scope | null): Scope[] {
  const chain: Scope[] = [];
  for (let at = scope; at !== null; at = at.parent) chain.unshift(at);
  return chain;
}
