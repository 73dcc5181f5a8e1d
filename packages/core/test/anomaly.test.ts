import { describe, expect, it } from 'vitest';
import {
  AnomalyError,
  type AnomalyOptions,
  backward,
  clamp,
  cumprod,
  detectAnomaly,
  div,
  eq,
  full,
  grad,
  isnan,
  layerNorm,
  logSoftmax,
  logsigmoid,
  logsumexp,
  maskedFill,
  maxPool2d,
  mul,
  NdgradError,
  noGrad,
  norm,
  ones,
  op,
  pow,
  prod,
  profile,
  sigmoid,
  softmax,
  softplus,
  std,
  type Tensor,
  type TensorData,
  tanh,
  tensor,
  where,
  zeros,
} from '../src/index.ts';

const leaf = (data: TensorData) => tensor(data, { requiresGrad: true });

/** The anomaly of a faulty program. */
function anomalyOf(body: () => unknown, options?: AnomalyOptions): AnomalyError {
  try {
    detectAnomaly(body, options);
  } catch (error) {
    if (error instanceof AnomalyError) return error;
    throw error;
  }
  throw new Error('nothing was found');
}

describe('detectAnomaly names', () => {
  it('the logarithm of 0, with its row and the range of what went in', () => {
    const error = anomalyOf(() =>
      leaf([
        [1, 2],
        [0, 3],
        [4, 5],
      ]).log(),
    );
    expect(error).toBeInstanceOf(NdgradError);
    expect(error.message).toBe(
      'log (forward): output [3, 2] holds 1 infinite (dim 0: row 1); computed from x [3, 2] in [0, 5]; ' +
        'a logarithm needs numbers above 0: clamp them, or use logSoftmax or a loss that takes logits',
    );
    expect(error).toMatchObject({
      operation: 'log',
      kernel: 'log',
      pass: 'forward',
      module: '',
      rows: [1],
      given: null,
    });
    expect(error.output).toEqual({
      name: 'output',
      shape: [3, 2],
      range: { min: 0, max: Math.log(5), nan: 0, infinite: 1 },
    });
    expect(error.inputs).toEqual([{ name: 'x', shape: [3, 2], range: { min: 0, max: 5, nan: 0, infinite: 0 } }]);
  });

  it('the logarithm of a negative number, first of several troubles', () => {
    const error = anomalyOf(() => leaf([1, -1]).log().sqrt().div(0));
    expect(error).toMatchObject({ operation: 'log', output: { range: { nan: 1, infinite: 0 } }, rows: [1] });
  });

  it('0/0 and 1/0', () => {
    const error = anomalyOf(() => div(leaf([0, 2]), tensor([0, 1])));
    expect(error).toMatchObject({ operation: 'div', rows: [0], output: { range: { nan: 1, infinite: 0 } } });
    expect(error.message).toContain(
      'computed from a [2] in [0, 2], b [2] in [0, 1]; look for a 0 in what it divides by',
    );
    expect(anomalyOf(() => leaf([1]).div(0)).message).toContain('computed from a [1] in [1, 1], b = 0;');
  });

  it('exp that overflows, in a softmax by hand', () => {
    const error = anomalyOf(() => {
      const scores = leaf([
        [1, 2],
        [3, 800],
      ]).exp();
      return scores.div(scores.sum({ dim: 1, keepdim: true }));
    });
    expect(error).toMatchObject({ operation: 'exp', rows: [1], inputs: [{ range: { min: 1, max: 800 } }] });
    expect(error.message).toMatch(/exp overflows above 709\.7: subtract the maximum first/);
  });

  it('the slope of the root at 0, in the backward pass', () => {
    const x = leaf([4, 0, 0]);
    const error = anomalyOf(() => x.sqrt().sum().backward());
    expect(error).toMatchObject({ operation: 'sqrt', kernel: 'div', pass: 'backward', rows: [1, 2] });
    expect(error.message).toBe(
      'sqrt (backward, in kernel div): the gradient of x [3] holds 2 infinite (dim 0: rows 1, 2); computed from ' +
        'g [3] in [1, 1], x [3] in [0, 4]; the slope of √x at 0 is infinite: add a small number under the root',
    );
    expect(x.grad).toBeNull();
  });

  it('the hidden half of a where: its gradient is 0 · ∞', () => {
    const x = leaf([0, 4]);
    const error = anomalyOf(() => where(eq(x, 0), 0, x.sqrt()).sum().backward());
    expect(error).toMatchObject({ operation: 'sqrt', pass: 'backward', output: { range: { nan: 1 } }, rows: [0] });
  });

  it('the gradient of a root of a sum of squares that is 0, and of a norm by hand', () => {
    const x = leaf([
      [3, 4],
      [0, 0],
    ]);
    const error = anomalyOf(() => x.square().sum({ dim: 1 }).sqrt().sum().backward());
    expect(error).toMatchObject({ operation: 'sqrt', pass: 'backward', rows: [1] });
  });

  it('the division by a standard deviation of 0', () => {
    const x = leaf([
      [1, 2],
      [3, 3],
    ]);
    const error = anomalyOf(() => x.sub(x.mean({ dim: 1, keepdim: true })).div(std(x, { dim: 1, keepdim: true })));
    expect(error).toMatchObject({ operation: 'div', pass: 'forward', rows: [1], output: { range: { nan: 2 } } });
  });

  it('an overflow by growth, with what to do', () => {
    let x: Tensor = leaf([2]);
    const error = anomalyOf(() => {
      for (let i = 0; i < 20; i++) x = x.square();
    });
    expect(error).toMatchObject({ operation: 'square', kernel: 'square' });
    expect(error.message).toMatch(/the numbers have run away: use a smaller learning rate, or clip the gradients$/);
  });

  it('a product in a batch, whose kernel has another name', () => {
    const error = anomalyOf(() =>
      leaf([
        [1, 2],
        [1e200, 1],
      ]).matmul(full([2, 3], 1e200)),
    );
    expect(error).toMatchObject({ operation: 'matmul', kernel: 'bmm', pass: 'forward', rows: [1] });
    expect(error.message).toMatch(/^matmul \(forward, in kernel bmm\): output \[2, 3\] holds 3 infinite/);
  });

  it('∞ − ∞, although infinity itself was given, and where that came in', () => {
    const error = anomalyOf(() =>
      softmax(
        leaf([
          [1, 2],
          [0, 3],
        ]).add(
          tensor([
            [-Infinity, -Infinity],
            [0, 0],
          ]),
        ),
        1,
      ),
    );
    expect(error).toMatchObject({ operation: 'softmax', rows: [0], output: { range: { nan: 2 } } });
    expect(error.given).toEqual({
      operation: 'add',
      name: 'b',
      shape: [2, 2],
      range: { min: 0, max: 0, nan: 0, infinite: 2 },
      rows: [0],
    });
    expect(error.message).toMatch(
      /the first that was not finite was 2 infinite in b \[2, 2\] \(dim 0: row 0\) of add: look at where it comes from$/,
    );
  });

  it('a gradient that overflows when it is summed over two uses', () => {
    const x = leaf([0]);
    const error = anomalyOf(() => x.mul(1.5e308).add(x.mul(1.5e308)).sum().backward());
    expect(error).toMatchObject({ operation: 'mul', pass: 'backward', kernel: 'add', rows: [0] });
    expect(error.output).toMatchObject({ name: 'the gradient of a', range: { infinite: 1 } });
  });

  it('a change in place, by its kernel', () => {
    const w = tensor([1e300, 1]);
    const error = anomalyOf(() => w.mul_(1e300));
    expect(error).toMatchObject({ operation: 'mul', kernel: 'mul', pass: null, rows: [0], given: null });
    expect(error.message).toMatch(/^mul: what it writes \[2\] holds 1 infinite \(dim 0: row 0\); computed from/);
  });

  it('the rules of a second derivative', () => {
    const x = leaf([0]);
    const error = anomalyOf(() => {
      const [g] = grad(pow(x, 1.5).sum(), x, { createGraph: true }); // 1.5 √x
      return g!.sum().backward(); // 0.75 / √x
    });
    expect(error).toMatchObject({ pass: 'backward', output: { range: { infinite: 1 } } });
  });

  it('an operation of ones own', () => {
    const inverse = op({
      name: 'inverse',
      inputs: ['x'],
      forward: (x) => div(1, x),
      backward: { x: (g, { y }) => mul(g, mul(y, y).neg()) },
    });
    expect(anomalyOf(() => inverse(leaf([1, 0])))).toMatchObject({ operation: 'inverse', kernel: 'div', rows: [1] });
  });
});

describe('what was not finite before', () => {
  it('is named with the first operation that it spoils: a row of the data', () => {
    const data = tensor([
      [1, 2],
      [3, Number.NaN],
      [5, 6],
    ]);
    const error = anomalyOf(() => data.t().matmul(leaf([[1], [1], [1]])));
    expect(error).toMatchObject({
      operation: 'matmul',
      rows: [1],
      given: { operation: 'permute', name: 'x', rows: [1] },
    });
    const plain = anomalyOf(() => data.mul(leaf(2)));
    expect(plain.message).toBe(
      'mul (forward): output [3, 2] holds 1 NaN (dim 0: row 1); computed from a [3, 2] in [1, 6], 1 NaN, b = 2; ' +
        'the first that was not finite was 1 NaN in a [3, 2] (dim 0: row 1) of mul: look at where it comes from',
    );
  });

  it('may be a gradient to start from, or what a change in place reads', () => {
    const y = leaf([1, 2]).mul(3);
    const error = anomalyOf(() => backward(y, { gradient: tensor([1, Number.NaN]) }));
    expect(error).toMatchObject({ operation: 'mul', pass: 'backward', given: { name: 'g', rows: [1] } });
    const w = zeros([2]);
    expect(anomalyOf(() => w.add_(tensor([Number.NaN, 1])))).toMatchObject({
      operation: 'add',
      pass: null,
      given: { operation: 'add', range: { nan: 1 } },
    });
  });

  it('names ten rows at most', () => {
    const error = anomalyOf(() => full([40, 2], Number.NaN).exp());
    expect(error.rows).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(error.message).toContain(
      '80 NaN (dim 0: rows 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, …); computed from x [40, 2] of 80 NaN;',
    );
  });
});

describe('detectAnomaly is quiet', () => {
  const scores = () =>
    leaf([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  const mask = tensor([
    [0, 1, 1],
    [0, 0, 1],
  ]);
  const healthy: Record<string, () => Tensor> = {
    'attention masked with −∞': () => softmax(maskedFill(scores(), mask, -Infinity), 1),
    'a mask that is added': () =>
      logSoftmax(
        scores().add(
          tensor([
            [0, 0, -Infinity],
            [0, 0, 0],
          ]),
        ),
        1,
      ).select(1, 0),
    'log of a sum of exponentials, all masked': () => logsumexp(full([1, 2], -Infinity), 1),
    'max-pooling, padded with −∞': () =>
      maxPool2d(ones([1, 1, 4, 4]).neg().requiresGrad_(), 3, { padding: 1, stride: 1 }),
    'saturated activations': () => sigmoid(tanh(leaf([1e3, -1e3]).mul(1e3))),
    'stable softplus and log-sigmoid': () => softplus(leaf([1e3, -1e3])).add(logsigmoid(leaf([1e3, -1e3]))),
    'a softmax of large scores': () => softmax(leaf([[1000, -1000]]), 1),
    'the norm of 0': () =>
      norm(
        leaf([
          [0, 0],
          [3, 4],
        ]),
        { dim: 1 },
      ),
    'a layer norm of equal numbers': () => layerNorm(ones([2, 3]).requiresGrad_(), [3]),
    'a product with zeros': () => prod(leaf([0, 2, 0])).add(cumprod(leaf([0, 2]), 0)),
    '0⁰ and its slope': () => pow(leaf([0, 0]), tensor([0, 2])),
    'infinite bounds': () => clamp(leaf([1, 2]), { min: -Infinity, max: Infinity }),
    'NaN that is taken out of the data': () => {
      const x = tensor([1, Number.NaN]);
      return where(isnan(x), 0, x).mul(leaf([1, 2]));
    },
    'the sum of nothing': () => zeros([0, 3]).requiresGrad_().sum(),
    'infinity from infinity': () => full([2], Infinity).add(1).maximum(leaf(0)),
    'constants that are filled in': () => noGrad(() => zeros([2]).fill_(Number.NaN)),
  };
  it.each(Object.entries(healthy))('on %s', (_, program) => {
    const value = detectAnomaly(() => {
      const y = program();
      if (y.requiresGrad) y.sum().backward();
      return y;
    });
    expect(value.toArray()).toEqual(program().toArray());
  });

  it('on the mean of nothing, until it is used', () => {
    const nothing = detectAnomaly(() => zeros([0, 3]).mean());
    expect(nothing.item()).toBeNaN();
    expect(anomalyOf(() => zeros([0, 3]).mean().mul(2))).toMatchObject({ operation: 'mul' });
  });

  it('on infinity where that is allowed, but not on NaN', () => {
    const loose = { allowInfinity: true };
    expect(detectAnomaly(() => leaf([0, 1]).log(), loose).tolist()).toEqual([-Infinity, 0]);
    expect(anomalyOf(() => leaf([0, 1]).log().mul(0), loose)).toMatchObject({
      operation: 'mul',
      rows: [0],
      given: { name: 'a', range: { infinite: 1 } },
    });
  });
});

describe('detectAnomaly', () => {
  it('hands the result on, and looks no longer afterwards, even after an error', () => {
    expect(detectAnomaly(() => 7)).toBe(7);
    anomalyOf(() => leaf([0]).log());
    expect(leaf([0]).log().item()).toBe(-Infinity);
    leaf([0]).sqrt().sum().backward();
    expect(() =>
      detectAnomaly(() => {
        throw new TypeError('else');
      }),
    ).toThrow(TypeError);
    expect(leaf([0]).log().item()).toBe(-Infinity);
  });

  it('watches an async body to its end', async () => {
    const late = detectAnomaly(async () => {
      await Promise.resolve();
      return leaf([0]).log();
    });
    await expect(late).rejects.toThrow(/^log \(forward\)/);
    expect(leaf([0]).log().item()).toBe(-Infinity);
    expect(await detectAnomaly(async () => 5)).toBe(5);
  });

  it('leaves a profile around it its counts, and may be nested', () => {
    const { kernels } = profile(() => detectAnomaly(() => detectAnomaly(() => leaf([1]).exp().log())));
    expect(kernels.map(({ name, launches }) => [name, launches]).sort()).toEqual([
      ['exp', 1],
      ['log', 1],
    ]);
    expect(
      anomalyOf(() =>
        detectAnomaly(() => leaf([1]).exp())
          .sub(Math.E)
          .log(),
      ),
    ).toMatchObject({ operation: 'log' });
  });

  it('gives the same gradients as without', () => {
    const gradients = (watch: <T>(body: () => T) => T) => {
      const x = tensor(
        [
          [0.5, -1],
          [2, 3],
        ],
        { requiresGrad: true },
      );
      watch(() => logSoftmax(x.matmul(x).tanh(), 1).select(1, 0).mean().backward());
      return x.grad!.tolist();
    };
    expect(gradients(detectAnomaly)).toEqual(gradients((body) => body()));
  });

  it('refuses options that it does not know', () => {
    expect(() => detectAnomaly(() => 0, { allowInf: true } as AnomalyOptions)).toThrow('Did you mean "allowInfinity"?');
  });
});
