import { describe, expect, it } from 'vitest';
import { Adam, CyclicLR, type CyclicLROptions, SGD } from '../../src/index.ts';
import { expectClose, parameter, replaysSchedules } from '../records.ts';
import { rates, sgd } from './rates.ts';

const bounds = { baseLr: 1, maxLr: 3, stepSizeUp: 2 };
const walk = (options: Partial<CyclicLROptions>, n: number) =>
  rates(0.5, (o) => new CyclicLR(o, { ...bounds, ...options }), n);

describe('CyclicLR', () => {
  replaysSchedules('CyclicLR');

  it('goes up and down between its bounds', () => {
    expectClose(walk({}, 5), [1, 2, 3, 2, 1, 2], 1e-15);
    expectClose(walk({ stepSizeDown: 1 }, 5), [1, 2, 3, 1, 2, 3], 1e-14);
  });

  it('scales the height by a function of the cycle or of the step', () => {
    expectClose(walk({ mode: 'triangular2' }, 6), [1, 2, 3, 2, 1, 1.5, 2], 1e-15);
    expectClose(walk({ scaleFn: (cycle) => 1 / cycle }, 6), [1, 2, 3, 2, 1, 1.5, 2], 1e-15);
    expectClose(walk({ scaleFn: (step) => step, scaleMode: 'iterations' }, 3), [1, 2, 5, 4], 1e-15);
  });

  it('lowers the momentum while the rate rises', () => {
    const optimizer = sgd(0.5);
    const schedule = new CyclicLR(optimizer, { ...bounds, baseMomentum: 0.6, maxMomentum: 0.8 });
    const momenta = Array.from({ length: 4 }, () => {
      const { momentum } = optimizer.paramGroups[0]!;
      schedule.step();
      return momentum;
    });
    expectClose(momenta, [0.8, 0.7, 0.6, 0.7], 1e-15);
  });

  it('refuses an optimizer without momentum, unless that is left alone', () => {
    const optimizer = new Adam([parameter([1])]);
    expect(() => new CyclicLR(optimizer, bounds)).toThrow(
      'CyclicLR: this optimizer has no momentum to cycle; pass { cycleMomentum: false }',
    );
    expect(new CyclicLR(optimizer, { ...bounds, cycleMomentum: false }).getLastLr()).toEqual([1]);
  });

  it('refuses options out of range', () => {
    const make = (options: object) => () => new CyclicLR(sgd(1), { ...bounds, ...options });
    expect(make({ mode: 'triangle' })).toThrow('CyclicLR: mode must be one of "triangular"');
    expect(make({ stepSizeUp: 0 })).toThrow('CyclicLR: stepSizeUp must be a number greater than 0, got 0');
    expect(make({ stepSizeDown: -1 })).toThrow('CyclicLR: stepSizeDown must be a number greater than 0, got -1');
    expect(make({ scaleFn: 2 })).toThrow('CyclicLR: scaleFn must be a function, got 2');
    expect(make({ maxLr: [1, 2] })).toThrow('CyclicLR: maxLr has 2 values, the optimizer has 1 groups');
    expect(make({ baseLr: null })).toThrow('CyclicLR: baseLr must be a number of at least 0, got null');
    expect(() => new CyclicLR(sgd(1), { baseLr: 1 } as never)).toThrow(
      'CyclicLR: maxLr must be a number of at least 0, got undefined',
    );
  });

  it('leaves the optimizer alone when it refuses', () => {
    const optimizer = new SGD([parameter([1])], { lr: 0.5 });
    expect(() => new CyclicLR(optimizer, { ...bounds, gamma: Number.NaN })).toThrow(
      'CyclicLR: gamma must be a finite number',
    );
    expect(optimizer.paramGroups[0]!.lr).toBe(0.5);
  });
});
