import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bytesAt, Store } from '../../src/checkpoint/store.ts';
import { CheckpointError } from '../../src/index.ts';
import { freshFolder, freshPath } from './problem.ts';

const text = (words: string) => Buffer.from(words);

/** What a folder holds, by name. */
const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));

describe('a store', () => {
  it('has nothing before something is written', async () => {
    expect(await new Store(freshPath(), 1).read()).toBeNull();
  });

  it('holds the last one at its path', async () => {
    const folder = freshFolder();
    const store = new Store(join(folder, 'run.safetensors'), 1);
    await store.write(text('a'), 1, false);
    await store.write(text('b'), 2, false);
    expect(contents(folder)).toEqual({ 'run.safetensors': 'b' });
    expect(await store.read()).toEqual(text('b'));
  });

  it('keeps as many of those before as it is asked to, under their steps', async () => {
    const folder = freshFolder();
    const store = new Store(join(folder, 'run.safetensors'), 3);
    for (const step of [8, 9, 10, 100]) await store.write(text(`at ${step}`), step, false);
    expect(contents(folder)).toEqual({
      'run.safetensors': 'at 100',
      'run.step-10.safetensors': 'at 10',
      'run.step-9.safetensors': 'at 9',
    });
  });

  it('goes on with those that a run before it left', async () => {
    const folder = freshFolder();
    const path = join(folder, 'run');
    const before = new Store(path, 2);
    for (const step of [1, 2]) await before.write(text(`at ${step}`), step, false);
    const store = new Store(path, 2);
    store.goOnFrom(2);
    await store.write(text('at 3'), 3, false);
    expect(contents(folder)).toEqual({ run: 'at 3', 'run.step-2': 'at 2' });
    expect(statSync(join(folder, 'run.step-2')).nlink).toBe(1);
  });

  it('has the best one beside it', async () => {
    const folder = freshFolder();
    const store = new Store(join(folder, 'run.st'), 1);
    await store.write(text('a'), 1, true);
    await store.write(text('b'), 2, false);
    expect(contents(folder)).toEqual({ 'run.st': 'b', 'run.best.st': 'a' });
  });

  it('leaves all other files alone', async () => {
    const folder = freshFolder();
    const others = ['run.step-x.safetensors', 'other.step-1.safetensors', 'run.step-1.txt', 'run.step-9.safetensors'];
    for (const name of others) writeFileSync(join(folder, name), 'mine');
    const store = new Store(join(folder, 'run.safetensors'), 2);
    for (const step of [3, 4, 5]) await store.write(text(`at ${step}`), step, false);
    expect(Object.keys(contents(folder)).sort()).toEqual(
      [...others, 'run.safetensors', 'run.step-4.safetensors'].sort(),
    );
  });
});

describe('bytes that can not be read', () => {
  it('are named with the reason', async () => {
    const folder = freshFolder();
    mkdirSync(join(folder, 'sub'));
    await expect(bytesAt(join(folder, 'sub'))).rejects.toThrow(CheckpointError);
    await expect(bytesAt(join(folder, 'sub'))).rejects.toThrow("sub: it can't be read: it is a folder");
  });
});
