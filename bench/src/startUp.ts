import type { ContenderSpec } from './contenders.ts';
import { withNumbers } from './field.ts';
import { Contestant, reasonOf } from './process.ts';
import type { StartUp } from './results.ts';
import { summary } from './statistics.ts';
import { shapesOf, workloads } from './tasks.ts';

const task = workloads.find(({ name }) => name === 'spiral')!;
const rounds = 5;

interface Start {
  importing: number;
  firstStep: number;
}

/** How long each contender takes from nothing to its first step, in fresh processes, in turns. */
export async function startUps(specs: readonly ContenderSpec[], progress: (text: string) => void): Promise<StartUp[]> {
  const starts = new Map(specs.map(({ name }) => [name, [] as Start[]]));
  const notes = new Map<string, string>();
  await withNumbers(task, async (file) => {
    for (let round = 0; round < rounds; round++) {
      progress(`startup: round ${round + 1} of ${rounds}`);
      for (const { name, programs, missing } of specs) {
        if (notes.has(name)) continue;
        if (programs.length === 0) notes.set(name, missing ?? 'missing');
        else await startOnce(programs[0]!, file).then((start) => starts.get(name)!.push(start), remember(notes, name));
      }
    }
  });
  return specs.map(({ name, label }) => {
    const note = notes.get(name);
    if (note !== undefined) return { name, label, note };
    const own = starts.get(name)!;
    const [importing, firstStep] = [summary(own.map((s) => s.importing)), summary(own.map((s) => s.firstStep))];
    return { name, label, importing, firstStep };
  });
}

const remember = (notes: Map<string, string>, name: string) => (error: unknown) => {
  notes.set(name, reasonOf(error));
};

async function startOnce(program: ContenderSpec['programs'][number], file: string): Promise<Start> {
  const begin = performance.now();
  const contestant = await Contestant.start(program);
  try {
    await contestant.ask({ do: 'prepare', task, file, shapes: shapesOf(task) });
    await contestant.ask({ do: 'check', steps: 1 });
    return { importing: contestant.hello.importMilliseconds, firstStep: performance.now() - begin };
  } finally {
    contestant.stop();
  }
}
