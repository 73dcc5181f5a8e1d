import { describe, expect, it } from 'vitest';
import { Adagrad, Adam, OneCycleLR } from '../../src/index.ts';
import { expectClose, parameter, replaysSchedules } from '../records.ts';
import { rates, sgd } from './rates.ts';

describe('OneCycleLR', () => {
  replaysSchedules('OneCycleLR');

  it('rises to the largest rate, and falls to nearly 0', () => {
    const options = {
      maxLr: 1,
      totalSteps: 6,
      pctStart: 0.5,
      divFactor: 5,
      finalDivFactor: 2,
      annealStrategy: 'linear',
    };
    const walked = rates(9, (o) => new OneCycleLR(o, options as never), 5);
    expectClose(walked, [0.2, 0.6, 1, 0.7, 0.4, 0.1], 1e-14);
  });

  it('counts the steps of epochs and batches', () => {
    const byEpochs = rates(1, (o) => new OneCycleLR(o, { maxLr: 1, epochs: 3, stepsPerEpoch: 4 }), 11);
    expect(byEpochs).toEqual(rates(1, (o) => new OneCycleLR(o, { maxLr: 1, totalSteps: 12 }), 11));
  });

  it('cycles the first beta of an optimizer that has betas', () => {
    const optimizer = new Adam([parameter([1])], { betas: [0.5, 0.99] });
    const options = { maxLr: 1, totalSteps: 6, pctStart: 0.5, baseMomentum: 0.7, maxMomentum: 0.9 };
    const schedule = new OneCycleLR(optimizer, options);
    expect(optimizer.paramGroups[0]!.betas).toEqual([0.9, 0.99]);
    schedule.step();
    schedule.step();
    expectClose(optimizer.paramGroups[0]!.betas, [0.7, 0.99], 1e-15);
  });

  it('refuses a step beyond the last one that PyTorch takes', () => {
    const schedule = new OneCycleLR(sgd(1), { maxLr: 1, totalSteps: 4 });
    for (let i = 0; i < 4; i++) schedule.step();
    expect(() => schedule.step()).toThrow('OneCycleLR: step 5 is beyond the last, totalSteps: 4');
  });

  it('refuses an optimizer without momentum and betas, and options out of range', () => {
    expect(() => new OneCycleLR(new Adagrad([parameter([1])]), { maxLr: 1, totalSteps: 4 })).toThrow(
      'OneCycleLR: this optimizer has neither momentum nor betas; pass { cycleMomentum: false }',
    );
    const make = (options: object) => () => new OneCycleLR(sgd(1), { maxLr: 1, ...options });
    expect(make({})).toThrow('OneCycleLR: pass totalSteps, or both epochs and stepsPerEpoch');
    expect(make({ epochs: 3 })).toThrow('OneCycleLR: pass totalSteps, or both epochs and stepsPerEpoch');
    expect(make({ totalSteps: 0 })).toThrow('OneCycleLR: totalSteps must be a whole number of at least 1, got 0');
    expect(make({ epochs: 0, stepsPerEpoch: 3 })).toThrow(
      'OneCycleLR: epochs must be a whole number of at least 1, got 0',
    );
    expect(make({ totalSteps: 4, pctStart: 1.5 })).toThrow('OneCycleLR: pctStart must lie in [0, 1], got 1.5');
    expect(make({ totalSteps: 4, annealStrategy: 'cosine' })).toThrow(
      'OneCycleLR: annealStrategy must be one of "cos", "linear", got "cosine". Did you mean "cos"?',
    );
    expect(make({ totalSteps: 4, divFactor: 0 })).toThrow(
      'OneCycleLR: divFactor must be a number greater than 0, got 0',
    );
    expect(make({ totalSteps: 4, maxLr: undefined })).toThrow(
      'OneCycleLR: maxLr must be a number of at least 0, got undefined',
    );
  });
});
