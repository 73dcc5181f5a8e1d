/**
 * Kills a training process with SIGKILL at random moments, resumes it each time, and compares what it comes to with a
 * run that was never killed: the SHA-256 of the weights, and the history.
 *   node --import tsx packages/train/scripts/kill.ts [kills, default 200]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { survive, undisturbed } from '../test/killing.ts';

const wanted = Number(process.argv[2] ?? 200);
const folder = mkdtempSync(join(tmpdir(), 'ndgrad-kill-'));
const inFolder = () => mkdtempSync(join(folder, 'run-'));
const { printed: expected } = await undisturbed(inFolder(), 0);
console.log(`never killed: weights ${JSON.parse(expected).weights}`);
let [kills, runs, wrong] = [0, 0, 0];
try {
  while (kills < wanted) {
    const steps = [1, 0, 5][runs % 3]!;
    const survival = await survive(inFolder(), steps, 700, Math.min(20, wanted - kills));
    kills += survival.kills;
    runs++;
    const isSame = survival.printed === expected;
    if (!isSame) wrong++;
    const savings = steps === 0 ? 'every epoch' : `every ${steps} steps`;
    console.log(
      `run ${runs}, saved ${savings}: killed ${survival.kills} times: ${isSame ? 'the same' : 'ANOTHER'} (${kills})`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(
  `${kills} kills in ${runs} runs: ${wrong === 0 ? 'each came to the same' : `${wrong} came to something else`}`,
);
process.exitCode = wrong === 0 ? 0 : 1;
