import { describe, expect, it } from 'vitest';
import { RAdam } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('RAdam', () => {
  replaysTrajectories('RAdam');

  it('steps by the mean alone at first, and by the rectified ratio from the sixth step on', () => {
    const w = parameter([0], [3]);
    const optimizer = new RAdam([w], { lr: 0.1 });
    for (let t = 1; t <= 5; t++) optimizer.step();
    expectClose(w.toArray(), [-0.1 * 3 * 5], 1e-14);
    optimizer.step();
    const limit = 2 / 0.001 - 1;
    const rho = limit - (12 * 0.999 ** 6) / (1 - 0.999 ** 6);
    const r = Math.sqrt(((rho - 4) * (rho - 2) * limit) / ((limit - 4) * (limit - 2) * rho));
    expect(rho).toBeGreaterThan(5);
    expectClose(w.toArray(), [-1.5 - 0.1 * r], 1e-8);
  });
});
