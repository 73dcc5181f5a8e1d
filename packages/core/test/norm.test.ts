import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  batchNorm,
  Generator,
  gradcheck,
  gradgradcheck,
  groupNorm,
  instanceNorm,
  layerNorm,
  localResponseNorm,
  noGrad,
  ones,
  randn,
  reshape,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '../src/index.ts';

const generator = new Generator(17);
const random = (shape: readonly number[], requiresGrad = false) => randn(shape, { generator, requiresGrad });

/** The largest difference of two tensors. */
const distance = (a: Tensor, b: Tensor) => a.sub(b).abs().amax().item();

/** (x − mean) / √(variance + eps) of a list, by the definition. */
function normalize(values: readonly number[], eps = 1e-5): number[] {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((total, x) => total + (x - mean) ** 2, 0) / values.length;
  return values.map((x) => (x - mean) / Math.sqrt(variance + eps));
}

describe('batchNorm', () => {
  it('normalises each channel over the batch', () => {
    // Channel 0: mean 2, variance 1; channel 1: mean 20, variance 100.
    const x = tensor([
      [1, 10],
      [3, 30],
    ]);
    const y = batchNorm(x, null, null, { training: true, eps: 0, weight: tensor([1, 2]), bias: tensor([0, 5]) });
    expect(y.tolist()).toEqual([
      [-1, 3],
      [1, 7],
    ]);
  });

  it('moves the running statistics by momentum, with the variance divided by n − 1', () => {
    const x = tensor([
      [1, 10],
      [3, 30],
    ]);
    const [mean, variance] = [tensor([0, 0]), tensor([1, 1])];
    batchNorm(x, mean, variance, { training: true, momentum: 0.5 });
    expect(mean.tolist()).toEqual([1, 10]);
    expect(variance.tolist()).toEqual([1.5, 100.5]); // unbiased: 2 and 200
    batchNorm(x, mean, null, { training: true, momentum: 1 });
    expect(mean.tolist()).toEqual([2, 20]);
  });

  it('uses the running statistics when not training, and leaves them alone', () => {
    const [mean, variance] = [tensor([1, 2]), tensor([4, 9])];
    const y = batchNorm(
      tensor([
        [3, 5],
        [1, 2],
      ]),
      mean,
      variance,
      { eps: 0 },
    );
    expect(y.tolist()).toEqual([
      [1, 1],
      [0, 0],
    ]);
    expect([mean.tolist(), variance.tolist()]).toEqual([
      [1, 2],
      [4, 9],
    ]);
  });

  it('normalises images over batch and pixels', () => {
    const x = random([3, 2, 4, 5]);
    const y = batchNorm(x, null, null, { training: true });
    const rows = x.permute([1, 0, 2, 3]).reshape([2, 60]);
    const expected = [0, 1].map((c) => normalize([...rows.select(0, c).toArray()]));
    expect(distance(y.permute([1, 0, 2, 3]).reshape([2, 60]), tensor(expected))).toBeLessThan(1e-13);
  });

  it('keeps its digits far from 0', () => {
    const y = batchNorm(tensor([[1e8], [1e8 + 1], [1e8 + 2]]), null, null, { training: true, eps: 0 });
    const edge = Math.sqrt(1.5);
    expect(distance(y, tensor([[-edge], [0], [edge]]))).toBeLessThan(1e-12);
  });

  it('has gradients and second gradients in input, weight and bias, training or not', () => {
    const inputs = [random([3, 2, 2], true), random([2], true), random([2], true)];
    for (const training of [true, false]) {
      const f = (x: Tensor, weight: Tensor, bias: Tensor) =>
        batchNorm(x, tensor([0.1, -0.2]), tensor([0.5, 2]), { weight, bias, training, eps: 0.1 }).pow(2);
      expect(gradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
      expect(gradgradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
    }
  });

  it('records nothing of the running statistics', () => {
    const [mean, variance] = [zeros([2]), ones([2])];
    batchNorm(random([3, 2], true), mean, variance, { training: true })
      .sum()
      .backward();
    expect([mean.requiresGrad, variance.requiresGrad]).toEqual([false, false]);
  });

  it('gives an empty batch back, without a change of the running statistics', () => {
    const [mean, variance, weight] = [zeros([3]), ones([3]), ones([3], { requiresGrad: true })];
    const y = batchNorm(zeros([0, 3]), mean, variance, { training: true, weight, bias: zeros([3]) });
    expect(y.shape).toEqual([0, 3]);
    y.sum().backward();
    expect(weight.grad!.tolist()).toEqual([0, 0, 0]);
    expect([mean.tolist(), variance.tolist()]).toEqual([
      [0, 0, 0],
      [1, 1, 1],
    ]);
  });
});

describe('layerNorm', () => {
  it('normalises over the last dims, whatever comes before', () => {
    const leading = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
    const normalized = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(leading, normalized, (lead, shape) => {
        const [x, weight, bias] = [random([...lead, ...shape]), random(shape), random(shape)];
        const size = shape.reduce((a, b) => a * b, 1);
        const [values, w, b] = [x.toArray(), weight.toArray(), bias.toArray()];
        const expected = Array.from({ length: x.numel() / size }, (_, row) =>
          normalize([...values.slice(row * size, (row + 1) * size)]).map((value, i) => value * w[i]! + b[i]!),
        );
        const y = layerNorm(x, shape, { weight, bias });
        expect(distance(y, reshape(tensor(expected.flat()), x.shape))).toBeLessThan(1e-12);
      }),
    );
  });

  it('has gradients and second gradients in input, weight and bias', () => {
    const inputs = [random([2, 2, 3], true), random([2, 3], true), random([2, 3], true)];
    const f = (x: Tensor, weight: Tensor, bias: Tensor) => layerNorm(x, [2, 3], { weight, bias, eps: 0.1 }).pow(2);
    expect(gradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
    expect(gradgradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
  });

  it('gives 0 for a single number, with a gradient of 0', () => {
    const x = tensor([[3], [4]], { requiresGrad: true });
    const y = layerNorm(x, [1]);
    y.sum().backward();
    expect(y.tolist()).toEqual([[0], [0]]);
    expect(x.grad!.tolist()).toEqual([[0], [0]]);
  });

  it('takes an empty batch', () => {
    expect(layerNorm(zeros([0, 3]), [3], { weight: ones([3]) }).shape).toEqual([0, 3]);
  });
});

describe('groupNorm', () => {
  it('is a layerNorm over all channels with one group, an instanceNorm with a group for each', () => {
    const [x, weight, bias] = [random([2, 4, 3, 2]), random([4]), random([4])];
    const along = (v: Tensor) => reshape(v, [4, 1, 1]);
    const whole = layerNorm(x, [4, 3, 2]).mul(along(weight)).add(along(bias));
    expect(distance(groupNorm(x, 1, { weight, bias }), whole)).toBeLessThan(1e-14);
    expect(distance(groupNorm(x, 4, { weight, bias }), instanceNorm(x, { weight, bias }))).toBeLessThan(1e-14);
  });

  it('normalises neighbouring channels together', () => {
    const x = tensor([[1, 3, 10, 30]]);
    expect(groupNorm(x, 2, { eps: 0 }).tolist()).toEqual([[-1, 1, -1, 1]]);
  });

  it('has gradients and second gradients in input, weight and bias', () => {
    const inputs = [random([2, 4, 2], true), random([4], true), random([4], true)];
    const f = (x: Tensor, weight: Tensor, bias: Tensor) => groupNorm(x, 2, { weight, bias, eps: 0.1 }).pow(2);
    expect(gradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
    expect(gradgradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
  });

  it('takes an empty batch, and empty images', () => {
    expect(groupNorm(zeros([0, 4, 2]), 2, { weight: ones([4]) }).shape).toEqual([0, 4, 2]);
    expect(groupNorm(zeros([2, 4, 0]), 2).shape).toEqual([2, 4, 0]);
  });
});

describe('instanceNorm', () => {
  it('normalises each channel of each example', () => {
    const x = tensor([[[1, 3]], [[10, 30]]]);
    expect(instanceNorm(x, { eps: 0 }).tolist()).toEqual([[[-1, 1]], [[-1, 1]]]);
  });

  it('moves the running statistics towards the mean over the batch', () => {
    const x = tensor([[[1, 3]], [[10, 30]]]);
    const [runningMean, runningVar] = [tensor([0]), tensor([0])];
    instanceNorm(x, { runningMean, runningVar, momentum: 0.5 });
    expect(runningMean.tolist()).toEqual([5.5]); // ½ · (2 + 20) / 2
    expect(runningVar.tolist()).toEqual([50.5]); // ½ · (2 + 200) / 2
  });

  it('uses them where useInputStats is false', () => {
    const x = random([2, 3, 4]);
    const [runningMean, runningVar] = [random([3]), ones([3])];
    const y = instanceNorm(x, { runningMean, runningVar, useInputStats: false });
    expect(y.tolist()).toEqual(batchNorm(x, runningMean, runningVar).tolist());
  });

  it('has gradients and second gradients in input, weight and bias', () => {
    const inputs = [random([2, 2, 3], true), random([2], true), random([2], true)];
    const f = (x: Tensor, weight: Tensor, bias: Tensor) => instanceNorm(x, { weight, bias, eps: 0.1 }).pow(2);
    expect(gradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
    expect(gradgradcheck(f as (...xs: Tensor[]) => Tensor, inputs)).toBe(true);
  });

  it('takes an empty batch, without a change of the running statistics', () => {
    const runningMean = ones([2]);
    expect(instanceNorm(zeros([0, 2, 3]), { runningMean }).shape).toEqual([0, 2, 3]);
    expect(runningMean.tolist()).toEqual([1, 1]);
  });
});

describe('localResponseNorm', () => {
  it('divides by a power of the mean square of neighbouring channels', () => {
    const x = tensor([[[1], [2], [3], [4]]]);
    const options = { alpha: 0.5, beta: 2, k: 1 };
    // size 3: one channel before, one after; size 2: one before, none after.
    const three = [1 + 4, 1 + 4 + 9, 4 + 9 + 16, 9 + 16].map((s, i) => (i + 1) / (1 + (0.5 * s) / 3) ** 2);
    const two = [1, 1 + 4, 4 + 9, 9 + 16].map((s, i) => (i + 1) / (1 + (0.5 * s) / 2) ** 2);
    expect(distance(localResponseNorm(x, 3, options).flatten(), tensor(three))).toBeLessThan(1e-15);
    expect(distance(localResponseNorm(x, 2, options).flatten(), tensor(two))).toBeLessThan(1e-15);
  });

  it('has gradients and second gradients', () => {
    const x = random([1, 4, 2, 1], true);
    const f = (x: Tensor) => localResponseNorm(x, 3, { alpha: 0.5, beta: 1.5 });
    expect(gradcheck(f, x)).toBe(true);
    expect(gradgradcheck(f, x)).toBe(true);
  });

  it('takes an empty batch', () => {
    expect(localResponseNorm(zeros([0, 3, 2]), 2).shape).toEqual([0, 3, 2]);
  });
});

it('norms are there as methods', () => {
  const x = random([2, 4]);
  expect(x.layerNorm([4]).tolist()).toEqual(layerNorm(x, [4]).tolist());
  expect(x.groupNorm(2).tolist()).toEqual(groupNorm(x, 2).tolist());
});

describe('refused', () => {
  const x = zeros([4, 3]);
  const frozen = noGrad(() => zeros([3]));
  it.each([
    [
      'one value per channel in training',
      () => batchNorm(zeros([1, 3]), null, null, { training: true }),
      ShapeError,
      /expected more than 1 value .* shape \[1, 3\]/,
    ],
    ['no running statistics', () => batchNorm(x, null, null), ArgumentError, /runningMean and runningVar are needed/],
    [
      'running statistics of another size',
      () => batchNorm(x, zeros([2]), frozen),
      ShapeError,
      /runningMean must have one number for each channel, \[3\], got \[2\]/,
    ],
    [
      'a weight of another size',
      () => batchNorm(x, null, null, { training: true, weight: zeros([2]) }),
      ShapeError,
      /weight must have one number for each channel, \[3\], got \[2\]/,
    ],
    [
      'a list',
      () => batchNorm(zeros([3]), null, null, { training: true }),
      ShapeError,
      /expected an input of shape \[n, channels, …\], got \[3\]/,
    ],
    [
      'eps that is no number',
      () => batchNorm(x, null, null, { training: true, eps: Number.NaN }),
      ArgumentError,
      /eps must be a finite number/,
    ],
    [
      'another normalizedShape',
      () => layerNorm(x, [4]),
      ShapeError,
      /shape \[4, 3\] does not end in normalizedShape \[4\]/,
    ],
    [
      'a longer normalizedShape',
      () => layerNorm(x, [2, 4, 3]),
      ShapeError,
      /does not end in normalizedShape \[2, 4, 3\]/,
    ],
    [
      'a number as normalizedShape',
      () => layerNorm(x, 3 as unknown as number[]),
      ArgumentError,
      /normalizedShape must be a list/,
    ],
    ['no normalizedShape', () => layerNorm(x, []), ArgumentError, /a list of at least one size/],
    [
      'a weight of another shape',
      () => layerNorm(x, [3], { weight: zeros([2]) }),
      ShapeError,
      /weight must have the shape \[3\], got \[2\]/,
    ],
    [
      'a bias of another shape',
      () => layerNorm(x, [3], { bias: zeros([1, 3]) }),
      ShapeError,
      /bias must have the shape \[3\], got \[1, 3\]/,
    ],
    [
      'uneven groups',
      () => groupNorm(zeros([2, 4]), 3),
      ShapeError,
      /the 4 channels of \[2, 4\] can't be cut into 3 equal groups/,
    ],
    ['no groups', () => groupNorm(zeros([2, 4]), 0), ArgumentError, /numGroups must be a whole number of at least 1/],
    ['a list for groups', () => groupNorm(zeros([4]), 2), ShapeError, /expected an input of shape/],
    ['one value per group', () => groupNorm(zeros([1, 2]), 2), ShapeError, /expected more than 1 value/],
    [
      'a bias of another size for groups',
      () => groupNorm(zeros([2, 4]), 2, { bias: zeros([2]) }),
      ShapeError,
      /bias must have one number for each channel/,
    ],
    ['one pixel per instance', () => instanceNorm(zeros([2, 3])), ShapeError, /expected more than 1 value/],
    [
      'no running statistics of instances',
      () => instanceNorm(zeros([2, 3, 2]), { useInputStats: false }),
      ArgumentError,
      /are needed/,
    ],
    [
      'a weight of another size for instances',
      () => instanceNorm(zeros([2, 2, 3]), { weight: zeros([3]) }),
      ShapeError,
      /\[2\], got \[3\]/,
    ],
    ['two dims for localResponseNorm', () => localResponseNorm(x, 2), ShapeError, /at least three dims, got \[4, 3\]/],
    [
      'a size of 0',
      () => localResponseNorm(zeros([1, 2, 3]), 0),
      ArgumentError,
      /size must be a whole number of at least 1/,
    ],
  ] as const)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
