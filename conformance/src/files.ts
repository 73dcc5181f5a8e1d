import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Check } from './compare.ts';
import { replayModules } from './modules.ts';
import { replayOps } from './ops.ts';
import { replayOptim } from './optim.ts';
import { replayRandom } from './random.ts';
import type { Group } from './report.ts';
import { replayTraining } from './training.ts';

type Replay = (content: never, file: string) => Check[];

/** How the files of each folder are replayed. */
const replays: Record<string, Replay> = {
  ops: replayOps,
  modules: replayModules,
  optim: replayOptim,
  random: replayRandom,
  training: replayTraining,
};

/** The record files of a folder, in order; `data` folders hold what records need. */
export function recordFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith('.json') && kindOf(file) !== 'data')
    .sort();
}

/** Replays every record of a file. What can't be replayed has failed. */
export function replayFile(file: string): Group {
  const kind = kindOf(file);
  const name = basename(file, '.json');
  try {
    const content = JSON.parse(readFileSync(file, 'utf8'));
    const replay = replays[kind] ?? refuse(kind);
    return { kind, name, checks: replay(content as never, file) };
  } catch (error) {
    return { kind, name, checks: [failed(name, error)] };
  }
}

function kindOf(file: string): string {
  return basename(dirname(resolve(file)));
}

/** Counts every case of an unknown kind as failed; a file without cases holds no records. */
function refuse(kind: string): Replay {
  return ({ cases = [] }: { cases?: unknown[] }) =>
    cases.map((_, i) => failed(String(i), new Error(`there is no replay for records of ${kind}`)));
}

function failed(id: string, reason: unknown): Check {
  return new Check(id).run(() => {
    throw reason;
  });
}
