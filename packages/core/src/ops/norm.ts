import { ArgumentError, ShapeError } from '../errors.ts';
import { withGrad } from '../gradMode.ts';
import { checkInteger, checkNumber, describe, readOptions } from '../options.ts';
import { formatShape, numelOf, type Shape, sameShape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sumTo } from './broadcast.ts';
import { checkMutable } from './checks.ts';
import { add_, mul_ } from './inplace.ts';
import { pad } from './pad.ts';
import { add, clone, div, mul, neg, pow, sqrt, square } from './pointwise.ts';
import { avgPool2d } from './pool.ts';
import { mean } from './reduce.ts';
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

/** What an input is normalised by, and what is left of it without the mean. */
interface Moments {
  mean: Tensor;
  /** Divided by n. */
  variance: Tensor;
  centred: Tensor;
}

/** Means and variances over the dims that have size 1 in `shape`, which is theirs. */
function momentsOf(x: Tensor, shape: Shape): Moments {
  const n = x.numel() / numelOf(shape);
  const mean = div(sumTo(x, shape), n);
  const centred = minus(x, mean);
  return { mean, variance: div(sumTo(square(centred), shape), n), centred };
}

/** x − mean, with a gradient that is summed before its sign is changed, not after. */
const minus = (x: Tensor, mean: Tensor): Tensor => add(x, neg(mean));

/** (x − mean) / √(variance + eps) · weight + bias, with weight and bias shown as `shape`. */
function normalized(
  { variance, centred }: Moments,
  { weight, bias, eps }: Required<NormOptions>,
  shape: Shape,
): Tensor {
  const inverse = div(1, sqrt(add(variance, eps)));
  const y = mul(centred, weight === null ? inverse : mul(inverse, reshape(weight, shape)));
  return bias === null ? y : add(y, reshape(bias, shape));
}

/** [1, channels, 1, …]: what broadcasts along the channels of x. */
const alongChannels = (x: Tensor): number[] => x.shape.map((size, d) => (d === 1 ? size : 1));

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

  const shape = alongChannels(input);
  let moments: Moments;
  if (training) {
    moments = momentsOf(input, shape);
    move(name, runningMean, runningVar, moments, input.numel() / channels, momentum);
  } else {
    moments = runningMoments(name, input, runningMean, runningVar, shape);
  }
  return normalized(moments, { weight, bias, eps }, shape);
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
  const moments = momentsOf(
    input,
    input.shape.map((size, d) => (d < lead ? size : 1)),
  );
  return normalized(moments, { weight, bias, eps }, normalizedShape);
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
  const n = input.shape[0]!;
  const pixels = numelOf(input.shape.slice(2));
  const groups = reshape(input, [n, numGroups, channels / numGroups, pixels]);
  const moments = momentsOf(groups, [n, numGroups, 1, 1]);
  return reshape(normalized(moments, { weight, bias, eps }, [numGroups, channels / numGroups, 1]), input.shape);
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
  const shape = alongChannels(input);
  let moments: Moments;
  if (useInputStats) {
    const pixels = numelOf(input.shape.slice(2));
    checkSeveral(name, input, pixels);
    moments = momentsOf(input, [input.shape[0]!, ...shape.slice(1)]);
    if (input.numel() > 0) move(name, runningMean, runningVar, moments, pixels, momentum);
  } else {
    moments = runningMoments(name, input, runningMean, runningVar, shape);
  }
  return normalized(moments, { weight, bias, eps }, shape);
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

function runningMoments(
  operation: string,
  input: Tensor,
  runningMean: Tensor | null,
  runningVar: Tensor | null,
  shape: Shape,
): Moments {
  if (runningMean === null || runningVar === null) {
    throw new ArgumentError(
      `${operation}: runningMean and runningVar are needed where the input's statistics are not used`,
    );
  }
  const mean = reshape(runningMean.detach(), shape);
  return { mean, variance: reshape(runningVar.detach(), shape), centred: minus(input, mean) };
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
    const target = mean(reshape(batch, [batch.shape[0]!, batch.shape[1]!]), { dim: 0 });
    add_(mul_(running, 1 - momentum), mul(target, momentum));
  };
  withGrad(false, () => {
    towards(runningMean, moments.mean);
    towards(runningVar, mul(moments.variance, n / (n - 1)));
  });
}
