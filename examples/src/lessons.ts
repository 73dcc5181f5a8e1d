import { backprop } from './01-backprop.ts';
import { gradientDescent } from './02-gradient-descent.ts';
import { linearClassifier } from './03-linear-classifier.ts';
import { spiralArms } from './04-spiral.ts';
import { handwriting } from './05-mnist.ts';
import { lectureCircuits } from './10-circuits.ts';
import { scores } from './11-scores.ts';
import { twentyLines } from './12-twenty-lines.ts';
import { exclusiveOr } from './13-xor.ts';
import { toyNetwork } from './14-toy-net.ts';
import { chanceLoss } from './15-chance.ts';
import { overfitting } from './16-overfit.ts';
import { learningRates } from './17-learning-rates.ts';
import { initialWeights } from './20-init.ts';
import { vanishingGradients } from './21-vanishing.ts';
import { optimizerRace } from './22-race.ts';
import { schedules } from './23-schedules.ts';
import { batchNormalisation } from './24-batch-norm.ts';
import { dropoutLesson } from './25-dropout.ts';
import { regularisation } from './26-regularisation.ts';
import { hyperparameterSearch } from './27-search.ts';
import { ensembles } from './28-ensemble.ts';
import { convolution } from './40-convolution.ts';
import { volumes } from './41-volumes.ts';
import { smallDigits } from './42-digits.ts';
import { convnetMnist } from './43-convnet-mnist.ts';
import { fashionMnist } from './44-fashion-mnist.ts';
import { cifar } from './45-cifar10.ts';

/** The course in its order. */
export const course = [
  backprop,
  gradientDescent,
  linearClassifier,
  spiralArms,
  handwriting,
  lectureCircuits,
  scores,
  twentyLines,
  exclusiveOr,
  toyNetwork,
  chanceLoss,
  overfitting,
  learningRates,
  initialWeights,
  vanishingGradients,
  optimizerRace,
  schedules,
  batchNormalisation,
  dropoutLesson,
  regularisation,
  hyperparameterSearch,
  ensembles,
  convolution,
  volumes,
  smallDigits,
  convnetMnist,
  fashionMnist,
  cifar,
];

/** What `pnpm train` runs when no example is named. */
export const defaultLesson = handwriting;
