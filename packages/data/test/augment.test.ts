import { arange, fromArray, Generator, manualSeed, rand, type Tensor, tensor } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import {
  colorJitter,
  DataLoader,
  MappedDataset,
  randomCrop,
  randomHorizontalFlip,
  TensorDataset,
  type Transform,
} from '../src/index.ts';

/** Images of counted pixels: image i has the values from 100·i on. */
const counted = (n: number, channels: number, height: number, width: number): Tensor => {
  const size = channels * height * width;
  const data = Float64Array.from({ length: n * size }, (_, i) => 100 * Math.floor(i / size) + (i % size));
  return fromArray(data, { shape: [n, channels, height, width] });
};
const each = (x: Tensor): number[][] => Array.from({ length: x.shape[0]! }, (_, i) => [...x.select(0, i).toArray()]);
const seeded = (seed = 0) => ({ generator: new Generator(seed) });

describe('randomHorizontalFlip', () => {
  it('mirrors each image left to right, or leaves it as it is', () => {
    const x = counted(64, 2, 2, 3);
    const [y, mirrored] = [randomHorizontalFlip(seeded())(x), each(x.flip(3))];
    let flips = 0;
    each(y).forEach((image, i) => {
      const plain = each(x)[i]!;
      expect([plain, mirrored[i]]).toContainEqual(image);
      if (image[0] !== plain[0]) flips++;
    });
    expect(each(x.flip(3))[0]).toEqual([2, 1, 0, 5, 4, 3, 8, 7, 6, 11, 10, 9]);
    expect(Math.abs(flips - 32)).toBeLessThan(16); // 4 standard deviations of a fair coin
  });

  it('mirrors all with p = 1 and none with p = 0', () => {
    const x = counted(20, 1, 2, 2);
    expect(randomHorizontalFlip({ p: 1 })(x).tolist()).toEqual(x.flip(3).tolist());
    expect(randomHorizontalFlip({ p: 0 })(x).tolist()).toEqual(x.tolist());
  });

  it('refuses a probability outside [0, 1]', () => {
    expect(() => randomHorizontalFlip({ p: 1.5 })).toThrow('randomHorizontalFlip: p must lie in [0, 1], got 1.5');
  });
});

describe('randomCrop', () => {
  it('cuts the same window out of all channels of an image, each place as likely as another', () => {
    const x = counted(900, 2, 4, 4);
    const y = randomCrop(2, seeded())(x);
    expect(y.shape).toEqual([900, 2, 2, 2]);
    const places = new Map<number, number>();
    each(y).forEach((window, i) => {
      const first = window[0]! - 100 * i;
      expect(window.map((value) => value - 100 * i - first)).toEqual([0, 1, 4, 5, 16, 17, 20, 21]);
      places.set(first, (places.get(first) ?? 0) + 1);
    });
    expect([...places.keys()].sort((a, b) => a - b)).toEqual([0, 1, 2, 4, 5, 6, 8, 9, 10]);
    for (const count of places.values()) expect(Math.abs(count - 100)).toBeLessThan(40); // 4 standard deviations
  });

  it('pads first, with a value or with the image itself', () => {
    const x = tensor([[[[5]]]]);
    const padded = (options: object) => [...randomCrop(3, { padding: 1, ...options })(x).toArray()];
    expect(padded({})).toEqual([0, 0, 0, 0, 5, 0, 0, 0, 0]);
    expect(padded({ value: -1 })).toEqual([-1, -1, -1, -1, 5, -1, -1, -1, -1]);
    expect(padded({ mode: 'replicate' })).toEqual(new Array(9).fill(5));
  });

  it('takes windows that are not square, the whole image, and batches of nothing', () => {
    expect(randomCrop([1, 3])(counted(2, 3, 4, 5)).shape).toEqual([2, 3, 1, 3]);
    const x = counted(2, 1, 3, 4);
    expect(randomCrop([3, 4])(x).tolist()).toEqual(x.tolist());
    expect(randomCrop(2)(counted(0, 1, 3, 3)).shape).toEqual([0, 1, 2, 2]);
  });

  it('refuses windows that do not fit, and sizes that are none', () => {
    expect(() => randomCrop(5)(counted(1, 1, 4, 9))).toThrow(
      'randomCrop: a window of 5 × 5 is larger than the images of 4 × 9 with a padding of 0; use more padding',
    );
    expect(() => randomCrop(0)).toThrow('randomCrop: size must be a whole number of at least 1, got 0');
    expect(() => randomCrop(2, { padding: -1 })).toThrow('randomCrop: padding must be a whole number of at least 0');
    expect(() => randomCrop(2, { mode: 'mirror' as never })).toThrow('randomCrop: mode must be one of "constant"');
    expect(() => randomCrop(2, { value: Number.NaN })).toThrow('randomCrop: value must be a finite number, got NaN');
    expect(() => randomCrop(2, { pading: 1 } as never)).toThrow('Did you mean "padding"?');
  });
});

describe('colorJitter', () => {
  const colours = () => rand([40, 3, 2, 2], seeded(7));
  /** The factors that a step draws for 40 images from a new generator. */
  const factors = (strength: number) => {
    const u = rand([40], seeded()).toArray();
    return u.map((value) => value * (1 + strength - Math.max(0, 1 - strength)) + Math.max(0, 1 - strength));
  };
  const clamped = (value: number) => Math.min(Math.max(value, 0), 1);
  const luma = ([r, g, b]: readonly number[]) => 0.299 * r! + 0.587 * g! + 0.114 * b!;
  const close = (jitter: Transform, expected: (pixel: number, f: number, image: number[], at: number) => number) => {
    const [x, f] = [colours(), factors(0.4)];
    each(jitter(x)).forEach((image, i) => {
      const before = each(x)[i]!;
      image.forEach((value, at) => {
        expect(value).toBeCloseTo(clamped(expected(before[at]!, f[i]!, before, at)), 14);
      });
    });
  };

  it('multiplies by the brightness', () => {
    close(colorJitter({ brightness: 0.4, ...seeded() }), (pixel, f) => f * pixel);
  });

  it('mixes with the mean of the grey image for contrast', () => {
    close(colorJitter({ contrast: 0.4, ...seeded() }), (pixel, f, image) => {
      const greys = [0, 1, 2, 3].map((at) => luma([image[at]!, image[4 + at]!, image[8 + at]!]));
      return f * pixel + (1 - f) * (greys.reduce((a, b) => a + b) / 4);
    });
  });

  it('mixes with the grey image for saturation', () => {
    close(colorJitter({ saturation: 0.4, ...seeded() }), (pixel, f, image, at) => {
      const here = at % 4;
      return f * pixel + (1 - f) * luma([image[here]!, image[4 + here]!, image[8 + here]!]);
    });
  });

  it('leaves images as they are at strength 0, and grey ones at any saturation', () => {
    const [x, grey] = [colours(), rand([5, 1, 3, 3])];
    expect(colorJitter()(x).tolist()).toEqual(x.tolist());
    const saturated = colorJitter({ saturation: 0.9 })(grey).toArray();
    grey.toArray().forEach((value, i) => expect(saturated[i]).toBeCloseTo(value, 14));
  });

  it('draws no factor below 0, whatever the strength', () => {
    const y = colorJitter({ brightness: 5 })(colours());
    expect(y.min().item()).toBeGreaterThanOrEqual(0);
    expect(y.max().item()).toBe(1);
  });

  it('refuses pixels outside [0, 1], other channels, and negative strengths', () => {
    expect(() => colorJitter({ contrast: 0.1 })(tensor([[[[-0.5, 2]]]]))).toThrow(
      'colorJitter: expected pixels in [0, 1], got -0.5 to 2; standardize the images after it, not before',
    );
    expect(() => colorJitter()(counted(1, 2, 2, 2))).toThrow(
      'colorJitter: expected images of one or three channels, got [1, 2, 2, 2]',
    );
    expect(() => colorJitter({ contrast: -1 })).toThrow('colorJitter: contrast must be a number of at least 0, got -1');
    expect(colorJitter()(counted(0, 3, 2, 2)).shape).toEqual([0, 3, 2, 2]);
  });
});

describe('every transform', () => {
  const makers = {
    randomHorizontalFlip,
    randomCrop: (options?: { generator?: Generator }) => randomCrop(3, { padding: 1, ...options }),
    colorJitter: (options?: { generator?: Generator }) => colorJitter({ brightness: 0.5, contrast: 0.5, ...options }),
  };

  it.each(Object.entries(makers))('%s refuses what is no batch of images', (name, make) => {
    expect(() => make()(arange(6))).toThrow(
      `${name}: expected a batch of images [n, channels, height, width], got [6]`,
    );
    expect(() => make()([1] as never)).toThrow(`${name}: expected a batch of images`);
  });

  it.each(Object.entries(makers))('%s repeats bit for bit from a seed, and leaves its input alone', (_, make) => {
    const x = rand([8, 3, 4, 4]);
    const before = x.toArray();
    const [first, again] = [make(seeded(3))(x), make(seeded(3))(x)];
    expect(again.toArray()).toEqual(first.toArray());
    expect(make(seeded(4))(x).toArray()).not.toEqual(first.toArray());
    manualSeed(3);
    expect(make()(x).toArray()).toEqual(first.toArray());
    expect(x.toArray()).toEqual(before);
  });

  it('works on what a loader loads: other images in every epoch, the same in the same epoch of a seeded run', () => {
    const epochs = (seed: number) => {
      manualSeed(seed);
      const [flip, crop] = [randomHorizontalFlip(), randomCrop(4, { padding: 1 })];
      const data = new TensorDataset(counted(12, 1, 4, 4), arange(12));
      const mapped = new MappedDataset(data, (x) => crop(flip(x)));
      const loader = new DataLoader(mapped, { batchSize: 5, shuffle: true });
      return [1, 2].map(() => [...loader].map(([x, y]) => [x.tolist(), y.tolist()]));
    };
    const [first, second] = epochs(1);
    expect(first).not.toEqual(second);
    expect(first!.map(([x]) => (x as number[]).length)).toEqual([5, 5, 2]);
    expect(epochs(1)).toEqual([first, second]);
  });
});
