import { backprop } from './01-backprop.ts';
import { gradientDescent } from './02-gradient-descent.ts';
import { linearClassifier } from './03-linear-classifier.ts';
import { spiralArms } from './04-spiral.ts';
import { handwriting } from './05-mnist.ts';

/** The course in its order. */
export const course = [backprop, gradientDescent, linearClassifier, spiralArms, handwriting];

/** What `pnpm train` runs when no example is named. */
export const defaultLesson = handwriting;
