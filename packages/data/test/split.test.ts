import { ArgumentError, arange, Generator, manualSeed, rand, randperm, tensor, zeros } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dataset, iris, randomSplit, TensorDataset } from '../src/index.ts';

const labelled = (labels: number[]) => new TensorDataset(zeros([labels.length, 1]), tensor(labels, { shape: [-1] }));
const unlabelled = (n: number) => new TensorDataset(arange(n), arange(n));

/** Fractions that sum to 1, at least one of them above 0. */
const fractions = fc
  .array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 5 })
  .filter((weights) => weights.some((w) => w > 0))
  .map((weights) => weights.map((w) => w / weights.reduce((a, b) => a + b)));

/** Labels of up to five classes, and how many examples of them go to each of up to four parts. */
const divided = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 3 })), { minLength: 2, maxLength: 60 })
  .map((pairs) => ({
    labels: pairs.map(([label]) => label),
    lengths: [0, 1, 2, 3].map((part) => pairs.filter(([, p]) => p === part).length),
  }));

function countsOf(part: Dataset, label: number): number {
  return part.targets!.toArray().filter((value) => value === label).length;
}

describe('randomSplit', () => {
  it("cuts PyTorch's permutation into pieces", () => {
    const generator = new Generator(42); // its randperm(10) is 2, 6, 1, 8, 4, 5, 0, 9, 3, 7
    const [a, b] = randomSplit(unlabelled(10), [7, 3], { generator });
    expect([a!.indices, b!.indices]).toEqual([
      [2, 6, 1, 8, 4, 5, 0],
      [9, 3, 7],
    ]);
    manualSeed(42);
    expect(randomSplit(unlabelled(10), [0.7, 0.3]).map((part) => part.indices)).toEqual([a!.indices, b!.indices]);
    expect(a!.batch([1])[1].tolist()).toEqual([6]);
  });

  it('draws one permutation, stratified or not', () => {
    for (const stratify of [false, true]) {
      const [generator, other] = [new Generator(3), new Generator(3)];
      randomSplit(labelled([0, 1, 0, 1, 1]), [0.5, 0.5], { generator, stratify });
      randperm(5, { generator: other });
      expect(generator.random32()).toBe(other.random32());
    }
  });

  it('rounds fractions down and gives what is left over to the first parts', () => {
    const sizes = (n: number, lengths: number[]) => randomSplit(unlabelled(n), lengths).map((part) => part.length);
    expect(sizes(10, [0.8, 0.2])).toEqual([8, 2]);
    expect(sizes(11, [0.3, 0.3, 0.4])).toEqual([4, 3, 4]); // 3.3, 3.3, 4.4: one is left over
    expect(sizes(10, [1 / 3, 1 / 3, 1 / 3])).toEqual([4, 3, 3]);
    expect(sizes(5, [1])).toEqual([5]);
    expect(sizes(5, [0, 5])).toEqual([0, 5]);
    expect(sizes(0, [0.5, 0.5])).toEqual([0, 0]);
  });

  it('is a partition, whatever the fractions', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fractions, fc.boolean(), (n, shares, stratify) => {
        const dataset = labelled(Array.from({ length: n }, (_, i) => (i * i) % 3));
        const parts = randomSplit(dataset, shares, { stratify, generator: new Generator(n) });
        const all = parts.flatMap((part) => part.indices).sort((a, b) => a - b);
        expect(all).toEqual(Array.from({ length: n }, (_, i) => i));
        parts.forEach((part, p) => expect(Math.abs(part.length - n * shares[p]!)).toBeLessThan(1 + 1e-9));
      }),
    );
  });

  it('gives each part its share of each class to within one, whatever the fractions', () => {
    fc.assert(
      fc.property(divided, fractions, ({ labels }, shares) => {
        const dataset = labelled(labels);
        const parts = randomSplit(dataset, shares, { stratify: true });
        for (const label of new Set(labels)) {
          const size = countsOf(dataset, label);
          parts.forEach((part, p) => {
            expect(Math.abs(countsOf(part, label) - size * shares[p]!)).toBeLessThan(1);
          });
        }
      }),
    );
  });

  it('gives each part exactly the number asked for, and its share of each class to within one', () => {
    fc.assert(
      fc.property(divided, ({ labels, lengths }) => {
        const dataset = labelled(labels);
        const parts = randomSplit(dataset, lengths, { stratify: true });
        const all = parts.flatMap((part) => part.indices).sort((a, b) => a - b);
        expect(all).toEqual(labels.map((_, i) => i));
        parts.forEach((part, p) => {
          expect(part.length).toBe(lengths[p]);
          for (const label of new Set(labels)) {
            const exact = (countsOf(dataset, label) * lengths[p]!) / labels.length;
            expect(Math.abs(countsOf(part, label) - exact)).toBeLessThan(1);
          }
        });
      }),
    );
  });

  it('splits the irises into 40 and 10 of each class, mixed', () => {
    const [train, test] = randomSplit(iris(), [0.8, 0.2], { stratify: true, generator: new Generator(0) });
    expect([0, 1, 2].map((label) => countsOf(train!, label))).toEqual([40, 40, 40]);
    expect([0, 1, 2].map((label) => countsOf(test!, label))).toEqual([10, 10, 10]);
    expect(
      train!
        .targets!.toArray()
        .slice(0, 40)
        .every((label) => label === 0),
    ).toBe(false);
  });

  it('gives what a class has left over to the part that misses most', () => {
    // 7 · 0.2 = 1.4 and 7 · 0.8 = 5.6
    const parts = randomSplit(labelled([4, 4, 4, 4, 4, 4, 4]), [0.2, 0.8], { stratify: true });
    expect(parts.map((part) => part.length)).toEqual([1, 6]);
  });

  it.each<[number[], string]>([
    [
      [0.8, 0.3],
      'randomSplit: lengths [0.8, 0.3] sum to 1.1; fractions must sum to 1, and whole numbers of examples to 10',
    ],
    [[5, 4], 'lengths [5, 4] sum to 9'],
    [[9.5, 0.5], 'lengths [9.5, 0.5] sum to 10; fractions must sum to 1'],
    [[1.5, -0.5], 'randomSplit: lengths[1] must be a number of at least 0, got -0.5'],
    [[Number.NaN, 1], 'lengths[0] must be a number of at least 0, got NaN'],
    [[Number.POSITIVE_INFINITY, 1], 'lengths[0] must be a number of at least 0, got Infinity'],
    [[], 'randomSplit: lengths must be a list such as [0.8, 0.2], got []'],
    [0.8 as never, 'lengths must be a list such as [0.8, 0.2], got 0.8'],
  ])('refuses the lengths %o', (lengths, message) => {
    for (const stratify of [false, true]) {
      expect(() => randomSplit(labelled(new Array(10).fill(0)), lengths, { stratify })).toThrow(ArgumentError);
      expect(() => randomSplit(labelled(new Array(10).fill(0)), lengths, { stratify })).toThrow(message);
    }
  });

  it('refuses to stratify without class labels', () => {
    const message = 'stratify needs a dataset whose targets are class labels: one whole number per example';
    const silent: Dataset = { length: 4, batch: (indices) => unlabelled(4).batch(indices) };
    const real = new TensorDataset(rand([4, 1]), tensor([0, 1, 0.5, 1]));
    const wide = new TensorDataset(rand([4, 1]), zeros([4, 2]));
    for (const dataset of [silent, real, wide]) {
      expect(() => randomSplit(dataset, [0.5, 0.5], { stratify: true })).toThrow(message);
    }
    expect(() => randomSplit(real, [0.5, 0.5], { stratify: 'y' as never })).toThrow(
      'randomSplit: stratify must be true or false, got "y"',
    );
    expect(() => randomSplit([1, 2] as never, [0.5, 0.5])).toThrow('randomSplit: expected a dataset');
    expect(() => randomSplit(real, [0.5, 0.5], { seed: 1 } as never)).toThrow('unknown option "seed"');
  });
});
