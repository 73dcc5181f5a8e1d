import { arange, type Tensor } from '@ndgrad/core';
import { expect, it } from 'vitest';
import {
  AdaptiveAvgPool2d,
  AdaptiveMaxPool2d,
  AvgPool1d,
  AvgPool2d,
  Flatten,
  MaxPool1d,
  MaxPool2d,
  Sequential,
} from '../../src/index.ts';

const image = arange(16).reshape([1, 4, 4]); // one channel, rows of four

it('pools of images take windows of rows and columns', () => {
  expect(new MaxPool2d(2).call(image).tolist()).toEqual([
    [
      [5, 7],
      [13, 15],
    ],
  ]);
  expect(new AvgPool2d(2).call(image).tolist()).toEqual([
    [
      [2.5, 4.5],
      [10.5, 12.5],
    ],
  ]);
  expect(new MaxPool2d([1, 4], { stride: 1 }).call(image).tolist()).toEqual([[[3], [7], [11], [15]]]);
  expect(new MaxPool2d(3, { ceilMode: true }).call(image).shape).toEqual([1, 2, 2]);
  expect(new MaxPool2d(2, { stride: 1, dilation: 3 }).call(image).tolist()).toEqual([[[15]]]);
  expect(new MaxPool2d(2, { padding: 1 }).call(image).tolist()).toEqual([
    [
      [0, 2, 3],
      [8, 10, 11],
      [12, 14, 15],
    ],
  ]);
  expect(new AvgPool2d(2, { padding: 1, countIncludePad: false }).call(image).select(2, 1).tolist()).toEqual([
    [1.5, 7.5, 13.5],
  ]);
  expect(new AvgPool2d(2, { divisorOverride: 1 }).call(image).tolist()).toEqual([
    [
      [10, 18],
      [42, 50],
    ],
  ]);
});

it('pools of sequences take windows of neighbours', () => {
  const x = arange(6).reshape([1, 6]);
  expect(new MaxPool1d(2).call(x).tolist()).toEqual([[1, 3, 5]]);
  expect(new MaxPool1d(3, { stride: 1, padding: 1 }).call(x).tolist()).toEqual([[1, 2, 3, 4, 5, 5]]);
  expect(new AvgPool1d(3).call(x).tolist()).toEqual([[1, 4]]);
  expect(new AvgPool1d(2, { padding: 1, countIncludePad: false }).call(x).tolist()).toEqual([[0, 1.5, 3.5, 5]]);
});

it('maximum pools say where, if asked', () => {
  const { output, indices } = new MaxPool2d(2, { returnIndices: true }).call(image);
  expect(output.tolist()).toEqual([
    [
      [5, 7],
      [13, 15],
    ],
  ]);
  expect(indices.tolist()).toEqual(output.tolist()); // the pixels are numbered by their values
  expect(new MaxPool1d(2, { returnIndices: true }).call(arange(4).reshape([1, 4])).indices.tolist()).toEqual([[1, 3]]);
  expect(new AdaptiveMaxPool2d(1, { returnIndices: true }).call(image).indices.tolist()).toEqual([[[15]]]);
});

it('adaptive pools make the size that is asked for', () => {
  expect(new AdaptiveAvgPool2d(1).call(image).tolist()).toEqual([[[7.5]]]);
  expect(new AdaptiveAvgPool2d([2, null]).call(image).shape).toEqual([1, 2, 4]);
  expect(new AdaptiveMaxPool2d([1, 2]).call(image).tolist()).toEqual([[[13, 15]]]);
});

it('those that give one tensor go into a Sequential', () => {
  const pooled: Tensor = new Sequential(new MaxPool2d(2), new AdaptiveMaxPool2d(1), new Flatten({ startDim: 0 })).call(
    image,
  );
  expect(pooled.tolist()).toEqual([15]);
});

it('they say what they are, with what is not usual', () => {
  expect(String(new MaxPool2d(2))).toBe('MaxPool2d(kernelSize=2)');
  expect(String(new MaxPool2d([2, 3], { stride: 1, ceilMode: true }))).toBe(
    'MaxPool2d(kernelSize=[2, 3], stride=1, ceilMode=true)',
  );
  expect(String(new AvgPool2d(2, { countIncludePad: false }))).toBe('AvgPool2d(kernelSize=2, countIncludePad=false)');
  expect(String(new AvgPool1d(2, { padding: 1 }))).toBe('AvgPool1d(kernelSize=2, padding=1)');
  expect(String(new AdaptiveAvgPool2d([2, null]))).toBe('AdaptiveAvgPool2d(outputSize=[2, null])');
});

it('they refuse unknown options, and name themselves in errors', () => {
  expect(() => new MaxPool2d(2, { strides: 1 } as object)).toThrow(
    'MaxPool2d: unknown option "strides". Did you mean "stride"?',
  );
  expect(() => new AvgPool1d(2, 3 as unknown as object)).toThrow(/AvgPool1d: optional arguments go in one object/);
  expect(() => new MaxPool2d(2).call(arange(4))).toThrow(/^in MaxPool2d: maxPool2d: /);
});
