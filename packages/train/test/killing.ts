// Kills a training process at random moments, until it has come to its end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readCheckpoint } from '../src/index.ts';

const program = join(import.meta.dirname, 'fixtures/killed.ts');

/** How a run came to its end: what it printed, and how often it was killed. */
export interface Survival {
  printed: string;
  kills: number;
}

/**
 * Starts the training run again and again, and sends it SIGKILL at a random moment, until it has come to its end.
 * After each kill, every checkpoint in the folder must be whole.
 * @param steps between two savings; 0: after every epoch
 * @param moments within so many milliseconds after it has begun
 * @param most kills at most; from then on it runs undisturbed
 */
export async function survive(folder: string, steps: number, moments: number, most: number): Promise<Survival> {
  for (let kills = 0; ; kills++) {
    const child = spawn(process.execPath, ['--import', 'tsx', program, join(folder, 'run.safetensors'), String(steps)]);
    const printed = outputOf(child);
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    const timer = kills < most ? setTimeout(() => child.kill('SIGKILL'), Math.random() * moments) : undefined;
    const { text, errors } = await printed;
    clearTimeout(timer);
    if (child.exitCode === 0) return { printed: text.replace('ready\n', ''), kills };
    if (child.signalCode !== 'SIGKILL') throw new Error(`the run failed: ${errors}`);
    await checkAll(folder);
  }
}

/** The same run, never killed. */
export const undisturbed = (folder: string, steps: number): Promise<Survival> => survive(folder, steps, 0, 0);

async function outputOf(child: ChildProcess): Promise<{ text: string; errors: string }> {
  let [text, errors] = ['', ''];
  child.stdout!.on('data', (chunk) => {
    text += chunk;
  });
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  await once(child, 'close');
  return { text, errors };
}

/** @throws CheckpointError for one that is not whole */
async function checkAll(folder: string): Promise<void> {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names) if (name.endsWith('.safetensors')) await readCheckpoint(join(folder, name));
}
