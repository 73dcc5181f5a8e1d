/**
 * Optimizers race down a narrow bowl and off a saddle: SGD, momentum, Nesterov, AdaGrad, RMSProp, Adam. CS231n, lecture 7.
 *   pnpm train race [--steps 100]
 *
 * The bowl is ½(x² + 50y²), from (−4, 1); the saddle x² − y², from (1, 10⁻⁴). Prints where each is after 1, 10 and 100
 * steps in the bowl, and the steps to leave the saddle (|y| > ½). A rate for each parameter of its own goes straight.
 */
import { type Tensor, tensor } from '@ndgrad/core';
import { Adagrad, Adam, type Optimizer, RMSprop, SGD } from '@ndgrad/optim';
import { amount, count, lesson, table } from 'ndgrad/command';

type Make = (w: Tensor, lr: number) => Optimizer;

/** Each with its learning rate in the bowl; on the saddle all have the same. */
const racers: Record<string, [rate: number, make: Make]> = {
  SGD: [0.03, (w, lr) => new SGD([w], { lr })],
  momentum: [0.003, (w, lr) => new SGD([w], { lr, momentum: 0.9 })],
  Nesterov: [0.003, (w, lr) => new SGD([w], { lr, momentum: 0.9, nesterov: true })],
  AdaGrad: [0.5, (w, lr) => new Adagrad([w], { lr, eps: 1e-8 })],
  RMSProp: [0.05, (w, lr) => new RMSprop([w], { lr })],
  Adam: [0.1, (w, lr) => new Adam([w], { lr })],
};
const bowl = (w: Tensor) =>
  w
    .square()
    .mul(tensor([0.5, 25]))
    .sum();
const saddle = (w: Tensor) =>
  w
    .square()
    .mul(tensor([1, -1]))
    .sum();

function path(f: (w: Tensor) => Tensor, start: readonly [number, number], make: Make, lr: number, steps: number) {
  const w = tensor(start, { requiresGrad: true });
  const optimizer = make(w, lr);
  const points = [start];
  for (let step = 0; step < steps; step++) {
    optimizer.zeroGrad();
    f(w).backward();
    optimizer.step();
    points.push(w.tolist() as unknown as [number, number]);
  }
  return points;
}

export const optimizerRace = lesson({
  name: 'race',
  summary: 'optimizers in a narrow bowl and on a saddle',
  options: { steps: count(100, 'steps in the bowl, at least 100') },
  goals: {
    'SGD in the bowl after 100 steps': amount({ min: 0.01808, max: 0.0181 }),
    'Adam in the bowl after 100 steps': amount({ max: 5e-4 }),
    'steps of RMSProp off the saddle': amount({ max: 17 }),
  },
  async run({ steps }, { print, report }) {
    const all = Object.entries(racers);
    const paths = all.map(([name, [lr, make]]) => [name, path(bowl, [-4, 1], make, lr, steps)] as const);
    const value = ([x, y]: readonly [number, number]) => 0.5 * (x * x + 50 * y * y);
    const at = (point: readonly number[]) => `(${point.map((v) => v.toPrecision(3)).join(', ')})`;
    const rows = paths.map(([name, points]) => {
      return [name, racers[name]![0], ...[1, 10, 100].map((step) => at(points[step]!)), value(points[100]!)];
    });
    print('Bowl', table(['', 'lr', 'after 1', 'after 10', 'after 100', 'f'], rows), '');
    const left = all.map(([name, [, make]]) => {
      const step = path(saddle, [1, 1e-4], make, 0.05, 300).findIndex(([, y]) => Math.abs(y) > 0.5);
      return [name, step === -1 ? 'more than 300' : step] as const;
    });
    print('Saddle, lr 0.05', table(['', 'steps until it is left'], left));
    const log = Object.fromEntries(paths.map(([name, points]) => [name, points.map(value)]));
    report?.lines('Height in the bowl', { series: log, x: 'step', y: '½(x² + 50y²)', logY: true });
    report?.lines('Ways through the bowl', { series: Object.fromEntries(paths), x: 'x', y: 'y' });
    return {
      'SGD in the bowl after 100 steps': log.SGD![100]!,
      'Adam in the bowl after 100 steps': log.Adam![100]!,
      'steps of RMSProp off the saddle': Number(Object.fromEntries(left).RMSProp),
    };
  },
});
