import { type Tensor, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { SGD, type SGDOptions } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

/** Where w = 1 is after each of the gradients. */
function path(options: Partial<SGDOptions>, gradients: number[]): number[] {
  const w = parameter([1]);
  const optimizer = new SGD([w], { lr: 0.1, ...options });
  return gradients.map((g) => {
    w.grad = tensor([g]);
    optimizer.step();
    return w.item();
  });
}

describe('SGD', () => {
  replaysTrajectories('SGD');

  it('steps against the gradient', () => {
    expectClose(path({}, [2, -1]), [1 - 0.2, 0.8 + 0.1], 1e-15);
  });

  it('gathers a velocity, which starts as the first gradient, undampened', () => {
    // v = 2, then 0.9·2 + 0.5·1 = 2.3
    expectClose(path({ momentum: 0.9, dampening: 0.5 }, [2, 1]), [0.8, 0.8 - 0.23], 1e-15);
  });

  it("looks ahead along the velocity, if Nesterov's", () => {
    // v = 2, step 2 + 0.9·2 = 3.8; v = 2.8, step 1 + 0.9·2.8 = 3.52
    expectClose(path({ momentum: 0.9, nesterov: true }, [2, 1]), [0.62, 0.62 - 0.352], 1e-15);
  });

  it('adds weight decay to the gradient, and maximizes against it', () => {
    expectClose(path({ weightDecay: 0.5 }, [2]), [1 - 0.1 * 2.5], 1e-15);
    expectClose(path({ weightDecay: 0.5, maximize: true }, [2]), [1 - 0.1 * (-2 + 0.5)], 1e-15);
  });

  it('starts the velocity when momentum is switched on', () => {
    const w = parameter([1], [1]);
    const optimizer = new SGD([w], { lr: 0.1 });
    optimizer.step();
    expect(optimizer.state.get(w)!.momentumBuffer).toBeNull();
    optimizer.paramGroups[0]!.momentum = 0.5;
    optimizer.step();
    optimizer.step();
    expectClose(w.toArray(), [1 - 0.1 - 0.1 - 0.15], 1e-15);
  });

  it('refuses Nesterov without momentum or with dampening', () => {
    const make = (options: Partial<SGDOptions>) => () => new SGD([parameter([1])], { lr: 0.1, ...options });
    expect(make({ nesterov: true })).toThrow(
      'SGD: nesterov needs a momentum and no dampening, got momentum 0 and dampening 0',
    );
    expect(make({ nesterov: true, momentum: 0.9, dampening: 0.1 })).toThrow('got momentum 0.9 and dampening 0.1');
    expect(make({ dampening: Number.NaN })).toThrow('SGD: dampening must be a finite number, got NaN');
  });

  it('needs a rate', () => {
    expect(() => new SGD([parameter([1])])).toThrow('SGD: lr must be a number of at least 0, got undefined');
    const still = parameter([1], [1]) as Tensor;
    new SGD([still], { lr: 0 }).step();
    expect(still.item()).toBe(1);
  });
});
