import './methods.ts';

// Tensors: what they are, and how they are made
export {
  type At,
  latestId,
  type NestedArray,
  type Node,
  type Op,
  type Rule,
  type Scattered,
  Tensor,
  type TensorLike,
} from './tensor.ts';
export {
  arange,
  bernoulli,
  type DrawOptions,
  empty,
  emptyLike,
  eye,
  fromArray,
  full,
  fullLike,
  linspace,
  ones,
  onesLike,
  rand,
  randint,
  randLike,
  randn,
  randnLike,
  randperm,
  resident,
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './create.ts';

// Randomness
export { defaultGenerator, Generator, type GeneratorState, livingGenerators, manualSeed } from './random.ts';
export * from './ops/sampling.ts';

// Operations, element by element
export * from './ops/pointwise.ts';
export * from './ops/rounding.ts';
export * from './ops/logic.ts';
export * from './ops/activation.ts';

// Operations that sum up
export * from './ops/reduce.ts';
export * from './ops/cumulative.ts';
export * from './ops/statistics.ts';
export * from './ops/vectorNorm.ts';
export * from './ops/softmax.ts';

// Products
export * from './ops/matmul.ts';
export { einsum } from './ops/einsum.ts';
export * from './ops/conv.ts';

// Views, indexing, rearranging
export * from './ops/view.ts';
export { broadcastTo, expand } from './ops/broadcast.ts';
export * from './ops/split.ts';
export * from './ops/join.ts';
export * from './ops/indexing.ts';
export * from './ops/sorting.ts';
export * from './ops/rearrange.ts';
export * from './ops/diagonal.ts';
export * from './ops/pad.ts';
export { fold, type UnfoldOptions, unfold } from './ops/unfold.ts';

// Pooling, normalisation
export * from './ops/pool.ts';
export * from './ops/interpolate.ts';
export * from './ops/norm.ts';
export type { Sizes } from './ops/window.ts';

// In place, and comparison of whole tensors
export * from './ops/inplace.ts';
export { allclose, type Closeness, equal } from './ops/compare.ts';

// Gradients
export { type BackwardOptions, backward, forgetGrad, type GradOptions, grad } from './autograd.ts';
export { enableGrad, isGradEnabled, noGrad } from './gradMode.ts';
export {
  type GradcheckOptions,
  gradcheck,
  gradgradcheck,
  type NumericalGradientOptions,
  numericalGradient,
} from './gradcheck.ts';

// Operations of one's own
export { type OpFunction, type OpSpec, op } from './op.ts';

// What runs the kernels, and where the time goes
export { type Backend, backend } from './kernels/backend.ts';
export { type AnomalyOptions, detectAnomaly } from './anomaly.ts';
export { type Anomaly, AnomalyError, type Given, type Suspect } from './anomalyError.ts';
export { dryRun } from './dryRun.ts';
export { type KernelTime, type Profile, profile } from './profile.ts';

// Errors
export { ArgumentError, DimError, GradError, IndexError, NdgradError, ShapeError } from './errors.ts';

// For packages on top: kernels, options, checks and shapes as the operations here use them
export type { Kernel, Nd } from './kernels/kernel.ts';
export { launch } from './kernels/launch.ts';
export { formatRange, type Range, rangeOf } from './kernels/range.ts';
export { Loan, openLoan, within } from './memory.ts';
export { type Applied, type OpObserver, observeOps } from './op.ts';
export { type AdamStep, adam } from './kernels/adam.ts';
export { flat, type SgdStep, sgdMomentum } from './kernels/updates.ts';
export { checkIndices } from './ops/checks.ts';
export { affineMap, linearMap } from './ops/linear.ts';
export { softmaxLoss } from './ops/softmaxLoss.ts';
export {
  checkChoice,
  checkInteger,
  checkNumber,
  checkProbability,
  describe,
  nearest,
  readOptions,
} from './options.ts';
export { currentScope, enterScope, formatScope, runThen, type Scope } from './scope.ts';
export { broadcastShapes, checkShape, formatShape, normalizeDim, numelOf, type Shape, sameShape } from './shape.ts';
