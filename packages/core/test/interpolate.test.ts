import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  adaptiveAvgPool2d,
  Generator,
  gradcheck,
  gradgradcheck,
  interpolate,
  randn,
  reshape,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';

const generator = new Generator(13);
const random = (shape: readonly number[], requiresGrad = false) => randn(shape, { generator, requiresGrad });
const line = (...values: number[]) => reshape(tensor(values), [1, 1, values.length]);
const resized = (x: Tensor, options: object) => [...interpolate(x, options).toArray()];

describe('the nearest pixel', () => {
  it('is the one at ⌊i · old / new⌋', () => {
    expect(resized(line(1, 2, 3), { size: 5 })).toEqual([1, 1, 2, 2, 3]); // ⌊0, 0.6, 1.2, 1.8, 2.4⌋
    expect(resized(line(1, 2, 3, 4), { size: [2] })).toEqual([1, 3]);
    expect(resized(line(1, 2, 3), { size: 3 })).toEqual([1, 2, 3]);
  });

  it('is the one at ⌊i / scaleFactor⌋ of ⌊size · scaleFactor⌋', () => {
    expect(resized(line(1, 2, 3), { scaleFactor: 2 })).toEqual([1, 1, 2, 2, 3, 3]);
    expect(resized(line(1, 2, 3, 4), { scaleFactor: 1.7 })).toEqual([1, 1, 2, 2, 3, 3]); // ⌊0 … 2.94⌋
    expect(resized(line(1, 2, 3, 4), { scaleFactor: 1.2 })).toEqual([1, 1, 2, 3]); // ⌊0, 0.83, 1.67, 2.5⌋
    expect(resized(line(1, 2, 3, 4, 5), { scaleFactor: 0.6 })).toEqual([1, 2, 4]); // ⌊0, 1.67, 3.33⌋
  });

  it('is found when the place is a hair below a whole number', () => {
    // 39 / 1.3 is 30, but 39 · (1 / 1.3) is 29.999999999999996.
    const values = Array.from({ length: 40 }, (_, i) => i);
    expect(resized(line(...values), { scaleFactor: 1.3 })[39]).toBe(30);
  });

  it('is found in one, two and three dims, each with its own size', () => {
    const x = random([2, 3, 2, 2]);
    expect(interpolate(x, { scaleFactor: [2, 3] }).shape).toEqual([2, 3, 4, 6]);
    expect(interpolate(x, { scaleFactor: 2 }).tolist()).toEqual(adaptiveAvgPool2d(x, 4).tolist());
    expect(interpolate(random([1, 1, 2, 3, 4]), { size: [1, 2, 3] }).shape).toEqual([1, 1, 1, 2, 3]);
  });
});

describe('a straight line between pixels', () => {
  it('joins their centres, and stays level beyond the border', () => {
    // Centres at (i + ½)·½ − ½: −¼ → 0, ¼, ¾, 1¼, 1¾, 2¼ → 2.
    expect(resized(line(0, 4, 8), { size: 6, mode: 'linear' })).toEqual([0, 1, 3, 5, 7, 8]);
    expect(resized(line(0, 4, 8, 12), { size: 2, mode: 'linear' })).toEqual([2, 10]);
  });

  it('has the step of scaleFactor where that is given', () => {
    // Step 1 / 1.5: (0.5, 1.5, 2.5, 3.5) / 1.5 − ½ = −1/6, ½, 7/6, 11/6.
    const y = interpolate(line(0, 6, 12), { scaleFactor: 1.5, mode: 'linear' }).toArray();
    [0, 3, 7, 11].forEach((value, i) => {
      expect(y[i]).toBeCloseTo(value, 13);
    });
  });

  it('runs along rows and columns in turn', () => {
    const x = reshape(tensor([0, 4, 8, 12]), [1, 1, 2, 2]);
    expect(
      interpolate(x, { size: [2, 4], mode: 'bilinear' })
        .select(0, 0)
        .select(0, 0)
        .tolist(),
    ).toEqual([
      [0, 1, 3, 4],
      [8, 9, 11, 12],
    ]);
    expect(interpolate(random([1, 1, 2, 2, 2]), { size: 3, mode: 'trilinear' }).shape).toEqual([1, 1, 3, 3, 3]);
  });
});

it('has gradients and second gradients', () => {
  const x = random([1, 2, 3, 2], true);
  for (const mode of ['nearest', 'bilinear'] as const) {
    const f = (x: Tensor) => interpolate(x, { size: [4, 3], mode }).pow(3);
    expect(gradcheck(f, x)).toBe(true);
    expect(gradgradcheck(f, x)).toBe(true);
  }
});

it('takes an empty batch, and gives a copy where nothing changes', () => {
  expect(interpolate(zeros([0, 2, 3]), { size: 5 }).shape).toEqual([0, 2, 5]);
  const x = random([1, 1, 3]);
  interpolate(x, { size: 3 }).fill_(5);
  interpolate(x, { size: 3, mode: 'linear' }).fill_(5);
  expect(x.toArray()).not.toContain(5);
});

describe('refused', () => {
  const x = zeros([1, 1, 3, 3]);
  it.each([
    ['both sizes', () => interpolate(x, { size: 2, scaleFactor: 2 }), ArgumentError, /give either size or scaleFactor/],
    ['neither', () => interpolate(x), ArgumentError, /give either size or scaleFactor/],
    [
      'three sizes for two dims',
      () => interpolate(x, { size: [2, 2, 2] }),
      ArgumentError,
      /one number or 2, one for each dim.*got \[2, 2, 2\]/,
    ],
    ['a size of 0', () => interpolate(x, { size: 0 }), ArgumentError, /size must be a whole number of at least 1/],
    [
      'a negative factor',
      () => interpolate(x, { scaleFactor: -1 }),
      ArgumentError,
      /scaleFactor must be greater than 0/,
    ],
    [
      'a factor that leaves nothing',
      () => interpolate(x, { scaleFactor: 0.1 }),
      ShapeError,
      /scaleFactor 0.1 leaves nothing of dim 2/,
    ],
    [
      'an unknown mode',
      () => interpolate(x, { size: 2, mode: 'bicubic' as 'bilinear' }),
      ArgumentError,
      /mode must be one of "nearest"/,
    ],
    [
      'a mode for other dims',
      () => interpolate(x, { size: 2, mode: 'linear' }),
      ShapeError,
      /mode "linear" takes a non-empty input of shape \[n, channels, size\], got \[1, 1, 3, 3\]/,
    ],
    ['a matrix', () => interpolate(zeros([3, 3]), { size: 2 }), ShapeError, /mode "nearest" takes/],
    ['an empty image', () => interpolate(zeros([1, 1, 0]), { size: 2 }), ShapeError, /non-empty/],
  ] as const)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
