import {
  backward,
  Generator,
  gradcheck,
  gradgradcheck,
  rand,
  randn,
  sigmoid,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { binaryCrossEntropy, binaryCrossEntropyWithLogits } from '../../../src/functional/loss/index.ts';

const generator = new Generator(4);
const logits = (...shape: number[]) => randn(shape, { generator, requiresGrad: true });
const probabilities = (...shape: number[]) => rand(shape, { generator }).mul(0.8).add(0.1).detach().requiresGrad_();
const values = (x: Tensor) => [...x.toArray()];
const single = { reduction: 'none' } as const;

function expectClose(actual: Tensor, expected: number[]): void {
  expect(actual.numel()).toBe(expected.length);
  actual.toArray().forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 13));
}

describe('binaryCrossEntropy', () => {
  it('is −(y ln x + (1 − y) ln(1 − x))', () => {
    const [x, y] = [tensor([0.25, 0.25, 0.5]), tensor([1, 0, 0.5])];
    const expected = [-Math.log(0.25), -Math.log(0.75), Math.log(2)];
    expectClose(binaryCrossEntropy(x, y, single), expected);
    expectClose(binaryCrossEntropy(x, y), [(expected[0]! + expected[1]! + expected[2]!) / 3]);
    expectClose(
      binaryCrossEntropy(x, y, { ...single, weight: tensor([2, 1, 0]) }),
      expected.map((loss, i) => loss * [2, 1, 0][i]!),
    );
  });

  it('ends logarithms at −100, and its denominator at 1e-12', () => {
    const x = tensor([0, 1, 0, 1], { requiresGrad: true });
    const loss = binaryCrossEntropy(x, tensor([0, 1, 1, 0]), single);
    expectClose(loss, [0, 0, 100, 100]);
    backward(loss.sum());
    const steep = 1 / Math.fround(1e-12);
    expect(values(x.grad!)).toEqual([0, 0, -steep, steep]);
  });

  it('agrees with central differences in both inputs, first and second order', () => {
    const inputs = [probabilities(2, 3), probabilities(2, 3)];
    const weight = tensor([0.5, 1, 2]);
    gradcheck((x, y) => binaryCrossEntropy(x!, y!, { weight }), inputs, { atol: 1e-7 });
    gradgradcheck((x, y) => binaryCrossEntropy(x!, y!), inputs, { atol: 1e-6 });
  });

  it('refuses what is no probability, and shapes that differ', () => {
    expect(() => binaryCrossEntropy(tensor([0.5, -0.1]), zeros([2]))).toThrow(
      'binaryCrossEntropy: the input must be probabilities, in [0, 1], got -0.1; for unnormalised scores use ' +
        'binaryCrossEntropyWithLogits',
    );
    expect(() => binaryCrossEntropy(tensor([Number.NaN]), zeros([1]))).toThrow('in [0, 1], got NaN');
    expect(() => binaryCrossEntropy(zeros([2, 3]), zeros([1, 3]))).toThrow(
      'binaryCrossEntropy: input and target must have the same shape, got [2, 3] and [1, 3]',
    );
    expect(() => binaryCrossEntropy(zeros([3]), zeros([3]), { weight: zeros([2, 3]) })).toThrow(
      'binaryCrossEntropy: a weight [2, 3] does not broadcast to the shape [3]',
    );
    expect(() => binaryCrossEntropy(zeros([3]), zeros([3]), { posWeight: zeros([3]) } as object)).toThrow(
      'unknown option "posWeight"',
    );
  });
});

describe('binaryCrossEntropyWithLogits', () => {
  it('is binaryCrossEntropy of the sigmoid', () => {
    const [x, y] = [logits(2, 3), probabilities(2, 3)];
    const weight = tensor([1, 2, 0.5]);
    const expected = binaryCrossEntropy(sigmoid(x), y, { weight, ...single });
    expectClose(binaryCrossEntropyWithLogits(x, y, { weight, ...single }), values(expected));
  });

  it('weighs the positive part by posWeight', () => {
    const loss = binaryCrossEntropyWithLogits(tensor([0, 0]), tensor([1, 0]), { ...single, posWeight: tensor(3) });
    expectClose(loss, [3 * Math.log(2), Math.log(2)]);
  });

  it('is exact at logits of ±1e4, and in its tails', () => {
    const x = tensor([1e4, 1e4, -1e4, -1e4, 40, -40], { requiresGrad: true });
    const loss = binaryCrossEntropyWithLogits(x, tensor([0, 1, 0, 1, 1, 0]), single);
    expectClose(loss, [1e4, 0, 0, 1e4, 0, 0]);
    expect(loss.toArray()[4]! / Math.exp(-40)).toBeCloseTo(1, 14);
    backward(loss.sum());
    const gradient = values(x.grad!);
    expectClose(x.grad!, [1, 0, 0, -1, 0, 0]);
    expect(gradient[4]! / -Math.exp(-40)).toBeCloseTo(1, 14);
    expect(gradient[5]! / Math.exp(-40)).toBeCloseTo(1, 14);
  });

  it('agrees with central differences in both inputs, first and second order', () => {
    const inputs = [logits(2, 3), probabilities(2, 3)];
    const options = { weight: tensor([[0.5], [2]]), posWeight: tensor([0.5, 1, 3]) };
    gradcheck((x, y) => binaryCrossEntropyWithLogits(x!, y!, options), inputs, { atol: 1e-8 });
    gradgradcheck((x, y) => binaryCrossEntropyWithLogits(x!, y!, options), inputs, { atol: 1e-7 });
  });

  it('refuses shapes that do not fit', () => {
    const call = (options: object) => () => binaryCrossEntropyWithLogits(zeros([2, 3]), zeros([2, 3]), options);
    expect(() => binaryCrossEntropyWithLogits(zeros([3]), zeros([4]))).toThrow(
      'binaryCrossEntropyWithLogits: input and target must have the same shape, got [3] and [4]',
    );
    expect(call({ posWeight: zeros([2]) })).toThrow('do not broadcast');
    expect(call({ posWeight: zeros([4, 2, 3]) })).toThrow('a weight [4, 2, 3] does not broadcast to the shape [2, 3]');
    expect(call({ reduction: 'avg' })).toThrow('binaryCrossEntropyWithLogits: reduction must be one of');
  });
});
