import { describe, expect, it } from 'vitest';
import {
  ChainedScheduler,
  ConstantLR,
  CosineAnnealingLR,
  CosineAnnealingWarmRestarts,
  CyclicLR,
  ExponentialLR,
  LambdaLR,
  LinearLR,
  type LRScheduler,
  MultiplicativeLR,
  MultiStepLR,
  OneCycleLR,
  PolynomialLR,
  ReduceLROnPlateau,
  SequentialLR,
  SGD,
  StepLR,
  schedulersOf,
} from '../../src/index.ts';
import { momentumOf, parameter } from '../records.ts';
import { sgd } from './rates.ts';

const makers: Record<string, (optimizer: SGD) => LRScheduler> = {
  StepLR: (o) => new StepLR(o, { stepSize: 3 }),
  MultiStepLR: (o) => new MultiStepLR(o, { milestones: [2, 9, 12] }),
  ConstantLR: (o) => new ConstantLR(o, { totalIters: 9 }),
  LinearLR: (o) => new LinearLR(o, { totalIters: 10 }),
  ExponentialLR: (o) => new ExponentialLR(o, { gamma: 0.9 }),
  PolynomialLR: (o) => new PolynomialLR(o, { totalIters: 13, power: 2 }),
  CosineAnnealingLR: (o) => new CosineAnnealingLR(o, { TMax: 9, etaMin: 0.01 }),
  CosineAnnealingWarmRestarts: (o) => new CosineAnnealingWarmRestarts(o, { T0: 2, TMult: 2 }),
  CyclicLR: (o) => new CyclicLR(o, { baseLr: 0.1, maxLr: 1, stepSizeUp: 3, mode: 'triangular2' }),
  OneCycleLR: (o) => new OneCycleLR(o, { maxLr: [1], totalSteps: 20 }),
  LambdaLR: (o) => new LambdaLR(o, { lrLambda: (epoch) => 0.9 ** epoch }),
  MultiplicativeLR: (o) => new MultiplicativeLR(o, { lrLambda: (epoch) => 1 - 0.01 * epoch }),
  ReduceLROnPlateau: (o) => new ReduceLROnPlateau(o, { patience: 1, cooldown: 1, minLr: [0.001] }),
  SequentialLR: (o) =>
    new SequentialLR(o, {
      schedulers: [new LinearLR(o), new CosineAnnealingWarmRestarts(o, { T0: 3 }), new StepLR(o, { stepSize: 2 })],
      milestones: [4, 9],
    }),
  ChainedScheduler: (o) =>
    new ChainedScheduler(o, {
      schedulers: [new ConstantLR(o), new CyclicLR(o, { baseLr: 0.1, maxLr: 1, stepSizeUp: 4 })],
    }),
};

describe.each(Object.entries(makers))('%s', (name, make) => {
  const metrics = [5, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 2, 3, 3, 3];

  it('goes on from a saved state bit for bit', () => {
    const optimizer = sgd(0.5);
    const schedule = make(optimizer);
    for (const metric of metrics.slice(0, 8)) schedule.step(metric);
    const [savedOptimizer, saved] = [optimizer.stateDict(), JSON.stringify(schedule.stateDict(), infinite)];
    const other = sgd(0.123);
    const resumed = make(other);
    other.loadStateDict(savedOptimizer);
    resumed.loadStateDict(JSON.parse(saved));
    expect(resumed.getLastLr()).toEqual(schedule.getLastLr());
    for (const metric of metrics.slice(8)) {
      schedule.step(metric);
      resumed.step(metric);
      expect(other.paramGroups[0]!.lr).toBe(optimizer.paramGroups[0]!.lr);
      expect(momentumOf(other.paramGroups[0]!)).toBe(momentumOf(optimizer.paramGroups[0]!));
    }
    expect(resumed.stateDict()).toEqual(schedule.stateDict());
  });

  it('gives a list of its own', () => {
    const schedule = make(sgd(0.5));
    const before = schedule.getLastLr();
    before[0] = 99;
    expect(schedule.getLastLr()[0]).not.toBe(99);
  });

  it('refuses what is no optimizer, and the state of another schedule', () => {
    expect(() => make({ paramGroups: [] } as never)).toThrow(
      /LR.*: expected an optimizer, got Object$|WarmRestarts: expected an/,
    );
    const other = name === 'StepLR' ? 'CyclicLR' : 'StepLR';
    expect(() => make(sgd(1)).loadStateDict(makers[other]!(sgd(1)).stateDict())).toThrow(
      new RegExp(`^${name}: the saved state is another schedule's: it has (no )?[A-Za-z_0]+$`),
    );
  });
});

/** JSON has no infinity; a plateau's best metric starts as one, but is a number after a step. */
function infinite(_: string, value: unknown): unknown {
  expect(value).not.toBe(Infinity);
  return value;
}

describe('a schedule', () => {
  it('refuses what is no optimizer', () => {
    expect(() => new StepLR({} as never, { stepSize: 3 })).toThrow('StepLR: expected an optimizer, got Object');
    expect(() => new ReduceLROnPlateau(null as never)).toThrow('ReduceLROnPlateau: expected an optimizer, got null');
  });

  it('has a state under the names of PyTorch', () => {
    const schedule = new CosineAnnealingLR(sgd(0.5), { TMax: 4 });
    schedule.step();
    const state = schedule.stateDict();
    expect(state).toEqual({
      T_max: 4,
      eta_min: 0,
      base_lrs: [0.5],
      last_epoch: 1,
      step_count: 2,
      last_lr: schedule.getLastLr(),
    });
  });

  it('leaves functions out of its state', () => {
    expect(Object.keys(makers.LambdaLR!(sgd(1)).stateDict()).sort()).toEqual([
      'base_lrs',
      'last_epoch',
      'last_lr',
      'step_count',
    ]);
  });

  it('multiplies with another one on the same optimizer', () => {
    const optimizer = sgd(1);
    const schedules = [
      new ExponentialLR(optimizer, { gamma: 0.5 }),
      new StepLR(optimizer, { stepSize: 2, gamma: 0.1 }),
    ];
    for (let i = 0; i < 2; i++) for (const schedule of schedules) schedule.step();
    expect(optimizer.paramGroups[0]!.lr).toBeCloseTo(0.025, 15);
  });

  it('goes on at a stated epoch from the rates in the groups', () => {
    const params = [parameter([1])];
    const optimizer = new SGD([{ params, lr: 0.25, initialLr: 1 }]);
    const schedule = new ExponentialLR(optimizer, { gamma: 0.5, lastEpoch: 2 });
    expect(schedule.getLastLr()).toEqual([0.125]);
    const cosine = new CosineAnnealingLR(new SGD([{ params, lr: 9, initialLr: 1 }]), { TMax: 4, lastEpoch: 1 });
    expect(cosine.getLastLr()[0]).toBeCloseTo(0.5, 15);
    expect(() => new StepLR(sgd(1), { stepSize: 1, lastEpoch: 3 })).toThrow(
      'StepLR: to go on at epoch 3, group 0 must state its initialLr',
    );
    expect(() => new StepLR(sgd(1), { stepSize: 1, lastEpoch: -2 })).toThrow(
      'StepLR: lastEpoch must be a whole number of at least -1, got -2',
    );
  });
});

describe('the state of a combined schedule', () => {
  it('belongs to as many schedules', () => {
    const optimizer = sgd(1);
    const one = () => new ExponentialLR(optimizer, { gamma: 0.5 });
    const two = new ChainedScheduler(optimizer, { schedulers: [one(), one()] });
    expect(() => new ChainedScheduler(optimizer, { schedulers: [one()] }).loadStateDict(two.stateDict())).toThrow(
      "ChainedScheduler: the saved state is another schedule's: it has 2 schedulers instead of 1",
    );
  });
});

it('an optimizer has the schedules that were made on it, the oldest first', () => {
  const [one, other] = [0, 1].map(() => new SGD([parameter([0])], { lr: 0.1 })) as [SGD, SGD];
  expect(schedulersOf(one)).toEqual([]);
  const [first, second] = [new StepLR(one, { stepSize: 1 }), new StepLR(one, { stepSize: 2 })];
  new StepLR(other, { stepSize: 3 });
  expect(schedulersOf(one)).toEqual([first, second]);
  expect(schedulersOf(one)[0]).toBe(first);
});
