import type { Worker } from 'node:worker_threads';
import type { Functions } from './functions.ts';
import { instantiate, isFused } from './instance.ts';
import { compile } from './module.ts';

/** What is used of the global, which TypeScript's library for Node does not declare in full. */
declare const WebAssembly: {
  readonly Memory: new (limits: {
    initial: number;
    maximum: number;
    shared: true;
  }) => { readonly buffer: SharedArrayBuffer; grow(pages: number): number };
};

const PAGE = 65_536;
/** In pages. What is not touched takes no room. */
const MOST = 2 ** 30 / PAGE;

// The state of a team, in numbers of four bytes.
/** Grows when there is work, or soon will be; workers without work wait for that. */
const ROUND = 0;
/** 1 while there may be pieces to take. */
const OPEN = 1;
/** How many workers may be at the job. While there are any, it must stay as it is. */
const INSIDE = 2;
/** How many workers have started. */
const READY = 3;
/** In bytes, a cache line each: the state, then the job, then operands. */
const STATE = 64;
const JOB = 64;
/** Of a job: how many pieces are taken and done, then its own numbers (see assembly/threads.ts). */
const DONE = 1;

/** How often a thread looks again before it goes to sleep: some tens of microseconds. Waking up takes longer. */
const LOOKS = 2_000;

const code = `
const { module, memory, thread, at, job } = require('node:worker_threads').workerData;
const { takePieces, useRoom } = new WebAssembly.Instance(module, { env: { memory } }).exports;
const state = new Int32Array(memory.buffer, at, 4);
useRoom(thread);
Atomics.add(state, ${READY}, 1);
for (let round = -1; ; ) {
  for (let i = 0; i < ${LOOKS} && Atomics.load(state, ${ROUND}) === round; i++);
  Atomics.wait(state, ${ROUND}, round);
  round = Atomics.load(state, ${ROUND});
  Atomics.add(state, ${INSIDE}, 1);
  if (Atomics.load(state, ${OPEN}) === 1) takePieces(job);
  if (Atomics.sub(state, ${INSIDE}, 1) === 1) Atomics.notify(state, ${INSIDE});
}`;

/**
 * Workers that compute pieces of a product beside the thread that asks for it, on a memory that they share. They never
 * keep the process alive, and sleep while there is nothing to do.
 */
export class Team {
  /** Where operands may lie, in bytes. */
  readonly start: number;
  private readonly memory: InstanceType<typeof WebAssembly.Memory>;
  private readonly wasm: Functions;
  private readonly state: Int32Array;
  private readonly job: Int32Array;
  private readonly workers: Worker[] = [];

  /**
   * @param threads how many, with the one that asks
   * @param failed called with the reason when a worker ends
   * @throws Error where there are no workers, or no memory that they could share
   */
  constructor(threads: number, failed: (reason: string) => void) {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const module = compile({ isFused: isFused(), isShared: true });
    this.memory = new WebAssembly.Memory({ initial: 1, maximum: MOST, shared: true });
    this.wasm = instantiate(module, this.memory);
    const at = this.wasm.freeFrom(threads);
    this.start = at + STATE + JOB;
    this.reach(this.start);
    this.state = new Int32Array(this.memory.buffer, at, STATE / 4);
    this.job = new Int32Array(this.memory.buffer, at + STATE, JOB / 4);
    for (let thread = 1; thread < threads; thread++) {
      const workerData = { module, memory: this.memory, thread, at, job: at + STATE };
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

  /** The memory, at least up to an address. @throws RangeError where there is no more */
  reach(end: number): SharedArrayBuffer {
    const missing = end - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
    return this.memory.buffer;
  }

  /** Has workers look out for the job that is about to come: waking up takes them some tens of microseconds. */
  wake(): void {
    Atomics.add(this.state, ROUND, 1);
    Atomics.notify(this.state, ROUND);
  }

  /**
   * Computes a job together, from its number of pieces on.
   * @returns whether it is done: false if for `patience` milliseconds nobody finished a piece; the team is of no use then
   */
  run(job: readonly number[], patience: number): boolean {
    this.job.set([0, 0, ...job]);
    Atomics.store(this.state, OPEN, 1);
    this.wake();
    this.wasm.takePieces(this.job.byteOffset);
    Atomics.store(this.state, OPEN, 0);
    return this.isLeft(patience);
  }

  /** Ends all workers. */
  end(): void {
    for (const worker of this.workers) void worker.terminate();
  }

  /** Waits until no worker is at the job. */
  private isLeft(patience: number): boolean {
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(this.state, INSIDE) === 0) return true;
    for (;;) {
      const inside = Atomics.load(this.state, INSIDE);
      if (inside === 0) return true;
      const done = Atomics.load(this.job, DONE);
      const isLate = Atomics.wait(this.state, INSIDE, inside, patience) === 'timed-out';
      if (isLate && Atomics.load(this.job, DONE) === done && Atomics.load(this.state, INSIDE) > 0) return false;
    }
  }
}
