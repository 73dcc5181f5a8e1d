import { describe, expect, it } from 'vitest';
import { allclose, equal, tensor, zeros } from '../src/index.ts';

describe('allclose', () => {
  it('allows atol + rtol · |b|', () => {
    expect(allclose(tensor([100.0009]), tensor([100]))).toBe(true); // 1e-5 · 100 = 1e-3
    expect(allclose(tensor([100.0011]), tensor([100]))).toBe(false);
    expect(allclose(tensor([1e-9]), tensor([0]))).toBe(true);
    expect(allclose(tensor([0.1]), tensor([0]), { atol: 0.2 })).toBe(true);
  });

  it('takes equal infinities for close, and NaN only if asked', () => {
    expect(allclose(tensor([Infinity]), tensor([Infinity]))).toBe(true);
    expect(allclose(tensor([1]), tensor([Infinity]))).toBe(false);
    expect(allclose(tensor([Number.NaN]), tensor([Number.NaN]))).toBe(false);
    expect(allclose(tensor([Number.NaN]), tensor([Number.NaN]), { equalNan: true })).toBe(true);
  });

  it('broadcasts, and refuses what does not', () => {
    expect(allclose(zeros([2, 3]), zeros([3]))).toBe(true);
    expect(() => allclose(zeros([2]), zeros([3]))).toThrow(/allclose: shapes \[2\] and \[3\] do not broadcast/);
  });
});

describe('equal', () => {
  it('asks for the same shape and the same numbers', () => {
    expect(equal(tensor([1, 2]), tensor([1, 2]))).toBe(true);
    expect(equal(tensor([1, 2]), tensor([1, 3]))).toBe(false);
    expect(equal(zeros([2]), zeros([1, 2]))).toBe(false);
    expect(equal(tensor([Number.NaN]), tensor([Number.NaN]))).toBe(false);
    expect(
      equal(
        tensor([
          [1, 2],
          [3, 4],
        ]).t(),
        tensor([
          [1, 3],
          [2, 4],
        ]),
      ),
    ).toBe(true);
  });
});
