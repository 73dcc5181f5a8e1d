import { attemptsAt } from './backend.ts';
import type { Kernel, Nd, Operand } from './kernel.ts';

/** What is about to run: a kernel, the views that it writes and those that it reads. */
export interface Launch {
  readonly kernel: string;
  readonly outs: readonly Nd[];
  readonly ins: readonly Nd[];
  readonly params: unknown;
  /** What is written, with its memory: the views are `outs`. */
  readonly written: readonly Operand[];
}

/** Runs a launch, and may look at it before and after. */
export type Observer = (launch: Launch, run: () => void) => void;

let observer: Observer | null = null;

/** Makes `next` see every launch from now on, or with `null` nobody; returns who saw them before. */
export function observe(next: Observer | null): Observer | null {
  const before = observer;
  observer = next;
  return before;
}

/**
 * The one place where every kernel runs, so that whoever wants to count, time or check numbers looks here. A faster
 * provider goes first; what it does not take, the reference does.
 */
export function launch<P>(kernel: Kernel<P>, outs: readonly Operand[], ins: readonly Operand[], params: P): void {
  const [ys, xs] = [outs.map(viewOf), ins.map(viewOf)];
  if (observer === null) execute(kernel, ys, xs, params);
  else
    observer({ kernel: kernel.name, outs: ys, ins: xs, params, written: outs }, () => execute(kernel, ys, xs, params));
  for (const out of outs) out.storage.version++;
}

function execute<P>(kernel: Kernel<P>, ys: readonly Nd[], xs: readonly Nd[], params: P): void {
  for (const attempt of attemptsAt(kernel.name)) if (attempt(ys, xs, params)) return;
  kernel.run(ys, xs, params);
}

const viewOf = (operand: Operand): Nd => operand.ndarray;
