import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ContenderSpec, type Program, tolerance } from './contenders.ts';
import { Contestant, reasonOf } from './process.ts';
import type { Comparison, Row } from './results.ts';
import { difference, quantile, ratios, summary } from './statistics.ts';
import { numbersOf, shapesOf, type Task } from './tasks.ts';

/** How many rounds the time of a contender is split into. */
const rounds = 10;
/** A contender whose steps are too long for that many rounds makes at least so many. */
const leastRounds = 3;
/** Steps whose results are compared; two where one takes over a second. */
const checkedSteps = 5;
/** Samples are so long that they hold the pauses of the garbage collector: a median of single steps would hide them. */
const sampleMicros = 5000;
/** For so long each warms up at least: compilers at run time take about a second to have seen a step. */
const leastWarmUp = 1;
/** Before each turn, so that the threads of the one before have gone to sleep. */
const pauseMilliseconds = 20;

/** One way to run one contender, and what came of it. */
interface Entrant {
  spec: ContenderSpec;
  program: Program;
  contestant?: Contestant;
  results: number[];
  /** Microseconds per step, about. */
  pace: number;
  /** The samples of each round. */
  times: number[][];
  /** Seconds that the timed steps took. */
  spent: number;
  failure?: string;
}

/** Whose results the others must agree with, and whose time the ratios are relative to: the first that is there. */
const authorities = ['torch-float64', 'ndgrad-reference', 'ndgrad-wasm'];
const bases = ['torch-float64', 'ndgrad-wasm'];

export interface RaceOptions {
  title: string;
  seconds: number;
  progress: (text: string) => void;
}

/** Writes a task's numbers to a file while `body` runs. */
export async function withNumbers<T>(task: Task, body: (file: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-bench-'));
  try {
    const file = join(folder, 'numbers');
    writeFileSync(file, Buffer.concat(numbersOf(task).map((array) => Buffer.from(array.buffer))));
    return await body(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Contenders, each in a process of its own, that do tasks in turns. */
export class Field {
  readonly #entrants: Entrant[];

  private constructor(private readonly specs: readonly ContenderSpec[]) {
    this.#entrants = specs.flatMap((spec) =>
      spec.programs.map((program) => ({ spec, program, results: [], pace: 0, times: [], spent: 0 })),
    );
  }

  static async start(specs: readonly ContenderSpec[]): Promise<Field> {
    const field = new Field(specs);
    const start = async (entrant: Entrant) => {
      entrant.contestant = await Contestant.start(entrant.program);
    };
    await Promise.all(field.#entrants.map((entrant) => attempt(entrant, () => start(entrant))));
    return field;
  }

  stop() {
    for (const { contestant } of this.#entrants) contestant?.stop();
  }

  /** What each contender runs on, by name. */
  versions(): Record<string, string> {
    const known = this.#entrants.filter(({ contestant }) => contestant !== undefined);
    return Object.fromEntries(known.map(({ spec, contestant }) => [spec.name, contestant!.hello.version]));
  }

  /** Lets all do `task`: first a few steps whose results must agree, then timed ones, in turns. */
  async race(task: Task, { title, seconds, progress }: RaceOptions): Promise<Comparison> {
    const running = this.#entrants.filter(({ contestant }) => contestant !== undefined);
    for (const entrant of running) Object.assign(entrant, { results: [], times: [], spent: 0, failure: undefined });
    await withNumbers(task, async (file) => {
      for (const entrant of running) {
        progress(`${task.name}: ${entrant.spec.label}, first steps`);
        await attempt(entrant, () => enter(entrant.contestant!, entrant, task, file));
      }
    });
    demandAgreement(running);
    for (const entrant of running) {
      progress(`${task.name}: ${entrant.spec.label}, warming up`);
      await attempt(entrant, () => warmUp(entrant.contestant!, entrant, Math.max(seconds / 4, leastWarmUp)));
    }
    for (let round = 0; round < rounds; round++) {
      progress(`${task.name}: round ${round + 1} of ${rounds}`);
      for (const entrant of rotated(running, round)) {
        if (round >= leastRounds && entrant.spent > seconds) continue;
        await attempt(entrant, () => takeTurn(entrant.contestant!, entrant, seconds / rounds));
      }
    }
    return this.#judge(task, title);
  }

  #judge(task: Task, title: string): Comparison {
    const best = new Map(this.specs.map((spec) => [spec.name, fastest(this.#entrants.filter((e) => e.spec === spec))]));
    const timed = this.specs.filter(
      ({ name }) => best.get(name)?.failure === undefined && best.get(name)?.times.length,
    );
    const base = bases.find((name) => timed.some((spec) => spec.name === name)) ?? timed[0]?.name ?? '';
    const rows = this.specs.map((spec) => rowOf(spec, best.get(spec.name), best.get(base)));
    return { task: task.name, title, base, rows };
  }
}

const medians = ({ times }: Entrant) => times.map((samples) => quantile(samples, 0.5));

function fastest(entrants: readonly Entrant[]): Entrant | undefined {
  const timed = entrants.filter(({ failure, times }) => failure === undefined && times.length > 0);
  const time = (entrant: Entrant) => quantile(medians(entrant), 0.5);
  return timed.sort((a, b) => time(a) - time(b))[0] ?? entrants[0];
}

function rowOf(spec: ContenderSpec, entrant: Entrant | undefined, base: Entrant | undefined): Row {
  const { name, label } = spec;
  if (entrant === undefined) return { name, label, note: spec.missing ?? 'missing' };
  const version = entrant.contestant === undefined ? {} : { version: entrant.contestant.hello.version };
  if (entrant.failure !== undefined) return { name, label, ...version, note: entrant.failure };
  const samples = entrant.times.flat();
  const ratio = base === undefined ? {} : { ratio: ratios(medians(entrant), medians(base)) };
  const way = entrant.program.name === undefined ? {} : { way: entrant.program.name };
  return { name, label, ...version, ...way, micros: summary(samples), samples: samples.length, ...ratio };
}

/** Runs `body` unless the entrant has failed before; if it fails now, remembers why. */
async function attempt(entrant: Entrant, body: () => Promise<void>): Promise<void> {
  if (entrant.failure !== undefined) return;
  try {
    await body();
  } catch (error) {
    entrant.failure = reasonOf(error);
  }
}

async function enter(contestant: Contestant, entrant: Entrant, task: Task, file: string) {
  await contestant.ask({ do: 'prepare', task, file, shapes: shapesOf(task) });
  const start = performance.now();
  const first = await contestant.ask({ do: 'check', steps: 1 });
  entrant.pace = 1000 * (performance.now() - start);
  const more = entrant.pace > 1e6 ? 1 : checkedSteps - 1;
  const rest = await contestant.ask({ do: 'check', steps: more });
  entrant.results = [first, rest].flatMap(({ results }) => results.flat());
}

/** Fails whoever's first results are not those of the authority. */
function demandAgreement(entrants: readonly Entrant[]) {
  const able = entrants.filter(({ failure }) => failure === undefined);
  const names = [...authorities, ...able.map(({ spec }) => spec.name)];
  const authority = names
    .map((name) => able.find(({ spec }) => spec.name === name))
    .find((found) => found !== undefined);
  for (const entrant of able) {
    const steps = Math.min(entrant.results.length, authority!.results.length);
    const off = difference(entrant.results.slice(0, steps), authority!.results.slice(0, steps));
    if (off <= tolerance[entrant.spec.precision]) continue;
    entrant.failure = `its results differ from those of ${authority!.spec.label} by ${off.toExponential(1)}`;
  }
}

/** Lets the compilers see the code, for `seconds`, and learns the pace. */
async function warmUp(contestant: Contestant, entrant: Entrant, seconds: number) {
  if (entrant.pace > 1e6) return;
  const end = performance.now() + 1000 * seconds;
  let steps = 1;
  do {
    const { micros } = await contestant.ask({ do: 'time', steps, samples: 1 });
    entrant.pace = micros[0]!;
    steps = Math.max(1, Math.round(Math.min(2 * steps, (1e6 * seconds) / entrant.pace)));
  } while (performance.now() < end);
}

async function takeTurn(contestant: Contestant, entrant: Entrant, seconds: number) {
  const steps = Math.max(1, Math.round(sampleMicros / entrant.pace));
  const samples = Math.max(1, Math.round((1e6 * seconds) / (steps * entrant.pace)));
  await sleep(pauseMilliseconds);
  if (entrant.pace < sampleMicros) await contestant.ask({ do: 'time', steps, samples: 1 }); // wakes caches and threads
  const { micros } = await contestant.ask({ do: 'time', steps, samples });
  entrant.times.push(micros);
  entrant.spent += (steps * micros.reduce((a, b) => a + b, 0)) / 1e6;
}

/** The same, beginning with another one. */
const rotated = <T>(values: readonly T[], by: number): T[] => values.map((_, i) => values[(i + by) % values.length]!);
