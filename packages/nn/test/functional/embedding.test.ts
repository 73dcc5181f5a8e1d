import { Generator, gradcheck, gradgradcheck, IndexError, randn, ShapeError, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { functional as F } from '../../src/index.ts';

const table = () =>
  tensor(
    [
      [3, 4],
      [1, 0],
      [0, 2],
    ],
    { requiresGrad: true },
  );

describe('embedding', () => {
  it('looks rows up, whatever the shape of the indices', () => {
    expect(F.embedding(tensor([[2, 0]]), table()).tolist()).toEqual([
      [
        [0, 2],
        [3, 4],
      ],
    ]);
    expect(F.embedding(tensor(1), table()).tolist()).toEqual([1, 0]);
    expect(F.embedding(zeros([0, 2]), table()).shape).toEqual([0, 2, 2]);
  });

  it('adds up the gradients of rows that are looked up several times', () => {
    const weight = table();
    F.embedding(tensor([2, 0, 2]), weight)
      .mul(tensor([[1], [10], [100]]))
      .sum()
      .backward();
    expect(weight.grad!.tolist()).toEqual([
      [10, 10],
      [0, 0],
      [101, 101],
    ]);
  });

  it('has gradients of both orders', () => {
    const weight = randn([4, 3], { generator: new Generator(0), requiresGrad: true });
    const f = (w = weight) => F.embedding(tensor([1, 3, 1]), w).square();
    expect(gradcheck(f, [weight])).toBe(true);
    expect(gradgradcheck(f, [weight])).toBe(true);
  });

  it('gives the padding row its value but no gradient', () => {
    for (const paddingIdx of [2, -1]) {
      const weight = table();
      const y = F.embedding(tensor([2, 0]), weight, { paddingIdx });
      expect(y.tolist()).toEqual([
        [0, 2],
        [3, 4],
      ]);
      y.sum().backward();
      expect(weight.grad!.tolist()).toEqual([
        [1, 1],
        [0, 0],
        [0, 0],
      ]);
    }
  });

  it('divides the gradient by how often a row was looked up', () => {
    const weight = table();
    const y = F.embedding(tensor([2, 0, 2]), weight, { scaleGradByFreq: true });
    expect(y.tolist()).toEqual([
      [0, 2],
      [3, 4],
      [0, 2],
    ]);
    y.mul(tensor([[1], [10], [100]]))
      .sum()
      .backward();
    expect(weight.grad!.tolist()).toEqual([
      [10, 10],
      [0, 0],
      [50.5, 50.5],
    ]);
  });

  it('shortens the rows that it looks up to the largest norm, in place', () => {
    const weight = table();
    const y = F.embedding(tensor([0, 1, 0]), weight, { maxNorm: 1.5 });
    const scale = 1.5 / (5 + 1e-7);
    expect(y.tolist()).toEqual([
      [3 * scale, 4 * scale],
      [1, 0],
      [3 * scale, 4 * scale],
    ]);
    expect(weight.tolist()).toEqual([
      [3 * scale, 4 * scale],
      [1, 0],
      [0, 2],
    ]);
    y.sum().backward();
    expect(weight.grad!.tolist()).toEqual([
      [2, 2],
      [1, 1],
      [0, 0],
    ]);
  });

  it('measures in the p-norm that is asked for', () => {
    const first = (normType: number) => {
      const weight = table();
      F.embedding(tensor([0]), weight, { maxNorm: 1, normType });
      return (weight.tolist() as number[][])[0]![0]!;
    };
    expect(first(1)).toBeCloseTo(3 / 7, 7);
    expect(first(3)).toBeCloseTo(3 / 91 ** (1 / 3), 7);
    expect(first(Infinity)).toBeCloseTo(3 / 4, 7);
  });

  it('refuses indices and weights that do not fit', () => {
    expect(() => F.embedding(tensor([0, 3]), table())).toThrow(
      'embedding: index 3 (element 1) is not in [0, 3) for the weight [3, 2]',
    );
    for (const index of [-1, 0.5, Number.NaN]) expect(() => F.embedding(tensor([index]), table())).toThrow(IndexError);
    expect(() => F.embedding(tensor([0]), zeros([3]))).toThrow('embedding: the weight must be [rows, d], got [3]');
    expect(() => F.embedding(tensor([0]), zeros([1, 1, 1]))).toThrow(ShapeError);
    expect(() => F.embedding(tensor([0]), table(), { paddingIdx: 3 })).toThrow(
      'embedding: paddingIdx 3 is not a row of 3',
    );
    expect(() => F.embedding(tensor([0]), table(), { maxNorm: Number.NaN })).toThrow(/maxNorm must be a finite number/);
  });
});

describe('oneHot', () => {
  it('is 1 at the class and 0 elsewhere', () => {
    expect(F.oneHot(tensor([2, 0])).tolist()).toEqual([
      [0, 0, 1],
      [1, 0, 0],
    ]);
    expect(F.oneHot(tensor(1), { numClasses: 3 }).tolist()).toEqual([0, 1, 0]);
    expect(F.oneHot(tensor([[0], [1]])).shape).toEqual([2, 1, 2]);
    expect(F.oneHot(zeros([0]), { numClasses: 4 }).shape).toEqual([0, 4]);
  });

  it('refuses what are no classes', () => {
    expect(() => F.oneHot(tensor([0, 3]), { numClasses: 3 })).toThrow('oneHot: index 3 (element 1) is not in [0, 3)');
    expect(() => F.oneHot(tensor([-1]))).toThrow(IndexError);
    expect(() => F.oneHot(tensor([0.5]))).toThrow(IndexError);
    expect(() => F.oneHot(zeros([0]))).toThrow(
      'oneHot: an empty tensor does not tell how many classes there are; give numClasses',
    );
    expect(() => F.oneHot(tensor([0]), { numClasses: -2 })).toThrow(/numClasses must be a whole number of at least -1/);
  });
});
