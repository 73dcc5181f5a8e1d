import { Generator, ones, tensor } from '@ndgrad/core';
import { expect, it } from 'vitest';
import { Dropout, Dropout1d, Dropout2d, functional as F } from '../../src/index.ts';

it('draws a new mask for each call in training, and does nothing in evaluation', () => {
  const layer = new Dropout({ p: 0.25, generator: new Generator(3) });
  const x = ones([1000]);
  const [first, second] = [layer.call(x), layer.call(x)];
  const generator = new Generator(3);
  expect(first.tolist()).toEqual(F.dropout(x, { p: 0.25, generator }).tolist());
  expect(second.tolist()).toEqual(F.dropout(x, { p: 0.25, generator }).tolist());
  expect(second.tolist()).not.toEqual(first.tolist());
  expect(layer.eval().call(x)).toBe(x);
  expect(layer.train().call(x).tolist()).toEqual(F.dropout(x, { p: 0.25, generator }).tolist());
});

it('drops whole channels where it is named so', () => {
  const x = ones([2, 30, 4]);
  for (const Layer of [Dropout1d, Dropout2d]) {
    const sums = new Layer({ generator: new Generator(1) }).call(x).sum({ dim: 2 });
    expect(new Set(sums.toArray())).toEqual(new Set([0, 8]));
  }
});

it('has p = 0.5 unless told otherwise, and refuses what is no probability', () => {
  expect(String(new Dropout())).toBe('Dropout(p=0.5)');
  expect(String(new Dropout2d({ p: 0.1 }))).toBe('Dropout2d(p=0.1)');
  expect(() => new Dropout({ p: -0.1 })).toThrow('Dropout: p must lie in [0, 1], got -0.1');
  expect(() => new Dropout(0.5 as unknown as object)).toThrow(
    'Dropout: optional arguments go in one object, such as { p: 0.5 }; got 0.5',
  );
});

it('names itself in errors', () => {
  expect(() => new Dropout2d().call(tensor([1]))).toThrow(/^in Dropout2d: dropout2d: expected at least 2 dimensions/);
});
