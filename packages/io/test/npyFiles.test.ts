import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tensor, zeros } from '@ndgrad/core';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadNpy, loadNpz, saveNpy, saveNpz } from '../src/index.ts';
import { fixturePath } from './fixtures.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndgrad-npy-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('saves and loads an array, in the format that is wanted', async () => {
  const path = join(folder, 'a.npy');
  await saveNpy(path, tensor([[1.5, 2]]));
  expect((await loadNpy(path)).tolist()).toEqual([[1.5, 2]]);
  await saveNpy(path, tensor([[1, 2]]), { dtype: 'U8' });
  expect((await loadNpy(path)).tolist()).toEqual([[1, 2]]);
  await expect(saveNpy(path, tensor([0.5]), { dtype: 'U8' })).rejects.toThrow('encodeNpy: U8 holds whole numbers');
  expect((await loadNpy(path)).tolist()).toEqual([[1, 2]]); // it stayed as it was
});

it('saves and loads arrays by name, compressed or not', async () => {
  const path = join(folder, 'a.npz');
  for (const compressed of [false, true]) {
    await saveNpz(path, { 'a/b': tensor([1, 2]), c: tensor(3) }, { compressed });
    const { 'a/b': ab, c } = await loadNpz(path);
    expect([ab!.tolist(), c!.tolist()]).toEqual([[1, 2], 3]);
  }
});

it('reads files of NumPy from the disk', async () => {
  expect((await loadNpy(fixturePath('fortran.npy'))).shape).toEqual([2, 3, 4]);
  expect(Object.keys(await loadNpz(fixturePath('compressed.npz')))).toEqual([
    '0.weight',
    '0.bias',
    'layer/steps',
    'größe',
  ]);
});

it('names the file, the byte and what to do in errors', async () => {
  const path = join(folder, 'a');
  writeFileSync(path, 'x');
  await expect(loadNpy(path)).rejects.toThrow(
    `${path}: it does not begin as a .npy file does, at byte 0: write it again with numpy.save`,
  );
  await expect(loadNpz(path)).rejects.toThrow(`${path}: the end of the zip directory is cut short, at byte 0`);
  await expect(loadNpz(join(folder, 'b'))).rejects.toThrow(`${join(folder, 'b')}: there is no such file`);
  await saveNpz(path, { x: zeros([1000]) }, { compressed: true });
  await expect(loadNpz(path, { maxBytes: 5000 })).rejects.toThrow(
    'what is compressed would take 8128 bytes, with "x.npy"',
  );
  await expect(loadNpz(path, 5000 as never)).rejects.toThrow('loadNpz: optional arguments go in one object');
});
