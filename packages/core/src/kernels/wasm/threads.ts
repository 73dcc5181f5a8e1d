import { threadsWanted } from '../environment.ts';
import { contiguous, type Nd } from '../kernel.ts';
import { copy } from '../pointwise.ts';
import { type Span, spanOf } from './instance.ts';
import { Team } from './workers.ts';

/** More threads than this many are used only where they are asked for. */
const MANY = 8;
/** Smaller products, in multiplications and additions, are done before others have heard of them. */
const LARGE = 4e6;
/** So many multiplications and additions pay for the copy of an element. */
const COPY = 50;
/** After so many milliseconds in large products, workers are started: it takes about as long. */
const START = 50;
/** Products that take longer than this, in milliseconds, begin together even if the workers are still to come. */
const LONG = 300;
/** Multiplications and additions a millisecond, roughly, and at the very least. */
const RATE = 1e7;
const SLOWEST = 1e5;
/** How long a worker may take for what should be done at once, in milliseconds: others may have its core. */
const PATIENCE = 3000;

let known: number | undefined;

/**
 * How many threads compute a large product: as many as `NDGRAD_THREADS` says, else as many as there are cores, up to 8;
 * one where there are no workers.
 * @throws ArgumentError for a number of threads that is none
 */
export function threadCount(): number {
  known ??= threadsWanted() ?? Math.min(cores(), MANY);
  return known;
}

const cores = (): number => globalThis.process?.getBuiltinModule?.('node:os')?.availableParallelism?.() ?? 1;

let team: Team | null = null;
let reason: string | null = null;
/** In large products, in milliseconds. */
let spent = 0;

/** Why there is one thread where there should be more; `null` where nothing is wrong. */
export const trouble = (): string | null => reason;

/** Whether a product [n, k] · [k, m] may gain from threads. */
export function isLarge(n: number, m: number, k: number): boolean {
  const work = 2 * n * m * k;
  return threadCount() > 1 && work >= LARGE && work >= COPY * (n * k + k * m + n * m);
}

/**
 * Computes a large product y = a·b with other threads, where that is faster; else leaves it to `alone`. The bits are the
 * same either way.
 */
export function shared(y: Nd, a: Nd, b: Nd, alone: () => boolean): boolean {
  if (reason !== null) return alone();
  const work = 2 * y.size * a.shape[1]!;
  if (team === null && spent + work / RATE > START) start();
  const isTogether = team !== null && (team.ready > 0 ? pace.isTogether() : work / RATE > LONG);
  const began = performance.now();
  const isDone = (isTogether && multiply(team!, threadCount(), y, a, b)) || alone();
  const took = performance.now() - began;
  spent += took;
  if (team !== null) pace.note(isTogether, took / work);
  return isDone;
}

function start(): void {
  try {
    team = new Team(threadCount(), fail);
  } catch (error) {
    fail((error as Error).message);
  }
}

function fail(why: string): void {
  reason ??= `one thread: ${why}`;
  team?.end();
  team = null;
}

/**
 * Which way took less time of late, for each multiplication and addition. Threads that wait for cores that others use, or that are none, are slower than one;
 * that may change, so the other way is tried now and then.
 */
export class Pace {
  private count = 0;
  private readonly times = { together: 0, alone: 0 };

  /** Which way the next product is to take. */
  isTogether(): boolean {
    this.count++;
    if (this.count <= 8) return this.count % 4 !== 0;
    const isBetter = this.times.together <= this.times.alone;
    return this.count % 64 === 0 ? !isBetter : isBetter;
  }

  /** Takes note of how long a product took. Code is slow at first, until it is optimized. */
  note(isTogether: boolean, time: number): void {
    const way = isTogether ? 'together' : 'alone';
    this.times[way] = this.times[way] === 0 || this.count <= 4 ? time : 0.75 * this.times[way] + 0.25 * time;
  }
}

const pace = new Pace();

/** Rows and columns of a tile: pieces end where tiles do. */
const TILE = { rows: 6, columns: 4 };
/** What a piece has of rows or columns, about: each packs the other operand anew. */
const PIECE = 96;
/** Operands begin with a cache line. */
const LINE = 64;

/** y = a·b by a team; false, having done nothing, where there is no room for it or a worker does not answer. */
export function multiply(team: Team, threads: number, y: Nd, a: Nd, b: Nd): boolean {
  const [n, m, k] = [y.shape[0]!, y.shape[1]!, a.shape[1]!];
  const [spanA, spanB] = [spanOf(a), spanOf(b)];
  const atA = team.start;
  const atB = after(atA, spanA.length);
  const atY = after(atB, spanB.length);
  let memory: SharedArrayBuffer;
  try {
    memory = team.reach(after(atY, n * m));
  } catch {
    return false;
  }
  team.wake();
  bytesAt(memory, atA, spanA.length).fill(bytesOf(spanA));
  bytesAt(memory, atB, spanB.length).fill(bytesOf(spanB));
  const isByColumn = m > n;
  const [all, tile] = isByColumn ? [m, TILE.columns] : [n, TILE.rows];
  const each = all / (threads * Math.ceil(all / (threads * PIECE)));
  const lanes = Math.ceil(each / tile) * tile;
  const pieces = Math.ceil(all / lanes);
  const placeA = [atA + 8 * (a.offset - spanA.first), ...a.stride];
  const placeB = [atB + 8 * (b.offset - spanB.first), ...b.stride];
  const patience = PATIENCE + (2 * n * m * k) / pieces / SLOWEST;
  if (!team.run([pieces, lanes, isByColumn ? 1 : 0, n, m, k, ...placeA, ...placeB, atY], patience)) {
    fail('a worker does not answer');
    return false;
  }
  if (y.stride[1] === 1 && y.stride[0] === m) bytesOf(spanOf(y)).fill(bytesAt(memory, atY, n * m));
  else
    copy.run([y], [contiguous(new Float64Array(memory, atY, n * m) as unknown as Float64Array<ArrayBuffer>, [n, m])]);
  return true;
}

const after = (start: number, length: number): number => Math.ceil((start + 8 * length) / LINE) * LINE;

// Buffers, for their `fill` copies bytes as memory has them. Into a memory that threads share, and out of it, a typed
// array's `set` goes word by word and takes two to four times as long.
const bytesAt = (memory: SharedArrayBuffer, at: number, length: number): Buffer => Buffer.from(memory, at, 8 * length);

const bytesOf = ({ data, first, length }: Span): Buffer =>
  Buffer.from(data.buffer as ArrayBuffer, data.byteOffset + 8 * first, 8 * length);
