import { arange, ones, tensor } from '@ndgrad/core';
import { expect, it } from 'vitest';
import { Flatten, Identity, Unflatten } from '../../src/index.ts';

it('Identity gives back what it gets, whatever it was made with', () => {
  const x = ones([2]);
  expect(new Identity(3, { anything: true }).call(x)).toBe(x);
});

it('Flatten makes one dim of all but the first, or of those it is told', () => {
  expect(new Flatten().call(ones([2, 3, 4])).shape).toEqual([2, 12]);
  expect(new Flatten({ startDim: 0, endDim: 1 }).call(ones([2, 3, 4])).shape).toEqual([6, 4]);
  expect(new Flatten({ startDim: -2 }).call(ones([2, 3, 4])).shape).toEqual([2, 12]);
  expect(new Flatten().call(ones([0, 3])).shape).toEqual([0, 3]);
  expect(String(new Flatten())).toBe('Flatten(startDim=1, endDim=-1)');
  expect(() => new Flatten().call(tensor(1))).toThrow(/^in Flatten: flatten: dim 1 is out of range/);
});

it('Unflatten splits a dim, and infers one size', () => {
  const x = arange(12).reshape([2, 6]);
  expect(new Unflatten(1, [2, 3]).call(x).tolist()).toEqual(x.reshape([2, 2, 3]).tolist());
  expect(new Unflatten(-1, [3, -1]).call(x).shape).toEqual([2, 3, 2]);
  expect(new Unflatten(0, [2, -1]).call(x).shape).toEqual([2, 1, 6]);
  expect(String(new Unflatten(1, [2, 3]))).toBe('Unflatten(dim=1, unflattenedSize=[2, 3])');
});

it('Unflatten refuses sizes that do not make up the dim', () => {
  expect(() => new Unflatten(1, [4, 2]).call(ones([2, 6]))).toThrow(
    'in Unflatten: Unflatten: sizes [4, 2] do not make up dim 1 of [2, 6]',
  );
  expect(() => new Unflatten(1, [4, -1]).call(ones([2, 6]))).toThrow(
    /sizes \[4, -1\] do not make up dim 1 of \[2, 6\]/,
  );
  expect(() => new Unflatten(1, [2, 3]).call(ones([6]))).toThrow(/dim 1 is out of range/);
  expect(() => new Unflatten(1, [])).toThrow(/Unflatten: unflattenedSize must name at least one size/);
  expect(() => new Unflatten(1, [-1, -1])).toThrow(/only one size may be -1/);
});
