/**
 * Why backpropagation: the numerical gradient of a linear softmax classifier against the analytic one, as its
 * parameters grow. CS231n, lecture 3 (optimization).
 *   pnpm train gradient-descent [--rows 50 --classes 10 --largest 256 --lr 1 --steps 50 --seed 0]
 *
 * Prints agreement, evaluations and time for each size, then the loss of gradient descent by the one and by the other.
 */
import { manualSeed, noGrad, numericalGradient, randint, randn, type Tensor, zeros } from '@ndgrad/core';
import { functional as F } from '@ndgrad/nn';
import { amount, count, counted, duration, lesson, positive, seed, sparkline, table } from 'ndgrad/command';

/** The mean cross-entropy of the scores x·Wᵀ, as a function of W; the data are drawn at random. */
function randomProblem(rows: number, features: number, classes: number) {
  const x = randn([rows, features]);
  const y = randint(classes, [rows]);
  const weight = zeros([classes, features], { requiresGrad: true });
  return { weight, loss: counted((w: Tensor) => F.crossEntropy(F.linear(x, w), y)) };
}

function analyticGradient(loss: (w: Tensor) => Tensor, weight: Tensor): Tensor {
  weight.grad = null;
  loss(weight).backward();
  return weight.grad!;
}

function timed<T>(compute: () => T): { value: T; seconds: number } {
  const started = performance.now();
  const value = compute();
  return { value, seconds: (performance.now() - started) / 1000 };
}

const largest = (x: Tensor): number => x.abs().max().item();

export const gradientDescent = lesson({
  name: 'gradient-descent',
  summary: 'numerical against analytic gradient, as parameters grow',
  options: {
    rows: count(50, 'rows of random data'),
    classes: count(10, 'classes'),
    largest: count(256, 'features of the largest classifier; the others have 4 times fewer, and so on'),
    lr: positive(1, 'learning rate'),
    steps: count(50, 'steps of gradient descent'),
    seed: seed(0, 'seed of the data'),
  },
  goals: { 'worst relative error': amount({ max: 1e-6 }), 'difference of the descents': amount({ max: 1e-6 }) },
  ci: { options: { largest: 64, steps: 20 } },
  async run(options, { print, pause }) {
    manualSeed(options.seed);
    const sizes = [64, 16, 4, 1].map((part) => Math.ceil(options.largest / part));
    const [rows, errors] = [[] as (string | number)[][], [] as number[]];
    for (const features of sizes) {
      const { weight, loss } = randomProblem(options.rows, features, options.classes);
      loss(weight); // the first call of all is slower
      const before = loss.calls;
      const exact = timed(() => analyticGradient(loss, weight));
      const passes = loss.calls - before;
      const slow = timed(() => numericalGradient(loss, weight));
      errors.push(largest(slow.value.sub(exact.value)) / largest(exact.value));
      const times = [duration(slow.seconds), duration(exact.seconds), `${Math.round(slow.seconds / exact.seconds)}×`];
      rows.push([weight.numel(), errors.at(-1)!, loss.calls - before - passes, passes, ...times]);
      await pause();
    }
    print(table(['parameters', 'error', 'evaluations', 'by backward', 'time', 'by backward', 'slower'], rows));

    const { weight, loss } = randomProblem(options.rows, sizes[0]!, options.classes);
    const other = zeros(weight.shape);
    const losses: [analytic: number, numerical: number][] = [];
    while (losses.length <= options.steps) {
      losses.push([loss(weight).item(), loss(other).item()]);
      const step = analyticGradient(loss, weight).mul(options.lr);
      noGrad(() => weight.sub_(step));
      other.sub_(numericalGradient(loss, other).mul(options.lr));
      await pause();
    }
    print('', `Gradient descent: ${sparkline(losses.map(([analytic]) => analytic))} ${losses.at(-1)!.join(' and ')}`);
    const difference = Math.max(...losses.map(([analytic, numerical]) => Math.abs(analytic - numerical)));
    return { 'worst relative error': Math.max(...errors), 'difference of the descents': difference };
  },
});
