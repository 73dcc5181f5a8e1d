/** A named part of a program that is running, such as the call of a module: what nodes and errors say where they are. */
export interface Scope {
  /** The part that this one runs inside. */
  readonly parent: Scope | null;
  /** Where it stands, seen from the outermost part: `layers.2`; `''` for the outermost itself. */
  readonly path: string;
  /** What it is, in a word or two: `Linear 100→10`. */
  readonly label: string;
  /** The id of the newest tensor when it began: what is younger was made inside or afterwards. */
  readonly since: number;
}

let running: Scope | null = null;

/** The innermost part of the program that is running now; `null` outside all. */
export function currentScope(): Scope | null {
  return running;
}

/** Makes `scope` the one that runs; returns the one that ran before, to be put back. */
export function enterScope(scope: Scope | null): Scope | null {
  const before = running;
  running = scope;
  return before;
}

/** A part of the program for an error message: `layers.2 (Linear 100→10)`. */
export const formatScope = ({ path, label }: Scope): string => (path === '' ? label : `${path} (${label})`);

/** Runs `body`, then `after`, whatever happens; where `body` is async, once its promise is settled. */
export function runThen<T>(body: () => T, after: () => void): T {
  let result: T;
  try {
    result = body();
  } catch (error) {
    after();
    throw error;
  }
  if (result instanceof Promise) return result.finally(after) as T;
  after();
  return result;
}
