import type { Worker } from 'node:worker_threads';
import { release, reserve } from './arena.ts';
import type { Call } from './functions.ts';
import { load, loadedFrom, perform } from './instance.ts';

// The state of a team, in numbers of four bytes.
/** Grows when there is work, or soon will be; workers without work wait for that. */
const ROUND = 0;
/** 1 while there may be pieces to take. */
const OPEN = 1;
/** How many workers may be at the job. While there are any, it must stay as it is. */
const INSIDE = 2;
/** How many workers have started. */
const READY = 3;
/** How many pieces of the job there are, are taken, and are done. */
const PIECES = 4;
const TAKEN = 5;
const DONE = 6;
/** Where its table begins in memory, in numbers of eight bytes: where each piece's calls begin there, then all calls. */
const TABLE = 7;

/** Of a call in the table, in numbers of eight bytes: which function, and 15 arguments, as many as any takes. */
const CALL = 16;

/** How long a thread looks for work, or for others to be done, before it goes to sleep: in ms. Waking up takes as long. */
const LOOK = 0.05;

const code = `
const { module, memory, thread, at } = require('node:worker_threads').workerData;
const wasm = new WebAssembly.Instance(module, { env: { memory } }).exports;
const functions = Object.values(wasm);
const state = new Int32Array(memory.buffer, at, 8);
const numbers = new Float64Array(memory.buffer);
wasm.useRoom(thread);
Atomics.add(state, ${READY}, 1);
for (let round = -1; ; ) {
  for (const end = performance.now() + ${LOOK}; Atomics.load(state, ${ROUND}) === round && performance.now() < end; );
  Atomics.wait(state, ${ROUND}, round);
  round = Atomics.load(state, ${ROUND});
  Atomics.add(state, ${INSIDE}, 1);
  if (Atomics.load(state, ${OPEN}) === 1) takePieces();
  if (Atomics.sub(state, ${INSIDE}, 1) === 1) Atomics.notify(state, ${INSIDE});
}
function takePieces() {
  const table = state[${TABLE}];
  for (;;) {
    const piece = Atomics.add(state, ${TAKEN}, 1);
    if (piece >= state[${PIECES}]) return;
    for (let i = numbers[table + piece]; i < numbers[table + piece + 1]; i += ${CALL}) {
      functions[numbers[i]](${Array.from({ length: CALL - 1 }, (_, k) => `numbers[i + ${k + 1}]`)});
    }
    Atomics.add(state, ${DONE}, 1);
  }
}`;

/**
 * Workers that compute pieces of a job beside the thread that asks for it, in WebAssembly's memory, which they share.
 * They never keep the process alive, and sleep while there is nothing to do.
 */
export class Team {
  private readonly state: Int32Array;
  /** The functions' places among all that the module exports. */
  private readonly places: ReadonlyMap<string, number>;
  private table: Float64Array | null = null;
  private readonly workers: Worker[] = [];

  /**
   * @param threads how many, with the one that asks
   * @param failed called with the reason when a worker ends
   * @throws Error where there are no workers, or no memory that they could share
   */
  constructor(threads: number, failed: (reason: string) => void) {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const { module, memory } = loadedFrom();
    this.places = new Map(Object.keys(load()).map((name, i) => [name, i]));
    const { buffer, byteOffset } = reserve(4)!;
    this.state = new Int32Array(buffer, byteOffset, 8).fill(0);
    for (let thread = 1; thread < threads; thread++) {
      const workerData = { module, memory, thread, at: byteOffset };
      const worker = new Worker(code, { eval: true, workerData, env: {}, execArgv: [], name: 'ndgrad' });
      worker.on('error', ({ message }) => failed(message));
      worker.on('exit', () => failed('a worker ended'));
      worker.unref();
      this.workers.push(worker);
    }
  }

  /** How many workers have started. */
  get ready(): number {
    return Atomics.load(this.state, READY);
  }

  /** Has workers look out for the job that is about to come: waking up takes them some tens of microseconds. */
  wake(): void {
    Atomics.add(this.state, ROUND, 1);
    Atomics.notify(this.state, ROUND);
  }

  /**
   * Makes the calls of all pieces, each piece by one thread, in any order.
   * @returns false, having done nothing, where there is no room to tell the workers
   * @throws Error if for `patience` milliseconds nobody finished a piece: the team is of no use then
   */
  run(pieces: readonly (readonly Call[])[], patience: number): boolean {
    if (!this.write(pieces)) return false;
    for (const field of [TAKEN, DONE]) this.state[field] = 0;
    this.state[PIECES] = pieces.length;
    Atomics.store(this.state, OPEN, 1);
    this.wake();
    for (let piece = this.take(); piece < pieces.length; piece = this.take()) perform(pieces[piece]!);
    Atomics.store(this.state, OPEN, 0);
    this.waitForAll(patience);
    return true;
  }

  /** Ends all workers. */
  end(): void {
    for (const worker of this.workers) void worker.terminate();
  }

  private take(): number {
    return Atomics.add(this.state, TAKEN, 1);
  }

  private write(pieces: readonly (readonly Call[])[]): boolean {
    const starts = pieces.length + 1;
    const length = starts + CALL * pieces.reduce((sum, calls) => sum + calls.length, 0);
    const table = this.tableFor(length);
    if (table === null) return false;
    const first = table.byteOffset / 8;
    this.state[TABLE] = first;
    let at = starts;
    pieces.forEach((calls, piece) => {
      table[piece] = first + at;
      for (const [name, ...args] of calls) {
        table[at] = this.places.get(name)!;
        for (let i = 0; i < args.length; i++) table[at + 1 + i] = args[i]!;
        at += CALL;
      }
    });
    table[pieces.length] = first + at;
    return true;
  }

  private tableFor(length: number): Float64Array | null {
    if (this.table !== null && this.table.length >= length) return this.table;
    if (this.table !== null) release(this.table);
    this.table = reserve(length);
    return this.table;
  }

  /** Waits until no worker is at the job. */
  private waitForAll(patience: number): void {
    const { state } = this;
    for (const end = performance.now() + LOOK; Atomics.load(state, INSIDE) > 0 && performance.now() < end; );
    for (;;) {
      const inside = Atomics.load(state, INSIDE);
      if (inside === 0) return;
      const done = Atomics.load(state, DONE);
      const isLate = Atomics.wait(state, INSIDE, inside, patience) === 'timed-out';
      if (isLate && Atomics.load(state, DONE) === done && Atomics.load(state, INSIDE) > 0) {
        throw new Error('a thread that computes beside this one does not answer: NDGRAD_THREADS=1 does without');
      }
    }
  }
}
