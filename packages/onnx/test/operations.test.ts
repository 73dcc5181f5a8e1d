import * as nd from '@ndgrad/core';
import { manualSeed, rand, randn, type Tensor, tensor } from '@ndgrad/core';
import { Module } from '@ndgrad/nn';
import { describe, it } from 'vitest';
import { expectSame } from './runtime.ts';

type Outputs = Tensor | readonly Tensor[] | Record<string, Tensor>;

/** A module that computes a function. */
class Computes extends Module<Tensor[], Outputs> {
  constructor(readonly f: (...inputs: Tensor[]) => Outputs) {
    super();
  }

  override forward(...inputs: Tensor[]): Outputs {
    return this.f(...inputs);
  }
}

const between = (low: number, high: number, shape: number[] = [4, 3, 5]) =>
  nd.add(nd.mul(rand(shape), high - low), low);

type Case = [name: string, f: (...inputs: Tensor[]) => Outputs, ...inputs: (() => Tensor)[]];
const anywhere = () => between(-3, 3);
const positive = () => between(0.2, 3);
const inside = () => between(-0.9, 0.9);
const wide = () => tensor([[-30, -21, -5, -0.5, -1e-3, -1e-6, 0, 1e-6, 1e-3, 0.5, 5, 19, 21, 30]]);

const cases: Case[] = [
  ['add', (a, b) => nd.add(a!, b!), anywhere, () => between(-1, 1, [3, 1])],
  ['sub', (a, b) => nd.sub(a!, b!), anywhere, () => between(-1, 1, [5])],
  ['mul', (x) => nd.mul(x, 2.5), anywhere],
  ['div', (a, b) => nd.div(a!, b!), anywhere, positive],
  ['div, floor', (a, b) => nd.div(a, b, { roundingMode: 'floor' }), anywhere, positive],
  ['div, trunc', (a, b) => nd.div(a, b, { roundingMode: 'trunc' }), anywhere, positive],
  ['fmod', nd.fmod, anywhere, positive],
  ['remainder', nd.remainder, anywhere, positive],
  ['pow', nd.pow, positive, anywhere],
  ['maximum', nd.maximum, anywhere, anywhere],
  ['minimum', nd.minimum, anywhere, anywhere],
  ['clamp', (x) => nd.clamp(x, { min: -1, max: 0.5 }), anywhere],
  ['clamp above', (x) => nd.clamp(x, { max: 0.5 }), anywhere],
  ['clamp by tensors', (x, min, max) => nd.clamp(x, { min, max }), anywhere, inside, inside],
  ['neg', nd.neg, anywhere],
  ['abs', nd.abs, anywhere],
  ['sign', nd.sign, anywhere],
  ['square', nd.square, anywhere],
  ['sqrt', nd.sqrt, positive],
  ['rsqrt', nd.rsqrt, positive],
  ['reciprocal', nd.reciprocal, positive],
  ['exp', nd.exp, anywhere],
  ['exp2', nd.exp2, anywhere],
  ['expm1', nd.expm1, anywhere],
  ['expm1 near 0', (x) => nd.div(nd.expm1(nd.mul(x, 1e-5)), x), positive],
  ['log', nd.log, positive],
  ['log1p', nd.log1p, positive],
  ['log1p near 0', (x) => nd.div(nd.log1p(nd.mul(x, 1e-5)), x), positive],
  ['log2', nd.log2, positive],
  ['sin', nd.sin, anywhere],
  ['cos', nd.cos, anywhere],
  ['tan', nd.tan, inside],
  ['sinh', nd.sinh, anywhere],
  ['sinh near 0', (x) => nd.div(nd.sinh(nd.mul(x, 1e-5)), x), positive],
  ['cosh', nd.cosh, anywhere],
  ['tanh', nd.tanh, anywhere],
  ['sigmoid', nd.sigmoid, anywhere],
  ['clone', (x) => nd.clone(x), anywhere],
  ['floor', nd.floor, anywhere],
  ['ceil', nd.ceil, anywhere],
  ['trunc', nd.trunc, anywhere],
  ['round', (x) => nd.round(nd.mul(x, 2)), () => tensor([[-1.25, -0.75, -0.25, 0.25, 0.75, 1.25, 1.3]])],
  ['round to decimals', (x) => nd.round(x, { decimals: 1 }), anywhere],
  ['comparisons', (a, b) => [nd.eq(a, b), nd.ne(a, b), nd.lt(a, b), nd.le(a, b), nd.gt(a, b), nd.ge(a, b)], ...both()],
  ['questions', (x) => [nd.isnan(x), nd.isinf(x), nd.isfinite(x)], () => tensor([[1, NaN, Infinity, -Infinity, 0]])],
  [
    'logic',
    (a, b) => [nd.logicalNot(a), nd.logicalAnd(a, b), nd.logicalOr(a, b), nd.logicalXor(a, b)],
    () => tensor([[0, 0, 2, 3]]),
    () => tensor([[0, 1, 0, -1]]),
  ],
  ['where', (x, y) => nd.where(nd.gt(x, 0), x, y), anywhere, anywhere],
  ['relu', nd.relu, wide],
  ['leakyRelu', (x) => nd.leakyRelu(x, { negativeSlope: 0.01 }), wide],
  ['prelu', (x) => nd.prelu(x, tensor([0.1, 0.2, 0.3])), anywhere],
  ['hardtanh', (x) => nd.hardtanh(x, { minVal: -0.3, maxVal: Infinity }), wide],
  ['relu6', nd.relu6, wide],
  ['threshold', (x) => nd.threshold(x, 0.5, -2), wide],
  ['elu', (x) => nd.elu(x, { alpha: 1.5 }), wide],
  ['selu', nd.selu, wide],
  ['celu', (x) => nd.celu(x, { alpha: 1.7 }), wide],
  ['softplus', (x) => nd.softplus(x), wide],
  ['softplus, steeper', (x) => nd.softplus(x, { beta: 2, threshold: 5 }), wide],
  ['logsigmoid', nd.logsigmoid, wide],
  ['silu', nd.silu, wide],
  ['mish', nd.mish, wide],
  ['softsign', nd.softsign, wide],
  ['gelu by tanh', (x) => nd.gelu(x, { approximate: 'tanh' }), wide],
  ['glu', (x) => nd.glu(x, { dim: -1 }), () => between(-2, 2, [3, 6])],
  ['sum', (x) => [nd.sum(x), nd.sum(x, { dim: 1 }), nd.sum(x, { dim: [0, 2], keepdim: true })], anywhere],
  ['mean', (x) => [nd.mean(x), nd.mean(x, { dim: [1, 2] }), nd.mean(x, { dim: 0, keepdim: true })], anywhere],
  ['extremes', (x) => [nd.amax(x, { dim: 1 }), nd.amin(x, { dim: [0, 1] }), nd.max(x), nd.min(x)], anywhere],
  ['max along a dim', (x) => ({ ...nd.max(x, { dim: 1 }) }), anywhere],
  ['min along a dim', (x) => ({ ...nd.min(x, { dim: -1, keepdim: true }) }), anywhere],
  ['argmax', (x) => [nd.argmax(x, { dim: 1 }), nd.argmin(x, { dim: 2, keepdim: true }), nd.argmax(x)], anywhere],
  [
    'any and all',
    (x) => [nd.any(x, { dim: 1 }), nd.all(x, { dim: 1 })],
    () =>
      tensor([
        [0, 2],
        [0, 0],
        [1, 3],
      ]),
  ],
  ['prod', (x) => nd.prod(x, { dim: 1 }), anywhere],
  ['cumsum', (x) => nd.cumsum(x, 1), anywhere],
  ['variance', (x) => [nd.variance(x, { dim: 1 }), nd.std(x, { dim: [1, 2], correction: 0 })], anywhere],
  ['norm', (x) => [2, 1, 0, 3, Infinity].map((p) => nd.norm(x, { p, dim: 1 })), anywhere],
  ['softmax', (x) => [nd.softmax(x, 1), nd.logSoftmax(x, -1)], anywhere],
  ['logsumexp', (x) => nd.logsumexp(x, [1, 2], { keepdim: true }), anywhere],
  ['sort', (x) => ({ ...nd.sort(x, { dim: 1, descending: true }) }), anywhere],
  ['topk', (x) => ({ ...nd.topk(x, 2, { largest: false }) }), anywhere],
  ['matmul', nd.matmul, anywhere, () => between(-1, 1, [4, 5, 2])],
  ['matmul, broadcast', (x) => nd.matmul(x, nd.linspace(0, 1, 10).reshape([5, 2])), anywhere],
  ['einsum', (x) => nd.einsum('nij,nkj->nik', x, x), anywhere],
  ['reshape', (x) => [nd.reshape(x, [x.shape[0]!, -1]), nd.reshape(x, [-1]), nd.unsqueeze(x, 1)], anywhere],
  ['reshape to two sizes that depend on the batch', (x) => nd.unsqueeze(nd.matmul(x, nd.t(x)), 1), row],
  ['permute', (x) => [nd.permute(x, [2, 0, 1]), nd.transpose(x, 0, 1), nd.mT(x)], anywhere],
  ['narrow', (x) => [nd.narrow(x, 1, 1, 2), nd.select(x, 2, -1), nd.select(x, 0, 1)], anywhere],
  ['split', (x) => [...nd.split(x, 2, { dim: 2 }), ...nd.unbind(x, { dim: 1 })], anywhere],
  ['expand', (x) => [nd.expand(x, [2, -1, -1, -1]), nd.expand(nd.narrow(x, 1, 0, 1), [-1, 6, -1])], anywhere],
  ['repeat', (x) => nd.repeat(x, [1, 2, 3]), anywhere],
  ['flip', (x) => [nd.flip(x, [1, 2]), nd.roll(x, 2, { dims: 1 })], anywhere],
  ['cat', (x) => [nd.cat([x, nd.mul(x, 2)], { dim: 1 }), nd.cat([x, x]), nd.stack([x, x], { dim: -1 })], anywhere],
  ['diagonal', (x) => [-1, 0, 2].map((offset) => nd.diagonal(x, { offset, dim1: 1, dim2: 2 })), anywhere],
  ['diag', (x) => [1, -2].map((diagonal) => nd.diag(nd.select(nd.mean(x, { dim: 0 }), 0, 0), { diagonal })), anywhere],
  ['tril', (x) => [nd.tril(x), nd.triu(x, { diagonal: 1 })], anywhere],
  ['gather', (x, index) => nd.gather(x, 1, index), anywhere, () => nd.randint(3, [4, 2, 5])],
  ['indexSelect', (x) => nd.indexSelect(x, 1, tensor([2, 0, 0])), anywhere],
  ['takeAlongDim', (x) => nd.takeAlongDim(x, nd.argsort(x, { dim: 1 }), { dim: 1 }), anywhere],
  ['scatterAdd', (x, i) => nd.scatterAdd(nd.mul(x, 2), 1, i, x), anywhere, () => nd.randint(3, [4, 3, 5])],
  ['maskedFill', (x) => nd.maskedFill(x, nd.lt(x, 0), 7), anywhere],
  ['pad', (x) => [nd.pad(x, [1, 2, 0, 3]), nd.pad(x, [-1, 2], { value: 0.5 })], anywhere],
  ['pad, mirrored', (x) => [nd.pad(x, [1, 2], { mode: 'reflect' }), nd.pad(x, [2, 1], { mode: 'circular' })], anywhere],
  ['unfold', (x) => nd.unfold(x, [2, 3], { padding: 1, stride: [1, 2], dilation: [2, 1] }), image],
  ['fold', (x) => nd.fold(nd.unfold(x, 3, { stride: 2, padding: 1 }), [5, 6], 3, { stride: 2, padding: 1 }), image],
  ['conv1d', (x, weight) => nd.conv1d(x, weight, { padding: 2, dilation: 2 }), anywhere, () => randn([6, 3, 2])],
  ['conv2d', (x, weight, bias) => nd.conv2d(x, weight, { bias }), image, () => randn([4, 3, 2, 2]), () => randn([4])],
  ['conv2d by itself', (x) => nd.conv2d(x, nd.narrow(x, 0, 0, 1), { padding: 'same' }), image],
  ['convTranspose2d', (x, w) => nd.convTranspose2d(x, w, { stride: 2 }), image, () => randn([3, 2, 3, 2])],
  ['maxPool1d', (x) => nd.maxPool1d(x, 2, { stride: 1, ceilMode: true }), anywhere],
  [
    'maxPool2d',
    (x) => [nd.maxPool2d(x, [2, 3], { stride: 2, padding: 1 }), nd.maxPool2d(x, 3, { ceilMode: true })],
    image,
  ],
  ['maxPool2d of one image', (x) => nd.maxPool2d(nd.select(x, 0, 0), 2), image],
  [
    'adaptiveMaxPool2d',
    (x) =>
      [
        [3, 4],
        [1, 1],
        [5, 2],
      ].map((size) => nd.adaptiveMaxPool2d(x, size)),
    image,
  ],
  ['avgPool', (x) => [nd.avgPool2d(x, 2), nd.avgPool1d(nd.select(x, 2, 0), 3, { padding: 1 })], image],
  ['adaptiveAvgPool2d', (x) => [nd.adaptiveAvgPool2d(x, 1), nd.adaptiveAvgPool2d(x, [2, null])], image],
  ['batchNorm', (x) => nd.batchNorm(x, null, null, { training: true }), image],
  [
    'batchNorm by given numbers',
    (x) => nd.batchNorm(x, tensor([1, 2, 3]), tensor([0.5, 2, 1e-6]), { eps: 0.1 }),
    image,
  ],
  ['layerNorm', (x) => nd.layerNorm(x, [5, 6], { eps: 0.01 }), image],
  ['groupNorm', (x) => nd.groupNorm(x, 3, { weight: tensor([1, 2, 3]), bias: tensor([3, 2, 1]) }), image],
  ['instanceNorm', (x) => nd.instanceNorm(x, { weight: tensor([1, 2, 3]) }), image],
  ['localResponseNorm', (x) => nd.localResponseNorm(x, 2), image],
  ['interpolate', (x) => [nd.interpolate(x, { scaleFactor: 2 }), nd.interpolate(x, { size: [3, 4] })], image],
  ['interpolate, bilinear', (x) => nd.interpolate(x, { size: [7, 9], mode: 'bilinear' }), image],
];

function both(): [() => Tensor, () => Tensor] {
  return [() => tensor([[1, 2, 3]]), () => tensor([[2, 2, 2]])];
}

function image(): Tensor {
  return randn([2, 3, 5, 6]);
}

function row(): Tensor {
  return nd.linspace(0, 1, 4).reshape([1, 4]);
}

/** Without kernels for doubles in ONNX Runtime. */
const singles: Case[] = [
  ['asin', nd.asin, inside],
  ['acos', nd.acos, inside],
  ['atan', nd.atan, anywhere],
  ['erf', nd.erf, anywhere],
  ['gelu', (x) => nd.gelu(x), wide],
];

it.each(singles)('%s is computed in float32 as here', async (_, f, ...inputs) => {
  await expectSame(
    new Computes(f),
    inputs.map((make) => make()),
  );
});

describe.each(['float32', 'float64'] as const)('in %s', (dtype) => {
  it.each(cases)('%s is computed as here', async (_, f, ...inputs) => {
    manualSeed(1);
    const [example, other] = [inputs.map((make) => make()), inputs.map((make) => make())];
    await expectSame(new Computes(f), example, { dtype, others: [other] });
  });
});
