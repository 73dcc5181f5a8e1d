import { describe, it } from 'vitest';
import { NAdam } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('NAdam', () => {
  replaysTrajectories('NAdam');

  it('weighs the gradient and its mean as its formula says', () => {
    const w = parameter([1], [2]);
    new NAdam([w], { lr: 0.1, eps: 0 }).step();
    const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** (t * 4e-3));
    const gradient = ((1 - mu(1)) * 2) / (1 - mu(1));
    const mean = (mu(2) * 0.2) / (1 - mu(1) * mu(1) * mu(2));
    expectClose(w.toArray(), [1 - (0.1 * (gradient + mean)) / 2], 1e-15);
  });
});
