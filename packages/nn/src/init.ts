import {
  ArgumentError,
  add,
  checkChoice,
  checkInteger,
  checkNumber,
  checkProbability,
  copy_,
  defaultGenerator,
  normal_ as drawNormal,
  uniform_ as drawUniform,
  erf,
  eye,
  fill_,
  formatShape,
  type Generator,
  maximum,
  minimum,
  mT,
  mul,
  noGrad,
  randn,
  randperm,
  readOptions,
  reshape,
  ShapeError,
  select,
  type Tensor,
  where,
  zero_,
  zeros,
} from '@ndgrad/core';
import { erfinv } from './erfinv.ts';
import { orthonormal } from './orthonormal.ts';

// Initial values, drawn as PyTorch draws them, number for number. Each function fills the tensor in place, whether it
// wants a gradient or not, and returns it.

/** What follows a layer, which decides how large its weights should be. */
export type Nonlinearity = (typeof nonlinearities)[number];
const nonlinearities = [
  'linear',
  'conv1d',
  'conv2d',
  'conv3d',
  'conv_transpose1d',
  'conv_transpose2d',
  'conv_transpose3d',
  'sigmoid',
  'tanh',
  'relu',
  'leaky_relu',
  'selu',
] as const;

/** Which number of connections keeps its variance: those coming in (forward) or those going out (backward). */
export type FanMode = 'fan_in' | 'fan_out';

/**
 * The factor by which a nonlinearity shrinks what passes it, to be made up for by the weights: 1 for linear layers and
 * sigmoid, 5/3 for tanh, √2 for relu, √(2/(1 + slope²)) for leaky_relu, 3/4 for selu.
 * @param options param the negative slope of leaky_relu (default 0.01)
 * @see PyTorch `nn.init.calculate_gain`
 */
export function calculateGain(nonlinearity: Nonlinearity, options?: { param?: number | null }): number {
  const { param } = readOptions('calculateGain', options, { param: null as number | null });
  checkChoice('calculateGain', 'nonlinearity', nonlinearity, nonlinearities);
  switch (nonlinearity) {
    case 'tanh':
      return 5 / 3;
    case 'relu':
      return Math.sqrt(2);
    case 'leaky_relu': {
      const slope = param ?? 0.01;
      checkNumber('calculateGain', 'param', slope);
      return Math.sqrt(2 / (1 + slope ** 2));
    }
    case 'selu':
      return 3 / 4;
    default:
      return 1;
  }
}

/** Uniform on [a, b) (default [0, 1)). */
export function uniform_<T extends Tensor>(tensor: T, options?: { a?: number; b?: number; generator?: Generator }): T {
  const { a, b, generator } = readOptions('init.uniform_', options, { a: 0, b: 1, generator: defaultGenerator });
  noGrad(() => drawUniform(tensor, { from: a, to: b, generator }));
  return tensor;
}

/** Normal (default mean 0, std 1). */
export function normal_<T extends Tensor>(
  tensor: T,
  options?: { mean?: number; std?: number; generator?: Generator },
): T {
  const drawn = readOptions('init.normal_', options, { mean: 0, std: 1, generator: defaultGenerator });
  noGrad(() => drawNormal(tensor, drawn));
  return tensor;
}

/** What `truncNormal_` takes: the normal distribution, and the interval that it is cut to. */
export interface TruncNormalOptions {
  /** Default 0. */
  mean?: number;
  /** Default 1. */
  std?: number;
  /** Default −2. */
  a?: number;
  /** Default 2. */
  b?: number;
  generator?: Generator;
}

const truncNormalDefaults: Required<TruncNormalOptions> = {
  mean: 0,
  std: 1,
  a: -2,
  b: 2,
  generator: defaultGenerator,
};

/**
 * Normal, cut to [a, b]: the inverse of the distribution function, of uniform numbers between its values at a and b.
 * @see PyTorch `nn.init.trunc_normal_`
 */
export function truncNormal_<T extends Tensor>(tensor: T, options?: TruncNormalOptions): T {
  const { mean, std, a, b, generator } = readOptions('truncNormal_', options, truncNormalDefaults);
  checkNumber('truncNormal_', 'mean', mean);
  checkNumber('truncNormal_', 'std', std, { test: (v) => v > 0, must: 'be above 0' });
  checkNumber('truncNormal_', 'a', a);
  checkNumber('truncNormal_', 'b', b, { test: (v) => v >= a, must: `be at least a (${a})` });
  // 2Φ(x) − 1 = erf(x/√2)
  const [from, to] = [a, b].map((x) => {
    const phi = (1 + erf((x - mean) / std / Math.SQRT2).item()) / 2;
    return 2 * phi - 1;
  }) as [number, number];
  noGrad(() => {
    const normal = erfinv(drawUniform(zeros(tensor.shape), { from, to, generator }));
    copy_(tensor, minimum(maximum(add(mul(normal, std * Math.SQRT2), mean), a), b));
  });
  return tensor;
}

/** `value` everywhere. */
export function constant_<T extends Tensor>(tensor: T, value: number): T {
  noGrad(() => fill_(tensor, value));
  return tensor;
}

/** Ones. */
export const ones_ = <T extends Tensor>(tensor: T): T => constant_(tensor, 1);

/** Zeros. */
export const zeros_ = <T extends Tensor>(tensor: T): T => constant_(tensor, 0);

interface Fans {
  /** size(1) · receptive field: how many numbers go into one output. */
  fanIn: number;
  /** size(0) · receptive field: to how many outputs one number goes. */
  fanOut: number;
}

function fansOf(operation: string, tensor: Tensor): Fans {
  if (tensor.ndim < 2) {
    throw new ShapeError(
      `${operation}: fan in and fan out need at least 2 dimensions, got ${formatShape(tensor.shape)}; ` +
        'use uniform_ or normal_',
    );
  }
  const field = tensor.shape.slice(2).reduce((a, b) => a * b, 1);
  return { fanIn: tensor.shape[1]! * field, fanOut: tensor.shape[0]! * field };
}

/** √(2 / (fan in + fan out)) */
function xavierStd(operation: string, tensor: Tensor, gain: number): number {
  checkNumber(operation, 'gain', gain);
  const { fanIn, fanOut } = fansOf(operation, tensor);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

const xavierDefaults = { gain: 1, generator: defaultGenerator };

/**
 * Uniform on ±gain · √(6 / (fan in + fan out)) (default gain 1): keeps the variance on the way forward and backward
 * through linear layers (Glorot & Bengio, 2010).
 * @see PyTorch `nn.init.xavier_uniform_`
 */
export function xavierUniform_<T extends Tensor>(tensor: T, options?: { gain?: number; generator?: Generator }): T {
  const { gain, generator } = readOptions('xavierUniform_', options, xavierDefaults);
  const bound = Math.sqrt(3) * xavierStd('xavierUniform_', tensor, gain);
  return uniform_(tensor, { a: -bound, b: bound, generator });
}

/**
 * Normal with std gain · √(2 / (fan in + fan out)) (default gain 1).
 * @see Glorot & Bengio (2010); PyTorch `nn.init.xavier_normal_`
 */
export function xavierNormal_<T extends Tensor>(tensor: T, options?: { gain?: number; generator?: Generator }): T {
  const { gain, generator } = readOptions('xavierNormal_', options, xavierDefaults);
  return normal_(tensor, { std: xavierStd('xavierNormal_', tensor, gain), generator });
}

/** What the kaiming functions take. */
export interface KaimingOptions {
  /** The negative slope of a leaky_relu (default 0). */
  a?: number;
  /** Default 'fan_in'. */
  mode?: FanMode;
  /** Default 'leaky_relu', which with a = 0 is relu. */
  nonlinearity?: Nonlinearity;
  generator?: Generator;
}

const kaimingDefaults: Required<KaimingOptions> = {
  a: 0,
  mode: 'fan_in',
  nonlinearity: 'leaky_relu',
  generator: defaultGenerator,
};

/** gain / √fan */
function kaimingStd(operation: string, tensor: Tensor, { a, mode, nonlinearity }: Required<KaimingOptions>): number {
  checkChoice(operation, 'mode', mode, ['fan_in', 'fan_out']);
  const { fanIn, fanOut } = fansOf(operation, tensor);
  return calculateGain(nonlinearity, { param: a }) / Math.sqrt(mode === 'fan_in' ? fanIn : fanOut);
}

/**
 * Uniform on ±gain · √(3 / fan): keeps the variance through a network of (leaky) relu layers (He et al., 2015). An
 * empty tensor is left alone.
 * @see CS231n, "Neural networks, part 2"; PyTorch `nn.init.kaiming_uniform_`
 */
export function kaimingUniform_<T extends Tensor>(tensor: T, options?: KaimingOptions): T {
  const given = readOptions('kaimingUniform_', options, kaimingDefaults);
  if (tensor.numel() === 0) return tensor;
  const bound = Math.sqrt(3) * kaimingStd('kaimingUniform_', tensor, given);
  return uniform_(tensor, { a: -bound, b: bound, generator: given.generator });
}

/**
 * Normal with std gain / √fan. An empty tensor is left alone.
 * @see He et al. (2015); PyTorch `nn.init.kaiming_normal_`
 */
export function kaimingNormal_<T extends Tensor>(tensor: T, options?: KaimingOptions): T {
  const given = readOptions('kaimingNormal_', options, kaimingDefaults);
  if (tensor.numel() === 0) return tensor;
  return normal_(tensor, { std: kaimingStd('kaimingNormal_', tensor, given), generator: given.generator });
}

// Of a form

/** The identity matrix. @throws ShapeError unless the tensor is a matrix */
export function eye_<T extends Tensor>(tensor: T): T {
  const [n, m] = matrixSizes('eye_', tensor);
  noGrad(() => copy_(tensor, eye(n, { m })));
  return tensor;
}

/**
 * The kernels of a convolution that passes its channels on unchanged (as many as there are, in each group):
 * 1 in the middle of the kernel from channel i to channel i, 0 elsewhere.
 * @param options groups of channels (default 1)
 * @throws ShapeError unless the tensor has 3, 4 or 5 dimensions; ArgumentError where its first size is no multiple of
 *   `groups`
 * @see PyTorch `nn.init.dirac_`
 */
export function dirac_<T extends Tensor>(tensor: T, options?: { groups?: number }): T {
  const { groups } = readOptions('dirac_', options, { groups: 1 });
  if (tensor.ndim < 3 || tensor.ndim > 5) {
    throw new ShapeError(`dirac_: expected 3, 4 or 5 dimensions, got ${formatShape(tensor.shape)}`);
  }
  checkInteger('dirac_', 'groups', groups, 1);
  const [out, inputs, ...field] = tensor.shape as [number, number, ...number[]];
  if (out % groups !== 0) {
    throw new ArgumentError(`dirac_: the first size must be divisible by groups: ${out} by ${groups} is not whole`);
  }
  const middle = field.map((size) => Math.floor(size / 2));
  const perGroup = out / groups;
  noGrad(() => {
    zero_(tensor);
    for (let channel = 0; channel < out; channel++) {
      const input = channel % perGroup;
      if (input < inputs)
        fill_(
          [channel, input, ...middle].reduce<Tensor>((x, i) => select(x, 0, i), tensor),
          1,
        );
    }
  });
  return tensor;
}

/**
 * gain · Q of a matrix of normal numbers, Q having orthonormal rows or columns, whichever are fewer; dims after the
 * first count as one. An empty tensor is left alone.
 * @param options gain (default 1)
 * @throws ShapeError for fewer than two dimensions
 * @see Saxe et al. (2013); PyTorch `nn.init.orthogonal_`
 */
export function orthogonal_<T extends Tensor>(tensor: T, options?: { gain?: number; generator?: Generator }): T {
  const { gain, generator } = readOptions('orthogonal_', options, { gain: 1, generator: defaultGenerator });
  checkNumber('orthogonal_', 'gain', gain);
  if (tensor.ndim < 2) {
    throw new ShapeError(`orthogonal_: expected at least 2 dimensions, got ${formatShape(tensor.shape)}`);
  }
  if (tensor.numel() === 0) return tensor;
  const rows = tensor.shape[0]!;
  noGrad(() => {
    const drawn = randn([rows, tensor.numel() / rows], { generator });
    const q = rows < drawn.shape[1]! ? mT(orthonormal(mT(drawn))) : orthonormal(drawn);
    copy_(tensor, reshape(mul(q, gain), tensor.shape));
  });
  return tensor;
}

/**
 * Normal numbers (default std 0.01), of which a fraction `sparsity` of each column, rounded up, is set to 0.
 * @throws ShapeError unless the tensor is a matrix; ArgumentError for a sparsity outside [0, 1]
 * @see Martens (2010); PyTorch `nn.init.sparse_`
 */
export function sparse_<T extends Tensor>(
  tensor: T,
  sparsity: number,
  options?: { std?: number; generator?: Generator },
): T {
  const { std, generator } = readOptions('sparse_', options, { std: 0.01, generator: defaultGenerator });
  const [rows, columns] = matrixSizes('sparse_', tensor);
  checkProbability('sparse_', 'sparsity', sparsity);
  normal_(tensor, { std, generator });
  const dropped = zeros([rows, columns]);
  for (let column = 0; column < columns; column++) {
    const order = randperm(rows, { generator }).toArray();
    for (const row of order.subarray(0, Math.ceil(sparsity * rows))) dropped.ndarray.set(row, column, 1);
  }
  noGrad(() => copy_(tensor, where(dropped, 0, tensor)));
  return tensor;
}

function matrixSizes(operation: string, tensor: Tensor): [rows: number, columns: number] {
  if (tensor.ndim !== 2) throw new ShapeError(`${operation}: expected a matrix, got ${formatShape(tensor.shape)}`);
  return tensor.shape as readonly number[] as [number, number];
}
