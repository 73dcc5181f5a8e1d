import { describe, expect, it } from 'vitest';
import { currentScope, enterScope, formatScope, runThen, tensor } from '../src/index.ts';

describe('a scope', () => {
  const outer = { parent: null, path: '', label: 'Net', since: 0 };
  const inner = { parent: outer, path: 'layers.2', label: 'Linear 100→10', since: 0 };

  it('runs until the one before is put back, and stands in the nodes that are recorded meanwhile', () => {
    const x = tensor(2, { requiresGrad: true });
    const before = enterScope(inner);
    const y = x.exp();
    expect(currentScope()).toBe(inner);
    expect(enterScope(before)).toBe(inner);
    expect(currentScope()).toBeNull();
    expect(y.node!.scope).toBe(inner);
    expect(x.exp().node!.scope).toBeNull();
  });

  it('is written with its path and what it is', () => {
    expect(formatScope(inner)).toBe('layers.2 (Linear 100→10)');
    expect(formatScope(outer)).toBe('Net');
  });
});

describe('runThen', () => {
  it('runs the end after the body, also after an error', () => {
    const order: string[] = [];
    const end = () => void order.push('end');
    expect(runThen(() => order.push('body'), end)).toBe(1);
    expect(() =>
      runThen(() => {
        order.push('broken');
        throw new Error('stop');
      }, end),
    ).toThrow('stop');
    expect(order).toEqual(['body', 'end', 'broken', 'end']);
  });

  it('waits for a promise', async () => {
    const order: string[] = [];
    const end = () => void order.push('end');
    const done = runThen(async () => {
      await Promise.resolve();
      order.push('body');
      return 3;
    }, end);
    expect(order).toEqual([]);
    expect(await done).toBe(3);
    await expect(runThen(() => Promise.reject(new Error('stop')), end)).rejects.toThrow('stop');
    expect(order).toEqual(['body', 'end', 'end']);
  });
});
