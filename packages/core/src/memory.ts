import { isUsed } from './kernels/backend.ts';
import type { Storage } from './kernels/kernel.ts';
import { release, reserve } from './kernels/wasm/arena.ts';

// Most arrays are the garbage collector's. Those in WebAssembly's memory, where kernels need no copies, are not: each
// has somebody who gives it back. For results that only the framework can reach that is a loan; for what users can
// reach, the finalizer of its holder.

/** Smaller arrays are made sooner than they are found. In elements. */
const FEW = 256;

/** Gives arrays back whose holder was collected as garbage. */
const unreachable = new FinalizationRegistry<readonly Float64Array[]>((arrays) => arrays.forEach(release));

/** The memory behind one or more tensors. */
export class Memory implements Storage {
  version = 0;
  /** The array in WebAssembly's memory that is to be given back; `null` where the garbage collector has it. */
  block: Float64Array | null = null;
  /** Who lends it, where it is lent. */
  loan: Loan | null = null;
  /** How many gradients that a sweep has gathered show it. */
  uses = 0;
  /** Whether it was given back, so that its numbers may be anyone's. */
  isGone = false;
  /** The id of the tensor that this memory was allocated for. */
  constructor(readonly id: number) {}

  /** Lives from now on as long as something reaches it. */
  keep(): void {
    this.loan = null;
    if (this.block !== null) unreachable.register(this, [this.block], this);
  }

  /** Gives the array back, whoever had it. */
  giveBack(): void {
    if (this.block === null) return;
    if (this.loan === null) unreachable.unregister(this);
    release(this.block);
    this.block = null;
    this.loan = null;
    this.isGone = true;
  }
}

let open: Loan | null = null;

/**
 * Results that only the framework can reach, in memory that is used again once they have served: the sweep's own
 * gradients, and what passes between the layers of a `Sequential`.
 */
export class Loan {
  private lent: Memory[] = [];
  private guarded = false;
  /** The id of its first node, once a node was recorded within it. */
  firstNode: number | null = null;

  /** Lends an array to a memory. */
  lend(memory: Memory, block: Float64Array): void {
    memory.block = block;
    memory.loan = this;
    this.lent.push(memory);
  }

  /** Takes back what nothing uses; what is in use stays lent. */
  settle(): void {
    const used: Memory[] = [];
    for (const memory of this.lent) {
      if (memory.loan !== this) continue;
      if (memory.uses > 0) used.push(memory);
      else memory.giveBack();
    }
    this.lent = used;
  }

  /** Whether a gradient shows something of what is lent. */
  isInUse(): boolean {
    return this.lent.some((memory) => memory.loan === this && memory.uses > 0);
  }

  /** Takes everything back. */
  end(): void {
    if (this.guarded) unreachable.unregister(this);
    for (const memory of this.lent) if (memory.loan === this) memory.giveBack();
    this.lent = [];
  }

  /** Hands what is lent to the garbage collector, which takes it back when nothing can reach this loan any more. */
  guard(): void {
    this.lent = this.lent.filter((memory) => memory.loan === this); // what is kept has a finalizer of its own
    if (this.guarded || this.lent.length === 0) return;
    this.guarded = true;
    const blocks = this.lent.map((memory) => memory.block!);
    unreachable.register(this, blocks, this);
  }

  /** Lets everything go, each to live as long as something reaches it. */
  keepAll(): void {
    for (const memory of this.lent) if (memory.loan === this) memory.keep();
    this.lent = [];
  }
}

/** Runs `body` with results that are lent by `loan`, or with `null` are the garbage collector's. */
export function within<T>(loan: Loan | null, body: () => T): T {
  const before = open;
  open = loan;
  try {
    return body();
  } finally {
    open = before;
  }
}

/** The loan that lends results now. */
export function openLoan(): Loan | null {
  return open;
}

let isLeftAlone = false;

/** Leaves WebAssembly's memory alone from now on, or with `false` no longer; returns whether it was left alone. */
export function leaveAlone(wanted: boolean): boolean {
  const before = isLeftAlone;
  isLeftAlone = wanted;
  return before;
}

/** An array of arbitrary numbers in WebAssembly's memory; `null` where there is none, or where it is not worth it. */
export function blockOf(length: number): Float64Array | null {
  return length >= FEW && !isLeftAlone && isUsed('wasm') ? reserve(length) : null;
}
