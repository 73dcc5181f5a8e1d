import { backward, Generator, gradcheck, gradgradcheck, randn, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import {
  marginRankingLoss,
  multilabelMarginLoss,
  multiMarginLoss,
  softMarginLoss,
} from '../../../src/functional/loss/index.ts';

const generator = new Generator(3);
const drawn = (...shape: number[]) => randn(shape, { generator, requiresGrad: true });
const values = (x: Tensor) => [...x.toArray()];
const single = { reduction: 'none' } as const;

describe('multiMarginLoss', () => {
  it("is the course's SVM loss, divided by the number of classes", () => {
    // The three images of CS231n, lecture 3: hinge losses 2.9, 0 and 12.9.
    const x = tensor([
      [3.2, 5.1, -1.7],
      [1.3, 4.9, 2],
      [2.2, 2.5, -3.1],
    ]);
    const y = tensor([0, 1, 2]);
    [2.9, 0, 12.9].forEach((loss, i) => expect(multiMarginLoss(x, y, single).toArray()[i]).toBeCloseTo(loss / 3, 14));
    expect(multiMarginLoss(x, y).item()).toBeCloseTo(15.8 / 9, 14);
    expect(multiMarginLoss(x, y, { reduction: 'sum' }).item()).toBeCloseTo(15.8 / 3, 14);
    // The notes' example with Δ = 10: max(0, −7 − 13 + 10) + max(0, 11 − 13 + 10) = 8
    expect(multiMarginLoss(tensor([13, -7, 11]), tensor(0), { margin: 10 }).item()).toBeCloseTo(8 / 3, 14);
  });

  it('starts at (C − 1) / C · margin where all scores are equal', () => {
    expect(multiMarginLoss(zeros([4, 10]), zeros([4])).item()).toBeCloseTo(0.9, 14);
  });

  it('squares margins with p = 2, and weighs by the label', () => {
    const [x, y] = [tensor([[1, 0, 2]]), tensor([0])];
    expect(multiMarginLoss(x, y, { p: 2, margin: 2 }).item()).toBeCloseTo((1 + 9) / 3, 14);
    const weight = tensor([5, 1, 1]);
    expect(multiMarginLoss(x, y, { weight }).item()).toBeCloseTo((5 * 2) / 3, 14);
  });

  it('has no slope where a margin is just met', () => {
    const x = tensor([[1, 0, 2]], { requiresGrad: true });
    backward(multiMarginLoss(x, tensor([0])));
    expect(values(x.grad!)).toEqual([-1 / 3, 0, 1 / 3]);
  });

  it('takes a single sample, or a single score', () => {
    expect(multiMarginLoss(tensor([1, 2]), tensor(0)).shape).toEqual([]);
    expect(multiMarginLoss(tensor([1, 2]), tensor([0]), single).tolist()).toEqual([1]);
    expect(multiMarginLoss(tensor(3), tensor(0)).item()).toBe(0);
  });

  it('agrees with central differences, first and second order', () => {
    const y = tensor([2, 0, 3]);
    for (const options of [{}, { p: 2 as const, margin: 1.5, weight: tensor([1, 2, 0.5, 3]) }]) {
      gradcheck((x) => multiMarginLoss(x, y, options), drawn(3, 4), { atol: 1e-8 });
      gradcheck((x) => multiMarginLoss(x, y, { ...options, ...single }), drawn(3, 4), { atol: 1e-8 });
      gradgradcheck((x) => multiMarginLoss(x, y, options), drawn(3, 4), { atol: 1e-7 });
    }
  });

  it('refuses wrong labels, shapes and options', () => {
    const call =
      (labels: number[], options = {}) =>
      () =>
        multiMarginLoss(zeros([2, 4]), tensor(labels), options);
    expect(call([0, 4])).toThrow('multiMarginLoss: label 4 (row 1) is not in [0, 4)');
    expect(call([0])).toThrow('multiMarginLoss: scores [2, 4] need 2 labels, got [1]');
    expect(call([0, 1], { p: 3 })).toThrow('multiMarginLoss: p must be 1 or 2, got 3');
    expect(call([0, 1], { weight: zeros([3]) })).toThrow('expected one weight for each of the 4 classes, [4], got [3]');
    expect(call([0, 1], { margin: Number.NaN })).toThrow('multiMarginLoss: margin must be a finite number');
    expect(() => multiMarginLoss(zeros([2, 0]), zeros([2]))).toThrow('of at least one class, got [2, 0]');
    expect(() => multiMarginLoss(zeros([2, 3, 4]), zeros([2]))).toThrow('expected scores [N, C] or [C]');
  });
});

describe('multilabelMarginLoss', () => {
  it('sums the margins of every label against every class that is none', () => {
    // Labels 3 and 0; classes 1 and 2 are none: (1 − 0.8 + 0.2) + (1 − 0.8 + 0.4) + (1 − 0.1 + 0.2) + (1 − 0.1 + 0.4)
    const x = tensor([[0.1, 0.2, 0.4, 0.8]]);
    expect(multilabelMarginLoss(x, tensor([[3, 0, -1, 1]])).item()).toBeCloseTo(0.85, 14);
    expect(multilabelMarginLoss(tensor([0.1, 0.2, 0.4, 0.8]), tensor([3, 0, -1, 1])).item()).toBeCloseTo(0.85, 14);
  });

  it('is 0 without labels, and without other classes', () => {
    expect(multilabelMarginLoss(tensor([1, 2]), tensor([-1, 0])).item()).toBe(0);
    expect(multilabelMarginLoss(tensor([1, 2]), tensor([1, 0])).item()).toBe(0);
    expect(multilabelMarginLoss(tensor(1), tensor(0)).item()).toBe(0);
  });

  it('has a loss for each row', () => {
    const target = tensor([
      [1, -1],
      [-1, -1],
    ]);
    expect(
      multilabelMarginLoss(
        tensor([
          [1, 2],
          [3, 4],
        ]).mul(2),
        target,
        single,
      ).tolist(),
    ).toEqual([0, 0]);
    expect(multilabelMarginLoss(zeros([2, 2]), target, single).tolist()).toEqual([0.5, 0]);
    expect(multilabelMarginLoss(zeros([2, 2]), target).item()).toBe(0.25);
  });

  it('agrees with central differences', () => {
    const target = tensor([
      [3, 0, -1, 1],
      [2, -1, -1, -1],
    ]);
    gradcheck((x) => multilabelMarginLoss(x, target), drawn(2, 4), { atol: 1e-8 });
  });

  it('refuses wrong labels and shapes', () => {
    expect(() => multilabelMarginLoss(zeros([3]), tensor([0, 3, -1]))).toThrow(
      'multilabelMarginLoss: label 3 (row 1) is not in [0, 3)',
    );
    expect(() => multilabelMarginLoss(zeros([3]), tensor([0, -2, -1]))).toThrow('label -2');
    expect(() => multilabelMarginLoss(zeros([2, 3]), zeros([2, 2]))).toThrow(
      'multilabelMarginLoss: the labels must have the shape of the scores, [2, 3], got [2, 2]',
    );
    expect(() => multilabelMarginLoss(zeros([2, 3]), zeros([3, 2]))).toThrow('got [3, 2]');
  });
});

describe('softMarginLoss', () => {
  it('is ln(1 + e^(−target · input)), for any size', () => {
    const loss = softMarginLoss(tensor([0, 2, -1000, 1000]), tensor([1, -1, 1, 1]), single).toArray();
    [Math.log(2), Math.log1p(Math.exp(2)), 1000, 0].forEach((value, i) => expect(loss[i]).toBeCloseTo(value, 12));
  });

  it('agrees with central differences, first and second order', () => {
    const y = tensor([1, -1, 1]);
    gradcheck((x) => softMarginLoss(x, y), drawn(2, 3), { atol: 1e-8 });
    gradgradcheck((x) => softMarginLoss(x, y), drawn(3), { atol: 1e-7 });
  });

  it('refuses what does not broadcast', () => {
    expect(() => softMarginLoss(zeros([3]), zeros([4]))).toThrow('softMarginLoss: shapes [3] and [4] do not broadcast');
    expect(() => softMarginLoss(zeros([3]), zeros([3]), { reduction: 'abc' as 'sum' })).toThrow(
      'softMarginLoss: reduction must be one of',
    );
  });
});

describe('marginRankingLoss', () => {
  it('wants input1 above input2 for a target of 1, below for −1', () => {
    const [a, b] = [tensor([3, 1, 2]), tensor([1, 1, 3])];
    expect(values(marginRankingLoss(a, b, tensor([1, 1, 1]), { margin: 0.5, ...single }))).toEqual([0, 0.5, 1.5]);
    expect(values(marginRankingLoss(a, b, tensor([-1, -1, -1]), single))).toEqual([2, 0, 0]);
  });

  it('passes the gradient where the margin is just met', () => {
    const [a, b] = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })];
    backward(marginRankingLoss(a, b, tensor([1])));
    expect([a.grad!.item(), b.grad!.item()]).toEqual([-1, 1]);
  });

  it('agrees with central differences', () => {
    const f = (a: Tensor, b: Tensor) => marginRankingLoss(a, b, tensor([[1], [-1]]), { margin: 0.3 });
    gradcheck(f, [drawn(2, 3), drawn(2, 3)], { atol: 1e-8 });
  });

  it('refuses inputs of different numbers of dims', () => {
    expect(() => marginRankingLoss(zeros([5, 4]), zeros([5, 4]), zeros([5]))).toThrow(
      'marginRankingLoss: all inputs must have the same number of dimensions, got [5, 4], [5, 4], [5]',
    );
  });
});
