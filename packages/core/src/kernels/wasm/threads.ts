import { threadCount } from '../environment.ts';
import type { Call } from './functions.ts';
import { perform } from './instance.ts';
import { Team } from './workers.ts';

/** What takes less than this, in nanoseconds, is done before others have heard of it. */
const LARGE = 6e4;
/** A piece takes at least so long, in nanoseconds, so that handing it out is worth it. */
const PIECE = 3e4;
/** Pieces for each thread, at most: so that one that comes late, or is slow, takes fewer. */
const EACH = 4;
/** After so many milliseconds in what is large, workers are started: it takes about as long. */
const START = 50;
/** What takes longer than this, in milliseconds, begins together even if the workers are still to come. */
const LONG = 300;
/** How long a worker may take for a piece, in milliseconds: others may have its core. */
const PATIENCE = 60_000;
/** So many times as long as it should be a piece may take. */
const SLOWEST = 1000;

/** Multiplications and additions that one thread does in a nanosecond, about. */
export const RATE = 20;

/** Work that can be cut into pieces, which may be done at the same time. */
export interface Work {
  /** What is alike takes alike long. */
  readonly name: string;
  /** How long one thread takes for it, in nanoseconds, about. */
  readonly nanos: number;
  /** Of how many parts it is. */
  readonly parts: number;
  /** Pieces are multiples of so many parts (but for the last one). */
  readonly grain: number;
  /** What is to be called for some of the parts, whoever does it: its bits must not hang on how the work is cut. */
  calls(first: number, count: number, piece: number): readonly Call[];
}

/** Into how many pieces work is cut at most. */
export const mostPieces = (): number => (threadCount() === 1 ? 1 : threadCount() * EACH);

/** Does some work, with other threads where that is faster. The bits are the same either way. */
export function divide(work: Work): void {
  if (work.nanos < LARGE || reason !== null || threadCount() === 1) perform(work.calls(0, work.parts, 0));
  else share(work);
}

let team: Team | null = null;
let reason: string | null = null;
/** In what is large, in milliseconds. */
let spent = 0;

/** Why there is one thread where there should be more; `null` where nothing is wrong. */
export const trouble = (): string | null => reason;

function share(work: Work): void {
  const expected = work.nanos / 1e6;
  if (team === null && spent + expected > START) start();
  const pace = paceOf(work);
  const isTogether = team !== null && (team.ready > 0 ? pace.isTogether() : expected > LONG);
  const began = performance.now();
  if (isTogether) together(team!, work);
  else perform(work.calls(0, work.parts, 0));
  const took = performance.now() - began;
  spent += took;
  if (team !== null) pace.note(isTogether, took / work.nanos);
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
 * Does some work by a team.
 * @throws Error where a worker does not answer
 */
export function together(team: Team, work: Work): void {
  team.wake();
  const { nanos, parts, grain } = work;
  const wanted = Math.min(mostPieces(), Math.max(Math.floor(nanos / PIECE), threadCount()));
  const each = Math.ceil(parts / wanted / grain) * grain;
  const pieces: (readonly Call[])[] = [];
  for (let first = 0; first < parts; first += each) {
    pieces.push(work.calls(first, Math.min(each, parts - first), pieces.length));
  }
  try {
    const patience = PATIENCE + (SLOWEST * nanos) / pieces.length / 1e6;
    if (!team.run(pieces, patience)) pieces.forEach(perform);
  } catch (error) {
    fail((error as Error).message);
    throw error;
  }
}

/** So many times are kept of each way: their median is not moved by what happens now and then. */
const KEPT = 5;

/**
 * Which way took less time of late. Threads that wait for cores that others use, or that are none, are slower than one;
 * that may change, so the other way is tried now and then.
 */
export class Pace {
  private count = 0;
  private readonly times = { together: [] as number[], alone: [] as number[] };

  /** Which way the next work is to take. */
  isTogether(): boolean {
    this.count++;
    if (this.count <= 2 * KEPT) return this.count % 2 === 1;
    const isBetter = median(this.times.together) <= median(this.times.alone);
    return this.count % 64 === 0 ? !isBetter : isBetter;
  }

  /** Takes note of how long work took. */
  note(isTogether: boolean, time: number): void {
    const times = this.times[isTogether ? 'together' : 'alone'];
    times.push(time);
    if (times.length > KEPT) times.shift();
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

const paces = new Map<string, Pace>();

/** That of work of one name and, up to a factor of two, of one size. */
function paceOf({ name, nanos }: Work): Pace {
  const key = `${name} ${Math.round(Math.log2(nanos))}`;
  if (!paces.has(key)) paces.set(key, new Pace());
  return paces.get(key)!;
}
