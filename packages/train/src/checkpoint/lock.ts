import { CheckpointError } from '../errors.ts';
import { nodeModule } from './node.ts';

/** Whose lock it is. A process that has the same id and another start is another one. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process started, as the system counts it; `null` where it doesn't say. */
  readonly started: string | null;
}

/** How often and for how long, in milliseconds, a lock that can't be read is looked at again: it may be being written. */
const LOOKS = 10;
const BETWEEN = 50;

/**
 * Keeps others from writing the same checkpoint: makes the file `<path>.lock`, which names this process. A lock whose
 * process is gone is taken over.
 * @returns what gives the lock back
 * @throws CheckpointError where another run holds it, and where the folder can't be written
 */
export async function locked(path: string): Promise<() => Promise<void>> {
  const { unlink } = nodeModule('node:fs/promises');
  const file = `${await realPath(path)}.lock`;
  const own = JSON.stringify(await thisProcess());
  while (!(await created(path, file, own))) await removeStale(path, file);
  return () => unlink(file).catch(() => undefined);
}

/** Makes the lock; `false` where there is one already. */
async function created(path: string, file: string, text: string): Promise<boolean> {
  const { open, unlink } = nodeModule('node:fs/promises');
  let made = false;
  try {
    const handle = await open(file, 'wx');
    made = true;
    await handle.writeFile(text).finally(() => handle.close());
    return true;
  } catch (cause) {
    if (made) await unlink(file).catch(() => undefined);
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(path, cause);
  }
}

/** The file behind symbolic links, so that each of its names has the same lock. */
async function realPath(path: string): Promise<string> {
  const { realpath } = nodeModule('node:fs/promises');
  return realpath(path).catch(() => path);
}

/** Removes the lock where its process is gone. @throws CheckpointError where that runs, or may run */
async function removeStale(path: string, file: string): Promise<void> {
  const { readFile, rename, link, unlink } = nodeModule('node:fs/promises');
  const text = await settled(file);
  if (text === null) return;
  const owner = ownerIn(text);
  const holder = owner === null ? null : await holderOf(owner);
  if (holder !== null) {
    throw new CheckpointError(
      `${path}: ${holder} is writing it: wait for its end, give another path, or delete ${file} if that run is gone`,
    );
  }
  // Another run may find the same stale lock, and have put its own there by now: what is moved away is looked at again.
  const moved = `${file}.${crypto.randomUUID()}`;
  await rename(file, moved).catch(ignoreMissing);
  const taken = await readFile(moved, 'utf8').catch(() => null);
  if (taken !== null && taken !== text) await link(moved, file).catch(() => undefined);
  await unlink(moved).catch(ignoreMissing);
}

/** The lock's text once it is complete; `null` where it is gone. */
async function settled(file: string): Promise<string | null> {
  const { readFile } = nodeModule('node:fs/promises');
  let text: string | null = null;
  for (let look = 0; look < LOOKS; look++) {
    text = await readFile(file, 'utf8').catch(ignoreMissing);
    if (text === null || ownerIn(text) !== null) return text;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN));
  }
  return text;
}

function ownerIn(text: string): Owner | null {
  try {
    const { pid, host, started } = JSON.parse(text);
    return Number.isInteger(pid) && pid > 0 && typeof host === 'string'
      ? { pid, host, started: started ?? null }
      : null;
  } catch {
    return null;
  }
}

/** Who holds the lock, in words; `null` where nobody does any more. */
async function holderOf({ pid, host, started }: Owner): Promise<string | null> {
  const own = await thisProcess();
  if (host !== own.host) return `a run on ${host} (process ${pid})`;
  if (pid === own.pid && started === own.started) return 'another run of this process';
  if (pid === own.pid || !isRunning(pid)) return null;
  const now = await processOf(pid);
  const isOther = now !== null && started !== null && now.started !== started;
  return isOther || now?.isDead ? null : `another run (process ${pid})`;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // it runs, and is another user's
  }
}

async function thisProcess(): Promise<Owner> {
  const { hostname } = nodeModule('node:os');
  return { pid: process.pid, host: hostname(), started: (await processOf(process.pid))?.started ?? null };
}

/** What Linux tells of a process in /proc: when it started, in ticks since the system did, and whether it has ended. */
async function processOf(pid: number): Promise<{ started: string; isDead: boolean } | null> {
  const { readFile } = nodeModule('node:fs/promises');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The second field, a name in brackets, may hold spaces and brackets; the state is the third, the start the 22nd.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { started: fields[19]!, isDead: 'ZX'.includes(fields[0]!) };
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}

function unwritable(path: string, cause: unknown): CheckpointError {
  return new CheckpointError(`${path}: can't be saved there: ${reasonOf(cause)}`, { cause });
}

const reasons: Record<string, string> = {
  ENOENT: 'the folder does not exist; make it first',
  ENOTDIR: 'what should be its folder is a file',
  EACCES: 'the folder may not be written; check its permissions',
  EPERM: 'the folder may not be written; check its permissions',
  EROFS: 'the file system is read-only; choose another folder',
  ENOSPC: 'the disk is full; free some space, or choose another disk',
  EDQUOT: 'your share of the disk is full; free some space, or choose another disk',
  EFBIG: 'the system allows no file so large; raise the limit (ulimit -f)',
};

const reasonOf = (cause: unknown): string =>
  reasons[(cause as NodeJS.ErrnoException).code ?? ''] ?? (cause as Error).message;
