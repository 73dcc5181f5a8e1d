import { backward, Generator, gradcheck, gradgradcheck, randn, sum, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { huberLoss, l1Loss, mseLoss, type ReductionOptions, smoothL1Loss } from '../../../src/functional/loss/index.ts';

type RegressionLoss = (input: Tensor, target: Tensor, options?: ReductionOptions) => Tensor;

const generator = new Generator(2);
const losses: Record<string, RegressionLoss> = { mseLoss, l1Loss, smoothL1Loss, huberLoss };
const single = { reduction: 'none' } as const;

describe.each(Object.entries(losses))('%s', (name, loss) => {
  it('reduces by the mean, the sum, or not at all', () => {
    const [x, y] = [tensor([1, 2, 3]), tensor([1.5, 0, 7])];
    const each = loss(x, y, single).toArray();
    const total = each.reduce((a, b) => a + b);
    expect(each.length).toBe(3);
    expect(loss(x, y, { reduction: 'sum' }).item()).toBeCloseTo(total, 14);
    expect(loss(x, y).item()).toBeCloseTo(total / 3, 14);
  });

  it('broadcasts', () => {
    const x = randn([2, 3], { generator, requiresGrad: true });
    const y = randn([1, 3], { generator, requiresGrad: true });
    expect(loss(x, y, single).shape).toEqual([2, 3]);
    gradcheck((x, y) => loss(x!, y!), [x, y], { atol: 1e-8 });
    expect(loss(tensor(2), tensor(2)).shape).toEqual([]);
  });

  it('agrees with central differences, first and second order', () => {
    for (const reduction of ['mean', 'sum', 'none'] as const) {
      const inputs = [0, 1].map(() => randn([2, 3], { generator, requiresGrad: true }));
      gradcheck((x, y) => loss(x!, y!, { reduction }), inputs, { atol: 1e-8 });
      gradgradcheck((x, y) => loss(x!, y!, { reduction }), inputs, { atol: 1e-7 });
    }
  });

  it('of nothing is NaN in the mean, 0 in the sum', () => {
    expect(loss(zeros([0, 2]), zeros([0, 2])).item()).toBeNaN();
    expect(loss(zeros([0, 2]), zeros([0, 2]), { reduction: 'sum' }).item()).toBe(0);
    expect(loss(zeros([0]), zeros([0]), single).shape).toEqual([0]);
  });

  it('hands NaN on', () => {
    expect(loss(tensor([Number.NaN]), tensor([0])).item()).toBeNaN();
  });

  it('refuses shapes that do not broadcast, and other reductions', () => {
    expect(() => loss(zeros([2, 3]), zeros([2, 4]))).toThrow(`${name}: shapes [2, 3] and [2, 4] do not broadcast`);
    expect(() => loss(zeros([3]), zeros([3]), { reduction: 'avg' as 'mean' })).toThrow(
      `${name}: reduction must be one of "mean", "sum", "none", got "avg"`,
    );
  });
});

const values = (y: Tensor) => [...y.toArray()];

/** Gradients of Σ loss in input and target. */
function slopes(loss: RegressionLoss, input: number[], target: number[]): [number[], number[]] {
  const [x, y] = [tensor(input, { requiresGrad: true }), tensor(target, { requiresGrad: true })];
  backward(sum(loss(x, y, single)));
  return [values(x.grad!), values(y.grad!)];
}

it('mseLoss squares, l1Loss takes the size', () => {
  expect(values(mseLoss(tensor([1, -2]), tensor([3, 1]), single))).toEqual([4, 9]);
  expect(values(l1Loss(tensor([1, -2]), tensor([3, 1]), single))).toEqual([2, 3]);
  expect(slopes(l1Loss, [1, 2, 5], [1, 3, 3])).toEqual([
    [0, -1, 1],
    [-0, 1, -1],
  ]);
});

describe('smoothL1Loss', () => {
  it('is a parabola near 0, and straight beyond beta', () => {
    const loss = (d: number, beta: number) => smoothL1Loss(tensor(d), tensor(0), { beta }).item();
    expect(loss(0.5, 1)).toBe(0.125); // 0.5²/2
    expect(loss(-3, 1)).toBe(2.5); // 3 − 1/2
    expect(loss(1, 2)).toBe(0.25); // 1/(2·2)
    expect(loss(2, 2)).toBe(1); // both
    expect(slopes((x, y, o) => smoothL1Loss(x, y, { ...o, beta: 2 }), [1, 5, -5], [0, 0, 0])[0]).toEqual([0.5, 1, -1]);
  });

  it('with a beta of 0 is |d|, with the slope −1 on both sides of a tie', () => {
    const loss: RegressionLoss = (x, y, options) => smoothL1Loss(x, y, { ...options, beta: 0 });
    expect(values(loss(tensor([1, 2, 5]), tensor([1, 3, 3]), single))).toEqual([0, 1, 2]);
    expect(slopes(loss, [1, 2, 5], [1, 3, 3])).toEqual([
      [-1, -1, 1],
      [-1, 1, -1],
    ]);
    gradgradcheck(
      (x, y) => loss(x!, y!),
      [tensor([1, 2], { requiresGrad: true }), tensor([4, 0], { requiresGrad: true })],
    );
  });

  it('refuses a negative beta', () => {
    expect(() => smoothL1Loss(zeros([2]), zeros([2]), { beta: -1 })).toThrow(
      'smoothL1Loss: beta must be at least 0, got -1',
    );
  });
});

describe('huberLoss', () => {
  it('is a parabola near 0, and straight beyond delta', () => {
    const loss = (d: number, delta: number) => huberLoss(tensor(d), tensor(0), { delta }).item();
    expect(loss(0.5, 1)).toBe(0.125);
    expect(loss(-3, 1)).toBe(2.5);
    expect(loss(3, 2)).toBe(4); // 2·(3 − 1)
    expect(slopes((x, y, o) => huberLoss(x, y, { ...o, delta: 2 }), [1, 2, -5], [0, 0, 0])).toEqual([
      [1, 2, -2],
      [-1, -2, 2],
    ]);
  });

  it('is delta · smoothL1Loss', () => {
    const [x, y] = [randn([5], { generator }).mul(3), randn([5], { generator })];
    expect(huberLoss(x, y, { delta: 0.7 }).item()).toBeCloseTo(0.7 * smoothL1Loss(x, y, { beta: 0.7 }).item(), 14);
  });

  it('refuses a delta that is not greater than 0', () => {
    for (const delta of [0, -1, Number.NaN]) {
      expect(() => huberLoss(zeros([2]), zeros([2]), { delta })).toThrow(
        `huberLoss: delta must be greater than 0, got ${delta}`,
      );
    }
  });
});
