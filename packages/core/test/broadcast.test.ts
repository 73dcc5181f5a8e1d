import { describe, expect, it } from 'vitest';
import { broadcastTo, expand, grad, sum, tensor, zeros } from '../src/index.ts';

describe('expand and broadcastTo', () => {
  const x = tensor([[1], [2]]);

  it('repeat dims of size 1 and add dims in front, as a view', () => {
    expect(expand(x, [2, 3]).tolist()).toEqual([
      [1, 1, 1],
      [2, 2, 2],
    ]);
    expect(expand(x, [2, -1, 2]).shape).toEqual([2, 2, 2]);
    expect(broadcastTo(tensor(3), [2]).tolist()).toEqual([3, 3]);
    expect(expand(x, [2, 0]).shape).toEqual([2, 0]);
    expect(expand(x, [2, 3]).storage).toBe(x.storage);
  });

  it('sum the gradient over what was repeated', () => {
    const y = tensor([[1], [2]], { requiresGrad: true });
    expect(grad(sum(broadcastTo(y, [4, 2, 3])), y)[0]!.tolist()).toEqual([[12], [12]]);
  });

  it('refuse to change other sizes, to drop dims, and a new dim of size -1', () => {
    expect(() => expand(zeros([2, 3]), [3, 3])).toThrow(
      "expand: can't expand [2, 3] to [3, 3]: only sizes of 1 can grow",
    );
    expect(() => broadcastTo(zeros([2, 3]), [3])).toThrow("broadcastTo: can't expand [2, 3] to [3]");
    expect(() => expand(zeros([3]), [-1, 3])).toThrow("expand: can't expand [3] to [-1, 3]");
    expect(() => expand(zeros([3]), 3 as never)).toThrow(/expand: a shape is a list of whole numbers/);
  });
});
