import { defaultGenerator, manualSeed, rand, tensor } from '@ndgrad/core';
import { Linear, observeCalls, ReLU, Sequential } from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { lineOf, onNextCall, undrawn } from '../src/reportWatch.ts';

describe('onNextCall', () => {
  const x = tensor([[1, 2]]);

  it('sees the next call of the model alone, before it', () => {
    const model = new Linear(2, 1);
    const seen: number[][] = [];
    onNextCall(model, (input) => void seen.push(Array.from(input.toArray())));
    new Linear(2, 2).call(x);
    expect(seen).toEqual([]);
    model.call(x);
    model.call(x);
    expect(seen).toEqual([[1, 2]]);
    expect(observeCalls(null)).toBeNull();
  });

  it('may be given up, and then sees nothing', () => {
    const model = new Linear(2, 1);
    onNextCall(model, () => expect.unreachable())();
    expect(observeCalls(null)).toBeNull();
    model.call(x);
  });

  it('leaves another who watches in place, whichever came first', () => {
    const model = new Linear(2, 1);
    let calls = 0;
    const before = observeCalls((_module, _inputs, run) => {
      calls++;
      return run();
    });
    let seen = 0;
    onNextCall(model, () => seen++);
    model.call(x);
    model.call(x);
    expect([calls, seen]).toEqual([2, 1]);
    observeCalls(before);
    onNextCall(model, () => seen++);
    const mine = observeCalls(null)!;
    observeCalls((module, inputs, run, path) => mine(module, inputs, run, path));
    model.call(x);
    expect(seen).toBe(2);
    expect(observeCalls(null)).not.toBeNull();
  });
});

it('what is drawn meanwhile is drawn again afterwards', () => {
  manualSeed(4);
  const state = defaultGenerator.getState();
  expect(undrawn(() => rand([3]).numel())).toBe(3);
  expect(defaultGenerator.getState()).toEqual(state);
  expect(() =>
    undrawn(() => {
      rand([1]);
      throw new Error('stop');
    }),
  ).toThrow('stop');
  expect(defaultGenerator.getState()).toEqual(state);
});

it('a model in a line is its layers, or of many its own name', () => {
  expect(lineOf(new Sequential(new Linear(2, 3), new ReLU()))).toBe('Linear 2→3, ReLU');
  expect(lineOf(new Linear(2, 3))).toBe('Linear 2→3');
  expect(lineOf(new Sequential(...Array.from({ length: 9 }, () => new ReLU())))).toBe('Sequential');
});
