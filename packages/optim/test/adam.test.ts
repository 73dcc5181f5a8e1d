import { type Tensor, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Adam, AdamW } from '../src/index.ts';
import { expectClose, parameter, replaysTrajectories } from './records.ts';

describe('Adam', () => {
  replaysTrajectories('Adam');

  it('takes a first step of the size of the rate, whatever the gradient', () => {
    const w = parameter([1, 1, 1], [1e-3, -5, 1e6]);
    new Adam([w], { lr: 0.1, eps: 0 }).step();
    expectClose(w.toArray(), [0.9, 1.1, 0.9], 1e-15);
  });

  it('divides by the largest mean square so far, if amsgrad', () => {
    const w = parameter([0]);
    const optimizer = new Adam([w], { lr: 0.1, betas: [0, 0.5], eps: 0, amsgrad: true });
    for (const g of [4, 1, 1]) {
      w.grad = tensor([g]);
      optimizer.step();
    }
    // v = 8, 4.5, 2.75, all divided by 1 − 0.5ᵗ; the largest stays 8
    const expected = -0.1 * (4 / Math.sqrt(8 / 0.5) + 1 / Math.sqrt(8 / 0.75) + 1 / Math.sqrt(8 / 0.875));
    expectClose(w.toArray(), [expected], 1e-15);
  });

  it('starts the largest mean square when amsgrad is switched on', () => {
    const w = parameter([0], [1]);
    const optimizer = new Adam([w]);
    optimizer.step();
    optimizer.paramGroups[0]!.amsgrad = true;
    optimizer.step();
    const { state } = optimizer.stateDict();
    const [square, largest] = [state[0]!.exp_avg_sq, state[0]!.max_exp_avg_sq] as Tensor[];
    expect(largest!.tolist()).toEqual(square!.tolist());
  });
});

describe('AdamW', () => {
  replaysTrajectories('AdamW');

  it('shrinks the weights by itself, not through the gradient', () => {
    const [w, plain] = [parameter([2], [0]), parameter([2], [0])];
    new AdamW([w], { lr: 0.1, weightDecay: 0.5 }).step();
    new Adam([plain], { lr: 0.1, weightDecay: 0.5 }).step();
    expect(w.item()).toBe(2 * (1 - 0.1 * 0.5));
    expectClose(plain.toArray(), [2 - 0.1], 1e-8);
  });

  it('has a weight decay of 0.01, where Adam has none', () => {
    expect(new AdamW([parameter([1])]).defaults.weightDecay).toBe(0.01);
    expect(new Adam([parameter([1])]).defaults.weightDecay).toBe(0);
  });
});
