import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { locked } from '../../src/checkpoint/lock.ts';
import { CheckpointError } from '../../src/index.ts';
import { freshFolder, freshPath } from './problem.ts';

const gone = spawnSync(process.execPath, ['-e', '']).pid;
/** Whether the system tells when a process started, as Linux does. */
const tellsStarts = existsSync('/proc/self/stat');
const lockOf = (path: string, owner: object) => writeFileSync(`${path}.lock`, JSON.stringify(owner));

describe('a lock', () => {
  it('names this process while it is held, and is gone afterwards', async () => {
    const path = freshPath();
    const unlock = await locked(path);
    expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8'))).toMatchObject({ pid: process.pid, host: hostname() });
    await unlock();
    expect(existsSync(`${path}.lock`)).toBe(false);
    await (await locked(path))();
  });

  it('keeps others of this process away', async () => {
    const path = freshPath();
    const unlock = await locked(path);
    await expect(locked(path)).rejects.toThrow(CheckpointError);
    await expect(locked(path)).rejects.toThrow(
      `${path}: another run of this process is writing it: wait for its end, give another path, or delete ${path}.lock`,
    );
    await unlock();
  });

  it('is one, under whatever name the file is called', async () => {
    const [path, name] = [freshPath(), freshPath()];
    writeFileSync(path, '');
    symlinkSync(path, name);
    const unlock = await locked(path);
    await expect(locked(name)).rejects.toThrow('another run of this process');
    await unlock();
  });

  it('of a running process is respected', async () => {
    const path = freshPath();
    lockOf(path, { pid: process.ppid, host: hostname(), started: null });
    await expect(locked(path)).rejects.toThrow(`${path}: another run (process ${process.ppid}) is writing it`);
  });

  it('of another machine is respected: nobody can tell from here', async () => {
    const path = freshPath();
    lockOf(path, { pid: gone, host: 'elsewhere', started: '1' });
    await expect(locked(path)).rejects.toThrow(`a run on elsewhere (process ${gone}) is writing it`);
  });
});

describe('a lock whose process is gone', () => {
  const stale: Record<string, object> = {
    'that ended': { pid: gone, host: hostname(), started: '5' },
    ...(tellsStarts && {
      'whose id another process has by now': { pid: process.ppid, host: hostname(), started: '1' },
    }),
    'whose id this process has by now': { pid: process.pid, host: hostname(), started: '1' },
  };
  it.each(Object.keys(stale))('one %s, is taken over', async (name) => {
    const path = freshPath();
    lockOf(path, stale[name]!);
    const unlock = await locked(path);
    expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8')).pid).toBe(process.pid);
    expect(JSON.parse(readFileSync(`${path}.lock`, 'utf8')).started).not.toBe('1');
    await unlock();
  });

  it.each(['', '{', '[]', 'null', '{"pid":-1,"host":"x"}'])(
    'that died while it wrote %j, is taken over',
    async (text) => {
      const path = freshPath();
      writeFileSync(`${path}.lock`, text);
      await (await locked(path))();
    },
  );

  it('is taken over though nobody has taken notice of its end yet', async () => {
    // A shell that becomes another program never asks what became of its child.
    const shell = spawn('bash', ['-c', 'true & echo $!; exec sleep 60']);
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    await new Promise((resolve) => setTimeout(resolve, 200));
    const path = freshPath();
    lockOf(path, { pid: Number(line.toString()), host: hostname(), started: null });
    if (tellsStarts) await (await locked(path))();
    else await expect(locked(path)).rejects.toThrow('is writing it');
    shell.kill();
  });

  it('is taken over by one of several who come at once', async () => {
    const folder = freshFolder();
    for (let round = 0; round < 10; round++) {
      const path = join(folder, `run-${round}`);
      lockOf(path, { pid: gone, host: hostname(), started: '5' });
      const all = await Promise.allSettled(Array.from({ length: 6 }, () => locked(path)));
      expect(all.filter(({ status }) => status === 'fulfilled').length).toBe(1);
    }
    expect(readdirSync(folder).filter((name) => !name.endsWith('.lock'))).toEqual([]);
  });
});

describe('a place that can not be locked', () => {
  it('is named with the reason', async () => {
    const folder = freshFolder();
    await expect(locked(join(folder, 'none', 'run'))).rejects.toThrow(
      /run: can't be saved there: the folder does not exist; make it first$/,
    );
    writeFileSync(join(folder, 'file'), '');
    await expect(locked(join(folder, 'file', 'run'))).rejects.toThrow('what should be its folder is a file');
    mkdirSync(join(folder, 'x'.repeat(200)));
    await expect(locked(join(folder, 'x'.repeat(253)))).rejects.toThrow(/can't be saved there: ENAMETOOLONG/);
  });
});
