import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCheckpoint } from '../src/index.ts';
import { freshFolder } from './checkpoint/problem.ts';

const program = join(import.meta.dirname, 'fixtures/disk.ts');
const isRoot = process.getuid?.() === 0;

/** Runs the program in a shell that was prepared so; gives what it printed. */
function run(prepare: string, path: string, user = 0): string {
  const script = `${prepare} && exec "$0" --import tsx "$@"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, process.execPath, program, path, String(user)], {
    encoding: 'utf8',
  });
  return stdout + stderr;
}

describe('a disk that is full', () => {
  // A limit of 200 blocks of 1024 bytes: what is larger can't be written.
  it('leaves the last checkpoint whole, and says what is wrong', async () => {
    const folder = freshFolder();
    const path = join(folder, 'run.safetensors');
    const said = run('ulimit -f 200', path);
    expect(said).toMatch(/^CheckpointError: fit: the checkpoint of epoch 3, step 3 can't be saved: /);
    expect(said).toContain(`${path}: can't be written, because the file is larger than the system allows`);
    expect(said).toMatch(/That of epoch 2, step 2 is still there, and training itself went well$/);
    expect((await readCheckpoint(path)).step).toBe(2);
    // Nothing half-written stays, and no lock.
    expect(readdirSync(folder).sort()).toEqual(['run.safetensors', 'run.step-1.safetensors', 'run.step-2.safetensors']);
  });

  it('at the start ends the run before it has begun', () => {
    const folder = freshFolder();
    for (const [limit, message] of [
      [0, /^CheckpointError: .*safetensors: can't be saved there: the system allows no file so large/],
      [1, /^CheckpointError: fit: the checkpoint can't be saved: .* the file is larger than the system allows/],
    ] as const) {
      expect(run(`ulimit -f ${limit}`, join(folder, 'run.safetensors'))).toMatch(message);
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  const mounted = (folder: string) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'none', folder]).status === 0;
  it('as a small file system of its own leaves the last checkpoint whole, too', async () => {
    const folder = freshFolder();
    // Only the administrator may mount one; elsewhere the limit stands for it.
    const small = mounted(folder);
    try {
      const path = join(folder, 'run.safetensors');
      const said = run(small ? 'true' : 'ulimit -f 200', path);
      expect(said).toMatch(/^CheckpointError: fit: the checkpoint of epoch 3, step 3 can't be saved: /);
      if (small) expect(said).toContain("can't be written, because the disk is full: free some space");
      expect((await readCheckpoint(path)).step).toBe(2);
    } finally {
      if (small) spawnSync('umount', [folder]);
    }
  });
});

describe('a folder that may not be written', () => {
  it('ends the run before it has begun, and says what is wrong', () => {
    const folder = join(freshFolder(), 'mine');
    mkdirSync(folder);
    chmodSync(folder, 0o555);
    chmodSync(join(folder, '..'), 0o755);
    chmodSync(join(folder, '../..'), 0o755);
    // The administrator may write everywhere, and becomes somebody else.
    const said = run('true', join(folder, 'run.safetensors'), isRoot ? 65534 : 0);
    expect(said).toBe(
      `CheckpointError: ${folder}/run.safetensors: can't be saved there: the folder may not be written; ` +
        'check its permissions',
    );
    chmodSync(folder, 0o755);
    expect(readdirSync(folder)).toEqual([]);
  });
});
