import { describe, expect, it } from 'vitest';
import { Adadelta } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('Adadelta', () => {
  replaysTrajectories('Adadelta');

  it('makes its first step out of eps', () => {
    const w = parameter([1], [2]);
    new Adadelta([w], { eps: 1e-4 }).step();
    expectClose(w.toArray(), [1 - (2 * Math.sqrt(1e-4)) / Math.sqrt(0.4 + 1e-4)], 1e-15);
  });

  it('refuses a rho outside [0, 1], and takes both ends', () => {
    expect(() => new Adadelta([parameter([1])], { rho: 1.5 })).toThrow('Adadelta: rho must lie in [0, 1], got 1.5');
    for (const rho of [0, 1]) expect(new Adadelta([parameter([1])], { rho }).defaults.rho).toBe(rho);
  });
});
