import './methods.ts';

// Gradients
export { type BackwardOptions, backward, type GradOptions, grad } from './autograd.ts';
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
  type TensorData,
  type TensorOptions,
  tensor,
  zeros,
  zerosLike,
} from './create.ts';
// What runs the kernels
export { type Backend, backend } from './kernels/backend.ts';
export { type KernelTime, type Profile, profile } from './profile.ts';
// Errors
export { ArgumentError, DimError, GradError, IndexError, NdgradError, ShapeError } from './errors.ts';
export {
  type GradcheckOptions,
  gradcheck,
  gradgradcheck,
  type NumericalGradientOptions,
  numericalGradient,
} from './gradcheck.ts';
export { enableGrad, isGradEnabled, noGrad } from './gradMode.ts';
export { type Kernel, launch, type Nd } from './kernels/launch.ts';
export { type OpFunction, type OpSpec, op } from './op.ts';
export * from './ops/activation.ts';
export { broadcastTo, expand } from './ops/broadcast.ts';
export { allclose, type Closeness, equal } from './ops/compare.ts';
export * from './ops/conv.ts';
export * from './ops/cumulative.ts';
export * from './ops/diagonal.ts';
export { einsum } from './ops/einsum.ts';
export * from './ops/indexing.ts';
export * from './ops/inplace.ts';
export * from './ops/interpolate.ts';
export * from './ops/join.ts';
export * from './ops/logic.ts';
export * from './ops/matmul.ts';
export * from './ops/norm.ts';
export * from './ops/pad.ts';
// Operations
export * from './ops/pointwise.ts';
export * from './ops/pool.ts';
export * from './ops/rearrange.ts';
export * from './ops/reduce.ts';
export * from './ops/rounding.ts';
export * from './ops/sampling.ts';
export * from './ops/softmax.ts';
export * from './ops/sorting.ts';
export * from './ops/split.ts';
export * from './ops/statistics.ts';
export { fold, type UnfoldOptions, unfold } from './ops/unfold.ts';
export * from './ops/vectorNorm.ts';
export * from './ops/view.ts';
export type { Sizes } from './ops/window.ts';
// For packages on top: options, checks and shapes as the operations here read them
export { checkIndices } from './ops/checks.ts';
export {
  checkChoice,
  checkInteger,
  checkNumber,
  checkProbability,
  describe,
  nearest,
  readOptions,
} from './options.ts';
// Randomness
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from './random.ts';
export { broadcastShapes, checkShape, formatShape, normalizeDim, numelOf, type Shape, sameShape } from './shape.ts';
// Tensors
export { type At, type NestedArray, type Node, type Op, type Rule, Tensor, type TensorLike } from './tensor.ts';
