import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { readFileWhole } from '../src/index.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndgrad-files-'));
  path = join(folder, 'a');
});
afterEach(() => {
  state.meanwhile = () => undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** What happens to the file between opening it and reading it. */
const state = vi.hoisted(() => ({ meanwhile: (): void => undefined, size: null as number | null }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const open = async (path: string, flags: string) => {
    const file = await real.open(path, flags);
    const [stat, read] = [file.stat.bind(file), file.read.bind(file)];
    return Object.assign(file, {
      stat: async () => Object.assign(await stat(), state.size === null ? {} : { size: state.size }),
      read: async (...args: Parameters<typeof read>) => {
        state.meanwhile();
        return read(...args);
      },
    });
  };
  return { ...real, open };
});

it('reads all bytes of a file, also of an empty one', async () => {
  writeFileSync(path, Uint8Array.of(1, 0, 255));
  expect([...(await readFileWhole(path))]).toEqual([1, 0, 255]);
  writeFileSync(path, '');
  expect(await readFileWhole(path)).toEqual(new Uint8Array(0));
});

it('reads what was there when it was opened of a file that grows', async () => {
  writeFileSync(path, 'abc');
  state.meanwhile = () => appendFileSync(path, 'd');
  expect(new TextDecoder().decode(await readFileWhole(path))).toBe('abc');
});

it('says so of a file that becomes shorter while it is read', async () => {
  writeFileSync(path, 'abc');
  state.meanwhile = () => truncateSync(path, 0);
  await expect(readFileWhole(path)).rejects.toThrow(
    `${path}: it became shorter while it was read, at byte 0: read it once its writer is done`,
  );
});

it('says so of a file that is larger than the memory', async () => {
  writeFileSync(path, 'abc');
  state.size = 2 ** 52;
  await expect(readFileWhole(path)).rejects.toThrow(
    `${path}: there is no memory for its ${2 ** 52} bytes: read it on a machine with more`,
  );
  state.size = null;
});

it('refuses what is no path', async () => {
  await expect(readFileWhole('')).rejects.toThrow('readFileWhole: the path must be text that is not empty, got ""');
});
