import { Generator, gradcheck, gradgradcheck, ones, randn, ShapeError, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { functional as F } from '../../src/index.ts';

const generator = new Generator(0);
const drawn = (...shape: number[]) => randn(shape, { generator, requiresGrad: true });

describe('linear', () => {
  it('is x·Wᵀ + b', () => {
    // [1·1 + 2·3 + 10, 1·2 + 2·4 + 20]
    const weight = tensor([
      [1, 3],
      [2, 4],
    ]);
    expect(F.linear(tensor([1, 2]), weight, { bias: tensor([10, 20]) }).tolist()).toEqual([17, 30]);
    expect(F.linear(tensor([[1, 2]]), weight).tolist()).toEqual([[7, 10]]);
  });

  it('keeps leading dims, and has gradients of both orders', () => {
    for (const shape of [[3], [2, 3], [2, 2, 3], [0, 3]]) {
      const inputs = [drawn(...shape), drawn(4, 3), drawn(4)] as const;
      const f = (x = inputs[0], w = inputs[1], bias = inputs[2]) => F.linear(x, w, { bias });
      expect(f().shape).toEqual([...shape.slice(0, -1), 4]);
      expect(gradcheck(f, [...inputs])).toBe(true);
      expect(gradgradcheck(f, [...inputs])).toBe(true);
    }
  });

  it('takes a weight of one row without its dim', () => {
    expect(
      F.linear(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        tensor([1, 10]),
      ).tolist(),
    ).toEqual([21, 43]);
    expect(F.linear(tensor([1, 2]), tensor([1, 10])).item()).toBe(21);
  });

  it('refuses what does not fit', () => {
    expect(() => F.linear(ones([2, 3]), ones([4, 5]))).toThrow(
      'linear: expected an input […, 5] for the weight [4, 5], got [2, 3]',
    );
    expect(() => F.linear(ones([]), ones([4, 5]))).toThrow(ShapeError);
    expect(() => F.linear(ones([2, 3]), ones([1, 4, 3]))).toThrow(
      'linear: the weight must be [out, in], got [1, 4, 3]',
    );
    for (const bias of [ones([3]), ones([5, 1, 4])]) {
      expect(() => F.linear(ones([2, 3]), ones([4, 3]), { bias })).toThrow(
        /linear: the bias \[.*\] does not fit the output \[2, 4\]; it must be \[out\] for a weight \[out, in\]/,
      );
    }
    expect(() => F.linear(ones([2, 3]), ones([3]), { bias: ones([2]) })).toThrow(/the bias \[2\] does not fit/);
    expect(() => F.linear(ones([2, 3]), ones([4, 3]), { bais: ones([4]) } as object)).toThrow(/Did you mean "bias"\?/);
  });
});

describe('bilinear', () => {
  it('is Σ x1·W·x2 + b', () => {
    // 1·(1·5 + 2·6) + 2·(3·5 + 4·6) + 1
    const weight = tensor([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(F.bilinear(tensor([1, 2]), tensor([5, 6]), weight, { bias: tensor([1]) }).tolist()).toEqual([96]);
  });

  it('keeps leading dims, and has gradients of both orders', () => {
    for (const batch of [[], [2], [2, 2], [0]]) {
      const inputs = [drawn(...batch, 2), drawn(...batch, 3), drawn(4, 2, 3), drawn(4)] as const;
      const f = (x1 = inputs[0], x2 = inputs[1], w = inputs[2], bias = inputs[3]) => F.bilinear(x1, x2, w, { bias });
      expect(f().shape).toEqual([...batch, 4]);
      expect(gradcheck(f, [...inputs])).toBe(true);
      expect(gradgradcheck(f, [...inputs])).toBe(true);
    }
  });

  it('refuses what does not fit', () => {
    const weight = zeros([4, 2, 3]);
    for (const [a, b] of [
      [ones([5, 2]), ones([5, 2])],
      [ones([5, 3]), ones([5, 3])],
      [ones([5, 2]), ones([6, 3])],
      [ones([2]), ones([1, 3])],
      [ones([]), ones([])],
    ] as const) {
      expect(() => F.bilinear(a, b, weight)).toThrow(
        /bilinear: expected inputs \[…, 2\] and \[…, 3\] with the same leading sizes for the weight \[4, 2, 3\], got/,
      );
    }
    expect(() => F.bilinear(ones([2]), ones([3]), ones([2, 3]))).toThrow(/the weight must be \[out, in1, in2\]/);
    expect(() => F.bilinear(ones([2]), ones([3]), weight, { bias: ones([1]) })).toThrow(
      'bilinear: the bias must be [4], got [1]',
    );
  });
});
