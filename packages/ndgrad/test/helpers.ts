import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { Paper } from '../../train/test/helpers.ts';
import { runCommand } from '../src/command.ts';
import { lessons } from './fixtures/lessons.ts';

/** Runs a command line on some lessons; gives the exit code and what was written. */
export async function run(line: string, some = Object.values(lessons)) {
  const [stdout, stderr] = [new Paper(), new Paper()];
  const code = await runCommand(some, line === '' ? [] : line.split(' '), { stdout, stderr });
  return { code, out: stdout.text, err: stderr.text };
}

const program = join(import.meta.dirname, 'fixtures/lessons.ts');

/** Starts the command as a program. */
export const start = (...args: string[]) => startIn(process.cwd(), ...args);

const tsx = import.meta.resolve('tsx');

/** Starts the command as a program in a folder. */
export function startIn(cwd: string, ...args: string[]) {
  const child = spawn(process.execPath, ['--import', tsx, program, ...args], { cwd });
  const written = { out: '', err: '' };
  child.stdout.on('data', (text) => {
    written.out += text;
  });
  child.stderr.on('data', (text) => {
    written.err += text;
  });
  return { child, written };
}

/** Starts the command as a program; gives it once it has printed `ready`. */
export async function started(...args: string[]) {
  const { child, written } = start(...args);
  await new Promise<void>((resolve) => {
    child.stdout.on('data', () => {
      if (written.out.includes('ready')) resolve();
    });
  });
  return { child, written };
}

export const exitOf = (child: ChildProcess) =>
  new Promise<{ code: number | null }>((resolve) => child.on('close', (code) => resolve({ code })));
