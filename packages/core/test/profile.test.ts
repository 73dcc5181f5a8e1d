import { describe, expect, it } from 'vitest';
import { profile, randn } from '../src/index.ts';

describe('profile', () => {
  it('counts the launches of each kernel and hands the result on', () => {
    const [a, b] = [randn([3, 4]), randn([4, 2])];
    const { result, kernels, milliseconds } = profile(() => a.matmul(b).exp().add(1).add(2));
    expect(result.shape).toEqual([3, 2]);
    expect(Object.fromEntries(kernels.map(({ name, launches }) => [name, launches]))).toEqual({
      bmm: 1,
      exp: 1,
      add: 2,
    });
    const sum = kernels.reduce((total, kernel) => total + kernel.milliseconds, 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(milliseconds);
    expect([...kernels].sort((x, y) => y.milliseconds - x.milliseconds)).toEqual(kernels);
  });

  it('stops looking afterwards, also after an error, and can be nested', () => {
    const x = randn([2]);
    expect(() => profile(() => x.add(randn([3])))).toThrow(/do not broadcast/);
    const outer = profile(() => {
      x.exp();
      const inner = profile(() => x.log());
      x.exp();
      return inner;
    });
    expect(outer.result.kernels.map(({ name }) => name)).toEqual(['log']);
    expect(outer.kernels.map(({ name, launches }) => [name, launches])).toEqual([['exp', 2]]);
  });
});
