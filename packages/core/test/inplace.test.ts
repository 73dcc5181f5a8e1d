import { describe, expect, it } from 'vitest';
import { noGrad, tensor, zeros } from '../src/index.ts';

describe('in-place methods', () => {
  it('change the memory, seen by every view', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    x.select(0, 0).add_(10);
    x.t()
      .select(0, 1)
      .mul_(tensor([2, 3]));
    expect(x.tolist()).toEqual([
      [11, 24],
      [3, 12],
    ]);
    expect(x.sub_(1).div_(2).tolist()).toEqual([
      [5, 11.5],
      [1, 5.5],
    ]);
    expect(x.copy_(tensor([7, 8])).tolist()).toEqual([
      [7, 8],
      [7, 8],
    ]);
    expect(x.zero_().fill_(3).tolist()).toEqual([
      [3, 3],
      [3, 3],
    ]);
  });

  it('multiply the operand by alpha', () => {
    const x = tensor([1, 2]);
    expect(x.add_(tensor([10, 20]), { alpha: 0.5 }).tolist()).toEqual([6, 12]);
    expect(x.sub_(1, { alpha: -2 }).tolist()).toEqual([8, 14]);
    expect(() => x.add_(zeros([2, 2]), { alpha: 2 })).toThrow(/add_: \[2, 2\] does not broadcast to \[2\]/);
    expect(() => x.add_(1, { beta: 2 } as never)).toThrow(/unknown option "beta". Did you mean "alpha"\?/);
  });

  it('read an operand that overlaps before they write', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    x.add_(x.t());
    expect(x.tolist()).toEqual([
      [2, 5],
      [5, 8],
    ]);
  });

  it('update weights inside noGrad only', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    expect(() => w.add_(1)).toThrow(/add_: a leaf that wants a gradient can only be changed in place inside noGrad/);
    noGrad(() => w.add_(1));
    expect(w.tolist()).toEqual([2, 3]);
  });

  it('refuse what has history, expanded views, and operands that want a gradient', () => {
    const w = tensor([1, 2], { requiresGrad: true });
    expect(() => w.mul(2).add_(1)).toThrow(/add_: this tensor was computed by mul/);
    expect(() => zeros([1]).expand([3]).fill_(1)).toThrow(/fill_: this tensor is an expanded view/);
    expect(() => zeros([2]).add_(w)).toThrow(/add_: a gradient could not flow into the operand/);
  });

  it('refuse shapes that would have to grow', () => {
    expect(() => zeros([2]).add_(zeros([3]))).toThrow(/add_: \[3\] does not broadcast to \[2\]/);
    expect(() => zeros([2]).add_(zeros([2, 2]))).toThrow(/add_: \[2, 2\] does not broadcast to \[2\]/);
  });
});
