import { describe, expect, it } from 'vitest';
import {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  ExponentialLR,
  LinearLR,
  ReduceLROnPlateau,
  SequentialLR,
  StepLR,
} from '../../src/index.ts';
import { expectClose, replaysSchedules } from '../records.ts';
import { rates, sgd } from './rates.ts';

describe('SequentialLR', () => {
  replaysSchedules('SequentialLR');

  it('starts each schedule from the base rate at its milestone', () => {
    const walked = rates(
      1,
      (o) =>
        new SequentialLR(o, {
          schedulers: [new LinearLR(o, { startFactor: 0.5, totalIters: 2 }), new CosineAnnealingLR(o, { TMax: 2 })],
          milestones: [3],
        }),
      5,
    );
    expectClose(walked, [0.5, 0.75, 1, 1, 0.5, 0], 1e-15);
  });

  it('begins with its first schedule alone', () => {
    const optimizer = sgd(1);
    const schedulers = [new ExponentialLR(optimizer, { gamma: 0.5 }), new ConstantLR(optimizer, { factor: 0.1 })];
    expect(optimizer.paramGroups[0]!.lr).toBe(0.1);
    const schedule = new SequentialLR(optimizer, { schedulers, milestones: [2] });
    expect([optimizer.paramGroups[0]!.lr, ...schedule.getLastLr()]).toEqual([1, 1]);
  });

  it('refuses schedules and milestones that do not fit', () => {
    const optimizer = sgd(1);
    const one = new ExponentialLR(optimizer, { gamma: 0.5 });
    const other = new ExponentialLR(sgd(1), { gamma: 0.5 });
    const make = (options: object) => () => new SequentialLR(optimizer, options as never);
    expect(make({ schedulers: [one, one], milestones: [] })).toThrow(
      'SequentialLR: 2 schedulers need 1 milestones, got 0',
    );
    expect(make({ schedulers: [one, other], milestones: [1] })).toThrow(
      'SequentialLR: schedulers[1] was made on another optimizer',
    );
    expect(make({ schedulers: [], milestones: [] })).toThrow(
      'SequentialLR: schedulers must be a list of schedules, got []',
    );
    expect(make({ schedulers: [1], milestones: [] })).toThrow('SequentialLR: schedulers[0] must be a schedule, got 1');
    expect(make({ schedulers: [one, one, one], milestones: [5, 2] })).toThrow(
      'SequentialLR: milestones must rise, got [5, 2]',
    );
    expect(make({ schedulers: [one, one], milestones: 3 })).toThrow(
      'SequentialLR: milestones must be a list of epochs, got 3',
    );
    expect(make({ schedulers: [one, new ReduceLROnPlateau(optimizer)], milestones: [3] })).toThrow(
      "SequentialLR: schedulers[1] is a ReduceLROnPlateau, which can't be started at a milestone",
    );
  });
});

describe('ChainedScheduler', () => {
  replaysSchedules('ChainedScheduler');

  it('hands the metric on to the one that needs it', () => {
    const optimizer = sgd(1);
    const schedulers = [
      new StepLR(optimizer, { stepSize: 2, gamma: 0.5 }),
      new ReduceLROnPlateau(optimizer, { patience: 0 }),
    ];
    const schedule = new ChainedScheduler(optimizer, { schedulers });
    schedule.step(5);
    schedule.step(5);
    expectClose(schedule.getLastLr(), [0.05], 1e-15);
  });

  it('refuses schedules of other optimizers', () => {
    const schedulers = [new StepLR(sgd(1), { stepSize: 2 })];
    expect(() => new ChainedScheduler(sgd(1), { schedulers })).toThrow(
      'ChainedScheduler: schedulers[0] was made on another optimizer',
    );
    expect(() => new ChainedScheduler(sgd(1), {} as never)).toThrow(
      'ChainedScheduler: schedulers must be a list of schedules, got undefined',
    );
  });
});
