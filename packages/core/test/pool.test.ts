import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  arange,
  avgPool1d,
  avgPool2d,
  conv2d,
  full,
  Generator,
  gradcheck,
  gradgradcheck,
  maxPool1d,
  maxPool2d,
  permute,
  randn,
  randperm,
  reshape,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';

const generator = new Generator(7);
const random = (shape: readonly number[], requiresGrad = false) => randn(shape, { generator, requiresGrad });
/** Different numbers, at least 1 apart, so that differences do not cross a kink. */
const distinct = (shape: readonly number[]) =>
  reshape(
    randperm(
      shape.reduce((a, b) => a * b, 1),
      { generator },
    ),
    shape,
  ).requiresGrad_();

type Pair = [number, number];
const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

/** Images and windows that fit them. */
const cases = fc
  .record({
    size: pair(1, 8),
    kernel: pair(1, 4),
    stride: pair(1, 4),
    padding: pair(0, 2),
    dilation: pair(1, 2),
    ceilMode: fc.boolean(),
  })
  .filter(({ size, kernel, padding, dilation }) =>
    [0, 1].every((d) => {
      const fits = size[d]! + 2 * padding[d]! > dilation[d]! * (kernel[d]! - 1);
      return fits && 2 * padding[d]! <= kernel[d]! && (padding[d] === 0 || dilation[d] === 1);
    }),
  );

interface Frame {
  kernel: Pair;
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  ceilMode: boolean;
}

/** Where the windows begin along a dim, by the rule: the last one begins inside the input or the padding before it. */
function begins(size: number, d: 0 | 1, { kernel, stride, padding, dilation, ceilMode }: Frame): number[] {
  const span = dilation[d] * (kernel[d] - 1) + 1;
  const list: number[] = [];
  for (let at = -padding[d]; ; at += stride[d]) {
    const whole = at + span <= size + padding[d];
    // ⌈(room) / stride⌉ + 1 windows: one more if something is left over.
    const partial = ceilMode && at - stride[d] + span < size + padding[d] && at < size;
    if (!whole && !partial) return list;
    list.push(at);
  }
}

/** The elements that each window sees, with their index in the plane; those in the padding left out. */
function windowsOf(plane: Float64Array, [height, width]: Pair, frame: Frame): { index: number; value: number }[][] {
  const { kernel, dilation } = frame;
  return begins(height, 0, frame).flatMap((top) =>
    begins(width, 1, frame).map((left) => {
      const seen: { index: number; value: number }[] = [];
      for (let k = 0; k < kernel[0]; k++) {
        for (let l = 0; l < kernel[1]; l++) {
          const [r, c] = [top + k * dilation[0], left + l * dilation[1]];
          if (r < 0 || r >= height || c < 0 || c >= width) continue;
          seen.push({ index: r * width + c, value: plane[r * width + c]! });
        }
      }
      return seen;
    }),
  );
}

describe('maxPool2d', () => {
  it('takes the largest of each window, and says where it stands, for any windows', () => {
    fc.assert(
      fc.property(cases, ({ size, kernel, ...options }) => {
        const x = random([1, 1, ...size]);
        const { output, indices } = maxPool2d(x, kernel, { ...options, returnIndices: true });
        const seen = windowsOf(x.toArray(), size, { kernel, ...options });
        const best = seen.map((window) => window.reduce((a, b) => (b.value > a.value ? b : a)));
        expect([...output.toArray()]).toEqual(best.map(({ value }) => value));
        expect([...indices.toArray()]).toEqual(best.map(({ index }) => index));
      }),
    );
  });

  it('pools the slice of the notes', () => {
    const x = tensor([
      [
        [1, 1, 2, 4],
        [5, 6, 7, 8],
        [3, 2, 1, 0],
        [1, 2, 3, 4],
      ],
    ]);
    expect(maxPool2d(x, 2).tolist()).toEqual([
      [
        [6, 8],
        [3, 4],
      ],
    ]);
  });

  it('gives ties to the first, and NaN to where it is', () => {
    const x = tensor([[[2, 2, 1, NaN, 5, NaN]]], { requiresGrad: true });
    const { output, indices } = maxPool2d(x, [1, 3], { returnIndices: true });
    expect(output.tolist()).toEqual([[[2, NaN]]]);
    expect(indices.tolist()).toEqual([[[0, 5]]]);
    output.sum().backward();
    expect(x.grad!.tolist()).toEqual([[[1, 0, 0, 0, 0, 1]]]);
  });

  it('finds −∞ among nothing but −∞', () => {
    const { output, indices } = maxPool2d(full([1, 2, 2], -Infinity), 2, { returnIndices: true });
    expect([output.item(), indices.item()]).toEqual([-Infinity, 0]);
  });

  it('sums the gradients of windows that overlap', () => {
    const x = tensor([[[1, 9, 2, 3]]], { requiresGrad: true });
    maxPool2d(x, [1, 3], { stride: 1 }).sum().backward();
    expect(x.grad!.tolist()).toEqual([[[0, 2, 0, 0]]]);
  });

  it('has gradients and second gradients', () => {
    const x = distinct([2, 2, 4, 3]);
    const f = (x: Tensor) => maxPool2d(x, [2, 3], { stride: 1, padding: [1, 1] }).pow(2);
    expect(gradcheck(f, x)).toBe(true);
    expect(gradgradcheck(f, x)).toBe(true);
  });

  it('takes an image without a batch, an empty batch, and views of any stride', () => {
    const x = random([1, 2, 4, 5]);
    expect(maxPool2d(x.select(0, 0), 2).tolist()).toEqual(maxPool2d(x, 2).select(0, 0).tolist());
    expect(maxPool2d(zeros([0, 2, 4, 4]), 2).shape).toEqual([0, 2, 2, 2]);
    const view = permute(x, [1, 0, 3, 2]);
    expect(maxPool2d(view, 2).tolist()).toEqual(maxPool2d(view.clone(), 2).tolist());
  });

  it('takes null, an empty list or nothing as a stride of one window', () => {
    const x = random([1, 6, 6]);
    expect(maxPool2d(x, [2, 3], { stride: null }).tolist()).toEqual(maxPool2d(x, [2, 3], { stride: [2, 3] }).tolist());
    expect(maxPool2d(x, 2, { stride: [] }).tolist()).toEqual(maxPool2d(x, 2).tolist());
  });
});

describe('maxPool1d', () => {
  it('equals maxPool2d on images of height 1', () => {
    const x = random([2, 3, 9]);
    for (const options of [{}, { stride: 2, padding: 1 }, { dilation: 2 }, { stride: [2], ceilMode: true }]) {
      const lifted = Object.fromEntries(
        Object.entries(options).map(([key, value]) => [
          key,
          typeof value === 'boolean' ? value : [key === 'padding' ? 0 : 1, [value].flat()[0]!],
        ]),
      );
      const { output, indices } = maxPool1d(x, 3, { ...options, returnIndices: true });
      const expected = maxPool2d(x.unsqueeze(2), [1, 3], { ...lifted, returnIndices: true });
      expect(output.tolist()).toEqual(expected.output.squeeze({ dim: 2 }).tolist());
      expect(indices.tolist()).toEqual(expected.indices.squeeze({ dim: 2 }).tolist());
    }
    expect(maxPool1d(x.select(0, 0), 3).tolist()).toEqual(maxPool1d(x, 3).select(0, 0).tolist());
  });
});

describe('avgPool2d', () => {
  it('divides the sum of each window by what it counts, for any windows', () => {
    const counting = fc.record({ countIncludePad: fc.boolean() });
    fc.assert(
      fc.property(cases, counting, ({ size, kernel, dilation: _, ...options }, { countIncludePad }) => {
        const x = random([1, 1, ...size]);
        const frame: Frame = { kernel, ...options, dilation: [1, 1] };
        const padded: Pair = [size[0] + 2 * options.padding[0], size[1] + 2 * options.padding[1]];
        const inside = windowsOf(x.toArray(), size, frame);
        // Seen from the padded image, the same windows without padding.
        const counted = begins(size[0], 0, frame).flatMap((top) =>
          begins(size[1], 1, frame).map((left) => {
            const rows = Math.min(top + options.padding[0] + kernel[0], padded[0]) - top - options.padding[0];
            const columns = Math.min(left + options.padding[1] + kernel[1], padded[1]) - left - options.padding[1];
            return rows * columns;
          }),
        );
        const expected = inside.map((window, i) => {
          const sum = window.reduce((total, { value }) => total + value, 0);
          return sum / (countIncludePad ? counted[i]! : window.length);
        });
        const y = avgPool2d(x, kernel, { ...options, countIncludePad }).toArray();
        expect(y.length).toBe(expected.length);
        y.forEach((value, i) => {
          expect(value).toBeCloseTo(expected[i]!, 12);
        });
      }),
    );
  });

  it('is a convolution with equal weights', () => {
    const x = random([2, 1, 5, 6]);
    const y = conv2d(x, full([1, 1, 3, 2], 1 / 6), { stride: 2, padding: 1 });
    const pooled = avgPool2d(x, [3, 2], { stride: 2, padding: 1 });
    expect(pooled.sub(y).abs().amax().item()).toBeLessThan(1e-15);
  });

  it('divides by divisorOverride where there is one', () => {
    const x = reshape(arange(4), [1, 2, 2]);
    expect(avgPool2d(x, 2, { divisorOverride: 3 }).item()).toBe(2);
    expect(avgPool2d(x, 2, { divisorOverride: -2 }).item()).toBe(-3);
  });

  it('has gradients and second gradients', () => {
    const x = random([2, 2, 4, 3], true);
    const f = (x: Tensor) => avgPool2d(x, [2, 3], { stride: [2, 1], padding: 1, countIncludePad: false }).pow(3);
    expect(gradcheck(f, x)).toBe(true);
    expect(gradgradcheck(f, x)).toBe(true);
  });

  it('takes an image without a batch, an empty batch, and views of any stride', () => {
    const x = random([1, 2, 4, 5]);
    expect(avgPool2d(x.select(0, 0), 2).tolist()).toEqual(avgPool2d(x, 2).select(0, 0).tolist());
    expect(avgPool2d(zeros([0, 2, 4, 4]), 2).shape).toEqual([0, 2, 2, 2]);
    const view = permute(x, [1, 0, 3, 2]);
    expect(avgPool2d(view, 2).tolist()).toEqual(avgPool2d(view.clone(), 2).tolist());
  });
});

it('avgPool1d averages along a length', () => {
  const x = tensor([[1, 2, 3, 4, 5]]);
  expect(avgPool1d(x, 2).tolist()).toEqual([[1.5, 3.5]]);
  expect(avgPool1d(x, [2], { ceilMode: true }).tolist()).toEqual([[1.5, 3.5, 5]]);
  expect(avgPool1d(x, 3, { padding: 1, stride: 2 }).tolist()).toEqual([[1, 3, 3]]);
  expect(avgPool1d(x, 3, { padding: 1, stride: 2, countIncludePad: false }).tolist()).toEqual([[1.5, 3, 4.5]]);
  expect(avgPool1d(zeros([0, 1, 5]), 2).shape).toEqual([0, 1, 2]);
});

describe('adaptive pools', () => {
  it('cover the image with windows from ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉', () => {
    const x = reshape(arange(5), [1, 1, 5]);
    // [0, 2), [1, 4), [3, 5)
    expect(adaptiveAvgPool2d(x, [1, 3]).tolist()).toEqual([[[0.5, 2, 3.5]]]);
    const { output, indices } = adaptiveMaxPool2d(x, [1, 3], { returnIndices: true });
    expect(output.tolist()).toEqual([[[1, 3, 4]]]);
    expect(indices.tolist()).toEqual([[[1, 3, 4]]]);
  });

  it('are the plain pools where sizes divide', () => {
    const x = random([2, 3, 6, 4]);
    expect(adaptiveAvgPool2d(x, [3, 2]).tolist()).toEqual(avgPool2d(x, 2).tolist());
    expect(adaptiveMaxPool2d(x, 2).tolist()).toEqual(maxPool2d(x, [3, 2]).tolist());
    const means = adaptiveAvgPool2d(x, 1).sub(x.mean({ dim: [2, 3], keepdim: true }));
    expect(means.abs().amax().item()).toBeLessThan(1e-15);
  });

  it('keep a size that is null, repeat pixels to grow, and give nothing of size 0', () => {
    const x = random([2, 3, 4]);
    expect(adaptiveAvgPool2d(x, [null, null]).tolist()).toEqual(x.tolist());
    expect(adaptiveMaxPool2d(x, [null, 2]).shape).toEqual([2, 3, 2]);
    expect(adaptiveAvgPool2d(tensor([[[1, 2]]]), [1, 4]).tolist()).toEqual([[[1, 1, 2, 2]]]);
    expect(adaptiveMaxPool2d(x, [0, 2]).shape).toEqual([2, 0, 2]);
    expect(adaptiveAvgPool2d(zeros([0, 2, 4, 4]), 2).shape).toEqual([0, 2, 2, 2]);
    expect(adaptiveAvgPool2d(zeros([2, 0, 4, 4]), 2).shape).toEqual([2, 0, 2, 2]);
    expect(adaptiveMaxPool2d(zeros([0, 4, 4]), 2).shape).toEqual([0, 2, 2]);
  });

  it('have gradients and second gradients', () => {
    const x = distinct([1, 2, 3, 5]);
    for (const pool of [adaptiveAvgPool2d, (x: Tensor, n: Pair) => adaptiveMaxPool2d(x, n)]) {
      const f = (x: Tensor) => pool(x, [2, 3]).mul(0.1).pow(3);
      expect(gradcheck(f, x)).toBe(true);
      expect(gradgradcheck(f, x)).toBe(true);
    }
  });
});

it('pools are there as methods', () => {
  const x = random([1, 4, 4]);
  expect(x.maxPool2d(2).tolist()).toEqual(maxPool2d(x, 2).tolist());
  expect(x.maxPool2d(2, { returnIndices: true }).indices.shape).toEqual([1, 2, 2]);
  expect(x.avgPool2d(2, { stride: 1 }).adaptiveAvgPool2d(1).shape).toEqual([1, 1, 1]);
});

describe('refused', () => {
  const x = zeros([1, 1, 5, 5]);
  it.each([
    [
      'a window that does not fit',
      () => maxPool2d(zeros([1, 2, 2]), 3),
      ShapeError,
      /no window of 3 × 3 fits into 2 × 2 pixels padded by 0 × 0/,
    ],
    ['a window that does not fit a length', () => avgPool1d(zeros([1, 1, 2]), 3), ShapeError, /no window/],
    [
      'padding above half of the window',
      () => maxPool2d(x, 2, { padding: 2 }),
      ArgumentError,
      /padding must be at most half of kernelSize, got 2 with 2/,
    ],
    ['padding above half of an odd window', () => avgPool2d(x, 3, { padding: 2 }), ArgumentError, /at most half/],
    [
      'a negative padding',
      () => avgPool1d(zeros([1, 1, 5]), 2, { padding: -1 }),
      ArgumentError,
      /padding must be .* at least 0/,
    ],
    ['a stride of 0', () => maxPool2d(x, 2, { stride: 0 }), ArgumentError, /stride must be .* at least 1, got 0/],
    ['a kernel of 0', () => maxPool2d(x, 0), ArgumentError, /kernelSize must be .* at least 1/],
    ['a dilation of 0', () => maxPool2d(x, 2, { dilation: 0 }), ArgumentError, /dilation must be/],
    [
      'three kernel sizes',
      () => maxPool2d(x, [2, 2, 2]),
      ArgumentError,
      /kernelSize must be one number or a list of two/,
    ],
    [
      'two kernel sizes of a length',
      () => maxPool1d(zeros([1, 5]), [2, 2]),
      ArgumentError,
      /kernelSize must be one number, got/,
    ],
    [
      'an image without channels',
      () => avgPool2d(zeros([5, 5]), 2),
      ShapeError,
      /avgPool2d: expected an input of shape \[n, channels, height, width\]/,
    ],
    [
      'a list of numbers',
      () => maxPool1d(zeros([5]), 2),
      ShapeError,
      /maxPool1d: expected an input of shape \[n, channels, length\]/,
    ],
    [
      'empty channels',
      () => maxPool2d(zeros([2, 0, 4, 4]), 2),
      ShapeError,
      /only the batch may be empty, got .* \[2, 0, 4, 4\]/,
    ],
    ['an empty image', () => maxPool1d(zeros([0, 5]), 1), ShapeError, /only the batch may be empty/],
    [
      'a window in the padding',
      () => maxPool2d(zeros([1, 2, 2]), 2, { padding: 1, dilation: 3 }),
      ShapeError,
      /nothing but padding/,
    ],
    ['a divisor of 0', () => avgPool2d(x, 2, { divisorOverride: 0 }), ArgumentError, /divisorOverride must not be 0/],
    [
      'half a divisor',
      () => avgPool2d(x, 2, { divisorOverride: 0.5 }),
      ArgumentError,
      /divisorOverride must be a whole number/,
    ],
    [
      'a divisor for avgPool1d',
      () => avgPool1d(zeros([1, 5]), 2, { divisorOverride: 2 } as object),
      ArgumentError,
      /unknown option "divisorOverride"/,
    ],
    [
      'a negative output size',
      () => adaptiveAvgPool2d(x, -1),
      ArgumentError,
      /outputSize must be .* at least 0, got -1/,
    ],
    [
      'three output sizes',
      () => adaptiveMaxPool2d(x, [2, 2, 2]),
      ArgumentError,
      /outputSize must be one number or a list of two/,
    ],
    [
      'no channels in a batch',
      () => adaptiveMaxPool2d(zeros([2, 0, 4, 4]), 2),
      ShapeError,
      /only the batch may be empty/,
    ],
    ['no pixels', () => adaptiveAvgPool2d(zeros([2, 1, 0, 4]), 2), ShapeError, /only the batch may be empty/],
    [
      'a matrix for adaptive pools',
      () => adaptiveAvgPool2d(zeros([4, 4]), 2),
      ShapeError,
      /adaptiveAvgPool2d: expected an input/,
    ],
  ] as const)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
