import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recordFiles, replayFile } from '../src/files.ts';

// PyTorch's records, one test per file: every number of every record.
const folder = (kind: string) => fileURLToPath(new URL(`../data/pytorch/${kind}`, import.meta.url));

describe.each(['ops', 'modules', 'optim', 'random', 'training'])('PyTorch, %s', (kind) => {
  it.each(recordFiles(folder(kind)).map((file) => [basename(file, '.json'), file]))('%s', (_, file) => {
    const failed = replayFile(file).checks.filter((check) => !check.passed);
    expect(failed.map(({ id, failures }) => `${id}: ${failures[0]}`)).toEqual([]);
  });
});
