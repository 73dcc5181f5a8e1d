import { arange, ones } from '@ndgrad/core';
import { expect, it } from 'vitest';
import { Fold, Unfold, Upsample, ZeroPad2d } from '../../src/index.ts';

it('Unfold makes columns of windows, and Fold adds them up again', () => {
  const x = arange(9).reshape([1, 1, 3, 3]);
  const columns = new Unfold(2).call(x);
  expect(columns.tolist()).toEqual([
    [
      [0, 1, 3, 4],
      [1, 2, 4, 5],
      [3, 4, 6, 7],
      [4, 5, 7, 8],
    ],
  ]);
  // Each pixel as often as it stands in a window: 1 in the corners, 2 at the edges, 4 in the middle.
  expect(new Fold(3, 2).call(columns).tolist()).toEqual([
    [
      [
        [0, 2, 2],
        [6, 16, 10],
        [6, 14, 8],
      ],
    ],
  ]);
  expect(new Unfold(2, { stride: 2, padding: 1, dilation: 2 }).call(x).shape).toEqual([1, 4, 4]);
  expect(String(new Unfold(2))).toBe('Unfold(kernelSize=2, dilation=1, padding=0, stride=1)');
  expect(String(new Fold([3, 4], 2, { stride: 2 }))).toBe(
    'Fold(outputSize=[3, 4], kernelSize=2, dilation=1, padding=0, stride=2)',
  );
});

it('ZeroPad2d pads left, right, top and bottom', () => {
  expect(new ZeroPad2d(1).call(ones([1, 1, 1])).tolist()).toEqual([
    [
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ],
  ]);
  expect(new ZeroPad2d([1, 0, 0, 2]).call(ones([1, 1, 1])).tolist()).toEqual([
    [
      [0, 1],
      [0, 0],
      [0, 0],
    ],
  ]);
  expect(new ZeroPad2d(-1).call(arange(9).reshape([1, 3, 3])).tolist()).toEqual([[[4]]]);
  expect(String(new ZeroPad2d([1, 0, 0, 2]))).toBe('ZeroPad2d(padding=[1, 0, 0, 2])');
  expect(() => new ZeroPad2d([1, 2])).toThrow('ZeroPad2d: padding must be a number or a list of 4, got [1, 2]');
});

it('Upsample makes images larger', () => {
  const x = arange(4).reshape([1, 1, 2, 2]);
  const twice = [
    [
      [
        [0, 0, 1, 1],
        [0, 0, 1, 1],
        [2, 2, 3, 3],
        [2, 2, 3, 3],
      ],
    ],
  ];
  expect(new Upsample({ scaleFactor: 2 }).call(x).tolist()).toEqual(twice);
  expect(new Upsample({ size: [4, 4] }).call(x).tolist()).toEqual(twice);
  expect(String(new Upsample({ scaleFactor: 2 }))).toBe('Upsample(scaleFactor=2, mode=nearest)');
});
