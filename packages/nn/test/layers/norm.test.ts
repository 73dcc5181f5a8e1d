import { ones, tensor } from '@ndgrad/core';
import { expect, it } from 'vitest';
import { GroupNorm, LayerNorm, LocalResponseNorm } from '../../src/index.ts';

it('LayerNorm normalises the last dims', () => {
  const layer = new LayerNorm(2, { eps: 0 });
  expect(
    layer
      .call(
        tensor([
          [1, 3],
          [10, 30],
        ]),
      )
      .tolist(),
  ).toEqual([
    [-1, 1],
    [-1, 1],
  ]);
  layer.loadStateDict({ weight: tensor([2, 3]), bias: tensor([10, 20]) });
  expect(layer.call(tensor([1, 3])).tolist()).toEqual([8, 23]);
  expect(new LayerNorm([2, 3]).weight!.shape).toEqual([2, 3]);
  expect(new LayerNorm([2, 3], { elementwiseAffine: false }).parameters()).toEqual([]);
});

it('GroupNorm normalises the channels of a group together', () => {
  const layer = new GroupNorm(2, 4, { eps: 0 });
  expect(layer.call(tensor([[1, 3, 10, 30]])).tolist()).toEqual([[-1, 1, -1, 1]]);
  layer.loadStateDict({ weight: tensor([1, 2, 3, 4]), bias: tensor([0, 0, 0, 5]) });
  expect(layer.call(tensor([[1, 3, 10, 30]])).tolist()).toEqual([[-1, 2, expect.closeTo(-3, 12), 9]]);
  expect(new GroupNorm(2, 4, { affine: false }).parameters()).toEqual([]);
});

it('LocalResponseNorm divides by the neighbouring channels', () => {
  // size 2 of channels [3, 4]: (0² + 3²)/2 and (3² + 4²)/2
  const y = new LocalResponseNorm(2, { alpha: 1, beta: 0.5, k: 0 }).call(tensor([[[3], [4]]]));
  expect(y.tolist()).toEqual([[[expect.closeTo(3 / Math.sqrt(4.5), 12)], [expect.closeTo(4 / Math.sqrt(12.5), 12)]]]);
});

it('they say what they are, with what is not usual', () => {
  expect(String(new LayerNorm([2, 3], { eps: 0.1 }))).toBe('LayerNorm([2, 3], eps=0.1)');
  expect(String(new LayerNorm(4, { elementwiseAffine: false }))).toBe('LayerNorm([4], elementwiseAffine=false)');
  expect(String(new GroupNorm(2, 4))).toBe('GroupNorm(2, 4)');
  expect(String(new GroupNorm(2, 4, { affine: false }))).toBe('GroupNorm(2, 4, affine=false)');
  expect(String(new LocalResponseNorm(2))).toBe('LocalResponseNorm(2, alpha=0.0001, beta=0.75, k=1)');
});

it('they refuse what does not fit', () => {
  expect(() => new GroupNorm(3, 4)).toThrow(
    'GroupNorm: numChannels must be divisible by numGroups: 4 by 3 is not whole',
  );
  expect(() => new LayerNorm([2, -1])).toThrow(/LayerNorm: a shape is a list of whole numbers/);
  expect(() => new LocalResponseNorm(0)).toThrow(/size must be a whole number of at least 1, got 0/);
  expect(() => new LayerNorm(3).call(ones([2, 2]))).toThrow(/^in LayerNorm \[3\]: layerNorm: /);
  expect(() => new GroupNorm(2, 4).call(ones([2, 3]))).toThrow(/^in GroupNorm 4\/2: groupNorm: /);
});
