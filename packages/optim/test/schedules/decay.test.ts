import { describe, expect, it } from 'vitest';
import { ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, SGD, StepLR } from '../../src/index.ts';
import { expectClose, parameter, replaysSchedules } from '../records.ts';
import { rates, sgd } from './rates.ts';

describe('StepLR', () => {
  replaysSchedules('StepLR');

  it('falls every stepSize epochs', () => {
    expectClose(
      rates(1, (o) => new StepLR(o, { stepSize: 2 }), 5),
      [1, 1, 0.1, 0.1, 0.01, 0.01],
      1e-15,
    );
  });

  it('keeps up a rate that was set by hand', () => {
    const optimizer = sgd(1);
    const schedule = new StepLR(optimizer, { stepSize: 2, gamma: 0.5 });
    optimizer.paramGroups[0]!.lr = 0.3;
    schedule.step();
    schedule.step();
    expect(schedule.getLastLr()).toEqual([0.15]);
  });

  it('sets the rates of all groups, each from its own', () => {
    const groups = [{ params: [parameter([1])] }, { params: [parameter([1])], lr: 0.1 }];
    const optimizer = new SGD(groups, { lr: 1 });
    const schedule = new StepLR(optimizer, { stepSize: 1, gamma: 0.5 });
    schedule.step();
    expect(schedule.getLastLr()).toEqual([0.5, 0.05]);
    optimizer.addParamGroup({ params: [parameter([1])], lr: 8 });
    schedule.step();
    expect(schedule.getLastLr()).toEqual([0.25, 0.025, 4]);
    expect(optimizer.paramGroups.map((group) => group.initialLr)).toEqual([1, 0.1, 8]);
  });

  it('refuses steps that are no epochs', () => {
    const make = (options: object) => () => new StepLR(sgd(1), options as never);
    expect(make({})).toThrow('StepLR: stepSize must be a whole number of at least 1, got undefined');
    expect(make({ stepSize: 0 })).toThrow('StepLR: stepSize must be a whole number of at least 1, got 0');
    expect(make({ stepSize: 2, gamma: '0.1' })).toThrow('StepLR: gamma must be a finite number, got "0.1"');
    expect(make({ step_size: 2 })).toThrow('StepLR: unknown option "step_size". Did you mean "stepSize"?');
    expect(() => new StepLR(sgd(1), 30 as never)).toThrow('StepLR: optional arguments go in one object');
  });
});

describe('MultiStepLR', () => {
  replaysSchedules('MultiStepLR');

  it('falls at each milestone, twice at one named twice', () => {
    const make = (milestones: number[]) => rates(1, (o) => new MultiStepLR(o, { milestones, gamma: 0.5 }), 3);
    expect(make([2, 1, 2])).toEqual([1, 0.5, 0.125, 0.125]);
    expect(make([])).toEqual([1, 1, 1, 1]);
  });

  it('refuses milestones that are no list of epochs', () => {
    const make = (milestones: unknown) => () => new MultiStepLR(sgd(1), { milestones } as never);
    expect(make(undefined)).toThrow('MultiStepLR: milestones must be a list of epochs, got undefined');
    expect(make([1, 2.5])).toThrow('MultiStepLR: milestones[1] must be a whole number of at least 0, got 2.5');
  });
});

describe('ConstantLR', () => {
  replaysSchedules('ConstantLR');

  it('is lower at first', () => {
    expect(rates(1, (o) => new ConstantLR(o, { factor: 0.5, totalIters: 2 }), 3)).toEqual([0.5, 0.5, 1, 1]);
  });

  it('refuses factors outside [0, 1], and says where a factor of 0 leads', () => {
    const make = (factor: number) => () => new ConstantLR(sgd(1), { factor });
    expect(make(1.1)).toThrow('ConstantLR: factor must lie in [0, 1], got 1.1');
    expect(make(-0.1)).toThrow('ConstantLR: factor must lie in [0, 1], got -0.1');
    const schedule = new ConstantLR(sgd(1), { factor: 0, totalIters: 1 });
    expect(() => schedule.step()).toThrow('ConstantLR: at epoch 1 the rate of group 0 is NaN, no number');
  });
});

describe('LinearLR', () => {
  replaysSchedules('LinearLR');

  it('rises in equal steps', () => {
    expectClose(
      rates(1, (o) => new LinearLR(o, { startFactor: 0.25, totalIters: 3 }), 4),
      [0.25, 0.5, 0.75, 1, 1],
      1e-15,
    );
  });

  it('refuses factors out of range', () => {
    const make = (options: object) => () => new LinearLR(sgd(1), options);
    expect(make({ startFactor: 0 })).toThrow('LinearLR: startFactor must lie in (0, 1], got 0');
    expect(make({ startFactor: 1.5 })).toThrow('LinearLR: startFactor must lie in (0, 1], got 1.5');
    expect(make({ endFactor: 1.5 })).toThrow('LinearLR: endFactor must lie in [0, 1], got 1.5');
    expect(make({ totalIters: -1 })).toThrow('LinearLR: totalIters must be a whole number of at least 0, got -1');
  });
});

describe('ExponentialLR', () => {
  replaysSchedules('ExponentialLR');

  it('needs its factor', () => {
    expect(() => new ExponentialLR(sgd(1), {} as never)).toThrow(
      'ExponentialLR: gamma must be a finite number, got undefined',
    );
  });
});

describe('PolynomialLR', () => {
  replaysSchedules('PolynomialLR');

  it('falls to 0 and stays there', () => {
    expectClose(
      rates(1, (o) => new PolynomialLR(o, { totalIters: 4, power: 2 }), 5),
      [1, 9 / 16, 1 / 4, 1 / 16, 0, 0],
      1e-15,
    );
  });
});

describe('a jump to an epoch', () => {
  it.each([
    ['StepLR', (o: SGD) => new StepLR(o, { stepSize: 3, gamma: 0.5 })],
    ['MultiStepLR', (o: SGD) => new MultiStepLR(o, { milestones: [2, 5, 5], gamma: 0.5 })],
    ['ConstantLR', (o: SGD) => new ConstantLR(o, { totalIters: 4 })],
    ['LinearLR', (o: SGD) => new LinearLR(o, { totalIters: 4, endFactor: 0.7 })],
    ['ExponentialLR', (o: SGD) => new ExponentialLR(o, { gamma: 0.9 })],
    ['PolynomialLR', (o: SGD) => new PolynomialLR(o, { totalIters: 9, power: 2 })],
  ])('%s: sets the rate that its steps would have led to', (_, make) => {
    const walked = rates(0.8, make, 8);
    const optimizer = sgd(0.8);
    const schedule = make(optimizer);
    for (const epoch of [8, 0, 3, 5, 4]) {
      schedule.stepTo(epoch);
      expectClose(schedule.getLastLr(), [walked[epoch]!], 1e-14);
    }
    schedule.step();
    expectClose(schedule.getLastLr(), [walked[5]!], 1e-14);
    expect(() => schedule.stepTo(-1)).toThrow('epoch must be a whole number of at least 0, got -1');
  });
});
