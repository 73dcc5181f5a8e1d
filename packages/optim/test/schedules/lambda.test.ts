import { describe, expect, it } from 'vitest';
import { LambdaLR, MultiplicativeLR, SGD } from '../../src/index.ts';
import { parameter, replaysSchedules } from '../records.ts';
import { rates, sgd } from './rates.ts';

const twoGroups = () => new SGD([{ params: [parameter([1])] }, { params: [parameter([1])], lr: 2 }], { lr: 1 });

describe('LambdaLR', () => {
  replaysSchedules('LambdaLR');

  it('calls each function with the epoch, once a step', () => {
    const seen: number[] = [];
    const make = (o: SGD) =>
      new LambdaLR(o, {
        lrLambda: (epoch) => {
          seen.push(epoch);
          return 1 / (1 + epoch);
        },
      });
    expect(rates(0.5, make, 3)).toEqual([0.5, 0.25, 0.5 / 3, 0.125]);
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('takes a function per group', () => {
    const schedule = new LambdaLR(twoGroups(), { lrLambda: [(e) => 1 - e / 4, (e) => 1 + e] });
    schedule.step();
    expect(schedule.getLastLr()).toEqual([0.75, 4]);
  });

  it('refuses what is no function, too few of them, and results that are no number', () => {
    const make = (lrLambda: unknown) => () => new LambdaLR(twoGroups(), { lrLambda } as never);
    expect(make(undefined)).toThrow('LambdaLR: lrLambda must be a function of the epoch, got undefined');
    expect(make([() => 1, 0.5])).toThrow('LambdaLR: lrLambda[1] must be a function of the epoch, got 0.5');
    expect(make([() => 1])).toThrow('LambdaLR: lrLambda has 1 values, the optimizer has 2 groups');
    expect(make(() => Number.NaN)).toThrow('LambdaLR: at epoch 0 the rate of group 0 is NaN, no number');
  });

  it('says which list is too short for a group that was added later', () => {
    const optimizer = twoGroups();
    const schedule = new LambdaLR(optimizer, { lrLambda: [() => 1, () => 1] });
    optimizer.addParamGroup({ params: [parameter([1])] });
    expect(() => schedule.step()).toThrow('LambdaLR: group 2 was added later, and lrLambda has only 2 values');
  });
});

describe('MultiplicativeLR', () => {
  replaysSchedules('MultiplicativeLR');

  it('multiplies from the first step on', () => {
    expect(rates(1, (o) => new MultiplicativeLR(o, { lrLambda: (e) => e / 2 }), 3)).toEqual([1, 0.5, 0.5, 0.75]);
  });

  it('stays where it is on a jump to the first epoch, for which it has no formula', () => {
    const schedule = new MultiplicativeLR(sgd(1), { lrLambda: () => 0.5 });
    schedule.step();
    schedule.stepTo(0);
    expect(schedule.getLastLr()).toEqual([0.5]);
  });
});
