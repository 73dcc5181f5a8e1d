import { describe, expect, it } from 'vitest';
import { amount, count, fraction, nonNegative, positive, seed, share, text } from '../src/command.ts';
import { goalText, isReached } from '../src/lesson.ts';

describe('options of a lesson', () => {
  it('read numbers as people write them', () => {
    expect(count(1, '').read('12')).toBe(12);
    expect(count(1, '').read('1e3')).toBe(1000);
    expect(positive(1, '').read(' .5 ')).toBe(0.5);
    expect(positive(1, '').read('2.5e-3')).toBe(0.0025);
    expect(nonNegative(1, '').read('0')).toBe(0);
    expect(fraction(0.5, '').read('0.99')).toBe(0.99);
    expect(seed(0, '').read('0')).toBe(0);
    expect(text('', '').read('a folder')).toBe('a folder');
  });

  it.each(['', ' ', 'abc', 'NaN', 'Infinity', '1e999', '0x10', '1,5', '3 4', '--lr'])(
    'refuse %j for a number',
    (given) => {
      for (const option of [count, positive, nonNegative, fraction, seed]) {
        expect(() => option(1, '').read(given)).toThrow(RangeError);
      }
    },
  );

  it('refuse numbers out of range, saying what they must be', () => {
    expect(() => count(1, '').read('0')).toThrow('must be a whole number of at least 1, got "0"');
    expect(() => count(1, '').read('1.5')).toThrow('must be a whole number of at least 1, got "1.5"');
    expect(() => positive(1, '').read('-1')).toThrow('must be a number greater than 0, got "-1"');
    expect(() => nonNegative(1, '').read('-0.1')).toThrow('must be a number of at least 0, got "-0.1"');
    expect(() => fraction(1, '').read('1')).toThrow('must be a number in [0, 1), got "1"');
    expect(() => seed(1, '').read('-3')).toThrow('must be a whole number of at least 0, got "-3"');
  });
});

describe('goals of a lesson', () => {
  it('are reached on their bounds and within, and never by NaN', () => {
    const goal = share({ min: 0.4, max: 0.6 });
    expect([0.39, 0.4, 0.5, 0.6, 0.61, Number.NaN].map((value) => isReached(goal, value))).toEqual([
      false,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('read as a sentence does', () => {
    expect(goalText(share({ min: 0.975 }))).toBe('at least 97.50 %');
    expect(goalText(amount({ max: 1e-3 }))).toBe('at most 0.001');
    expect(goalText(share({ min: 0.4, max: 0.6 }))).toBe('40.00 % to 60.00 %');
  });
});
