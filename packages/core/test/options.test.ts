import { describe, expect, it } from 'vitest';
import {
  checkChoice,
  checkInteger,
  checkNumber,
  checkProbability,
  describe as described,
  readOptions,
} from '../src/options.ts';

const defaults = { dim: null as number | null, keepdim: false };

describe('readOptions', () => {
  it('fills in the defaults; undefined stands for one', () => {
    expect(readOptions('sum', undefined, defaults)).toEqual(defaults);
    expect(readOptions('sum', { dim: 1, keepdim: undefined }, defaults)).toEqual({ dim: 1, keepdim: false });
  });

  it('refuses unknown names with the nearest known one, and those that every object has', () => {
    expect(() => readOptions('sum', { keepDim: true }, defaults)).toThrow(
      'sum: unknown option "keepDim". Did you mean "keepdim"?',
    );
    expect(() => readOptions('sum', { toString: 1 }, defaults)).toThrow('sum: unknown option "toString".');
  });

  it('refuses what is no object, with the right spelling', () => {
    const message = 'sum: optional arguments go in one object, such as { dim: 1 }; got 1';
    expect(() => readOptions('sum', 1, defaults)).toThrow(message);
    expect(() => readOptions('sum', [0, 1], defaults)).toThrow('such as { dim: [0,1] }; got [0, 1]');
    expect(() => readOptions('sum', null, defaults)).toThrow('got null');
  });
});

describe('checks', () => {
  it('name the operation, the argument, the rule and the value', () => {
    expect(() => checkNumber('f', 'x', Number.NaN)).toThrow('f: x must be a finite number, got NaN');
    expect(() => checkInteger('f', 'n', 1.5, 1)).toThrow('f: n must be a whole number of at least 1, got 1.5');
    expect(() => checkProbability('f', 'p', -0.1)).toThrow('f: p must lie in [0, 1], got -0.1');
    expect(() => checkChoice('f', 'mode', 'sun', ['sum', 'mean'])).toThrow(
      'f: mode must be one of "sum", "mean", got "sun". Did you mean "sum"?',
    );
  });

  it('show values shortly', () => {
    expect([described([1, 'a']), described(new Map()), described(checkNumber)]).toEqual([
      '[1, "a"]',
      'Map',
      'function checkNumber',
    ]);
  });
});
