import { tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { ReduceLROnPlateau, type ReduceLROnPlateauOptions, SGD } from '../../src/index.ts';
import { parameter, replaysSchedules } from '../records.ts';
import { sgd } from './rates.ts';

/** The rates after each metric, from 1 on. */
function after(metrics: number[], options: ReduceLROnPlateauOptions): number[] {
  const schedule = new ReduceLROnPlateau(sgd(1), { factor: 0.5, ...options });
  return metrics.map((metric) => {
    schedule.step(metric);
    return schedule.getLastLr()[0]!;
  });
}

describe('ReduceLROnPlateau', () => {
  replaysSchedules('ReduceLROnPlateau');

  it('puts up with as many bad epochs as it has patience', () => {
    expect(after([5, 5, 5, 4, 4, 4, 4], { patience: 2 })).toEqual([1, 1, 1, 1, 1, 1, 0.5]);
  });

  it('does not count bad epochs while it cools down', () => {
    expect(after([5, 5, 5, 5, 5], { patience: 0 })).toEqual([1, 0.5, 0.25, 0.125, 0.0625]);
    expect(after([5, 5, 5, 5, 5], { patience: 0, cooldown: 2 })).toEqual([1, 0.5, 0.5, 0.5, 0.25]);
  });

  it('asks for an improvement by a share or by a difference', () => {
    const options = { patience: 0, threshold: 0.1 };
    expect(after([10, 9.5, 8.9], options)).toEqual([1, 0.5, 0.5]);
    expect(after([10, 9.95, 9.8], { ...options, thresholdMode: 'abs' })).toEqual([1, 0.5, 0.5]);
    expect(after([10, 10.5, 11.1], { ...options, mode: 'max' })).toEqual([1, 0.5, 0.5]);
    expect(after([10, 10.05, 10.2], { ...options, mode: 'max', thresholdMode: 'abs' })).toEqual([1, 0.5, 0.5]);
  });

  it('takes NaN for no improvement, and a tensor for its number', () => {
    expect(after([Number.NaN, Number.NaN], { patience: 0 })).toEqual([0.5, 0.25]);
    const schedule = new ReduceLROnPlateau(sgd(1), { patience: 0 });
    schedule.step(tensor(3));
    schedule.step(tensor([2]));
    expect(schedule.stateDict().best).toBe(2);
  });

  it('stops at the smallest rate of each group, and makes no fall that is too small', () => {
    const groups = [{ params: [parameter([1])] }, { params: [parameter([1])] }];
    const schedule = new ReduceLROnPlateau(new SGD(groups, { lr: 1 }), { patience: 0, minLr: [0.3, 0.05] });
    for (let i = 0; i < 4; i++) schedule.step(1);
    expect(schedule.getLastLr()).toEqual([0.3, 0.05]);
    expect(after([1, 1, 1], { patience: 0, eps: 0.3 })).toEqual([1, 0.5, 0.5]);
  });

  it('refuses to step without a metric, and options out of range', () => {
    expect(() => new ReduceLROnPlateau(sgd(1)).step()).toThrow(
      "ReduceLROnPlateau: step needs the epoch's metric, a number; got undefined",
    );
    const make = (options: object) => () => new ReduceLROnPlateau(sgd(1), options);
    expect(make({ factor: 1 })).toThrow('ReduceLROnPlateau: factor must lie in [0, 1), got 1');
    expect(make({ mode: 'mni' })).toThrow('mode must be one of "min", "max", got "mni". Did you mean "min"?');
    expect(make({ thresholdMode: 'relative' })).toThrow('thresholdMode must be one of "rel", "abs", got "relative".');
    expect(make({ patience: -1 })).toThrow('ReduceLROnPlateau: patience must be a whole number of at least 0, got -1');
    expect(make({ minLr: [0, 0] })).toThrow('ReduceLROnPlateau: minLr has 2 values, the optimizer has 1 groups');
    expect(make({ minLr: -1 })).toThrow('ReduceLROnPlateau: minLr must be a number of at least 0, got -1');
  });
});
