import { describe, expect, it } from 'vitest';
import { CosineAnnealingLR, CosineAnnealingWarmRestarts } from '../../src/index.ts';
import { expectClose, replaysSchedules } from '../records.ts';
import { rates, sgd } from './rates.ts';

const cosine = (t: number, T: number, least = 0, most = 1) =>
  least + ((most - least) * (1 + Math.cos((Math.PI * t) / T))) / 2;

describe('CosineAnnealingLR', () => {
  replaysSchedules('CosineAnnealingLR');

  it('follows its formula down, and up again', () => {
    const walked = rates(1, (o) => new CosineAnnealingLR(o, { TMax: 5, etaMin: 0.2 }), 23);
    expectClose(
      walked,
      walked.map((_, t) => cosine(t, 5, 0.2)),
      1e-12,
    );
  });

  it('goes up and down with a half period of one epoch', () => {
    expectClose(
      rates(1, (o) => new CosineAnnealingLR(o, { TMax: 1 }), 4),
      [1, 0, 1, 0, 1],
      1e-15,
    );
  });

  it('jumps by its formula', () => {
    const schedule = new CosineAnnealingLR(sgd(1), { TMax: 7 });
    schedule.stepTo(3);
    expectClose(schedule.getLastLr(), [cosine(3, 7)], 1e-15);
    schedule.step();
    expectClose(schedule.getLastLr(), [cosine(4, 7)], 1e-15);
  });

  it('refuses a period that is no number of epochs', () => {
    const make = (options: object) => () => new CosineAnnealingLR(sgd(1), options as never);
    expect(make({})).toThrow('CosineAnnealingLR: TMax must be a whole number of at least 1, got undefined');
    expect(make({ TMax: 0 })).toThrow('CosineAnnealingLR: TMax must be a whole number of at least 1, got 0');
    expect(make({ tMax: 3 })).toThrow('CosineAnnealingLR: unknown option "tMax". Did you mean "TMax"?');
    expect(make({ TMax: 3, etaMin: Number.NaN })).toThrow('CosineAnnealingLR: etaMin must be a finite number, got NaN');
  });
});

describe('CosineAnnealingWarmRestarts', () => {
  replaysSchedules('CosineAnnealingWarmRestarts');

  it('starts anew after each period', () => {
    const walked = rates(1, (o) => new CosineAnnealingWarmRestarts(o, { T0: 2, TMult: 2 }), 7);
    const expected = [cosine(0, 2), cosine(1, 2), ...[0, 1, 2, 3].map((t) => cosine(t, 4)), cosine(0, 8), cosine(1, 8)];
    expectClose(walked, expected, 1e-15);
  });

  it.each([1, 2, 3])('goes by fractions of an epoch, with periods that grow by %d', (TMult) => {
    const schedule = new CosineAnnealingWarmRestarts(sgd(1), { T0: 3, TMult });
    const periods = { 1: [3, 3, 3, 3], 2: [3, 6, 12], 3: [3, 9, 27] }[TMult]!;
    for (let epoch = 0; epoch < 12; epoch += 0.25) {
      let [start, i] = [0, 0];
      while (epoch >= start + periods[i]!) start += periods[i++]!;
      schedule.stepTo(epoch);
      expectClose(schedule.getLastLr(), [cosine(epoch - start, periods[i]!)], 1e-14, `epoch ${epoch}`);
    }
    expect(schedule.stateDict()).toMatchObject({ last_epoch: 11, T_0: 3, T_mult: TMult });
  });

  it('refuses periods that are not whole, and epochs below 0', () => {
    const make = (options: object) => () => new CosineAnnealingWarmRestarts(sgd(1), options as never);
    const name = 'CosineAnnealingWarmRestarts';
    expect(make({ T0: 0 })).toThrow(`${name}: T0 must be a whole number of at least 1, got 0`);
    expect(make({ T0: 3, TMult: 1.5 })).toThrow(`${name}: TMult must be a whole number of at least 1, got 1.5`);
    expect(() => make({ T0: 3 })().stepTo(-0.5)).toThrow(`${name}: epoch must be a number of at least 0, got -0.5`);
  });
});
