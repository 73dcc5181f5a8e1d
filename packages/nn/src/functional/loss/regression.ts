import { abs, checkNumber, ge, le, lt, mul, op, readOptions, square, sub, type Tensor, where } from '@ndgrad/core';
import { checkBroadcast } from './checks.ts';
import { type ReductionOptions, reduced, reductionDefaults } from './reduction.ts';

// Input and target are broadcast; d is their difference, input − target.

function difference(operation: string, input: Tensor, target: Tensor): Tensor {
  checkBroadcast(operation, input, target);
  return sub(input, target);
}

/** d². @see PyTorch `nn.functional.mse_loss` */
export function mseLoss(input: Tensor, target: Tensor, options?: ReductionOptions): Tensor {
  const { reduction } = readOptions('mseLoss', options, reductionDefaults);
  return reduced('mseLoss', square(difference('mseLoss', input, target)), reduction);
}

/** |d|; its gradient at 0 is 0. @see PyTorch `nn.functional.l1_loss` */
export function l1Loss(input: Tensor, target: Tensor, options?: ReductionOptions): Tensor {
  const { reduction } = readOptions('l1Loss', options, reductionDefaults);
  return reduced('l1Loss', abs(difference('l1Loss', input, target)), reduction);
}

/** What `smoothL1Loss` takes. */
export interface SmoothL1LossOptions extends ReductionOptions {
  /** Where the parabola ends and |d| goes on (default 1). */
  beta?: number;
}

/** What `huberLoss` takes. */
export interface HuberLossOptions extends ReductionOptions {
  /** Where the parabola ends and delta · |d| goes on (default 1). */
  delta?: number;
}

export const smoothL1LossDefaults = { ...reductionDefaults, beta: 1 };
export const huberLossDefaults = { ...reductionDefaults, delta: 1 };

/** d² / 2 for |d| < bend, bend · |d| − bend² / 2 beyond. */
function bentParabola(d: Tensor, bend: number): Tensor {
  const size = abs(d);
  return where(lt(size, bend), mul(0.5, square(d)), mul(bend, sub(size, bend / 2)));
}

/** d / beta, cut off at ±1. At beta = 0 and d = 0 it is −1, whichever way round d is taken: PyTorch's convention. */
function slope(d: Tensor, beta: number): Tensor {
  return where(le(d, -beta), -1, where(ge(d, beta), 1, mul(d, beta === 0 ? 0 : 1 / beta)));
}

const smoothL1 = op({
  name: 'smoothL1Loss',
  inputs: ['input', 'target'],
  broadcastBefore: 0,
  forward: (input, target, { beta }: { beta: number }) => {
    const d = sub(input, target);
    return beta === 0 ? abs(d) : mul(bentParabola(d, beta), 1 / beta);
  },
  backward: {
    input: (g, { input, target, params: { beta } }) => mul(g, slope(sub(input, target), beta)),
    target: (g, { input, target, params: { beta } }) => mul(g, slope(sub(target, input), beta)),
  },
});

/**
 * d² / (2 beta) for |d| < beta, |d| − beta / 2 beyond; with a beta of 0 it is |d|.
 * @throws ArgumentError for a negative beta
 * @see Girshick (2015); PyTorch `nn.functional.smooth_l1_loss`
 */
export function smoothL1Loss(input: Tensor, target: Tensor, options?: SmoothL1LossOptions): Tensor {
  const { beta, reduction } = readOptions('smoothL1Loss', options, smoothL1LossDefaults);
  checkNumber('smoothL1Loss', 'beta', beta, { test: (value) => value >= 0, must: 'be at least 0' });
  return reduced('smoothL1Loss', smoothL1(input, target, { beta }), reduction);
}

/**
 * d² / 2 for |d| < delta, delta · (|d| − delta / 2) beyond.
 * @throws ArgumentError for a delta that is not greater than 0
 * @see Huber (1964); PyTorch `nn.functional.huber_loss`
 */
export function huberLoss(input: Tensor, target: Tensor, options?: HuberLossOptions): Tensor {
  const { delta, reduction } = readOptions('huberLoss', options, huberLossDefaults);
  checkNumber('huberLoss', 'delta', delta, { test: (value) => value > 0, must: 'be greater than 0' });
  return reduced('huberLoss', bentParabola(difference('huberLoss', input, target), delta), reduction);
}
