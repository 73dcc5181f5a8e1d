import { Generator, manualSeed, ones, rand, randn, ShapeError, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { functional as F } from '../../src/index.ts';

const generator = () => new Generator(1);

describe('dropout', () => {
  it('drops a share p and makes up for it', () => {
    const y = F.dropout(ones([100, 100]), { p: 0.2, generator: generator() });
    expect(new Set(y.toArray())).toEqual(new Set([0, 1.25]));
    expect(y.eq(0).mean().item()).toBeCloseTo(0.2, 2); // 10,000 draws: standard deviation 0.004
    expect(y.mean().item()).toBeCloseTo(1, 1.5);
  });

  it('draws what PyTorch draws', () => {
    // torch.manual_seed(0); F.dropout(torch.ones(6), 0.5): keeps where rand(6) < 0.5
    manualSeed(0);
    const kept = rand([6]).lt(0.5).mul(2).tolist();
    manualSeed(0);
    expect(F.dropout(ones([6])).tolist()).toEqual(kept);
  });

  it('lets the gradient through where it let the value through', () => {
    const x = randn([50], { generator: generator(), requiresGrad: true });
    const y = F.dropout(x, { generator: generator() });
    y.sum().backward();
    expect(x.grad!.tolist()).toEqual(y.ne(0).mul(2).tolist());
  });

  it('does nothing, and draws nothing, outside training, for p = 0 or for nothing', () => {
    const g = generator();
    const x = ones([3]);
    expect(F.dropout(x, { training: false, generator: g })).toBe(x);
    expect(F.dropout(x, { p: 0, generator: g })).toBe(x);
    expect(F.dropout(zeros([0, 2]), { generator: g }).shape).toEqual([0, 2]);
    expect(g.random32()).toBe(generator().random32());
  });

  it('drops everything for p = 1, without a draw', () => {
    const g = generator();
    expect(F.dropout(ones([3]), { p: 1, generator: g }).tolist()).toEqual([0, 0, 0]);
    expect(g.random32()).toBe(generator().random32());
  });

  it('refuses what is no probability', () => {
    expect(() => F.dropout(ones([3]), { p: 1.1 })).toThrow('dropout: p must lie in [0, 1], got 1.1');
    expect(() => F.dropout(ones([3]), { p: Number.NaN, training: false })).toThrow(/got NaN/);
  });
});

describe('dropout of channels', () => {
  it('keeps or drops a channel as one', () => {
    const y = F.dropout2d(ones([20, 10, 3, 2]), { p: 0.4, generator: generator() }).reshape([200, 6]);
    const sums = y.sum({ dim: 1 });
    sums.toArray().forEach((sum) => {
      expect(sum === 0 || Math.abs(sum - 10) < 1e-12).toBe(true); // 6/0.6
    });
    expect(sums.eq(0).mean().item()).toBeCloseTo(0.4, 1);
  });

  it('takes any number of dims from two on', () => {
    expect(F.dropout2d(ones([2, 3]), { generator: generator() }).shape).toEqual([2, 3]);
    expect(() => F.dropout2d(ones([3]))).toThrow('dropout2d: expected at least 2 dimensions, [n, c, …], got [3]');
    expect(() => F.dropout2d(ones([3]), { training: false })).toThrow(ShapeError);
  });

  it('works on sequences, batched or not', () => {
    const batched = F.dropout1d(ones([1, 40, 5]), { generator: generator() });
    const unbatched = F.dropout1d(ones([40, 5]), { generator: generator() });
    expect(unbatched.tolist()).toEqual((batched.tolist() as number[][][])[0]);
    expect(new Set(unbatched.sum({ dim: 1 }).toArray())).toEqual(new Set([0, 10]));
    expect(() => F.dropout1d(ones([2]))).toThrow('dropout1d: expected [n, c, l] or [c, l], got [2]');
  });
});
