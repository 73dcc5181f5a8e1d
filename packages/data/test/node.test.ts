import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  cifar10,
  DataError,
  DataLoader,
  digits,
  iris,
  mnist,
  parseCsv,
  readCsv,
  readIdx,
  spiral,
} from '../src/index.ts';

const sources = new URL('../src/', import.meta.url);

describe('outside Node', () => {
  afterEach(() => vi.unstubAllGlobals());

  it('no source file imports a module of Node', () => {
    for (const file of readdirSync(sources)) {
      expect(readFileSync(new URL(file, sources), 'utf8'), file).not.toMatch(/from '(node:|fs|path|module)/);
    }
  });

  it('what reads files says that it needs Node, and the rest works', () => {
    vi.stubGlobal('process', undefined);
    for (const read of [
      () => mnist(),
      () => mnist({ folder: '.' }),
      () => iris(),
      () => cifar10('.'),
      () => digits(),
      () => readCsv('x'),
      () => readIdx('x'),
    ]) {
      expect(read).toThrow(DataError);
      expect(read).toThrow('@ndgrad/data: reading files needs Node; in a browser, fetch the file');
    }
    vi.stubGlobal('Buffer', undefined);
    expect(parseCsv('a,b\n1,2').inputs.tolist()).toEqual([[1]]);
    expect([...new DataLoader(spiral({ pointsPerClass: 2 }), { batchSize: 4 })].length).toBe(2);
  });
});
