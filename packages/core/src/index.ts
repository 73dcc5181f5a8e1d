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
export { type OpFunction, type OpSpec, op } from './op.ts';
export { expand } from './ops/broadcast.ts';
export { allclose, type Closeness, equal } from './ops/compare.ts';
export * from './ops/indexing.ts';
export * from './ops/inplace.ts';
export * from './ops/join.ts';
export * from './ops/matmul.ts';
// Operations
export * from './ops/pointwise.ts';
export * from './ops/reduce.ts';
export * from './ops/softmax.ts';
export * from './ops/view.ts';
// Randomness
export { defaultGenerator, Generator, type GeneratorState, manualSeed } from './random.ts';
export type { Shape } from './shape.ts';
// Tensors
export { type At, type NestedArray, type Node, type Op, type Rule, Tensor, type TensorLike } from './tensor.ts';
