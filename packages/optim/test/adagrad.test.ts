import { describe, it } from 'vitest';
import { Adagrad } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('Adagrad', () => {
  replaysTrajectories('Adagrad');

  it('divides by the root of the sum of squares, and lets the rate decay', () => {
    const w = parameter([1], [2]);
    const optimizer = new Adagrad([w], { lr: 0.1, lrDecay: 1, initialAccumulatorValue: 5, eps: 0 });
    optimizer.step();
    optimizer.step();
    // 5 + 4 = 9, then 13; the rate is 0.1, then 0.1/2
    expectClose(w.toArray(), [1 - 0.2 / 3 - 0.1 / Math.sqrt(13)], 1e-15);
  });
});
