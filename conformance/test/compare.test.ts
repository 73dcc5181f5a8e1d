import { ArgumentError, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Check, type Closeness } from '../src/compare.ts';

/** The failures of comparing one number with another. */
function compared(
  actual: number,
  expected: number,
  closeness?: Closeness,
  kind: 'value' | 'second' = 'value',
): string[] {
  const check = new Check('one');
  check.numbers(kind, 'x', [actual], [expected], closeness);
  return check.failures;
}

describe('numbers', () => {
  it('agree within 1e-10 relative and 1e-12 absolute, second-order ones within 1e-8 and 1e-10', () => {
    expect(compared(1 + 0.9e-10, 1)).toEqual([]);
    expect(compared(1 + 1.1e-10, 1)).toEqual(['x[0]: 1.00000000011, expected 1 (error 1.1e-10; 1 of 1 differ)']);
    expect(compared(0.9e-12, 0)).toEqual([]);
    expect(compared(1.1e-12, 0)).toHaveLength(1);
    expect(compared(1 + 0.9e-8, 1, {}, 'second')).toEqual([]);
    expect(compared(1.1e-10, 0, {}, 'second')).toHaveLength(1);
  });

  it('agree in ten times the noise of the record', () => {
    expect(compared(1.09, 1, { noise: 0.01 })).toEqual([]);
    expect(compared(1.11, 1, { noise: 0.01 })).toHaveLength(1);
  });

  it('agree in what is not finite', () => {
    expect(compared(NaN, NaN)).toEqual([]);
    expect(compared(Infinity, Infinity)).toEqual([]);
    expect(compared(NaN, 1)).toHaveLength(1);
    expect(compared(1, NaN)).toHaveLength(1);
    expect(compared(Infinity, -Infinity)).toHaveLength(1);
    expect(compared(1e308, Infinity)).toHaveLength(1);
  });

  it('are told apart to the last bit where that is asked', () => {
    expect(compared(0.1 + 0.2, 0.3, { exact: true })).toHaveLength(1);
    expect(compared(-0, 0, { exact: true })).toHaveLength(1);
    expect(compared(-0, 0)).toEqual([]);
    expect(compared(1 + 4 * 2 ** -52, 1, { ulps: 4 })).toEqual([]);
    expect(compared(1 + 5 * 2 ** -52, 1, { ulps: 4 })).toHaveLength(1);
  });

  it('keep the worst error of each kind', () => {
    const check = new Check('one');
    check.numbers('value', 'x', [1, 1 + 1e-12], [1, 1]);
    check.numbers('value', 'y', [1], [1]);
    expect(check.worst.value).toBeCloseTo(1e-12 / 1.01, 15);
    expect(check.passed).toBe(true);
  });
});

describe('tensors', () => {
  it('must have the recorded shape', () => {
    const check = new Check('one');
    check.tensor('value', 'x', tensor([1, 2]), { shape: [1, 2], data: [1, 2], dtype: 'float64' });
    expect(check.failures).toEqual(['x: shape [2], expected [1,2]']);
  });

  it('are zeros where there is no gradient', () => {
    const check = new Check('one');
    check.tensor('gradient', 'x', null, { shape: [2], data: [0, 0], dtype: 'float64' });
    check.tensor('gradient', 'x', tensor([0, 0]), null);
    expect(check.passed).toBe(true);
    check.tensor('gradient', 'x', tensor([0, 1]), null);
    check.tensor('gradient', 'x', null, { shape: [1], data: [2], dtype: 'float64' });
    expect(check.failures).toHaveLength(2);
  });
});

describe('refusals', () => {
  it("must be an error of ndgrad's own", () => {
    const check = new Check('one');
    check.refuses(() => {
      throw new ArgumentError('f: no');
    }, 'no');
    expect(check.passed).toBe(true);
    check.refuses(() => {
      throw new TypeError('x is undefined');
    }, 'no');
    check.refuses(() => 1, 'no');
    expect(check.failures[0]).toMatch(/^refused by accident, TypeError: x is undefined at .*; PyTorch: no$/);
    expect(check.failures[1]).toBe('must be refused; PyTorch: no');
  });

  it('turn whatever else is thrown into a failure', () => {
    const check = new Check('one').run(() => {
      throw new ArgumentError('f: no');
    });
    expect(check.failures).toEqual(['threw ArgumentError: f: no']);
  });
});
