import { tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Rprop } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('Rprop', () => {
  replaysTrajectories('Rprop');

  it('lengthens its steps while the sign stays, and shortens them and waits when it changes', () => {
    const w = parameter([1]);
    const optimizer = new Rprop([w], { lr: 0.1 });
    const at = [1, 9, -2, -2].map((g) => {
      w.grad = tensor([g]);
      optimizer.step();
      return w.item();
    });
    // steps of 0.1, 0.12, none, 0.06 the other way
    expectClose(at, [0.9, 0.78, 0.78, 0.84], 1e-15);
  });

  it('keeps its steps between the bounds', () => {
    const w = parameter([0], [1]);
    const optimizer = new Rprop([w], { lr: 1, stepSizes: [0.5, 1.1] });
    optimizer.step();
    optimizer.step();
    expectClose(w.toArray(), [-1 - 1.1], 1e-15);
  });

  it('refuses etas that do not enclose 1', () => {
    for (const etas of [
      [0, 1.2],
      [1, 1.2],
      [0.5, 1],
    ] as [number, number][]) {
      expect(() => new Rprop([parameter([1])], { etas })).toThrow(
        `Rprop: etas must be one number in (0, 1) and one greater than 1, got [${etas.join(', ')}]`,
      );
    }
    expect(() => new Rprop([parameter([1])], { stepSizes: [1] as never })).toThrow(
      'Rprop: stepSizes must be a list of two numbers, got [1]',
    );
  });
});
