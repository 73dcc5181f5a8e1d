import { describe, expect, it } from 'vitest';
import { RMSprop } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('RMSprop', () => {
  replaysTrajectories('RMSprop');

  it('divides by the root mean square', () => {
    const w = parameter([1], [2]);
    new RMSprop([w], { lr: 0.1, alpha: 0.75, eps: 0 }).step();
    expectClose(w.toArray(), [1 - 0.2 / Math.sqrt(0.25 * 4)], 1e-15);
  });

  it('divides by the standard deviation, if centred', () => {
    const w = parameter([1], [2]);
    new RMSprop([w], { lr: 0.1, alpha: 0.75, eps: 0, centered: true }).step();
    expectClose(w.toArray(), [1 - 0.2 / Math.sqrt(1 - 0.25)], 1e-15);
  });

  it('starts what its options need when they are switched on', () => {
    const w = parameter([1], [2]);
    const optimizer = new RMSprop([w]);
    optimizer.step();
    Object.assign(optimizer.paramGroups[0]!, { momentum: 0.9, centered: true });
    optimizer.step();
    const keys = ['step', 'square_avg', 'momentum_buffer', 'grad_avg'];
    expect(Object.keys(optimizer.stateDict().state[0]!)).toEqual(keys);
    expect(Number.isFinite(w.item())).toBe(true);
  });
});
