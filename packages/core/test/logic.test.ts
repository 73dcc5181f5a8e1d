import { describe, expect, it } from 'vitest';
import {
  isfinite,
  isinf,
  isnan,
  logicalAnd,
  logicalNot,
  logicalOr,
  logicalXor,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';

const values = (x: Tensor) => [...x.toArray()];

describe('questions', () => {
  const x = tensor([0, -0, 1, -2.5, Number.NaN, Infinity, -Infinity]);

  it('about one number are answered by 1 or 0', () => {
    expect(values(isnan(x))).toEqual([0, 0, 0, 0, 1, 0, 0]);
    expect(values(isfinite(x))).toEqual([1, 1, 1, 1, 0, 0, 0]);
    expect(values(isinf(x))).toEqual([0, 0, 0, 0, 0, 1, 1]);
    expect(values(logicalNot(x))).toEqual([1, 1, 0, 0, 0, 0, 0]);
  });

  it('about two are broadcast, and NaN counts as true', () => {
    const [a, b] = [tensor([[0], [2]]), tensor([0, Number.NaN])];
    expect(logicalAnd(a, b).tolist()).toEqual([
      [0, 0],
      [0, 1],
    ]);
    expect(logicalOr(a, b).tolist()).toEqual([
      [0, 1],
      [1, 1],
    ]);
    expect(logicalXor(a, b).tolist()).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(() => logicalAnd(zeros([2]), zeros([3]))).toThrow(/logicalAnd: shapes \[2\] and \[3\] do not broadcast/);
  });
});
