export {
  type BinaryCrossEntropyOptions,
  type BinaryCrossEntropyWithLogitsOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
} from './binary.ts';
export { type CrossEntropyOptions, crossEntropy, type NLLLossOptions, nllLoss } from './crossEntropy.ts';
export {
  type GaussianNLLLossOptions,
  gaussianNllLoss,
  type KLDivOptions,
  klDiv,
  type PoissonNLLLossOptions,
  poissonNllLoss,
} from './distribution.ts';
export {
  type CosineEmbeddingLossOptions,
  cosineEmbeddingLoss,
  type HingeEmbeddingLossOptions,
  hingeEmbeddingLoss,
  type TripletMarginLossOptions,
  tripletMarginLoss,
} from './embedding.ts';
export {
  type MarginRankingLossOptions,
  type MultiMarginLossOptions,
  marginRankingLoss,
  multilabelMarginLoss,
  multiMarginLoss,
  softMarginLoss,
} from './margin.ts';
export type { Reduction, ReductionOptions } from './reduction.ts';
export {
  type HuberLossOptions,
  huberLoss,
  l1Loss,
  mseLoss,
  type SmoothL1LossOptions,
  smoothL1Loss,
} from './regression.ts';
