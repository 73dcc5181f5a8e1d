import { ones, zeros } from '../create.ts';
import { ArgumentError, ShapeError } from '../errors.ts';
import { withGrad } from '../gradMode.ts';
import { launch } from '../kernels/launch.ts';
import type { NormParams } from '../kernels/norm.ts';
import * as kernels from '../kernels/norm.ts';
import { compute, op, unwritten } from '../op.ts';
import { checkInteger, checkNumber, describe, readOptions } from '../options.ts';
import { formatShape, numelOf, type Shape, sameShape } from '../shape.ts';
import type { Fused, Tensor } from '../tensor.ts';
import { expand, sumTo } from './broadcast.ts';
import { checkMutable } from './checks.ts';
import { add_, mul_ } from './inplace.ts';
import { pad } from './pad.ts';
import { add, clone, div, mul, neg, pow, sqrt, square, sub } from './pointwise.ts';
import { avgPool2d } from './pool.ts';
import { mean, sum } from './reduce.ts';
import { reshape, select } from './view.ts';

/** Options of `layerNorm` and `groupNorm`. */
export interface NormOptions {
  /** What the normalised input is multiplied by. */
  weight?: Tensor | null;
  /** What is added after that. */
  bias?: Tensor | null;
  /** Added to the variance (default 1e-5). */
  eps?: number;
}

/** Options of `batchNorm`. */
export interface BatchNormOptions extends NormOptions {
  /** Whether to normalise by the batch's statistics and move the running ones (default false: by the running ones). */
  training?: boolean;
  /** The share of the batch's statistics in the moved running ones (default 0.1). */
  momentum?: number;
}

/** Options of `instanceNorm`. */
export interface InstanceNormOptions extends NormOptions {
  /** Moved by the mean over the batch, `[channels]`. */
  runningMean?: Tensor | null;
  /** Moved by the unbiased variance, averaged over the batch, `[channels]`. */
  runningVar?: Tensor | null;
  /** Whether to normalise by each instance's statistics (default), or by the running ones. */
  useInputStats?: boolean;
  /** The share of the instances' statistics in the moved running ones (default 0.1). */
  momentum?: number;
}

/** Options of `localResponseNorm`. */
export interface LocalResponseNormOptions {
  /** Weight of the mean square (default 1e-4). */
  alpha?: number;
  /** The power (default 0.75). */
  beta?: number;
  /** Added to the mean square (default 1). */
  k?: number;
}

const normDefaults = { weight: null as Tensor | null, bias: null as Tensor | null, eps: 1e-5 };

// Normalisation sees x as [outer, kept, inner]: each of the kept has its own mean and variance, weight and bias, [kept].

interface Moments {
  mean: Tensor;
  /** Divided by n. */
  variance: Tensor;
}

/** Those of the input itself, as numbers: their dependence on it is the business of the rules. */
function momentsOf(x: Tensor): Moments {
  const [mean, variance] = [unwritten([x.shape[1]!]), unwritten([x.shape[1]!])];
  launch(kernels.moments, [mean, variance], [x], undefined);
  return { mean, variance };
}

/** As [1, kept, 1], which broadcasts over x. */
const around = (list: Tensor): Tensor => reshape(list, [1, list.numel(), 1]);

const sumAround = (x: Tensor): Tensor => sum(x, { dim: [0, 2] });

/** 1 / √(variance + eps) */
const inverseRoot = (variance: Tensor, eps: number): Tensor => div(1, sqrt(add(variance, eps)));

/** x − mean, with a gradient that is summed before its sign is changed, not after. */
const minus = (x: Tensor, mean: Tensor): Tensor => add(x, neg(mean));

/** (x − mean) / √(variance + eps), and the second factor, all computed from x so that they can be differentiated. */
function standardized(x: Tensor, eps: number) {
  const n = x.shape[0]! * x.shape[2]!;
  const shape = [1, x.shape[1]!, 1];
  const share = (part: Tensor): Tensor => div(sumTo(part, shape), n);
  const centred = minus(x, share(x));
  const inverse = inverseRoot(share(square(centred)), eps);
  return { y: mul(centred, inverse), inverse, share };
}

type NormInputs = 'x' | 'weight' | 'bias' | 'mean' | 'variance';

const normForward = (
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  mean: Tensor,
  variance: Tensor,
  params: NormParams,
): Tensor => compute(kernels.normalize, x.shape, [x, mean, variance, weight, bias], params);

/** All gradients from two passes. */
const normGradients: Fused<NormInputs, NormParams> = (g, { x, weight, mean, variance, params }) => {
  const [gx, gweight, gbias] = [unwritten(x.shape), unwritten(weight.shape), unwritten(weight.shape)];
  launch(kernels.normalizeGradient, [gx, gweight, gbias], [g, x, mean, variance, weight], params);
  return { x: gx, weight: gweight, bias: gbias };
};

const normInputs = ['x', 'weight', 'bias', 'mean', 'variance'] as const;

/** (x − mean) / √(variance + eps) · weight + bias, where mean and variance are those of x. */
const standardizeOp = op<typeof normInputs, NormParams>({
  name: 'standardize',
  inputs: normInputs,
  forward: normForward,
  backward: {
    x: (g, { x, weight, params }) => {
      const { y, inverse, share } = standardized(x, params.eps);
      const scaled = mul(g, around(weight));
      return mul(inverse, sub(minus(scaled, share(scaled)), mul(y, share(mul(scaled, y)))));
    },
    weight: (g, { x, params }) => sumAround(mul(g, standardized(x, params.eps).y)),
    bias: sumAround,
    mean: null,
    variance: null,
  },
  fused: normGradients,
});

/** The same where mean and variance are given numbers. */
const normalizeOp = op<typeof normInputs, NormParams>({
  name: 'normalize',
  inputs: normInputs,
  forward: normForward,
  backward: {
    x: (g, { weight, variance, params }) => mul(g, around(mul(inverseRoot(variance, params.eps), weight))),
    weight: (g, { x, mean, variance, params }) =>
      mul(sumAround(mul(g, minus(x, around(mean)))), inverseRoot(variance, params.eps)),
    bias: sumAround,
    mean: null,
    variance: null,
  },
  fused: normGradients,
});

/** x · weight + bias by channel, for x [n, channels, pixels]. */
function scaledByChannel(x: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  if (weight === null && bias === null) return x;
  const channels = [x.shape[1]!];
  const [no, one] = [zeros(channels), ones(channels)];
  return normalizeOp(x, weight ?? one, bias ?? no, no, one, { eps: 0, isOwn: false });
}

/** [n, channels, …] as [n, channels, pixels] */
const flatPixels = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, x.shape[1]!, numelOf(x.shape.slice(2))]);

/**
 * Batch normalisation: y = (x − μ) / √(σ² + eps) · weight + bias, with the mean μ and the variance σ² (divided by n) of
 * each channel over the batch in training, the running ones else. In training the running ones, where given, are moved
 * in place: running ← (1 − momentum) · running + momentum · batch, with the unbiased variance (divided by n − 1).
 * @param input [n, channels, …]
 * @param runningMean [channels], or `null` for none
 * @param runningVar [channels], or `null` for none
 * @throws ShapeError where sizes do not fit, or in training with one value per channel, which has no variance;
 *   ArgumentError without running statistics when not training
 * @see Ioffe & Szegedy, 2015; CS231n, lecture 7; PyTorch `nn.functional.batch_norm`
 */
export function batchNorm(
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  options?: BatchNormOptions,
): Tensor {
  const name = 'batchNorm';
  const { weight, bias, training, momentum, eps } = readOptions(name, options, {
    ...normDefaults,
    training: false,
    momentum: 0.1,
  });
  checkNumber(name, 'eps', eps);
  checkNumber(name, 'momentum', momentum);
  if (input.numel() === 0) return emptyNorm(input, weight, bias);
  const channels = channelsOf(name, input);
  for (const [what, x] of Object.entries({ runningMean, runningVar, weight, bias }))
    checkVector(name, what, x, channels);
  if (training) checkSeveral(name, input, input.numel() / channels);

  const x = flatPixels(input);
  const moments = training ? momentsOf(x) : runningMoments(name, runningMean, runningVar);
  if (training) move(name, runningMean, runningVar, moments, input.numel() / channels, momentum);
  return reshape(normalizedBy(x, moments, weight, bias, { eps, isOwn: training }), input.shape);
}

/** By the moments of x itself, or by given ones. */
function normalizedBy(x: Tensor, moments: Moments, weight: Tensor | null, bias: Tensor | null, params: NormParams) {
  const kept = [x.shape[1]!];
  const operation = params.isOwn ? standardizeOp : normalizeOp;
  return operation(x, weight ?? ones(kept), bias ?? zeros(kept), moments.mean, moments.variance, params);
}

/** PyTorch leaves the running statistics alone, and connects nothing but the first weight and bias. */
function emptyNorm(input: Tensor, weight: Tensor | null, bias: Tensor | null): Tensor {
  const y = weight === null ? clone(input) : mul(input, select(weight, 0, 0));
  return bias === null ? y : add(y, select(bias, 0, 0));
}

/**
 * Layer normalisation: y = (x − μ) / √(σ² + eps) · weight + bias, with the mean and the variance over the last dims,
 * those of `normalizedShape`.
 * @param input [… , …normalizedShape]
 * @param normalizedShape a list of at least one size; `weight` and `bias` have this shape
 * @throws ShapeError where it is not the end of the input's shape, or not the shape of weight and bias
 * @see Ba, Kiros & Hinton, 2016; CS231n, lecture 7; PyTorch `nn.functional.layer_norm`
 */
export function layerNorm(input: Tensor, normalizedShape: Shape, options?: NormOptions): Tensor {
  const { weight, bias, eps } = readOptions('layerNorm', options, normDefaults);
  checkNumber('layerNorm', 'eps', eps);
  if (!Array.isArray(normalizedShape) || normalizedShape.length === 0) {
    throw new ArgumentError(
      `layerNorm: normalizedShape must be a list of at least one size, such as [16], got ${describe(normalizedShape)}`,
    );
  }
  const lead = input.ndim - normalizedShape.length;
  if (lead < 0 || !sameShape(input.shape.slice(lead), normalizedShape)) {
    throw new ShapeError(
      `layerNorm: the shape ${formatShape(input.shape)} does not end in normalizedShape ${formatShape(normalizedShape)}`,
    );
  }
  for (const [what, x] of Object.entries({ weight, bias })) {
    if (x === null || sameShape(x.shape, normalizedShape)) continue;
    throw new ShapeError(
      `layerNorm: ${what} must have the shape ${formatShape(normalizedShape)}, got ${formatShape(x.shape)}`,
    );
  }
  const x = reshape(input, [1, numelOf(input.shape.slice(0, lead)), numelOf(normalizedShape)]);
  const y = reshape(normalizedBy(x, momentsOf(x), null, null, { eps, isOwn: true }), input.shape);
  const scaled = weight === null ? y : mul(y, weight);
  return bias === null ? scaled : add(scaled, bias);
}

/**
 * Group normalisation: the channels are cut into `numGroups` groups, and each group of each example is normalised by
 * its own mean and variance; then y = x̂ · weight + bias by channel.
 * @param input [n, channels, …]
 * @param numGroups a divisor of the number of channels; `weight` and `bias` are `[channels]`
 * @throws ShapeError where sizes do not fit, or with one value per group, which has no variance
 * @see Wu & He, 2018; CS231n, lecture 7; PyTorch `nn.functional.group_norm`
 */
export function groupNorm(input: Tensor, numGroups: number, options?: NormOptions): Tensor {
  const { weight, bias, eps } = readOptions('groupNorm', options, normDefaults);
  checkNumber('groupNorm', 'eps', eps);
  checkInteger('groupNorm', 'numGroups', numGroups, 1);
  const channels = channelsOf('groupNorm', input);
  if (channels % numGroups !== 0) {
    throw new ShapeError(
      `groupNorm: the ${channels} channels of ${formatShape(input.shape)} can't be cut into ${numGroups} equal groups`,
    );
  }
  for (const [what, x] of Object.entries({ weight, bias })) checkVector('groupNorm', what, x, channels);
  checkSeveral('groupNorm', input, input.numel() / numGroups);
  const [n, pixels] = [input.shape[0]!, numelOf(input.shape.slice(2))];
  const groups = reshape(input, [1, n * numGroups, (channels / numGroups) * pixels]);
  const y = normalizedBy(groups, momentsOf(groups), null, null, { eps, isOwn: true });
  return reshape(scaledByChannel(reshape(y, [n, channels, pixels]), weight, bias), input.shape);
}

/**
 * Instance normalisation: each channel of each example is normalised by its own mean and variance (or, without
 * `useInputStats`, by the running ones); then y = x̂ · weight + bias by channel. The running statistics, where given,
 * are moved in place as by `batchNorm`, towards the mean over the batch.
 * @param input [n, channels, …]; the options' tensors are `[channels]`
 * @throws ShapeError where sizes do not fit, or with one value per channel, which has no variance; ArgumentError
 *   without running statistics when not `useInputStats`
 * @see Ulyanov, Vedaldi & Lempitsky, 2016; PyTorch `nn.functional.instance_norm`
 */
export function instanceNorm(input: Tensor, options?: InstanceNormOptions): Tensor {
  const name = 'instanceNorm';
  const { runningMean, runningVar, weight, bias, useInputStats, momentum, eps } = readOptions(name, options, {
    ...normDefaults,
    runningMean: null as Tensor | null,
    runningVar: null as Tensor | null,
    useInputStats: true,
    momentum: 0.1,
  });
  checkNumber(name, 'eps', eps);
  checkNumber(name, 'momentum', momentum);
  const channels = channelsOf(name, input);
  for (const [what, x] of Object.entries({ runningMean, runningVar, weight, bias }))
    checkVector(name, what, x, channels);
  const n = input.shape[0]!;
  if (!useInputStats) {
    const moments = runningMoments(name, runningMean, runningVar);
    return reshape(normalizedBy(flatPixels(input), moments, weight, bias, { eps, isOwn: false }), input.shape);
  }
  const pixels = numelOf(input.shape.slice(2));
  checkSeveral(name, input, pixels);
  const x = reshape(input, [1, n * channels, pixels]);
  const moments = momentsOf(x);
  if (input.numel() > 0) move(name, runningMean, runningVar, moments, pixels, momentum);
  const forEach = (list: Tensor | null) => list && reshape(expand(list, [n, channels]), [n * channels]);
  return reshape(normalizedBy(x, moments, forEach(weight), forEach(bias), { eps, isOwn: true }), input.shape);
}

/**
 * Local response normalisation: y = x / (k + alpha · m)^beta, with m the mean of x² over `size` neighbouring channels:
 * from ⌊size / 2⌋ before to ⌊(size − 1) / 2⌋ after, zeros beyond the first and the last.
 * @param input [n, channels, …] of at least three dims
 * @throws ShapeError for fewer dims; ArgumentError for a size below 1
 * @see Krizhevsky, Sutskever & Hinton, 2012, section 3.3; PyTorch `nn.functional.local_response_norm`
 */
export function localResponseNorm(input: Tensor, size: number, options?: LocalResponseNormOptions): Tensor {
  const name = 'localResponseNorm';
  const { alpha, beta, k } = readOptions(name, options, { alpha: 1e-4, beta: 0.75, k: 1 });
  for (const [what, value] of Object.entries({ alpha, beta, k })) checkNumber(name, what, value);
  checkInteger(name, 'size', size, 1);
  if (input.ndim < 3) {
    throw new ShapeError(`${name}: expected [n, channels, …] of at least three dims, got ${formatShape(input.shape)}`);
  }
  if (input.numel() === 0) return clone(input);
  const [n, channels] = input.shape as [number, number];
  const squares = reshape(square(input), [n, 1, channels, -1]);
  const padded = pad(squares, [0, 0, Math.floor(size / 2), Math.floor((size - 1) / 2)]);
  const means = reshape(avgPool2d(padded, [size, 1], { stride: 1 }), input.shape);
  return div(input, pow(add(mul(means, alpha), k), beta));
}

function channelsOf(operation: string, input: Tensor): number {
  if (input.ndim >= 2) return input.shape[1]!;
  throw new ShapeError(`${operation}: expected an input of shape [n, channels, …], got ${formatShape(input.shape)}`);
}

function checkVector(operation: string, name: string, x: Tensor | null, channels: number): void {
  if (x === null || sameShape(x.shape, [channels])) return;
  throw new ShapeError(
    `${operation}: ${name} must have one number for each channel, [${channels}], got ${formatShape(x.shape)}`,
  );
}

function checkSeveral(operation: string, input: Tensor, values: number): void {
  if (values !== 1) return;
  throw new ShapeError(
    `${operation}: expected more than 1 value to take a variance of, got an input of shape ${formatShape(input.shape)}`,
  );
}

function runningMoments(operation: string, runningMean: Tensor | null, runningVar: Tensor | null): Moments {
  if (runningMean === null || runningVar === null) {
    throw new ArgumentError(
      `${operation}: runningMean and runningVar are needed where the input's statistics are not used`,
    );
  }
  return { mean: runningMean.detach(), variance: runningVar.detach() };
}

/** Moves running statistics towards those of n values, averaged over the batch dim; nothing of it is recorded. */
function move(
  operation: string,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  moments: Moments,
  n: number,
  momentum: number,
): void {
  const towards = (running: Tensor | null, batch: Tensor) => {
    if (running === null) return;
    checkMutable(operation, running);
    const target = mean(reshape(batch, [batch.numel() / running.numel(), running.numel()]), { dim: 0 });
    add_(mul_(running, 1 - momentum), mul(target, momentum));
  };
  withGrad(false, () => {
    towards(runningMean, moments.mean);
    towards(runningVar, mul(moments.variance, n / (n - 1)));
  });
}
