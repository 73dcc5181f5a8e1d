import { arange, Generator, manualSeed, randperm, tensor, unsqueeze } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataLoader, type DataLoader as Loader, TensorDataset } from '../src/index.ts';

/** n examples: input [i], target i. */
const numbered = (n: number) => new TensorDataset(unsqueeze(arange(n), 1), arange(n));

const targetsOf = (loader: Loader) => Array.from(loader, ([, y]) => Array.from(y.toArray()));

describe('DataLoader', () => {
  it('goes through the examples in order, the last batch taking what is left', () => {
    const loader = new DataLoader(numbered(7), { batchSize: 3 });
    expect(targetsOf(loader)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(loader.length).toBe(3);
    const [[x, y]] = [...loader] as [readonly [ReturnType<typeof tensor>, ReturnType<typeof tensor>]];
    expect([x.tolist(), y.tolist()]).toEqual([
      [[0], [1], [2]],
      [0, 1, 2],
    ]);
  });

  it('leaves out an incomplete last batch on request', () => {
    const loader = new DataLoader(numbered(7), { batchSize: 3, dropLast: true });
    expect(targetsOf(loader)).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(loader.length).toBe(2);
    expect(new DataLoader(numbered(2), { batchSize: 3, dropLast: true }).length).toBe(0);
  });

  it('takes one example at a time by default', () => {
    expect(targetsOf(new DataLoader(numbered(2)))).toEqual([[0], [1]]);
  });

  it('shuffles by randperm, drawn anew for each epoch', () => {
    const loader = new DataLoader(numbered(10), { batchSize: 4, shuffle: true, generator: new Generator(42) });
    // PyTorch: manual_seed(42); randperm(10)
    expect(targetsOf(loader)).toEqual([
      [2, 6, 1, 8],
      [4, 5, 0, 9],
      [3, 7],
    ]);
    const generator = new Generator(42);
    randperm(10, { generator });
    expect(targetsOf(loader).flat()).toEqual(randperm(10, { generator }).tolist());
  });

  it('draws from the generator that manualSeed seeds', () => {
    manualSeed(42);
    expect(targetsOf(new DataLoader(numbered(10), { shuffle: true })).flat()).toEqual([2, 6, 1, 8, 4, 5, 0, 9, 3, 7]);
  });

  it('goes on in the midst of an epoch: the order is drawn as for a whole one, the batches before are not made', () => {
    const made: number[][] = [];
    const dataset = {
      length: 10,
      batch(indices: ArrayLike<number>) {
        made.push(Array.from(indices));
        return numbered(10).batch(indices);
      },
    };
    const loader = (seed: number) =>
      new DataLoader(dataset, { batchSize: 4, shuffle: true, generator: new Generator(seed) });
    const rest = Array.from(loader(42).from(1), ([, y]) => Array.from(y.toArray()));
    expect(rest).toEqual([
      [4, 5, 0, 9],
      [3, 7],
    ]);
    expect(made).toEqual(rest);
    expect([...loader(42).from(3)]).toEqual([]);
    const drawn = loader(42);
    drawn.from(2); // draws at once, not with the first batch
    expect(drawn.generator.getState()).not.toEqual(loader(42).generator.getState());
    expect(() => loader(1).from(-1)).toThrow('DataLoader.from: batch must be a whole number of at least 0, got -1');
  });

  it('visits each example once per epoch, in batches of the size asked for', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        fc.boolean(),
        (n, batchSize, shuffle, dropLast) => {
          const loader = new DataLoader(numbered(n), { batchSize, shuffle, dropLast, generator: new Generator(n) });
          const batches = targetsOf(loader);
          const seen = new Set(batches.flat());
          expect(batches.length).toBe(loader.length);
          expect(seen.size).toBe(batches.flat().length);
          expect(n - seen.size).toBe(dropLast ? n % batchSize : 0);
          expect(batches.slice(0, -1).every((batch) => batch.length === batchSize)).toBe(true);
        },
      ),
    );
  });

  it('can be left early and begun again', () => {
    const loader = new DataLoader(numbered(4), { batchSize: 2 });
    for (const [, y] of loader) {
      expect(y.tolist()).toEqual([0, 1]);
      break;
    }
    expect(targetsOf(loader)).toEqual([
      [0, 1],
      [2, 3],
    ]);
  });

  it.each([
    [{ batchSize: 0 }, 'DataLoader: batchSize must be a whole number of at least 1, got 0'],
    [{ batchSize: -4 }, 'batchSize must be a whole number of at least 1, got -4'],
    [{ batchSize: 2.5 }, 'batchSize must be a whole number of at least 1, got 2.5'],
    [{ batchSize: Number.NaN }, 'batchSize must be a whole number of at least 1, got NaN'],
    [{ batchSize: Number.POSITIVE_INFINITY }, 'batchSize must be a whole number of at least 1, got Infinity'],
    [{ shuffle: 'yes' }, 'DataLoader: shuffle must be true or false, got "yes"'],
    [{ dropLast: 1 }, 'DataLoader: dropLast must be true or false, got 1'],
    [{ batchsize: 4 }, 'DataLoader: unknown option "batchsize". Did you mean "batchSize"?'],
    [64, 'DataLoader: optional arguments go in one object'],
  ])('refuses %o', (options, message) => {
    expect(() => new DataLoader(numbered(3), options as object)).toThrow(message);
  });

  it('refuses what is no dataset', () => {
    expect(() => new DataLoader(tensor([1, 2]) as never)).toThrow(
      'DataLoader: expected a dataset, which has a length and batch(indices), got Tensor; ' +
        'new TensorDataset(inputs, targets) makes one of tensors',
    );
  });
});
