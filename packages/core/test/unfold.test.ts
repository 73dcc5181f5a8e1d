import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  arange,
  fold,
  Generator,
  gradcheck,
  gradgradcheck,
  mul,
  ones,
  permute,
  randn,
  reshape,
  ShapeError,
  sum,
  type Tensor,
  unfold,
  zeros,
} from '../src/index.ts';

const generator = new Generator(3);
const random = (shape: number[], requiresGrad = false) => randn(shape, { generator, requiresGrad });
const dot = (a: Tensor, b: Tensor) => sum(mul(a, b)).item();

describe('unfold', () => {
  it('puts each window in a column, counting windows row by row', () => {
    const x = reshape(arange(9), [1, 1, 3, 3]);
    expect(unfold(x, 2).tolist()).toEqual([
      [
        [0, 1, 3, 4],
        [1, 2, 4, 5],
        [3, 4, 6, 7],
        [4, 5, 7, 8],
      ],
    ]);
  });

  it('puts the second channel below the first', () => {
    const x = reshape(arange(8), [2, 2, 2]);
    expect(unfold(x, 2).tolist()).toEqual([[0], [1], [2], [3], [4], [5], [6], [7]]);
    expect(unfold(x, [1, 2]).tolist()).toEqual([
      [0, 2],
      [1, 3],
      [4, 6],
      [5, 7],
    ]);
  });

  it('sees zeros in the padding, and steps by stride and dilation', () => {
    const x = reshape(arange(6, { start: 1 }), [1, 1, 5]);
    const columns = unfold(x, [1, 2], { padding: [0, 1], stride: [1, 3], dilation: [1, 2] });
    expect(columns.tolist()).toEqual([
      [0, 3],
      [2, 5],
    ]);
  });

  it('reads views of any stride, and is a copy even where windows are single pixels', () => {
    const x = random([2, 3, 4, 5]);
    const view = permute(x, [1, 0, 3, 2]);
    expect(unfold(view, [3, 2], { padding: 1 }).tolist()).toEqual(
      unfold(view.clone(), [3, 2], { padding: 1 }).tolist(),
    );
    unfold(x, 1).fill_(7);
    expect(x.toArray()).not.toContain(7);
  });

  it('takes images without a batch, and an empty batch', () => {
    const x = random([1, 2, 4, 4]);
    expect(unfold(x.select(0, 0), 3).tolist()).toEqual(unfold(x, 3).select(0, 0).tolist());
    expect(unfold(zeros([0, 2, 4, 4]), 3).shape).toEqual([0, 18, 4]);
  });
});

describe('fold', () => {
  it('adds up what falls on the same pixel', () => {
    const counts = fold(ones([1, 4, 4]), 3, 2);
    expect(counts.tolist()).toEqual([
      [
        [
          [1, 2, 1],
          [2, 4, 2],
          [1, 2, 1],
        ],
      ],
    ]);
  });

  it('puts windows that do not overlap back together', () => {
    const x = random([2, 3, 4, 6]);
    expect(fold(unfold(x, 2, { stride: 2 }), [4, 6], 2, { stride: 2 }).tolist()).toEqual(x.tolist());
  });

  it('takes columns without a batch, and an empty batch', () => {
    const columns = random([1, 8, 9]);
    expect(fold(columns.select(0, 0), 4, 2).tolist()).toEqual(fold(columns, 4, 2).select(0, 0).tolist());
    expect(fold(zeros([0, 8, 9]), 4, 2).shape).toEqual([0, 2, 4, 4]);
  });
});

/** Images, a kernel and options that fit. */
const slides = fc
  .record({
    n: fc.integer({ min: 0, max: 2 }),
    channels: fc.integer({ min: 1, max: 3 }),
    size: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 7 })),
    kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    padding: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    dilation: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  })
  .filter(({ size, kernel, padding, dilation }) =>
    size.every((n, d) => n + 2 * padding[d]! > dilation[d]! * (kernel[d]! - 1)),
  );

describe('the pair', () => {
  it('is adjoint: ⟨unfold(x), y⟩ = ⟨x, fold(y)⟩', () => {
    fc.assert(
      fc.property(slides, ({ n, channels, size, kernel, ...options }) => {
        const x = random([n, channels, ...size]);
        const columns = unfold(x, kernel, options);
        const y = random([...columns.shape]);
        expect(dot(columns, y)).toBeCloseTo(dot(x, fold(y, size, kernel, options)), 11);
      }),
    );
  });

  it('has gradients and second gradients', () => {
    const options = { padding: [1, 0], stride: [2, 1], dilation: [1, 2] };
    const x = random([2, 2, 3, 4], true);
    expect(gradcheck((x) => unfold(x, 2, options).pow(3), x)).toBe(true);
    expect(gradgradcheck((x) => unfold(x, 2, options).pow(3), x)).toBe(true);
    const y = random([1, 8, 4], true);
    expect(gradcheck((y) => fold(y, [3, 4], 2, options).pow(3), y)).toBe(true);
    expect(gradgradcheck((y) => fold(y, [3, 4], 2, options).pow(3), y)).toBe(true);
  });

  it('is there as methods', () => {
    const x = random([1, 1, 3, 3]);
    expect(x.unfold(2).fold(3, 2).tolist()).toEqual(fold(unfold(x, 2), 3, 2).tolist());
  });
});

describe('refused', () => {
  const x = zeros([1, 2, 3, 3]);
  it.each([
    ['a kernel that does not fit', () => unfold(x, 4), ShapeError, /no window of \[4, 4\].*fits into \[3, 3\]/],
    ['a matrix', () => unfold(zeros([3, 3]), 2), ShapeError, /unfold: expected a non-empty input of shape/],
    ['no channels', () => unfold(zeros([1, 0, 3, 3]), 2), ShapeError, /non-empty.*got \[1, 0, 3, 3\]/],
    ['an empty image without a batch', () => unfold(zeros([0, 3, 3]), 2), ShapeError, /non-empty/],
    ['a stride of 0', () => unfold(x, 2, { stride: 0 }), ArgumentError, /stride must be a whole number of at least 1/],
    ['a kernel of 0', () => unfold(x, [2, 0]), ArgumentError, /kernelSize must be .* at least 1, got 0/],
    ['a negative padding', () => unfold(x, 2, { padding: -1 }), ArgumentError, /padding must be .* at least 0/],
    ['half a dilation', () => unfold(x, 2, { dilation: 0.5 }), ArgumentError, /dilation must be a whole number/],
    ['a list of one', () => unfold(x, [2]), ArgumentError, /one number or a list of two, got \[2\]/],
    ['a list of three', () => unfold(x, 2, { stride: [1, 1, 1] }), ArgumentError, /got \[1, 1, 1\]/],
    ['a mistyped option', () => unfold(x, 2, { strides: 2 } as object), ArgumentError, /Did you mean "stride"/],
    ['a wrong number of columns', () => fold(zeros([1, 4, 3]), 3, 2), ShapeError, /2 × 2 = 4 such windows.*has 3/],
    ['columns of another kernel', () => fold(zeros([1, 5, 4]), 3, 2), ShapeError, /a multiple of 4 in dim 1/],
    ['columns of four dims', () => fold(zeros([1, 1, 4, 4]), 3, 2), ShapeError, /fold: expected a non-empty input/],
    ['empty columns', () => fold(zeros([1, 0, 4]), 3, 2), ShapeError, /non-empty/],
    ['an image of no size', () => fold(zeros([1, 4, 4]), 0, 2), ArgumentError, /outputSize must be/],
  ] as const)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
