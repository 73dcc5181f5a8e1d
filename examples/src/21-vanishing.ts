/**
 * Activation functions, and why deep sigmoid networks do not learn: the gradient vanishes. CS231n, lecture 6.
 *   pnpm train vanishing [--layers 8 --units 50 --seed 0]
 *
 * Prints each activation's value and slope at −10, 0 and 10, then how large the gradient still is in each layer of a deep
 * network: σ′ ≤ ¼, so every sigmoid layer takes at least three quarters of it away; ReLU passes it on.
 */
import { leakyRelu, manualSeed, randn, relu, sigmoid, type Tensor, tanh, tensor } from '@ndgrad/core';
import { functional as F, init, Linear } from '@ndgrad/nn';
import { amount, count, lesson, seed, table } from 'ndgrad/command';

const activations: Record<string, (x: Tensor) => Tensor> = {
  sigmoid,
  tanh,
  ReLU: relu,
  'leaky ReLU': (x) => leakyRelu(x),
  ELU: (x) => F.elu(x),
};

/** The norm of ∂L/∂W in every layer of a network whose weights keep the activations' size (Xavier's, He's for ReLU). */
function gradientSizes(activation: (x: Tensor) => Tensor, gain: number, layers: number, units: number): number[] {
  const stack = Array.from({ length: layers }, () => new Linear(units, units, { bias: false }));
  for (const { weight } of stack) init.normal_(weight, { std: gain / Math.sqrt(units) });
  const x = randn([100, units]);
  stack
    .reduce((h, layer) => activation(layer.call(h)), x)
    .square()
    .mean()
    .backward();
  return stack.map(({ weight }) => weight.grad!.square().sum().sqrt().item());
}

export const vanishingGradients = lesson({
  name: 'vanishing',
  summary: 'activation functions, and the vanishing gradient of deep sigmoid networks',
  options: {
    layers: count(8, 'layers'),
    units: count(50, 'units of each layer'),
    seed: seed(0, 'seed of the data and the weights'),
  },
  goals: {
    'steepest slope of the sigmoid': amount({ min: 0.25, max: 0.25 }),
    'sigmoid: first gradient over the last': amount({ max: 1e-3 }),
    'ReLU: first gradient over the last': amount({ min: 0.1 }),
  },
  async run({ layers, units, seed }, { print, report }) {
    manualSeed(seed);
    const rows = Object.entries(activations).map(([name, activation]) => {
      const x = tensor([-10, 0, 10], { requiresGrad: true });
      const y = activation(x);
      y.sum().backward();
      return [name, ...y.toArray(), ...x.grad!.toArray()];
    });
    print(table(['', 'f(−10)', 'f(0)', 'f(10)', 'f′(−10)', 'f′(0)', 'f′(10)'], rows), '');

    const sizes = {
      sigmoid: gradientSizes(sigmoid, 1, layers, units),
      tanh: gradientSizes(tanh, 1, layers, units),
      ReLU: gradientSizes(relu, Math.SQRT2, layers, units),
    };
    const lines = sizes.ReLU.map((_, l) => [String(l + 1), ...Object.values(sizes).map((list) => list[l]!)]);
    print('‖∂L/∂W‖ by layer', table(['layer', ...Object.keys(sizes)], lines));
    report?.lines('Size of the gradient by layer', {
      series: sizes,
      x: 'layer, from the input',
      y: '‖∂L/∂W‖',
      logY: true,
    });
    const x = tensor(0, { requiresGrad: true });
    sigmoid(x).backward();
    return {
      'steepest slope of the sigmoid': x.grad!.item(),
      'sigmoid: first gradient over the last': sizes.sigmoid[0]! / sizes.sigmoid.at(-1)!,
      'ReLU: first gradient over the last': sizes.ReLU[0]! / sizes.ReLU.at(-1)!,
    };
  },
});
