import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backward,
  celu,
  elu,
  Generator,
  gelu,
  glu,
  grad,
  gradcheck,
  gradgradcheck,
  hardtanh,
  leakyRelu,
  logsigmoid,
  mish,
  mul,
  neg,
  prelu,
  rand,
  relu,
  relu6,
  selu,
  silu,
  softplus,
  softsign,
  sum,
  type Tensor,
  tensor,
  threshold,
  zeros,
} from '../src/index.ts';

type Activation = (x: Tensor) => Tensor;

/** Every function of one tensor, with its options varied. */
const activations: Record<string, Activation> = {
  relu,
  relu6,
  leakyRelu,
  'leakyRelu, slope 0.3': (x) => leakyRelu(x, { negativeSlope: 0.3 }),
  'prelu, weight 0.25': (x) => prelu(x, tensor([0.25])),
  hardtanh: (x) => hardtanh(x, { minVal: -0.7, maxVal: 1.3 }),
  threshold: (x) => threshold(x, 0.1, -2),
  elu,
  'elu, alpha 0.5': (x) => elu(x, { alpha: 0.5 }),
  selu,
  celu,
  'celu, alpha 2': (x) => celu(x, { alpha: 2 }),
  softplus,
  'softplus, beta 2, threshold 1': (x) => softplus(x, { beta: 2, threshold: 1 }),
  logsigmoid,
  silu,
  mish,
  softsign,
  gelu,
  'gelu, tanh': (x) => gelu(x, { approximate: 'tanh' }),
  glu: (x) => glu(x, { dim: 0 }),
};

const values = (f: Activation, ...xs: number[]): number[] => [...f(tensor(xs)).toArray()];

/** f′ at each x. */
function slopes(f: Activation, ...xs: number[]): number[] {
  const x = tensor(xs, { requiresGrad: true });
  backward(sum(f(x)));
  return [...x.grad!.toArray()];
}

/** f″ at each x. */
function curvatures(f: Activation, ...xs: number[]): number[] {
  const x = tensor(xs, { requiresGrad: true });
  const [slope] = grad(sum(f(x)), x, { createGraph: true });
  if (!slope!.requiresGrad) return xs.map(() => 0);
  const [curvature] = grad(sum(slope!), x, { allowUnused: true });
  return curvature === null ? xs.map(() => 0) : [...curvature!.toArray()];
}

function expectClose(actual: number[], expected: number[], tolerance = 1e-14): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) => {
    const error = value === expected[i] ? 0 : Math.abs(value - expected[i]!);
    expect(error, `${value} instead of ${expected[i]}`).toBeLessThanOrEqual(tolerance * (1 + Math.abs(expected[i]!)));
  });
}

describe('values', () => {
  it('are those of the formulas', () => {
    const e = Math.E;
    expectClose(values(relu, -2, 0, 3), [0, 0, 3]);
    expectClose(values(relu6, -2, 3, 7), [0, 3, 6]);
    expectClose(values(leakyRelu, -2, 3), [-0.02, 3]);
    expectClose(
      values((x) => hardtanh(x), -2, 0.5, 2),
      [-1, 0.5, 1],
    );
    expectClose(
      values((x) => threshold(x, 1, 20), 0.5, 1, 1.5),
      [20, 20, 1.5],
    );
    expectClose(values(elu, -1, 2), [1 / e - 1, 2]);
    expectClose(
      values((x) => celu(x, { alpha: 2 }), -2, 2),
      [2 * (1 / e - 1), 2],
    );
    expectClose(values(softplus, 0, 1), [Math.log(2), Math.log(1 + e)]);
    expectClose(
      values((x) => softplus(x, { beta: 2 }), 1),
      [Math.log(1 + e * e) / 2],
    );
    expectClose(values(logsigmoid, 0, -1), [-Math.log(2), -Math.log(1 + e)]);
    expectClose(values(silu, 1, -1), [e / (1 + e), -1 / (1 + e)]);
    expectClose(values(mish, 1), [Math.tanh(Math.log(1 + e))]);
    expectClose(values(softsign, 3, -1), [0.75, -0.5]);
  });

  it('of gelu are x times the normal distribution function, or nearly', () => {
    // Φ(1) = 0.8413447460685429 and Φ(−1) = 0.15865525393145707, from tables
    expectClose(values(gelu, 1, -1, 0), [0.8413447460685429, -0.15865525393145707, 0]);
    const cubic = Math.sqrt(2 / Math.PI) * (1 + 0.044715);
    expectClose(
      values((x) => gelu(x, { approximate: 'tanh' }), 1),
      [(1 + Math.tanh(cubic)) / 2],
    );
    for (const x of [-3, -0.5, 0.2, 2]) {
      expect(Math.abs(values(gelu, x)[0]! - values((z) => gelu(z, { approximate: 'tanh' }), x)[0]!)).toBeLessThan(5e-4);
    }
  });

  it('of selu keep mean 0 and variance 1', () => {
    // E[selu(z)] for z standard normal, by the trapezoidal rule
    const moment = (power: number) => {
      let total = 0;
      const step = 1e-3;
      for (let z = -10; z <= 10; z += step) {
        total += values(selu, z)[0]! ** power * Math.exp((-z * z) / 2) * step;
      }
      return total / Math.sqrt(2 * Math.PI);
    };
    expect(moment(1)).toBeCloseTo(0, 6);
    expect(moment(2)).toBeCloseTo(1, 6);
  });

  it('of softplus are x itself behind the threshold', () => {
    expect(values(softplus, 20, 20.000001)).toEqual([Math.log1p(Math.exp(20)), 20.000001]);
    expect(values((x) => softplus(x, { threshold: Number.POSITIVE_INFINITY }), 30)[0]).toBeGreaterThan(30);
  });

  it('of hardtanh with crossed bounds are the upper one', () => {
    expect(values((x) => hardtanh(x, { minVal: 0.5, maxVal: -0.5 }), -1, 0, 1)).toEqual([-0.5, -0.5, -0.5]);
  });

  it('of hardtanh may be unbounded on one side', () => {
    expect(values((x) => hardtanh(x, { minVal: Number.NEGATIVE_INFINITY }), -1e9, 9)).toEqual([-1e9, 1]);
  });
});

describe('far from 0', () => {
  const far = 1000;

  it('values and slopes stay finite and exact', () => {
    expectClose(values(softplus, -far, far), [0, far]);
    expectClose(values(logsigmoid, -far, far), [-far, 0]);
    expectClose(values(silu, -far, far), [0, far]);
    expectClose(values(mish, -far, far), [0, far]);
    expectClose(values(elu, -far, far), [-1, far]);
    expectClose(values(gelu, -far, far), [0, far]);
    expectClose(slopes(softplus, -far, far), [0, 1]);
    expectClose(slopes(logsigmoid, -far, far), [1, 0]);
    expectClose(slopes(silu, -far, far), [0, 1]);
    expectClose(slopes(mish, -far, far), [0, 1]);
    expectClose(slopes(elu, -far, far), [0, 1]);
    expectClose(slopes(gelu, -far, far), [0, 1]);
  });

  it.each(Object.entries(activations))('%s curves by 0', (_, f) => {
    // but for softsign, whose slope falls as 1/x²
    expectClose(curvatures(f, -far, far), [0, 0], 1e-8);
  });

  it('small tails keep their digits', () => {
    // ln(1 + e⁻⁴⁰) = e⁻⁴⁰ − e⁻⁸⁰/2 + …
    expect(values(softplus, -40)[0]! / Math.exp(-40)).toBeCloseTo(1, 14);
    expect(values(logsigmoid, 40)[0]! / -Math.exp(-40)).toBeCloseTo(1, 14);
    expect(slopes(elu, -40)[0]! / Math.exp(-40)).toBeCloseTo(1, 14);
    expect(values(elu, -1e-12)[0]! / -1e-12).toBeCloseTo(1, 11);
  });
});

describe('NaN', () => {
  it.each(Object.entries(activations))('%s hands it on', (name, f) => {
    const x = name === 'glu' ? [Number.NaN, 1] : [Number.NaN];
    expect(values(f, ...x)[0]).toBeNaN();
  });

  it('has no slope where bounds cut off, the upper one of relu and threshold, and is its own elsewhere', () => {
    for (const f of [(x: Tensor) => hardtanh(x), relu6]) expect(slopes(f, Number.NaN)).toEqual([0]);
    for (const f of [relu, (x: Tensor) => threshold(x, 0, 1)]) expect(slopes(f, Number.NaN)).toEqual([1]);
    for (const f of [elu, selu, softplus, logsigmoid, silu, mish, softsign, gelu]) {
      expect(slopes(f, Number.NaN)[0]).toBeNaN();
    }
  });
});

describe('infinities', () => {
  const infinity = Number.POSITIVE_INFINITY;

  it('are limits where the formula has one', () => {
    expect(values(softplus, -infinity, infinity)).toEqual([0, infinity]);
    expect(values(logsigmoid, -infinity, infinity)).toEqual([-infinity, 0]);
    expect(values(elu, -infinity, infinity)).toEqual([-1, infinity]);
    expect(values(relu6, -infinity, infinity)).toEqual([0, 6]);
    expect(slopes(softplus, -infinity, infinity)).toEqual([0, 1]);
    expect(slopes(logsigmoid, -infinity, infinity)).toEqual([1, 0]);
    expect(slopes(elu, -infinity, infinity)).toEqual([0, 1]);
  });

  it('are NaN where it says ∞ · 0 or ∞ / ∞, as in PyTorch', () => {
    for (const f of [silu, mish, gelu]) expect(values(f, infinity, -infinity)).toEqual([infinity, Number.NaN]);
    expect(values(softsign, infinity, -infinity)).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('at a kink', () => {
  it('the left slope counts, and bounds cut it off', () => {
    expect(slopes(relu, 0)).toEqual([0]);
    expect(slopes(relu6, 0, 6)).toEqual([0, 0]);
    expect(slopes(leakyRelu, 0)).toEqual([0.01]);
    expect(slopes((x) => hardtanh(x), -1, 1)).toEqual([0, 0]);
    expect(slopes((x) => threshold(x, 0.5, 3), 0.5)).toEqual([0]);
    expect(slopes((x) => elu(x, { alpha: 0.5 }), 0)).toEqual([0.5]);
    expectClose(slopes(selu, 0), [1.0507009873554805 * 1.6732632423543772]);
    expect(slopes((x) => prelu(x, tensor(0.3)), 0)).toEqual([0.3]);
    expect(slopes(softsign, 0)).toEqual([1]);
  });

  it('nothing curves', () => {
    expect(curvatures(elu, 0)).toEqual([0]);
    expect(curvatures(softplus, 20)).toEqual([0]);
    expect(curvatures(softplus, 20.5)).toEqual([0]);
  });
});

describe.each(Object.entries(activations))('%s', (_, f) => {
  const generator = new Generator(1);
  // Between −2 and 2, at least 0.05 away from all kinks of the table.
  const kinks = [-0.7, 0, 0.1, 0.5, 1.3];
  const draw = (shape: number[]) => {
    const x = mul(rand(shape, { generator }), 4).sub(2);
    const data = x.toArray().map((value) => (kinks.some((k) => Math.abs(value - k) < 0.05) ? value + 0.1 : value));
    return tensor(data, { shape, requiresGrad: true });
  };

  it('agrees with central differences, first and second order, in any layout', () => {
    for (const shape of [[4], [2, 3], [2, 1, 2]]) {
      gradcheck(f, draw(shape), { atol: 1e-8 });
      gradgradcheck(f, draw(shape), { atol: 1e-6 });
    }
    gradcheck((x) => f(x.transpose(0, 1)), draw([3, 2]), { atol: 1e-8 });
  });

  it('takes nothing for nothing', () => {
    const x = zeros([0, 3], { requiresGrad: true });
    const y = f(x);
    expect(y.shape).toEqual([0, 3]);
    backward(sum(y));
    expect(x.grad!.shape).toEqual([0, 3]);
  });
});

it('a scalar stays one', () => {
  for (const [name, f] of Object.entries(activations)) if (name !== 'glu') expect(f(tensor(0.3)).shape).toEqual([]);
});

it('every one is a method too', () => {
  const x = tensor([-1.5, 2]);
  expect(x.gelu({ approximate: 'tanh' }).tolist()).toEqual(gelu(x, { approximate: 'tanh' }).tolist());
  expect(x.threshold(0, 7).tolist()).toEqual([7, 2]);
  expect(x.prelu(tensor([0.5])).tolist()).toEqual([-0.75, 2]);
  expect(x.relu().tolist()).toEqual([0, 2]);
});

it('softplus(x) − softplus(−x) = x, and logsigmoid(x) = −softplus(−x)', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      const y = tensor(x);
      const unbroken = softplus(neg(y), { threshold: Number.POSITIVE_INFINITY });
      expectClose([softplus(y).item() - softplus(neg(y)).item()], [x], 1e-9); // the threshold costs e⁻²⁰
      expectClose([logsigmoid(y).item()], [-unbroken.item()]);
    }),
  );
});

describe('prelu', () => {
  it('has one slope for each channel', () => {
    const x = tensor([
      [-1, -1, -1],
      [2, -2, -3],
    ]);
    expect(prelu(x, tensor([0.1, 0.5, 2])).tolist()).toEqual([
      [-0.1, -0.5, -2],
      [2, -1, -6],
    ]);
  });

  it('finds the channels in dim 1 of an image', () => {
    const x = tensor([-1, -2, -3, -4], { shape: [1, 2, 1, 2] });
    expect(prelu(x, tensor([1, 10])).toArray()).toEqual(Float64Array.of(-1, -2, -30, -40));
  });

  it('learns its slopes: their gradient is what they were multiplied with', () => {
    const weight = tensor([0.5, 0.5], { requiresGrad: true });
    backward(
      sum(
        prelu(
          tensor([
            [-1, 2],
            [-3, -4],
          ]),
          weight,
        ),
      ),
    );
    expect(weight.grad!.tolist()).toEqual([-4, -4]);
  });

  it('agrees with central differences in both inputs, first and second order', () => {
    const x = tensor([-1, 0.5, 2, -0.3, 1.4, -2.2], { shape: [1, 3, 2], requiresGrad: true });
    const weight = tensor([0.25, -0.4, 1.5], { requiresGrad: true });
    gradcheck(prelu, [x, weight]);
    gradgradcheck(prelu, [x, weight]);
    gradcheck(prelu, [x, tensor(0.3, { requiresGrad: true })]);
  });

  it('refuses another number of weights', () => {
    expect(() => prelu(zeros([2, 3]), zeros([2]))).toThrow(
      'prelu: [2, 3] has 3 channels (dim 1), but there are 2 weights',
    );
    expect(() => prelu(zeros([4]), zeros([4]))).toThrow('prelu: [4] has 1 channels (dim 1), but there are 4 weights');
    expect(() => prelu(zeros([]), zeros([2]))).toThrow('there are 2 weights');
    expect(() => prelu(zeros([2, 3]), zeros([1, 3]))).toThrow('prelu: weight must be one number or a list, got [1, 3]');
  });
});

describe('glu', () => {
  it('gates the first half by the second', () => {
    const half = 1 / (1 + Math.exp(-1));
    expectClose(
      values((x) => glu(x), 3, 5, 0, 1),
      [1.5, 5 * half],
    );
    expect(glu(zeros([2, 6, 4]), { dim: -2 }).shape).toEqual([2, 3, 4]);
  });

  it('refuses what has no halves', () => {
    expect(() => glu(zeros([2, 3]))).toThrow("glu: dim -1 of [2, 3] can't be halved: 3 is odd");
    expect(() => glu(zeros([2, 4]), { dim: 2 })).toThrow('glu: dim 2 is out of range');
    expect(() => glu(zeros([]))).toThrow('glu: a scalar has no dims');
  });
});

it('wrong options are refused', () => {
  const x = zeros([2]);
  const nan = Number.NaN;
  expect(() => gelu(x, { approximate: 'asdf' as 'none' })).toThrow(
    'gelu: approximate must be one of "none", "tanh", got "asdf"',
  );
  expect(() => celu(x, { alpha: 0 })).toThrow('celu: alpha must be a number other than 0, got 0');
  expect(() => elu(x, { alpha: nan })).toThrow('elu: alpha must be a finite number, got NaN');
  expect(() => softplus(x, { beta: nan })).toThrow('softplus: beta must be a finite number, got NaN');
  expect(() => softplus(x, { threshold: nan })).toThrow('softplus: threshold must be a number, got NaN');
  expect(() => hardtanh(x, { minVal: nan })).toThrow('hardtanh: minVal must be a number, got NaN');
  expect(() => threshold(x, nan, 1)).toThrow('threshold: threshold must be a number, got NaN');
  expect(() => threshold(x, 0, '1' as unknown as number)).toThrow('threshold: value must be a number, got "1"');
  expect(() => leakyRelu(x, { slope: 1 } as object)).toThrow('unknown option "slope"');
  expect(() => elu(x, 2 as unknown as object)).toThrow('elu: optional arguments go in one object');
});
