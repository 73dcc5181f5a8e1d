import { add, cat, Generator, isGradEnabled, mul, randn, ShapeError, type Tensor, tensor } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteDataset, DataError, fitStandardizer, randomSplit, Subset, TensorDataset } from '../src/index.ts';

const dataset = (inputs: Tensor) => new TensorDataset(inputs, tensor(new Array(inputs.shape[0]!).fill(0)));

describe('fitStandardizer', () => {
  it('measures mean and deviation of each feature', () => {
    // column 0: 1, 3, 5: mean 3, deviations −2, 0, 2, variance 8/3; column 1: 0, 0, 6: mean 2, variance 8
    const scale = fitStandardizer(
      dataset(
        tensor([
          [1, 0],
          [3, 0],
          [5, 6],
        ]),
      ),
    );
    expect(scale.mean.tolist()).toEqual([3, 2]);
    expect(scale.std.tolist()).toEqual([Math.sqrt(8 / 3), Math.sqrt(8)]);
    const y = scale.apply(tensor([[1, 10]]));
    expect(y.tolist()).toEqual([[-2 / Math.sqrt(8 / 3), 8 / Math.sqrt(8)]]);
    const back = scale.invert(y).toArray();
    [1, 10].forEach((value, i) => expect(back[i]).toBeCloseTo(value, 14));
  });

  it('brings what it was fitted on to mean 0 and deviation 1, over many chunks and far from 0', () => {
    const inputs = add(mul(randn([1000, 3], { generator: new Generator(1) }), 1e-3), 1e5);
    const set = dataset(inputs);
    const [x] = fitStandardizer(set)
      .applyTo(set)
      .batch(Array.from({ length: 1000 }, (_, i) => i));
    for (const value of x.mean({ dim: 0 }).toArray()) expect(Math.abs(value)).toBeLessThan(1e-6);
    for (const value of x.square().mean({ dim: 0 }).toArray()) expect(value).toBeCloseTo(1, 6);
  });

  it('measures per channel and altogether', () => {
    const images = tensor([
      [[[0, 2]], [[10, 10]]],
      [[[4, 6]], [[10, 10]]],
    ]); // [2, 2, 1, 2]
    const channel = fitStandardizer(dataset(images), { per: 'channel' });
    expect([channel.mean.tolist(), channel.mean.shape]).toEqual([
      [[[3]], [[10]]],
      [2, 1, 1],
    ]);
    expect(channel.std.tolist()).toEqual([[[Math.sqrt(5)]], [[1]]]);
    const all = fitStandardizer(dataset(images), { per: 'all' });
    // 0, 2, 4, 6 and four times 10: mean 6.5; squares 4 · 100 + 56 = 456, variance 57 − 42.25
    expect([all.mean.item(), all.mean.shape]).toEqual([6.5, [1, 1, 1]]);
    expect(all.std.item()).toBeCloseTo(Math.sqrt(57 - 42.25), 14);
  });

  it('measures bytes, and scalar inputs', () => {
    const bytes = new ByteDataset(Uint8Array.of(0, 255, 255, 0), [1, 1, 2], [0, 1]);
    const scale = fitStandardizer(bytes, { per: 'all' });
    expect([scale.mean.item(), scale.std.item()]).toEqual([0.5, 0.5]);
    expect(scale.applyTo(bytes).batch([0])[0].tolist()).toEqual([[[[-1, 1]]]]);
    expect(
      fitStandardizer(dataset(tensor([1, 3])))
        .apply(tensor([5]))
        .tolist(),
    ).toEqual([3]);
  });

  it('turns what is constant into zeros, even where its mean is off by a rounding error', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), fc.integer({ min: 1, max: 600 }), (value, n) => {
        const set = dataset(tensor(new Array(n).fill(value), { shape: [n, 1] }));
        const scale = fitStandardizer(set);
        expect(scale.std.tolist()).toEqual([1]);
        const rounding = n * Number.EPSILON * Math.abs(value);
        expect(Math.abs(scale.apply(tensor([[value]])).item())).toBeLessThanOrEqual(rounding);
      }),
    );
  });

  it('looks at the training part alone', () => {
    const set = dataset(tensor([[1], [3], [1000]]));
    const scale = fitStandardizer(new Subset(set, [0, 1]));
    expect(scale.applyTo(set).batch([0, 1, 2])[0].tolist()).toEqual([[-1], [1], [998]]);
  });

  it('does not depend on the order of the examples', () => {
    const inputs = randn([700, 2], { generator: new Generator(5) });
    const [shuffled] = randomSplit(dataset(inputs), [1], { generator: new Generator(6) });
    const [a, b] = [fitStandardizer(dataset(inputs)), fitStandardizer(shuffled!)];
    const joined = (s: typeof a) => cat([s.mean, s.std]).toArray();
    joined(a).forEach((value, i) => expect(joined(b)[i]).toBeCloseTo(value, 12));
  });

  it('records no graph', () => {
    const set = new TensorDataset(tensor([[1], [2]], { requiresGrad: true }), tensor([0, 0]));
    expect(fitStandardizer(set).mean.requiresGrad).toBe(false);
    expect(isGradEnabled()).toBe(true);
  });

  it('refuses nothing, NaN, infinities, and unknown groupings', () => {
    expect(() => fitStandardizer(dataset(tensor([], { shape: [0, 2] })))).toThrow(
      'fitStandardizer: expected examples, found an empty dataset',
    );
    const holed = dataset(
      tensor([
        [1, 2],
        [3, Number.NaN],
      ]),
    );
    expect(() => fitStandardizer(holed)).toThrow(DataError);
    expect(() => fitStandardizer(holed)).toThrow(
      'fitStandardizer: expected finite inputs, found NaN or an infinity in column 1 of the flattened examples',
    );
    expect(() => fitStandardizer(dataset(tensor([[Number.POSITIVE_INFINITY]])))).toThrow('found NaN or an infinity');
    expect(() => fitStandardizer(holed, { per: 'features' as never })).toThrow('Did you mean "feature"?');
    expect(() => fitStandardizer(tensor([[1]]) as never)).toThrow('fitStandardizer: expected a dataset');
  });

  it('refuses examples of another shape', () => {
    const scale = fitStandardizer(
      dataset(
        tensor([
          [1, 2],
          [3, 4],
        ]),
      ),
    );
    expect(() => scale.apply(tensor([[1, 2, 3]]))).toThrow(ShapeError);
    expect(() => scale.apply(tensor([[1, 2, 3]]))).toThrow(
      'Standardizer.apply: fitted on examples of shape [2] (1 where shared), got a batch [1, 3]',
    );
    expect(() => scale.invert(tensor([1, 2]))).toThrow('Standardizer.invert: fitted on examples of shape [2]');
  });
});
