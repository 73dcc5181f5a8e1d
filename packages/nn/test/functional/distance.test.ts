import { backward, Generator, gradcheck, gradgradcheck, randn, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { cosineSimilarity, normalize, pairwiseDistance } from '../../src/functional/distance.ts';

const generator = new Generator(7);
const drawn = (...shape: number[]) => randn(shape, { generator, requiresGrad: true });
const values = (x: Tensor) => [...x.toArray()];

describe('cosineSimilarity', () => {
  it('is the cosine of the angle', () => {
    const [a, b] = [
      tensor([
        [3, 4],
        [1, 0],
      ]),
      tensor([
        [4, 3],
        [0, 7],
      ]),
    ];
    const cosines = values(cosineSimilarity(a, b));
    expect(cosines[0]).toBeCloseTo(0.96, 15);
    expect(cosines[1]).toBe(0);
    expect(cosineSimilarity(tensor([1, 1]), tensor([-2, -2]), { dim: 0 }).item()).toBeCloseTo(-1, 15);
  });

  it('does not depend on lengths, but for those below eps', () => {
    const [a, b] = [tensor([1e-9, 1e-9]), tensor([1e-9, -2e-9])];
    // Both are divided by 1e-8: −1e-18 / 1e-16
    expect(cosineSimilarity(a, b, { dim: 0 }).item()).toBeCloseTo(-0.01, 15);
    expect(cosineSimilarity(zeros([2]), b, { dim: 0 }).item()).toBe(0);
  });

  it('differentiates a length below eps as x / eps', () => {
    const [a, b] = [tensor([1e-9, 1e-9], { requiresGrad: true }), tensor([1e-9, -2e-9])];
    backward(cosineSimilarity(a, b, { dim: 0 }));
    // b / 1e-16 − (a·b) / (1e-16 · 1e-8) · a / 1e-8
    expect(a.grad!.toArray()[0]).toBeCloseTo(1.01e7, 5);
    expect(a.grad!.toArray()[1]).toBeCloseTo(-1.99e7, 5);
  });

  it('broadcasts before it counts the dim', () => {
    expect(cosineSimilarity(zeros([1, 2, 3]), zeros([2, 1, 3]), { dim: -1 }).shape).toEqual([2, 2]);
    expect(cosineSimilarity(zeros([2, 3]), zeros([2, 1, 3]), { dim: -1 }).shape).toEqual([2, 2]);
  });

  it('agrees with central differences, first and second order', () => {
    gradcheck((x, y) => cosineSimilarity(x!, y!), [drawn(2, 3), drawn(1, 3)], { atol: 1e-8 });
    gradgradcheck((x, y) => cosineSimilarity(x!, y!), [drawn(2, 3), drawn(2, 3)], { atol: 1e-6 });
  });

  it('refuses what does not broadcast, and dims out of range', () => {
    expect(() => cosineSimilarity(zeros([2, 3]), zeros([2, 4]))).toThrow(
      'cosineSimilarity: shapes [2, 3] and [2, 4] do not broadcast',
    );
    expect(() => cosineSimilarity(zeros([3]), zeros([3]))).toThrow('dim 1 is out of range');
  });
});

describe('normalize', () => {
  it('makes vectors of norm 1', () => {
    expect(
      values(
        normalize(
          tensor([
            [3, 4],
            [0, -2],
          ]),
        ),
      ),
    ).toEqual([0.6, 0.8, 0, -1]);
    expect(
      values(
        normalize(
          tensor([
            [3, 1],
            [-1, 4],
          ]),
          { p: 1, dim: 0 },
        ),
      ),
    ).toEqual([0.75, 0.2, -0.25, 0.8]);
    expect(values(normalize(tensor([2, -8]), { p: Number.POSITIVE_INFINITY, dim: 0 }))).toEqual([0.25, -1]);
  });

  it('leaves 0 as it is, and divides by no less than eps', () => {
    expect(values(normalize(zeros([1, 2])))).toEqual([0, 0]);
    expect(values(normalize(tensor([[3, 4]]), { eps: 10 }))).toEqual([0.3, 0.4]);
    const x = zeros([1, 2], { requiresGrad: true });
    backward(normalize(x).sum());
    expect(values(x.grad!)).toEqual([1e12, 1e12]);
  });

  it('agrees with central differences, first and second order', () => {
    for (const p of [1, 2, 3, 0.5]) {
      gradcheck((x) => normalize(x, { p }), drawn(2, 3), { atol: 1e-7 });
      gradgradcheck((x) => normalize(x, { p }), drawn(2, 3), { atol: 1e-5 });
    }
  });

  it('refuses a dim out of range', () => {
    expect(() => normalize(zeros([2, 3]), { dim: -3 })).toThrow('dim -3 is out of range');
    expect(() => normalize(zeros([3]))).toThrow('dim 1 is out of range');
  });
});

describe('pairwiseDistance', () => {
  it('is the norm of the difference, plus eps', () => {
    const [a, b] = [
      tensor([
        [3, 4],
        [1, 1],
      ]),
      tensor([
        [0, 0],
        [1, 1],
      ]),
    ];
    expect(values(pairwiseDistance(a, b, { eps: 0 }))).toEqual([5, 0]);
    expect(values(pairwiseDistance(a, b, { eps: 0, p: 1 }))).toEqual([7, 0]);
    expect(pairwiseDistance(a, b).toArray()[1]).toBeCloseTo(1e-6 * Math.SQRT2, 15);
    expect(pairwiseDistance(a, b, { keepdim: true }).shape).toEqual([2, 1]);
    expect(pairwiseDistance(a, tensor([0, 0])).shape).toEqual([2]);
    expect(pairwiseDistance(tensor([1]), tensor([3]), { eps: 0 }).item()).toBe(2);
  });

  it('agrees with central differences, first and second order', () => {
    gradcheck((x, y) => pairwiseDistance(x!, y!), [drawn(2, 3), drawn(3)], { atol: 1e-8 });
    gradgradcheck((x, y) => pairwiseDistance(x!, y!), [drawn(2, 3), drawn(2, 3)], { atol: 1e-6 });
  });
});
