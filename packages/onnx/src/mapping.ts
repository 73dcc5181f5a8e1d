import type { GraphBuilder, Value } from './graph.ts';
import type { Size } from './sizes.ts';

/** An operation of a trace that is to be written into a graph. */
export interface Call<P = unknown> {
  readonly graph: GraphBuilder;
  readonly inputs: readonly Value[];
  /** What is read from the operation's params, or from the layer. @throws UnsupportedOpError if it depends on the batch */
  read: <T>(select: (params: P) => T) => T;
  /** The shape of the result. */
  readonly shape: readonly Size[];
  /** A size that must not depend on the batch. @throws UnsupportedOpError if it does */
  fixed: (size: Size) => number;
  /** Sizes that may depend on the batch, but only as multiples of it. @throws UnsupportedOpError if they do otherwise */
  multiples: (sizes: readonly Size[]) => Exclude<Size, null>[];
}

/** Writes an operation as nodes, and gives the name of the result: one of the inputs', where nothing is to be done. */
export type Mapping<P = unknown> = (call: Call<P>) => string;

/** Mappings by operation; each knows the params of its own. */
export type Mappings = Readonly<Record<string, Mapping<never>>>;

/** A table of mappings, each with the type of its params. */
export const mappings = <T extends Mappings>(table: T): T => table;
