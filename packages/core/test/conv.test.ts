import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  type ConvOptions,
  conv1d,
  conv2d,
  convReluPool2d,
  convTranspose2d,
  Generator,
  grad,
  gradcheck,
  gradgradcheck,
  matmul,
  maxPool2d,
  mul,
  observeOps,
  ones,
  permute,
  randn,
  relu,
  reshape,
  ShapeError,
  sum,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';

const generator = new Generator(5);
const random = (shape: readonly number[], requiresGrad = false) => randn(shape, { generator, requiresGrad });
const dot = (a: Tensor, b: Tensor) => sum(mul(a, b)).item();

type Pair = [number, number];
interface Exact {
  stride: Pair;
  padding: Pair;
  dilation: Pair;
  groups: number;
}

/** The definition, in seven loops. */
function naive(x: Tensor, w: Tensor, { stride, padding, dilation, groups }: Exact): number[] {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [out, perGroup, kh, kw] = w.shape as [number, number, number, number];
  const rows = Math.floor((height + 2 * padding[0] - dilation[0] * (kh - 1) - 1) / stride[0]) + 1;
  const columns = Math.floor((width + 2 * padding[1] - dilation[1] * (kw - 1) - 1) / stride[1]) + 1;
  const [xs, ws] = [x.toArray(), w.toArray()];
  const y: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < out; o++) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) {
          let total = 0;
          for (let c = 0; c < perGroup; c++) {
            for (let k = 0; k < kh; k++) {
              for (let l = 0; l < kw; l++) {
                const r = i * stride[0] + k * dilation[0] - padding[0];
                const s = j * stride[1] + l * dilation[1] - padding[1];
                if (r < 0 || r >= height || s < 0 || s >= width) continue;
                const channel = Math.floor(o / (out / groups)) * perGroup + c;
                total +=
                  xs[((n * channels + channel) * height + r) * width + s]! *
                  ws[((o * perGroup + c) * kh + k) * kw + l]!;
              }
            }
          }
          y.push(total);
        }
      }
    }
  }
  return y;
}

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

/** Images, a weight and options that fit. */
const cases = fc
  .record({
    n: fc.integer({ min: 0, max: 3 }),
    size: pair(1, 7),
    kernel: pair(1, 4),
    perGroup: pair(1, 3),
    groups: fc.integer({ min: 1, max: 3 }),
    stride: pair(1, 3),
    padding: pair(0, 3),
    dilation: pair(1, 3),
  })
  .filter(({ size, kernel, padding, dilation }) =>
    size.every((n, d) => n + 2 * padding[d]! > dilation[d]! * (kernel[d]! - 1)),
  );

function expectNumbers(actual: Tensor, expected: ArrayLike<number>): void {
  const values = actual.toArray();
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i]!, 11);
  });
}

describe('conv2d', () => {
  it('equals seven loops over random shapes, strides, paddings, dilations and groups', () => {
    fc.assert(
      fc.property(cases, ({ n, size, kernel, perGroup: [into, from], groups, ...options }) => {
        const x = random([n, from * groups, ...size]);
        const w = random([into * groups, from, ...kernel]);
        expectNumbers(conv2d(x, w, { ...options, groups }), naive(x, w, { ...options, groups }));
      }),
    );
  });

  it('adds the bias to each output channel', () => {
    const [x, w, b] = [random([2, 2, 3, 3]), random([3, 2, 2, 2]), tensor([10, 20, 30])];
    const difference = conv2d(x, w, { bias: b }).sub(conv2d(x, w));
    expectNumbers(
      difference,
      [0, 1].flatMap(() => [10, 20, 30].flatMap((value) => [value, value, value, value])),
    );
  });

  it('is a matrix product with a kernel of one pixel, and a sum with one of the whole image', () => {
    const x = random([2, 3, 4, 5]);
    const w = random([6, 3, 1, 1]);
    const product = matmul(reshape(w, [6, 3]), reshape(x, [2, 3, 20]));
    expectNumbers(conv2d(x, w), product.toArray());
    const whole = random([1, 3, 4, 5]);
    expectNumbers(
      conv2d(x, whole),
      x
        .mul(whole)
        .sum({ dim: [1, 2, 3] })
        .toArray(),
    );
  });

  it('keeps the size with padding "same", the odd zero behind', () => {
    const x = random([1, 1, 5, 6]);
    const w = random([1, 1, 3, 2]);
    const same = conv2d(x, w, { padding: 'same' });
    expect(same.shape).toEqual([1, 1, 5, 6]);
    // One row of zeros on both sides, one column behind: of the columns that padding 1 gives, all but the first.
    expectNumbers(
      same,
      conv2d(x, w, { padding: [1, 1] })
        .narrow(3, 1, 6)
        .toArray(),
    );
    const dilated = conv2d(x, w, { padding: 'same', dilation: [2, 4] });
    expectNumbers(dilated, conv2d(x, w, { padding: [2, 2], dilation: [2, 4] }).toArray());
    expectNumbers(conv2d(x, w, { padding: 'valid' }), conv2d(x, w).toArray());
  });

  it('takes an image without a batch, an empty batch, and views of any stride', () => {
    const [x, w, b] = [random([1, 2, 4, 4]), random([3, 2, 3, 3]), random([3])];
    expect(conv2d(x.select(0, 0), w, { bias: b }).tolist()).toEqual(conv2d(x, w, { bias: b }).select(0, 0).tolist());
    expect(conv2d(zeros([0, 2, 4, 4]), w, { bias: b }).shape).toEqual([0, 3, 2, 2]);
    const view = permute(random([4, 5, 2, 3]), [3, 2, 0, 1]); // [3, 2, 4, 5]
    const turned = permute(random([3, 3, 2, 3]), [3, 2, 1, 0]);
    expectNumbers(conv2d(view, turned), conv2d(view.clone(), turned.clone()).toArray());
  });

  it('has zero gradients for an empty batch', () => {
    const [x, w] = [zeros([0, 2, 4, 4], { requiresGrad: true }), random([3, 2, 3, 3], true)];
    const bias = random([3], true);
    conv2d(x, w, { bias }).sum().backward();
    expect(x.grad!.shape).toEqual([0, 2, 4, 4]);
    expect(w.grad!.tolist()).toEqual(zeros([3, 2, 3, 3]).tolist());
    expect(bias.grad!.tolist()).toEqual([0, 0, 0]);
  });

  it('has gradients and second gradients in input, weight and bias', () => {
    const inputs = [random([2, 4, 4, 3], true), random([2, 2, 2, 2], true), random([2], true)];
    const f = (x: Tensor, weight: Tensor, bias: Tensor) =>
      conv2d(x, weight, { bias, stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2 }).pow(2);
    expect(gradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
    expect(gradgradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
  });

  it('leaves out what its last stride does not reach', () => {
    // 5 pixels padded to 7: windows of 3 at 0 and 3; the last pixel is left out.
    const y = conv1d(reshape(tensor([1, 2, 3, 4, 5]), [1, 5]), reshape(tensor([1, 0, -1]), [1, 1, 3]), {
      padding: 1,
      stride: 3,
    });
    expect(y.tolist()).toEqual([[-2, -2]]);
  });
});

describe('conv1d', () => {
  it('equals conv2d on images of height 1', () => {
    const [x, w, bias] = [random([2, 4, 7]), random([6, 2, 3]), random([6])];
    const options: ConvOptions[] = [
      {},
      { stride: 2 },
      { stride: [2], padding: [2], dilation: [2] },
      { padding: 'same', dilation: 2 },
    ];
    for (const given of options) {
      const flat = Object.fromEntries(
        Object.entries(given).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : [key === 'padding' ? 0 : 1, [value].flat()[0]],
        ]),
      );
      const lifted = conv2d(x.unsqueeze(2), w.unsqueeze(2), { bias, groups: 2, ...flat });
      expect(conv1d(x, w, { bias, groups: 2, ...given }).tolist()).toEqual(lifted.squeeze({ dim: 2 }).tolist());
    }
  });

  it('takes a length without a batch, and an empty batch', () => {
    const [x, w] = [random([2, 5]), random([3, 2, 3])];
    expect(conv1d(x, w).tolist()).toEqual(conv1d(x.unsqueeze(0), w).select(0, 0).tolist());
    expect(conv1d(zeros([0, 2, 5]), w).shape).toEqual([0, 3, 3]);
  });

  it('has gradients and second gradients', () => {
    const inputs = [random([2, 5], true), random([2, 1, 3], true), random([2], true)];
    const f = (x: Tensor, weight: Tensor, bias: Tensor) =>
      conv1d(x, weight, { bias, padding: 2, stride: 2, groups: 2 }).pow(2);
    expect(gradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
    expect(gradgradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
  });
});

describe('convTranspose2d', () => {
  it('is the gradient of conv2d: ⟨conv(x), y⟩ = ⟨x, convTranspose(y)⟩', () => {
    fc.assert(
      fc.property(cases, ({ n, size, kernel, perGroup: [into, from], groups, ...options }) => {
        const x = random([n, from * groups, ...size]);
        const w = random([into * groups, from, ...kernel]);
        const y = conv2d(x, w, { ...options, groups });
        const g = random([...y.shape]);
        // What conv2d leaves out behind its last window is what outputPadding appends.
        const outputPadding = size.map((pixels, d) => {
          const span = pixels + 2 * options.padding[d]! - options.dilation[d]! * (kernel[d]! - 1) - 1;
          return span % options.stride[d]!;
        });
        const back = convTranspose2d(g, w, { ...options, groups, outputPadding });
        expect(back.shape).toEqual(x.shape);
        expect(dot(y, g)).toBeCloseTo(dot(x, back), 10);
      }),
    );
  });

  it('stamps the kernel at each pixel, stride apart', () => {
    const x = reshape(tensor([1, 2, 3, 4]), [1, 2, 2]);
    const w = reshape(tensor([1, 10, 100, 1000]), [1, 1, 2, 2]);
    expect(convTranspose2d(x, w, { stride: 2, bias: tensor([5]) }).tolist()).toEqual([
      [
        [6, 15, 7, 25],
        [105, 1005, 205, 2005],
        [8, 35, 9, 45],
        [305, 3005, 405, 4005],
      ],
    ]);
  });

  it('takes an image without a batch, and an empty batch', () => {
    const [x, w] = [random([2, 3, 3]), random([2, 1, 2, 2])];
    expect(convTranspose2d(x, w).tolist()).toEqual(convTranspose2d(x.unsqueeze(0), w).select(0, 0).tolist());
    expect(convTranspose2d(zeros([0, 2, 3, 3]), w, { groups: 2 }).shape).toEqual([0, 2, 4, 4]);
  });

  it('has gradients and second gradients in input, weight and bias', () => {
    const inputs = [random([1, 2, 2, 3], true), random([2, 2, 2, 2], true), random([4], true)];
    const f = (x: Tensor, weight: Tensor, bias: Tensor) =>
      convTranspose2d(x, weight, {
        bias,
        stride: [2, 1],
        padding: 1,
        outputPadding: [1, 0],
        dilation: [1, 2],
        groups: 2,
      }).pow(2);
    expect(gradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
    expect(gradgradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
  });
});

describe('convReluPool2d', () => {
  const frames = fc.record({
    kernel: pair(1, 3),
    stride: pair(1, 3),
    padding: fc.constantFrom(0, 1),
    dilation: fc.constantFrom(1, 2),
    ceilMode: fc.boolean(),
  });

  it('is conv2d, relu and maxPool2d one by one, to the bit, with its gradients', () => {
    fc.assert(
      fc.property(cases, frames, (sizes, { kernel, padding, ...rest }) => {
        fc.pre(sizes.n > 0);
        const { n, size, perGroup, groups, kernel: window, ...options } = sizes;
        const x = random([n, perGroup[0] * groups, ...size]);
        const w = random([perGroup[1] * groups, perGroup[0], ...window]);
        const pool = { ...rest, padding: kernel.map((size) => Math.min(padding, Math.floor(size / 2))) };
        const leaves = [x.clone().requiresGrad_(), w.clone().requiresGrad_(), random([w.shape[0]!], true)] as const;
        const outcome = (f: () => Tensor | null) => {
          let y: Tensor | null;
          try {
            y = f();
          } catch (error) {
            return (error as Error).message.replace(/^\w+: /, '');
          }
          if (y === null) return null;
          const [loss, other] = [sum(mul(y, y)), sum(mul(y, y))];
          const first = grad(loss, leaves, { createGraph: true });
          return [y, ...grad(other, leaves), ...first].map((result) => result.tolist());
        };
        const all = { ...options, groups, bias: leaves[2] };
        const whole = outcome(() => convReluPool2d(leaves[0], leaves[1], kernel, { ...all, pool }));
        const single = outcome(() => maxPool2d(relu(conv2d(leaves[0], leaves[1], all)), kernel, pool));
        expect(whole).toEqual(single);
      }),
      { numRuns: 200 },
    );
  });

  it('takes an image without a batch', () => {
    const [x, w] = [random([2, 6, 6]), random([3, 2, 3, 3])];
    expect(convReluPool2d(x, w, 2)!.tolist()).toEqual(maxPool2d(relu(conv2d(x, w)), 2).tolist());
  });

  it('has gradients and second gradients in input, weight and bias', () => {
    const inputs = [random([2, 2, 5, 6], true), random([3, 2, 2, 3], true), random([3], true)];
    const f = (x: Tensor, w: Tensor, bias: Tensor) => convReluPool2d(x, w, 2, { bias, padding: 1 })!;
    gradcheck(f, inputs);
    gradgradcheck(f, inputs);
  });

  it('gives null where one by one is as fast', () => {
    expect(convReluPool2d(random([1, 64, 3, 3]), random([64, 64, 1, 1]), 1)).toBe(null);
    expect(convReluPool2d(random([1, 64, 3, 3]), random([63, 64, 1, 1]), 1)).not.toBe(null);
    expect(convReluPool2d(random([1, 1, 256, 129]), random([1, 1, 1, 1]), 1)).toBe(null);
    expect(convReluPool2d(random([1, 1, 256, 128]), random([1, 1, 1, 1]), 1)).not.toBe(null);
    expect(convReluPool2d(random([0, 1, 4, 4]), random([1, 1, 1, 1]), 1)).toBe(null);
  });

  it('gives null while somebody sees every operation', () => {
    const before = observeOps((_, run) => run());
    try {
      expect(convReluPool2d(random([1, 1, 4, 4]), random([1, 1, 1, 1]), 1)).toBe(null);
    } finally {
      observeOps(before);
    }
  });

  it('refuses what the three refuse', () => {
    const [x, w] = [random([1, 2, 4, 4]), random([3, 2, 3, 3])];
    expect(() => convReluPool2d(x, random([3, 1, 3, 3]), 2)).toThrow(/^convReluPool2d: .*channels/);
    expect(() => convReluPool2d(x, w, 3)).toThrow(/^convReluPool2d: no window of 3 × 3 fits into 2 × 2 pixels/);
    const padded = { pool: { padding: 2 } };
    expect(() => convReluPool2d(x, w, 2, padded)).toThrow(/^convReluPool2d: padding must be at most half/);
    expect(() => convReluPool2d(x, w, 2, { pool: { size: 2 } as never })).toThrow(/^convReluPool2d: .*size/);
  });
});

it('a convolution of a frozen input needs no gradient of its columns', () => {
  const [x, w] = [random([1, 1, 3, 3]), random([1, 1, 2, 2], true)];
  const [gw] = grad(conv2d(x, w).sum(), w);
  // ∂Σy/∂w[k, l] is the sum of what w[k, l] sees.
  expectNumbers(gw!, conv2d(x, ones([1, 1, 2, 2])).toArray());
});

describe('refused', () => {
  const x = zeros([1, 2, 4, 4]);
  const w = zeros([3, 2, 3, 3]);
  it.each([
    [
      'other channels',
      () => conv2d(x, zeros([3, 3, 3, 3])),
      ShapeError,
      /input \[1, 2, 4, 4\] has 2 channels.*takes 3/,
    ],
    ['other channels of groups', () => conv2d(x, zeros([4, 2, 3, 3]), { groups: 2 }), ShapeError, /groups 2 takes 4/],
    [
      'uneven groups',
      () => conv2d(zeros([1, 3, 4, 4]), zeros([3, 1, 3, 3]), { groups: 2 }),
      ShapeError,
      /can't be cut into 2 equal groups/,
    ],
    [
      'more groups than channels',
      () => conv2d(x, zeros([1, 1, 3, 3]), { groups: 2 }),
      ShapeError,
      /into 2 equal groups/,
    ],
    ['no groups', () => conv2d(x, w, { groups: 0 }), ArgumentError, /groups must be a whole number of at least 1/],
    ['another bias', () => conv2d(x, w, { bias: zeros([2]) }), ShapeError, /expected a bias of shape \[3\], got \[2\]/],
    ['a bias of two dims', () => conv2d(x, w, { bias: zeros([3, 1]) }), ShapeError, /got \[3, 1\]/],
    ['a stride of 0', () => conv2d(x, w, { stride: 0 }), ArgumentError, /stride must be a whole number of at least 1/],
    ['a negative padding', () => conv2d(x, w, { padding: -1 }), ArgumentError, /padding must be .* at least 0, got -1/],
    ['a dilation of 0', () => conv2d(x, w, { dilation: 0 }), ArgumentError, /dilation must be/],
    [
      'three strides',
      () => conv2d(x, w, { stride: [1, 1, 1] }),
      ArgumentError,
      /stride must be one number or a list of two/,
    ],
    [
      'two strides of a length',
      () => conv1d(zeros([2, 4]), zeros([3, 2, 3]), { stride: [1, 1] }),
      ArgumentError,
      /stride must be one number, got/,
    ],
    [
      'another padding word',
      () => conv2d(x, w, { padding: 'full' as 'same' }),
      ArgumentError,
      /padding must be one of "same", "valid", got "full"/,
    ],
    [
      '"same" with strides',
      () => conv2d(x, w, { padding: 'same', stride: 2 }),
      ArgumentError,
      /padding 'same' needs a stride of 1/,
    ],
    [
      'a kernel larger than the input',
      () => conv2d(x, zeros([3, 2, 5, 5])),
      ShapeError,
      /no room for a kernel of \[5, 5\] in an input of 4 × 4 pixels; use more padding/,
    ],
    [
      'an input of two dims',
      () => conv2d(zeros([4, 4]), w),
      ShapeError,
      /conv2d: expected an input of shape \[n, channels, height, width\].*got \[4, 4\]/,
    ],
    [
      'a weight of three dims',
      () => conv2d(x, zeros([3, 2, 3])),
      ShapeError,
      /expected a weight of shape.*got \[3, 2, 3\]/,
    ],
    ['a kernel without pixels', () => conv2d(x, zeros([3, 2, 0, 3])), ShapeError, /got \[3, 2, 0, 3\]/],
    [
      'an input without pixels',
      () => conv2d(zeros([1, 2, 0, 4]), w, { padding: 2 }),
      ShapeError,
      /an input of 0 × 4 pixels/,
    ],
    [
      'an image to conv1d',
      () => conv1d(x, w),
      ShapeError,
      /conv1d: expected an input of shape \[n, channels, length\]/,
    ],
    [
      'a large outputPadding',
      () => convTranspose2d(x, zeros([2, 1, 2, 2]), { outputPadding: 1 }),
      ArgumentError,
      /outputPadding must be smaller than stride or dilation, got \[1, 1\]/,
    ],
    [
      'other channels of a transposed one',
      () => convTranspose2d(x, zeros([3, 1, 2, 2])),
      ShapeError,
      /has 2 channels.*takes 3/,
    ],
    [
      'another bias of a transposed one',
      () => convTranspose2d(x, zeros([2, 1, 2, 2]), { groups: 2, bias: zeros([1]) }),
      ShapeError,
      /bias of shape \[2\]/,
    ],
    [
      'padding that eats the output',
      () => convTranspose2d(zeros([1, 2, 1, 1]), zeros([2, 1, 2, 2]), { padding: 1 }),
      ShapeError,
      /no room for an output of \[0, 0\].*use less padding/,
    ],
    [
      'an input without pixels, transposed',
      () => convTranspose2d(zeros([1, 2, 0, 4]), zeros([2, 1, 3, 3])),
      ShapeError,
      /0 × 4 pixels/,
    ],
    ['a mistyped option', () => conv2d(x, w, { pad: 1 } as object), ArgumentError, /unknown option "pad"/],
  ] as const)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
