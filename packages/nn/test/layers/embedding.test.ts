import { Generator, ones, randn, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { Embedding } from '../../src/index.ts';

const generator = () => new Generator(0);

describe('Embedding', () => {
  it('looks rows of its table up', () => {
    const layer = new Embedding(4, 2, { generator: generator() });
    const table = layer.weight.tolist() as number[][];
    expect(layer.call(tensor([[3, 0]])).tolist()).toEqual([[table[3], table[0]]]);
  });

  it('starts standard normal, with zeros for the padding, whose numbers are drawn all the same', () => {
    const table = randn([4, 5], { generator: generator() });
    const layer = new Embedding(4, 5, { paddingIdx: -3, generator: generator() });
    expect(layer.paddingIdx).toBe(1);
    expect(layer.weight.tolist()).toEqual(
      (table.tolist() as number[][]).map((row, i) => (i === 1 ? row.map(() => 0) : row)),
    );
    layer
      .call(tensor([1, 2]))
      .sum()
      .backward();
    expect(layer.weight.grad!.sum({ dim: 1 }).tolist()).toEqual([0, 0, 5, 0]);
  });

  it('keeps the norm of the rows that it looks up below maxNorm', () => {
    const layer = new Embedding(3, 4, { maxNorm: 0.1, generator: generator() });
    expect(
      layer
        .call(tensor([0, 2]))
        .square()
        .sum({ dim: 1 })
        .sqrt()
        .tolist(),
    ).toEqual([expect.closeTo(0.1, 7), expect.closeTo(0.1, 7)]);
  });

  it('can be made on a table that is there', () => {
    const table = tensor([
      [1, 2],
      [3, 4],
    ]);
    const layer = Embedding.fromPretrained(table);
    expect([layer.numEmbeddings, layer.embeddingDim, layer.weight.requiresGrad]).toEqual([2, 2, false]);
    expect(layer.call(tensor(1)).tolist()).toEqual([3, 4]);
    const learning = Embedding.fromPretrained(table, { freeze: false, paddingIdx: 0 });
    expect(learning.weight.requiresGrad).toBe(true);
    expect(learning.weight.tolist()).toEqual([
      [1, 2],
      [3, 4],
    ]); // the padding row keeps what it was given
    expect(() => new Embedding(3, 2, { _weight: table })).toThrow('Embedding: the weight must be [3, 2], got [2, 2]');
    expect(() => Embedding.fromPretrained(ones([3]))).toThrow(/the table must have two dimensions, got \[3\]/);
  });

  it('says what it is, with what is not usual', () => {
    expect(String(new Embedding(5, 3, { generator: generator() }))).toBe('Embedding(5, 3)');
    expect(
      String(new Embedding(5, 3, { paddingIdx: -1, maxNorm: 2, scaleGradByFreq: true, generator: generator() })),
    ).toBe('Embedding(5, 3, paddingIdx=4, maxNorm=2, scaleGradByFreq=true)');
  });

  it('refuses rows that there are not', () => {
    expect(() => new Embedding(3, 2, { paddingIdx: 3 })).toThrow('Embedding: paddingIdx 3 is not a row of 3');
    expect(() => new Embedding(3, 2, { generator: generator() }).call(tensor([5]))).toThrow(
      /^in Embedding 3→2: embedding: index 5 \(element 0\) is not in \[0, 3\) for the weight \[3, 2\]$/,
    );
  });
});
