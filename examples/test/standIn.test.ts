import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteDataset } from '@ndgrad/data';
import { describe, expect, it, vi } from 'vitest';
import { cifarStandIn, idxStandIn } from '../src/standIn.ts';

const labels = ({ targets }: ByteDataset) => targets.tolist();
const oneOfEach = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('the stand-ins', () => {
  it('are read from files in the format of MNIST', () => {
    const { train, test } = idxStandIn({ train: 20, t10k: 10 });
    expect([train.shape, labels(train), labels(test)]).toEqual([[1, 28, 28], [...oneOfEach, ...oneOfEach], oneOfEach]);
  });

  it('are read from files in the format of CIFAR-10', () => {
    const { train, test } = cifarStandIn(10);
    expect([train.length, train.shape, labels(test)]).toEqual([50, [3, 32, 32], oneOfEach]);
  });

  it('are the same each time, and no two pictures are alike', () => {
    const [first, again] = [idxStandIn({ train: 20, t10k: 10 }), idxStandIn({ train: 20, t10k: 10 })];
    expect(again.train.bytes).toEqual(first.train.bytes);
    expect(first.train.bytes.subarray(0, 784)).not.toEqual(first.train.bytes.subarray(10 * 784, 11 * 784));
  });

  it('run across in even classes and down in odd ones', () => {
    const { test } = cifarStandIn(10);
    const [across, down] = [0, 1].map((label) => test.batch([label])[0].select(0, 0).select(0, 0)); // [32, 32]
    const spread = (x: typeof across, dim: number) => x!.mean({ dim }).std().item();
    expect(spread(across, 1)).toBeGreaterThan(3 * spread(across, 0));
    expect(spread(down, 0)).toBeGreaterThan(3 * spread(down, 1));
  });

  it('leave no folder behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ndgrad-test-'));
    vi.stubEnv('TMPDIR', folder);
    cifarStandIn(10);
    expect(readdirSync(folder)).toEqual([]);
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
});
