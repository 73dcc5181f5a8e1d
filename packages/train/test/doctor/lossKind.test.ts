import { manualSeed, rand, randint, randn, type Tensor, tensor } from '@ndgrad/core';
import {
  BCELoss,
  BCEWithLogitsLoss,
  CrossEntropyLoss,
  functional as F,
  HuberLoss,
  KLDivLoss,
  L1Loss,
  MSELoss,
  MultiMarginLoss,
  NLLLoss,
} from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { lossKind } from '../../src/doctor/lossKind.ts';
import type { Loss } from '../../src/index.ts';

manualSeed(0);
const scores = randn([4, 5]);
const labels = randint(5, [4]);
const flags = randint(2, [4, 1]);
const numbers = randn([4, 2]);
const weight = tensor([1, 2, 3, 4, 5]);

describe('a loss is known by what it does:', () => {
  it.each<[string, Loss, Tensor, Tensor, string, number | null]>([
    ['cross-entropy', new CrossEntropyLoss(), scores, labels, 'softmax', Math.log(5)],
    ['as a function', F.crossEntropy, scores, labels, 'softmax', Math.log(5)],
    ['with weights', new CrossEntropyLoss({ weight }), scores, labels, 'softmax', Math.log(5)],
    ['with smoothed labels', new CrossEntropyLoss({ labelSmoothing: 0.2 }), scores, labels, 'softmax', Math.log(5)],
    ['summed', new CrossEntropyLoss({ reduction: 'sum' }), scores, labels, 'softmax', Math.log(5)],
    ['with a penalty', (x, y) => F.crossEntropy(x, y).add(3), scores, labels, 'softmax', Math.log(5)],
    ['of pixels', F.crossEntropy, randn([2, 5, 3]), randint(5, [2, 3]), 'softmax', Math.log(5)],
    ['the hinge loss', new MultiMarginLoss(), scores, labels, 'SVM', 4 / 5],
    ['the course’s', (x, y) => F.multiMarginLoss(x, y).mul(5), scores, labels, 'SVM', 4],
    ['log-likelihood', new NLLLoss(), scores, labels, 'negative log-likelihood', Math.log(5)],
    ['of a logit', new BCEWithLogitsLoss(), randn([4, 1]), flags, 'binary', Math.LN2],
    ['of a probability', new BCELoss(), rand([4, 1]), flags, 'probability', Math.LN2],
    ['squares', new MSELoss(), numbers, numbers, 'regression', null],
    ['distances', new L1Loss(), numbers, numbers, 'regression', null],
    ['Huber’s', new HuberLoss(), numbers, numbers, 'regression', null],
    ['a divergence', new KLDivLoss({ reduction: 'batchmean' }), numbers, numbers, 'other', null],
    ['something of one’s own', (x) => x.square().mean(), scores, labels, 'other', null],
  ])('%s', (_what, loss, outputs, targets, name, chance) => {
    const kind = lossKind(loss, outputs, targets);
    expect(kind.name).toBe(name);
    if (chance === null) expect(kind.chance).toBeNull();
    else expect(kind.chance).toBeCloseTo(chance, 12);
  });

  it('what is added to it whatever the outputs is its offset', () => {
    const penalised: Loss = (x, y) => F.crossEntropy(x, y).add(3);
    expect(lossKind(penalised, scores, labels).offset).toBeCloseTo(3, 12);
    const floor: Loss = (x, y) => F.mseLoss(x, y).add(0.25);
    expect(lossKind(floor, numbers, numbers).offset).toBeCloseTo(0.25, 12);
  });

  it('a sum grows with the rows', () => {
    const { scale, offset } = lossKind(new CrossEntropyLoss({ reduction: 'sum' }), scores, labels);
    expect([scale(10), offset]).toEqual([10, expect.closeTo(0, 9)]);
  });
});
