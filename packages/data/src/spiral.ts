import {
  add,
  cat,
  checkInteger,
  checkNumber,
  defaultGenerator,
  full,
  type Generator,
  type Kernel,
  launch,
  linspace,
  mul,
  randn,
  readOptions,
  type Tensor,
  zeros,
} from '@ndgrad/core';
import { TensorDataset } from './dataset.ts';

export interface SpiralOptions {
  /** Points on each arm (default 100). */
  pointsPerClass?: number;
  /** Arms (default 3). */
  classes?: number;
  /** Standard deviation of the angle, in radians (default 0.2). */
  noise?: number;
  /** Draws the noise (default: the one that `manualSeed` seeds). */
  generator?: Generator;
}

const threeArms = { pointsPerClass: 100, classes: 3, noise: 0.2, generator: defaultGenerator };

/**
 * The course's spiral: arm j has the points (r sin t, r cos t), with the radius r from 0 to 1 and the angle t from 4j to
 * 4(j + 1) radians plus noise. Inputs `[classes · pointsPerClass, 2]`, arm after arm; the targets are j.
 * @throws ArgumentError for fewer than one point or arm, and for noise that is no number of at least 0
 * @see CS231n, "Neural networks case study"
 */
export function spiral(options?: SpiralOptions): TensorDataset {
  const { pointsPerClass: n, classes, noise, generator } = readOptions('spiral', options, threeArms);
  checkInteger('spiral', 'pointsPerClass', n, 1);
  checkInteger('spiral', 'classes', classes, 1);
  checkNumber('spiral', 'noise', noise, { test: (v) => v >= 0, must: 'be a number of at least 0' });
  const arms = Array.from({ length: classes }, (_, j) => {
    const r = linspace(0, 1, n);
    const t = add(linspace(4 * j, 4 * (j + 1), n), mul(randn([n], { generator }), noise));
    return fromPolar(r, t); // [n, 2]
  });
  return new TensorDataset(cat(arms), cat(arms.map((_, j) => full([n], j))), { featureNames: ['x', 'y'] });
}

/** Points of the given radius and angle from the y-axis, `[n]` each: y[i] = (r sin t, r cos t). */
function fromPolar(r: Tensor, t: Tensor): Tensor {
  const points = zeros([r.numel(), 2]);
  launch(polar, [points], [r, t], undefined);
  return points;
}

const polar: Kernel = {
  name: 'polar',
  run: ([y], [r, t]) => {
    for (let i = 0; i < r!.shape[0]!; i++) {
      y!.set(i, 0, r!.get(i) * Math.sin(t!.get(i)));
      y!.set(i, 1, r!.get(i) * Math.cos(t!.get(i)));
    }
  },
};
