import * as nd from '@ndgrad/core';
import { manualSeed, randint, randn, type Tensor } from '@ndgrad/core';
import * as nn from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { expectSame, readModel } from './runtime.ts';

/** A layer, the sizes of one example, and (if they matter) the operators that it becomes in single precision. */
type Case = [name: string, make: () => nn.AnyModule, example: readonly number[], operators?: string[]];

const features = [6];
const image = [4, 7, 6];
const sequence = [4, 9];

/** Running statistics and weights that are not the initial ones. */
function used<M extends nn.AnyModule>(layer: M): M {
  const state = [...layer.parameters(), ...layer.buffers()];
  nd.noGrad(() => {
    for (const x of state) if (x.ndim > 0) nd.uniform_(x, { from: 0.5, to: 1.5 });
  });
  return layer;
}

const cases: Case[] = [
  ['ReLU', () => new nn.ReLU(), features, ['Relu']],
  ['LeakyReLU', () => new nn.LeakyReLU({ negativeSlope: 0.1 }), features, ['LeakyRelu']],
  ['PReLU', () => new nn.PReLU({ numParameters: 4 }), image, ['Reshape', 'PRelu']],
  ['ReLU6', () => new nn.ReLU6(), features, ['Clip']],
  ['Hardtanh', () => new nn.Hardtanh(), features, ['Clip']],
  ['Threshold', () => new nn.Threshold(0.1, -1), features],
  ['ELU', () => new nn.ELU({ alpha: 0.9 }), features, ['Elu']],
  ['SELU', () => new nn.SELU(), features, ['Selu']],
  ['CELU', () => new nn.CELU({ alpha: 1.3 }), features, ['Celu']],
  ['GELU by tanh', () => new nn.GELU({ approximate: 'tanh' }), features],
  ['SiLU', () => new nn.SiLU(), features, ['Sigmoid', 'Mul']],
  ['Mish', () => new nn.Mish(), features],
  ['Sigmoid', () => new nn.Sigmoid(), features, ['Sigmoid']],
  ['Tanh', () => new nn.Tanh(), features, ['Tanh']],
  ['LogSigmoid', () => new nn.LogSigmoid(), features],
  ['Softplus', () => new nn.Softplus({ beta: 2 }), features],
  ['Softsign', () => new nn.Softsign(), features],
  ['GLU', () => new nn.GLU(), features],
  ['Softmax', () => new nn.Softmax({ dim: 1 }), features, ['Softmax']],
  ['LogSoftmax', () => new nn.LogSoftmax({ dim: -1 }), features, ['LogSoftmax']],
  ['Linear', () => new nn.Linear(6, 3), features, ['Gemm']],
  ['Linear without a bias', () => new nn.Linear(6, 3, { bias: false }), features, ['Gemm']],
  ['Linear on more dims', () => new nn.Linear(9, 3), sequence, ['Reshape', 'Gemm', 'Reshape']],
  ['Conv1d', () => new nn.Conv1d(4, 6, 3, { stride: 2, padding: 1 }), sequence, ['Conv']],
  ['Conv1d that keeps the length', () => new nn.Conv1d(4, 6, 4, { padding: 'same', groups: 2 }), sequence, ['Conv']],
  ['Conv2d', () => new nn.Conv2d(4, 5, 3), image, ['Conv']],
  ['Conv2d without a bias', () => new nn.Conv2d(4, 5, 3, { bias: false }), image, ['Conv']],
  [
    'Conv2d with everything',
    () => new nn.Conv2d(4, 6, [3, 2], { stride: [2, 1], padding: [2, 1], dilation: [1, 2], groups: 2 }),
    image,
    ['Conv'],
  ],
  ['Conv2d that keeps the size', () => new nn.Conv2d(4, 5, [4, 3], { padding: 'same' }), image, ['Conv']],
  ['Conv2d on pixels', () => new nn.Conv2d(4, 5, 1), image, ['Conv']],
  ['Conv2d with strides of no use', () => new nn.Conv2d(4, 5, 1, { stride: 3 }), image, ['Conv']],
  ['Conv2d padded otherwise', () => new nn.Conv2d(4, 5, 3, { padding: 1, paddingMode: 'reflect' }), image],
  ['ConvTranspose2d', () => new nn.ConvTranspose2d(4, 3, 3), image, ['ConvTranspose']],
  [
    'ConvTranspose2d with everything',
    () =>
      new nn.ConvTranspose2d(4, 6, [3, 4], {
        stride: [3, 2],
        padding: [0, 1],
        outputPadding: [2, 1],
        dilation: [1, 2],
        groups: 2,
      }),
    image,
    ['ConvTranspose'],
  ],
  ['MaxPool1d', () => new nn.MaxPool1d(3, { stride: 2, padding: 1 }), sequence, ['MaxPool']],
  ['MaxPool1d beyond the end', () => new nn.MaxPool1d(2, { ceilMode: true }), sequence],
  ['MaxPool2d', () => new nn.MaxPool2d(2), image, ['MaxPool']],
  [
    'MaxPool2d with everything',
    () => new nn.MaxPool2d([3, 2], { stride: [2, 1], padding: 1, dilation: [1, 2], ceilMode: true }),
    image,
    ['MaxPool'],
  ],
  ['AvgPool1d', () => new nn.AvgPool1d(3, { stride: 2, padding: 1 }), sequence, ['AveragePool']],
  ['AvgPool2d', () => new nn.AvgPool2d(2), image, ['AveragePool']],
  ['AvgPool2d with everything', () => new nn.AvgPool2d([3, 2], { stride: 2, padding: 1, ceilMode: true }), image],
  [
    'AvgPool2d of what is there',
    () => new nn.AvgPool2d(3, { padding: 1, countIncludePad: false }),
    image,
    ['AveragePool'],
  ],
  ['AvgPool2d by another divisor', () => new nn.AvgPool2d(3, { divisorOverride: 5 }), image],
  ['AdaptiveAvgPool2d', () => new nn.AdaptiveAvgPool2d([3, 4]), image],
  ['AdaptiveAvgPool2d of all', () => new nn.AdaptiveAvgPool2d(1), image, ['GlobalAveragePool']],
  ['AdaptiveMaxPool2d', () => new nn.AdaptiveMaxPool2d([3, 4]), image],
  ['AdaptiveMaxPool2d that divides', () => new nn.AdaptiveMaxPool2d([1, 3]), image, ['MaxPool']],
  ['BatchNorm1d', () => used(new nn.BatchNorm1d(6)), features, ['BatchNormalization']],
  ['BatchNorm1d of sequences', () => used(new nn.BatchNorm1d(4)), sequence, ['BatchNormalization']],
  ['BatchNorm2d', () => used(new nn.BatchNorm2d(4)), image, ['BatchNormalization']],
  [
    'BatchNorm2d of nothing learnt',
    () => used(new nn.BatchNorm2d(4, { affine: false, eps: 0.5 })),
    image,
    ['BatchNormalization'],
  ],
  ['InstanceNorm1d', () => new nn.InstanceNorm1d(4), sequence, ['InstanceNormalization']],
  ['InstanceNorm2d', () => used(new nn.InstanceNorm2d(4, { affine: true })), image, ['InstanceNormalization']],
  ['InstanceNorm2d that keeps', () => used(new nn.InstanceNorm2d(4, { trackRunningStats: true })), image],
  ['LayerNorm', () => used(new nn.LayerNorm(6)), features, ['LayerNormalization']],
  ['LayerNorm of several dims', () => used(new nn.LayerNorm([7, 6])), image, ['LayerNormalization']],
  [
    'LayerNorm of nothing learnt',
    () => new nn.LayerNorm(6, { elementwiseAffine: false }),
    features,
    ['LayerNormalization'],
  ],
  ['GroupNorm', () => used(new nn.GroupNorm(2, 4)), image],
  ['LocalResponseNorm', () => new nn.LocalResponseNorm(3, { alpha: 0.5 }), image],
  ['Dropout', () => new nn.Dropout(), features],
  ['Dropout1d', () => new nn.Dropout1d(), sequence],
  ['Dropout2d', () => new nn.Dropout2d(), image],
  ['Identity', () => new nn.Identity(), features, ['Identity']],
  ['Flatten', () => new nn.Flatten(), image, ['Reshape']],
  ['Unflatten', () => new nn.Unflatten(1, [2, -1]), features, ['Reshape']],
  ['Unfold', () => new nn.Unfold([3, 2], { padding: 1, stride: 2 }), image],
  ['Fold', () => new nn.Fold([5, 4], 2, { stride: 2, padding: 1 }), [8, 9]],
  ['ZeroPad2d', () => new nn.ZeroPad2d([1, 0, 2, -1]), image],
  ['Upsample', () => new nn.Upsample({ scaleFactor: 2 }), image],
  ['Upsample, bilinear', () => new nn.Upsample({ size: [5, 9], mode: 'bilinear' }), image],
];

describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
  it.each(cases)('%s is computed as here', async (_, make, shape, operators) => {
    manualSeed(2);
    const batches = [5, 1, 3].map((n): Tensor => randn([n, ...shape]));
    const bytes = await expectSame(make(), batches[0]!, { dtype, others: batches.slice(1).map((x) => [x]) });
    if (operators !== undefined && dtype === 'float32') expect(readModel(bytes).operators).toEqual(operators);
  });

  it('GroupNorm is an operator since opset 21', async () => {
    const bytes = await expectSame(used(new nn.GroupNorm(2, 4)), randn([2, ...image]), { dtype, opset: 21 });
    expect(readModel(bytes).operators.includes('GroupNormalization')).toBe(dtype === 'float32');
  });

  it('Bilinear, CosineSimilarity and PairwiseDistance take two inputs', async () => {
    for (const layer of [new nn.Bilinear(6, 6, 3), new nn.CosineSimilarity(), new nn.PairwiseDistance()]) {
      const pair = (n: number) => [randn([n, 6]), randn([n, 6])];
      await expectSame(layer as nn.AnyModule, pair(2), { dtype, others: [pair(1), pair(4)] });
    }
  });

  it('Embedding takes indices', async () => {
    const layer = new nn.Embedding(10, 3, { paddingIdx: 0 });
    const bytes = await expectSame(layer, randint(10, [2, 5]), { dtype, others: [[randint(10, [4, 5])]] });
    expect(readModel(bytes).inputs[0]!.type!.tensorType!.elemType).toBe(7);
  });
});

it('GELU is computed as here, by an error function that ONNX Runtime knows in single precision only', async () => {
  await expectSame(new nn.GELU(), nd.linspace(-4, 4, 20).reshape([4, 5]));
});

it('every layer is among the cases', () => {
  const elsewhere = [
    'Bilinear',
    'CosineSimilarity',
    'PairwiseDistance',
    'Embedding',
    'GELU',
    'Sequential',
    'ModuleList',
  ];
  const tested = new Set([...elsewhere, ...cases.map(([name]) => name.split(/[ ,]/)[0]!)]);
  const layers = Object.entries(nn).filter(
    ([, value]) => (value as { prototype?: unknown }).prototype instanceof nn.Module,
  );
  const losses = /Loss$/;
  expect(layers.map(([name]) => name).filter((name) => !tested.has(name) && !losses.test(name))).toEqual([]);
});
