import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteDataset } from '../src/index.ts';

describe('ByteDataset', () => {
  it('gives (byte/255 − mean)/std for each byte of the examples asked for, whatever their size', () => {
    const cases = fc.record({
      n: fc.integer({ min: 1, max: 6 }),
      shape: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
      mean: fc.double({ min: -1, max: 1, noNaN: true }),
      std: fc.double({ min: 0.01, max: 2, noNaN: true }),
      seed: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(cases, ({ n, shape, mean, std, seed }) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const bytes = Uint8Array.from({ length: n * size }, (_, i) => i * 31 + seed);
        const set = new ByteDataset(bytes, shape, new Uint8Array(n), { mean, std });
        const [x] = set.batch([n - 1, 0]);
        const picked = [...bytes.subarray((n - 1) * size), ...bytes.subarray(0, size)];
        expect(x.shape).toEqual([2, ...shape]);
        expect(Array.from(x.toArray())).toEqual(picked.map((byte) => (byte / 255 - mean) / std));
      }),
    );
  });

  it('gives the labels, and batches of nothing', () => {
    const set = new ByteDataset(new Uint8Array(6), [2], [4, 5, 6], { classNames: ['p'] });
    expect([set.length, set.targets.tolist(), set.classNames]).toEqual([3, [4, 5, 6], ['p']]);
    expect(set.batch([2, 2, 0])[1].tolist()).toEqual([6, 6, 4]);
    expect(set.batch([]).map((part) => part.shape)).toEqual([[0, 2], [0]]);
  });

  it('keeps the bytes without a copy', () => {
    const bytes = new Uint8Array(4);
    const set = new ByteDataset(bytes, [2], [0, 1]);
    bytes[3] = 255;
    expect(set.batch([1])[0].tolist()).toEqual([[0, 1]]);
  });

  it('refuses what does not fit', () => {
    expect(() => new ByteDataset(new Uint8Array(5), [2], [0, 1])).toThrow(
      'ByteDataset: 2 labels need 2 examples of shape [2], 4 bytes; got 5',
    );
    expect(() => new ByteDataset(new Uint8Array(4), [2], [0, 1], { std: -1 })).toThrow(
      'ByteDataset: std must be a number above 0, got -1',
    );
    expect(() => new ByteDataset(new Uint8Array(4), [2], [0, 1]).batch([2])).toThrow(
      'ByteDataset: index 2 is not one of the 2 examples, 0 … 1',
    );
  });
});
