import { describe, it } from 'vitest';
import { Adamax } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('Adamax', () => {
  replaysTrajectories('Adamax');

  it('takes a first step of the size of the rate, whatever the gradient', () => {
    const w = parameter([1, 1], [1e-3, -5]);
    new Adamax([w], { lr: 0.1, eps: 0 }).step();
    expectClose(w.toArray(), [0.9, 1.1], 1e-15);
  });
});
