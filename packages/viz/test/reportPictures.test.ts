import { tensor } from '@ndgrad/core';
import { Conv2d, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { imageOf, pictureOf, pictureShape, weightPictures } from '../src/reportPictures.ts';
import { sheetOf } from '../src/reportPng.ts';

it('inputs are pictures by their shape', () => {
  const shapes = [
    [5, 1, 4, 6],
    [5, 3, 4, 6],
    [5, 2, 4, 6],
    [5, 28, 28],
    [5, 7, 28],
    [5, 784],
    [5, 3072],
    [5, 64],
    [5, 100],
    [5, 4],
    [5],
  ];
  expect(shapes.map((shape) => pictureShape(shape)?.join('×') ?? null)).toEqual([
    '1×4×6',
    '3×4×6',
    null,
    '1×28×28',
    null,
    '1×28×28',
    '3×32×32',
    '1×8×8',
    null,
    null,
    null,
  ]);
});

describe('pictureOf', () => {
  it('stretches from the smallest to the largest number', () => {
    expect(Array.from(pictureOf([-1, 0, 1, 3], [1, 2, 2]).bytes)).toEqual([0, 64, 128, 255]);
    expect(Array.from(pictureOf([2, 2], [1, 1, 2]).bytes)).toEqual([128, 128]);
    expect(Array.from(pictureOf([Number.NaN, 0, 1], [1, 1, 3]).bytes)).toEqual([0, 0, 255]);
  });

  it('puts 0 in the middle where it is centred', () => {
    expect(Array.from(pictureOf([-1, 0, 2], [1, 1, 3], { centred: true }).bytes)).toEqual([64, 128, 255]);
  });

  it('puts the channels of a pixel side by side', () => {
    expect(Array.from(pictureOf([0, 51, 102, 153, 204, 255], [3, 1, 2]).bytes)).toEqual([0, 102, 204, 51, 153, 255]);
  });
});

describe('weightPictures', () => {
  it('shows the rows of a linear layer over pictures', () => {
    const seen = weightPictures(new Sequential(new Linear(64, 3), new ReLU(), new Linear(3, 2)), [10, 64])!;
    expect([seen.name, seen.total, seen.pictures.length, seen.pictures[0]!.rows]).toEqual(['0.weight', 3, 3, 8]);
    expect(weightPictures(new Linear(4, 3), [10, 4])).toBeNull();
    expect(weightPictures(new Linear(64, 3), [10, 5])).toBeNull();
  });

  it('shows the filters of a convolution', () => {
    const colour = weightPictures(new Conv2d(3, 5, 7), [2, 3, 32, 32])!;
    expect([colour.total, colour.pictures[0]!.channels, colour.pictures[0]!.columns]).toEqual([5, 3, 7]);
    expect(weightPictures(new Conv2d(2, 5, 3), [2, 2, 9, 9])!.total).toBe(10);
    expect(weightPictures(new Conv2d(3, 5, 1), [2, 3, 9, 9])).toBeNull();
    expect(weightPictures(new ReLU(), [2, 64])).toBeNull();
  });

  it('shows no more than have room', () => {
    expect(weightPictures(new Linear(784, 100), [1, 784])!.pictures).toHaveLength(64);
    expect(weightPictures(new Linear(3072, 100), [1, 3072])!.pictures).toHaveLength(19);
  });
});

it('images are grey or in three colours', () => {
  expect(imageOf(tensor([[0, 1]]))).toMatchObject({ channels: 1, rows: 1, columns: 2 });
  expect(imageOf(tensor([[[0]], [[1]], [[2]]]))).toMatchObject({ channels: 3, rows: 1, columns: 1 });
  expect([imageOf(tensor([1])), imageOf(tensor([[[1]], [[2]]]))]).toEqual([null, null]);
});

it('a sheet has its pictures in a grid with gaps of a pixel', () => {
  const grey = (...bytes: number[]) => ({ channels: 1, rows: 1, columns: 2, bytes: Uint8Array.from(bytes) });
  const { url, width, height } = sheetOf([grey(10, 20), grey(30, 40), grey(50, 60)], 2);
  expect([width, height]).toEqual([5, 3]);
  const { data } = PNG.sync.read(Buffer.from(url.slice('data:image/png;base64,'.length), 'base64'));
  const pixels = Array.from({ length: 15 }, (_, i) => (data[4 * i + 3] === 0 ? '.' : data[4 * i]));
  expect(pixels).toEqual([10, 20, '.', 30, 40, '.', '.', '.', '.', '.', 50, 60, '.', '.', '.']);
  const colour = sheetOf([{ channels: 3, rows: 1, columns: 1, bytes: Uint8Array.of(1, 2, 3) }], 1);
  expect(Array.from(PNG.sync.read(Buffer.from(colour.url.slice(22), 'base64')).data)).toEqual([1, 2, 3, 255]);
});
