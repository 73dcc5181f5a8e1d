import { IndexError, ShapeError, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { accuracy, confusionMatrix } from '../src/index.ts';

const scores = tensor([
  [2, 1, 0],
  [0, 3, 1],
  [1, 0, 5],
  [4, 0, 1],
]);

describe('accuracy', () => {
  it('is the share of rows whose largest score stands at the label', () => {
    expect(accuracy(scores, tensor([0, 1, 2, 0]))).toBe(1);
    expect(accuracy(scores, tensor([0, 1, 2, 2]))).toBe(0.75);
    expect(accuracy(scores, tensor([1, 2, 0, 1]))).toBe(0);
  });

  it('takes a single row, and rows of many places', () => {
    expect(accuracy(tensor([0, 1]), tensor(1))).toBe(1);
    const places = tensor([
      [
        [1, 0, 2],
        [0, 1, 3],
      ],
    ]); // prettier: [1, 2 classes, 3 places] → classes 0, 1, 1
    expect(accuracy(places, tensor([[0, 1, 0]]))).toBeCloseTo(2 / 3, 15);
  });

  it('is NaN of no rows', () => {
    expect(accuracy(zeros([0, 3]), zeros([0]))).toBeNaN();
  });

  it('refuses shapes that do not go together, and labels that are none', () => {
    expect(() => accuracy(scores, tensor([0, 1]))).toThrow(ShapeError);
    expect(() => accuracy(scores, tensor([0, 1]))).toThrow(
      'accuracy: expected outputs [n, C] and labels [n], got [4, 3] and [2]',
    );
    expect(() => accuracy(zeros([4, 1, 2]), zeros([2, 4]))).toThrow(ShapeError);
    expect(() => accuracy(scores, tensor([0, 1, 2, 3]))).toThrow(IndexError);
    expect(() => accuracy(scores, tensor([0, 1, 2, 3]))).toThrow('labels must be whole numbers of [0, 3), got 3');
    expect(() => accuracy(scores, tensor([0, -1, 2, 0]))).toThrow('got -1');
    expect(() => accuracy(scores, tensor([0, 0.5, 2, 0]))).toThrow('got 0.5');
    expect(() => accuracy(scores, tensor([0, Number.NaN, 2, 0]))).toThrow('got NaN');
  });
});

describe('confusionMatrix', () => {
  it('counts true classes in rows and predicted ones in columns', () => {
    // Predicted: 0, 1, 2, 0.
    expect(confusionMatrix(scores, tensor([0, 2, 2, 2])).tolist()).toEqual([
      [1, 0, 0],
      [0, 0, 0],
      [1, 1, 1],
    ]);
  });

  it('is all zeros of no rows', () => {
    expect(confusionMatrix(zeros([0, 2]), zeros([0])).tolist()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('refuses outputs that are no matrix, and labels that are none', () => {
    expect(() => confusionMatrix(zeros([2]), tensor(0))).toThrow('expected outputs [n, C], got [2]');
    expect(() => confusionMatrix(scores, tensor([0, 1, 2, 3]))).toThrow('confusionMatrix: labels must be');
  });
});
