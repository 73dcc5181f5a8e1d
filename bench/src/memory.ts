import type { ContenderSpec } from './contenders.ts';
import { withNumbers } from './field.ts';
import { Contestant, reasonOf } from './process.ts';
import type { MemoryUse } from './results.ts';
import { type Estimate, trend } from './statistics.ts';
import { shapesOf, type Training } from './tasks.ts';

/** Steps where the time allows, the first half of which the slope leaves out; */
const wanted = 20_000;
/** more where they take less than this, in seconds: a heap of small arrays is collected every so many thousand steps. */
const least = 60;
const pieces = 200;
/** The share of the samples at the start that the slope leaves out: V8's heap grows to its size in up to 15,000 steps. */
const settling = 0.5;
/** A slope that is no more than this, in bytes over all steps, is flat whatever its error: a page or two now and then. */
const negligible = 2 ** 20;

/** Follows the memory of each contender over the steps of each workload. */
export async function memoryUses(
  tasks: readonly Training[],
  specs: readonly ContenderSpec[],
  seconds: number,
  progress: (text: string) => void,
): Promise<MemoryUse[]> {
  const uses: MemoryUse[] = [];
  for (const task of tasks) {
    await withNumbers(task, async (file) => {
      for (const spec of specs) {
        progress(`memory: ${task.name}, ${spec.label}`);
        const who = { task: task.name, name: spec.name, label: spec.label };
        const use = follow(spec, task, file, seconds).catch((error) => ({ note: reasonOf(error) }));
        uses.push({ ...who, ...(await use) });
      }
    });
  }
  return uses;
}

async function follow({ programs, missing }: ContenderSpec, task: Training, file: string, seconds: number) {
  if (programs.length === 0) throw new Error(missing);
  // On as many threads as there may be: as users would run it.
  const contestant = await Contestant.start(programs.at(-1)!);
  try {
    await contestant.ask({ do: 'prepare', task, file, shapes: shapesOf(task) });
    const pace = await paceOf(contestant);
    const stepsIn = (seconds: number) => (1e6 * seconds) / pace;
    const each = Math.max(1, Math.floor(Math.min(stepsIn(seconds), Math.max(wanted, stepsIn(least))) / pieces));
    const samples: number[] = [];
    let peak = 0;
    for (let piece = 0; piece < pieces; piece++) {
      await contestant.ask({ do: 'time', steps: each, samples: 1 });
      const now = await contestant.ask({ do: 'memory' });
      samples.push(now.rss);
      peak = now.peak;
    }
    return { steps: each * pieces, start: samples[0]!, end: samples.at(-1)!, peak, ...judge(samples, each) };
  } finally {
    contestant.stop();
  }
}

/** Microseconds per step once the compilers have seen the code: of the first sample that takes a fifth of a second. */
async function paceOf(contestant: Contestant): Promise<number> {
  for (let steps = 1; ; steps *= 2) {
    const { micros } = await contestant.ask({ do: 'time', steps, samples: 1 });
    if (steps * micros[0]! > 2e5) return micros[0]!;
  }
}

/** The slope of samples that are `each` steps apart, and whether it is flat: zero within two errors, or negligible. */
export function judge(samples: readonly number[], each: number): { slope: Estimate; flat: boolean } {
  const settled = samples.slice(Math.floor(settling * samples.length));
  const steps = settled.map((_, i) => i * each);
  const slope = trend(steps, settled);
  const flat = slope.value <= 2 * slope.error || slope.value * each * samples.length <= negligible;
  return { slope, flat };
}
