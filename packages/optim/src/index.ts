// Clipping
export { type ClipGradNormOptions, clipGradNorm_, clipGradValue_ } from './clip.ts';
// Optimizers
export { Adadelta, type AdadeltaOptions } from './adadelta.ts';
export { Adagrad, type AdagradOptions } from './adagrad.ts';
export { Adam, type AdamOptions, AdamW } from './adam.ts';
export { Adamax, type AdamaxOptions } from './adamax.ts';
export { LBFGS, type LBFGSOptions } from './lbfgs.ts';
export { NAdam, type NAdamOptions } from './nadam.ts';
export {
  type GivenGroup,
  type LearningRate,
  Optimizer,
  type OptimizerSpec,
  type OptimizerStateDict,
  type ParamGroup,
  type Params,
} from './optimizer.ts';
export { RAdam, type RAdamOptions } from './radam.ts';
export { RMSprop, type RMSpropOptions } from './rmsprop.ts';
export { Rprop, type RpropOptions } from './rprop.ts';
// Schedules
export {
  ChainedScheduler,
  type ChainedSchedulerOptions,
  SequentialLR,
  type SequentialLROptions,
} from './schedules/combined.ts';
export {
  CosineAnnealingLR,
  type CosineAnnealingLROptions,
  CosineAnnealingWarmRestarts,
  type CosineAnnealingWarmRestartsOptions,
} from './schedules/cosine.ts';
export { CyclicLR, type CyclicLROptions } from './schedules/cyclic.ts';
export {
  ConstantLR,
  type ConstantLROptions,
  ExponentialLR,
  type ExponentialLROptions,
  LinearLR,
  type LinearLROptions,
  MultiStepLR,
  type MultiStepLROptions,
  PolynomialLR,
  type PolynomialLROptions,
  StepLR,
  type StepLROptions,
} from './schedules/decay.ts';
export { LambdaLR, type LambdaLROptions, MultiplicativeLR } from './schedules/lambda.ts';
export { OneCycleLR, type OneCycleLROptions } from './schedules/oneCycle.ts';
export { ReduceLROnPlateau, type ReduceLROnPlateauOptions } from './schedules/plateau.ts';
export {
  EpochScheduler,
  LRScheduler,
  type PerGroup,
  type SchedulerStateDict,
  schedulersOf,
} from './schedules/scheduler.ts';
export { SGD, type SGDOptions } from './sgd.ts';
export type { State, StateValue } from './state.ts';
