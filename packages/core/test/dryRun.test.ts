import { describe, expect, it } from 'vitest';
import { defaultGenerator, dryRun, empty, ones, profile, randn, zeros } from '../src/index.ts';

describe('a dry run', () => {
  it('gives tensors of the right shape, full of zeros', () => {
    const y = dryRun(() =>
      ones([2, 3])
        .exp()
        .matmul(ones([3, 4]))
        .argmax({ dim: 1 }),
    );
    expect(y.shape).toEqual([2]);
    expect(y.tolist()).toEqual([0, 0]);
    expect(dryRun(() => randn([2]).add(1).tolist())).toEqual([0, 0]);
  });

  it('writes to nothing that was there before, and draws nothing', () => {
    const x = ones([300]);
    const state = defaultGenerator.getState();
    dryRun(() => {
      x.fill_(5);
      x.add_(1);
      randn([10]);
    });
    expect(x.sum().item()).toBe(300);
    expect(defaultGenerator.getState()).toEqual(state);
  });

  it('does not compute: a product that would take hours is done at once', () => {
    const start = performance.now();
    const a = zeros([1, 1]).expand([100_000, 100_000]);
    expect(dryRun(() => a.matmul(zeros([100_000, 1]))).shape).toEqual([100_000, 1]);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  it('does not touch the memory of what is very large', () => {
    const before = process.memoryUsage.rss();
    const large = dryRun(() => empty([2 ** 26]).uniform_());
    expect(large.numel()).toBe(2 ** 26); // 512 MB
    expect(process.memoryUsage.rss() - before).toBeLessThan(100e6);
  });

  it('ends with its body, whatever happens, and lets an observer around it see the rest', async () => {
    expect(() =>
      dryRun(() => {
        throw new Error('stop');
      }),
    ).toThrow('stop');
    expect(ones([2]).add(1).tolist()).toEqual([2, 2]);
    await dryRun(async () => {
      await Promise.resolve();
      expect(ones([2]).add(1).tolist()).toEqual([0, 0]);
    });
    expect(ones([2]).add(1).tolist()).toEqual([2, 2]);
    const { kernels } = profile(() => {
      dryRun(() => ones([2]).exp());
      return ones([2]).log();
    });
    expect(kernels.map(({ name }) => name).sort()).toEqual(['fill', 'log']);
  });
});
