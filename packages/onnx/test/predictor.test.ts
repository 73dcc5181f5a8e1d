import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import * as nd from '@ndgrad/core';
import { ArgumentError, manualSeed, randn, type Tensor, tensor } from '@ndgrad/core';
import * as nn from '@ndgrad/nn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportPredictor, UnsupportedOpError } from '../src/index.ts';
import { distance, evaluated } from './runtime.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ndgrad-predictor-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function write(code: string, ending = '.mjs'): Promise<string> {
  const file = join(folder, `predictor-${++files}${ending}`);
  await writeFile(file, code);
  return pathToFileURL(file).href;
}

/** What Node by itself prints of an expression, in which `p` is the predictor. */
async function inNode(code: string, expression: string): Promise<unknown> {
  const script = `import * as p from '${await write(code)}'; console.log(JSON.stringify(${expression}));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  return JSON.parse(stdout);
}

interface PredictorModule {
  predict: (input: unknown) => Float64Array;
}

/** Expects a predictor that was made of one row to compute what the model does for all of them. */
async function expectSame(model: nn.AnyModule, x: Tensor): Promise<void> {
  const { code } = exportPredictor(model, nd.narrow(x, 0, 0, 1));
  expect(code).not.toMatch(/\bimport\b|\brequire\b/);
  const { predict } = (await import(await write(code))) as PredictorModule;
  const y = evaluated(model, [x]).output!;
  expect(distance(tensor([...predict(x.tolist())], { shape: y.shape }), y)).toBeLessThan(1e-12);
}

/** Running statistics and weights that are not the initial ones. */
function used<M extends nn.AnyModule>(layer: M): M {
  nd.noGrad(() => {
    for (const x of [...layer.parameters(), ...layer.buffers()]) if (x.ndim > 0) nd.uniform_(x, { from: 0.5, to: 1.5 });
  });
  return layer;
}

const image = [4, 7, 6];
const features = [6];
const sequence = [4, 9];
const cases: [name: string, make: () => nn.AnyModule, example: readonly number[]][] = [
  ['ReLU', () => new nn.ReLU(), features],
  ['LeakyReLU', () => new nn.LeakyReLU(), features],
  ['PReLU', () => new nn.PReLU({ numParameters: 4 }), image],
  ['ReLU6', () => new nn.ReLU6(), features],
  ['Hardtanh', () => new nn.Hardtanh({ minVal: -0.2 }), features],
  ['Threshold', () => new nn.Threshold(-0.1, -1), features],
  ['ELU', () => new nn.ELU({ alpha: 0.9 }), features],
  ['SELU', () => new nn.SELU(), features],
  ['CELU', () => new nn.CELU({ alpha: 1.3 }), features],
  ['GELU', () => new nn.GELU(), [40]],
  ['GELU by tanh', () => new nn.GELU({ approximate: 'tanh' }), features],
  ['SiLU', () => new nn.SiLU(), features],
  ['Mish', () => new nn.Mish(), features],
  ['Sigmoid', () => new nn.Sigmoid(), features],
  ['Tanh', () => new nn.Tanh(), features],
  ['LogSigmoid', () => new nn.LogSigmoid(), features],
  ['Softplus', () => new nn.Softplus({ beta: 2, threshold: 1 }), features],
  ['Softsign', () => new nn.Softsign(), features],
  ['GLU', () => new nn.GLU(), features],
  ['Softmax', () => new nn.Softmax({ dim: 1 }), image],
  ['LogSoftmax', () => new nn.LogSoftmax({ dim: 1 }), features],
  ['Linear', () => new nn.Linear(6, 3), features],
  ['Linear without a bias', () => new nn.Linear(9, 3, { bias: false }), sequence],
  ['Conv1d', () => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1 }), sequence],
  ['Conv2d', () => new nn.Conv2d(4, 5, 3), image],
  [
    'Conv2d with everything',
    () => new nn.Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [2, 1], dilation: [1, 2], groups: 2, bias: false }),
    image,
  ],
  ['Conv2d padded otherwise', () => new nn.Conv2d(4, 5, 3, { padding: 1, paddingMode: 'reflect' }), image],
  [
    'ConvTranspose2d',
    () => new nn.ConvTranspose2d(4, 6, [3, 4], { stride: [3, 2], padding: [0, 1], outputPadding: 1, groups: 2 }),
    image,
  ],
  ['MaxPool1d', () => new nn.MaxPool1d(2), sequence],
  [
    'MaxPool2d',
    () => new nn.MaxPool2d([3, 2], { stride: [2, 1], padding: 1, dilation: [1, 2], ceilMode: true }),
    image,
  ],
  ['AvgPool1d', () => new nn.AvgPool1d(3, { stride: 2, padding: 1 }), sequence],
  ['AvgPool2d', () => new nn.AvgPool2d([3, 2], { stride: 2, padding: 1, ceilMode: true }), image],
  ['AdaptiveAvgPool2d', () => new nn.AdaptiveAvgPool2d([3, 4]), image],
  ['AdaptiveMaxPool2d', () => new nn.AdaptiveMaxPool2d([3, 4]), image],
  ['BatchNorm1d', () => used(new nn.BatchNorm1d(6)), features],
  ['BatchNorm2d', () => used(new nn.BatchNorm2d(4)), image],
  ['InstanceNorm2d', () => used(new nn.InstanceNorm2d(4, { affine: true })), image],
  ['LayerNorm', () => used(new nn.LayerNorm([7, 6])), image],
  ['GroupNorm', () => used(new nn.GroupNorm(2, 4)), image],
  ['LocalResponseNorm', () => new nn.LocalResponseNorm(3, { alpha: 0.5 }), image],
  ['Dropout', () => new nn.Dropout(), features],
  ['Identity', () => new nn.Identity(), features],
  ['Flatten', () => new nn.Flatten(), image],
  ['Unflatten', () => new nn.Unflatten(1, [2, -1]), features],
  ['ZeroPad2d', () => new nn.ZeroPad2d([1, 0, 2, -1]), image],
  ['Upsample', () => new nn.Upsample({ scaleFactor: 2 }), image],
  ['Upsample, bilinear', () => new nn.Upsample({ size: [5, 9], mode: 'bilinear' }), image],
];

it.each(cases)('%s is computed as here', async (_, make, shape) => {
  manualSeed(4);
  await expectSame(make(), nd.mul(randn([3, ...shape]), 2));
});

/** A module that computes a function. */
class Computes extends nn.Module {
  constructor(readonly f: (x: Tensor) => Tensor) {
    super();
  }

  override forward(x: Tensor): Tensor {
    return this.f(x);
  }
}

describe('operations', () => {
  const operations: [name: string, f: (x: Tensor) => Tensor][] = [
    ['arithmetic', (x) => nd.div(nd.sub(nd.mul(x, x), nd.add(x, 2)), nd.add(nd.abs(x), -0.5))],
    ['broadcasting', (x) => nd.add(nd.mul(nd.narrow(x, 1, 0, 1), nd.narrow(x, 2, 0, 1)), nd.linspace(0, 1, 5))],
    ['powers', (x) => nd.pow(nd.abs(x), nd.sigmoid(x))],
    ['roots', (x) => nd.add(nd.sqrt(nd.square(x)), nd.mul(nd.rsqrt(nd.exp(x)), nd.reciprocal(nd.exp2(x))))],
    ['logarithms', (x) => nd.add(nd.log(nd.abs(x)), nd.add(nd.log1p(nd.abs(x)), nd.log2(nd.add(nd.abs(x), 1))))],
    ['angles', (x) => nd.add(nd.atan(x), nd.add(nd.sin(x), nd.mul(nd.cos(x), nd.tan(nd.tanh(x)))))],
    ['inverse angles', (x) => nd.add(nd.asin(nd.tanh(x)), nd.acos(nd.tanh(x)))],
    ['hyperbolic functions', (x) => nd.add(nd.sinh(x), nd.add(nd.cosh(x), nd.expm1(x)))],
    ['rounding', (x) => nd.add(nd.floor(x), nd.add(nd.ceil(x), nd.add(nd.trunc(x), nd.round(x))))],
    [
      'choices',
      (x) => nd.where(nd.gt(x, 0), nd.maximum(x, nd.neg(x)), nd.minimum(nd.sign(x), nd.clamp(x, { min: -1 }))),
    ],
    [
      'comparisons',
      (x) => nd.add(nd.le(x, 0), nd.add(nd.ge(x, 1), nd.add(nd.lt(x, -1), nd.add(nd.eq(x, x), nd.ne(x, 0))))),
    ],
    ['sums', (x) => nd.add(nd.sum(x, { dim: 1 }), nd.mean(x, { dim: 1 }))],
    ['extremes', (x) => nd.sub(nd.amax(x, { dim: [1, 2] }), nd.prod(nd.amin(x, { dim: 1 }), { dim: 1 }))],
    ['maxima along a dim', (x) => nd.cat([nd.max(x, { dim: 2 }).values, nd.min(x, { dim: 2 }).indices], { dim: 1 })],
    ['positions', (x) => nd.argmax(x, { dim: 1 })],
    ['variances', (x) => nd.div(nd.std(x, { dim: 2 }), nd.norm(x, { dim: 2 }))],
    ['logsumexp', (x) => nd.logsumexp(x, 2)],
    ['matrix products', (x) => nd.matmul(nd.matmul(x, nd.mT(x)), nd.linspace(0, 1, 8).reshape([4, 2]))],
    ['views', (x) => nd.flip(nd.permute(nd.narrow(x, 2, 1, 3), [0, 2, 1]), [1])],
    ['repeats', (x) => nd.repeat(x, [1, 2, 3])],
    ['joins', (x) => nd.cat([x, nd.relu(x), nd.narrow(x, 1, 0, 1)], { dim: 1 })],
    ['picks', (x) => nd.indexSelect(nd.pad(x, [1, 2], { value: 3 }), 2, tensor([7, 0, 3]))],
  ];

  it.each(operations)('%s are computed as here', async (_, f) => {
    manualSeed(5);
    await expectSame(new Computes(f), randn([3, 4, 5]));
  });

  it('picked by constant places are computed as here', async () => {
    const index = tensor([
      [
        [0, 4],
        [1, 1],
      ],
    ]);
    await expectSame(new Computes((x) => nd.gather(x, 2, nd.expand(index, [x.shape[0]!, 2, 2]))), randn([1, 4, 5]));
  });
});

describe('a convnet', () => {
  const make = () => {
    manualSeed(6);
    const features = [new nn.Conv2d(1, 3, 3), new nn.BatchNorm2d(3), new nn.ReLU(), new nn.MaxPool2d(2)];
    return new nn.Sequential(
      ...features,
      new nn.Dropout(),
      new nn.Flatten(),
      new nn.Linear(27, 3),
      new nn.Softmax({ dim: 1 }),
    );
  };
  const classes = ['zero', 'one "1"', 'two\u2028'];

  it('runs in Node alone', async () => {
    const model = make();
    const x = randn([2, 1, 8, 8]);
    const { code } = exportPredictor(model, x, { classes, name: 'Digits */ \n' });
    const flat = JSON.stringify([...x.toArray()]);
    const printed = await inNode(
      code,
      `{ y: [...p.predict(${flat})], one: p.classify(new Float64Array(${flat}.slice(0, 64))), ...p, nested: [...p.predict(${JSON.stringify(x.tolist())})] }`,
    );
    const { y, one, name, inputShape, outputShape, nested, ...rest } = printed as Record<string, unknown>;
    const expected = evaluated(model, [x]).output!;
    expect(distance(tensor(y as number[], { shape: [2, 3] }), expected)).toBeLessThan(1e-12);
    expect(nested).toEqual(y);
    expect(one).toEqual([classes[nd.argmax(nd.select(expected, 0, 0)).item()]]);
    expect([name, inputShape, outputShape]).toEqual(['Digits */ \n', [1, 8, 8], [3]]);
    expect(rest).toEqual({ classes });
  });

  it('says what it can not read', async () => {
    const { code } = exportPredictor(make(), randn([1, 1, 8, 8]));
    const { predict } = (await import(await write(code))) as PredictorModule;
    expect(() => predict([1, 2])).toThrow(new RangeError('predict: an example has 64 numbers, got 2'));
    expect(() => predict([])).toThrow(RangeError);
    expect(() => predict([['1']])).toThrow(new TypeError('predict: expected numbers, got string'));
    expect(() => predict(null)).toThrow(new TypeError('predict: expected numbers, got null'));
  });

  it('has types', async () => {
    const { types } = exportPredictor(make(), randn([1, 1, 8, 8]), { classes: ['a', 'b', 'c'] });
    const file = new URL(await write(types, '.d.mts'));
    const use = `import { classes, classify, inputShape, predict } from './${file.pathname.split('/').at(-1)!.replace('.d.mts', '.mjs')}';
      const y: Float64Array = predict([[1, 2], new Float32Array(3)]);
      const label: string | undefined = classify([1])[0];
      const first: 'a' = classes[0];
      const size: 8 = inputShape[2];
      // @ts-expect-error: text is no number
      predict('1');
      export { first, label, size, y };`;
    const path = join(folder, 'use.mts');
    await writeFile(path, use);
    const tsc = join(import.meta.dirname, '../../../node_modules/typescript/bin/tsc');
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--ignoreConfig', path];
    const said = await promisify(execFile)(process.execPath, [tsc, ...options]).catch(({ stdout }) => ({ stdout }));
    expect(said.stdout).toBe('');
  });

  it('keeps modes and weights as they were', () => {
    const model = make();
    exportPredictor(model, randn([1, 1, 8, 8]));
    expect(model.modules().every(({ training }) => training)).toBe(true);
  });
});

describe('what is refused', () => {
  const attempt = (f: (x: Tensor) => unknown, options = {}, x: Tensor = randn([1, 4])) => {
    return () => exportPredictor(new Computes(f as (x: Tensor) => Tensor), x, options);
  };

  it('an operation that is not known, by name', () => {
    const model = new nn.Sequential(new nn.ReLU(), new Computes((x) => nd.cumsum(x, 1)));
    expect(() => exportPredictor(model, randn([1, 4]))).toThrow(UnsupportedOpError);
    expect(() => exportPredictor(model, randn([1, 4]))).toThrow(
      'exportPredictor: cumsum in 1: a predictor does not know this operation',
    );
  });

  it('examples that influence each other', () => {
    const message = 'exportPredictor: the model must give one row for each example of a batch, whatever the others are';
    expect(attempt((x) => nd.sub(x, nd.mean(x, { dim: 0 })))).toThrow(message);
    expect(attempt((x) => nd.sum(x))).toThrow(message);
    expect(() => exportPredictor(new nn.BatchNorm1d(4, { trackRunningStats: false }), randn([2, 4]))).toThrow();
  });

  it('numbers from elsewhere', () => {
    expect(attempt((x) => nd.mul(x, nd.sum(x).item()))).toThrow(
      'exportPredictor: mul: a constant changes with the inputs',
    );
  });

  it('several inputs or outputs, and other examples', () => {
    expect(attempt((x) => [x, x])).toThrow('exportPredictor: the model must give one tensor, got 2');
    expect(attempt((x) => x, {}, tensor(3))).toThrow('expected one example input, whose dim 0 is the batch');
    expect(attempt((x) => x, {}, nd.zeros([0, 2]))).toThrow('exportPredictor: an example must not be empty');
    expect(attempt((x) => nd.reshape(x, [8]), {}, randn([2, 4]))).toThrow(/not a batch of 1 of its rows/);
  });

  it('classes that are not as many as scores', () => {
    const message = "exportPredictor: classes must be a list of 4 names, one for each of the model's scores, got";
    expect(attempt((x) => x, { classes: ['a'] })).toThrow(`${message} ["a"]`);
    expect(attempt((x) => x, { classes: [1, 2, 3, 4] })).toThrow(ArgumentError);
    expect(attempt((x) => x, { labels: [] })).toThrow('unknown option "labels"');
  });
});
