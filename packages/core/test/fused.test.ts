import { describe, it } from 'vitest';
import {
  batchNorm,
  conv2d,
  Generator,
  grad,
  groupNorm,
  instanceNorm,
  layerNorm,
  mul,
  randn,
  softmaxLoss,
  sum,
  type Tensor,
  tensor,
} from '../src/index.ts';
import { expectClose } from './kernelCases.ts';

// A sweep that is not recorded takes all gradients of some operations in one pass; one that is recorded, by the rules.

const generator = new Generator(17);
const random = (...shape: number[]) => randn(shape, { generator });

const stats = [random(3), random(3).abs()] as const;
const labels = tensor([
  [0, 2, 1, 1],
  [2, 2, 0, 1],
]);

const cases: [string, (x: Tensor, weight: Tensor, bias: Tensor) => Tensor, Tensor[]][] = [
  [
    'conv2d',
    (x, weight, bias) => conv2d(x, weight, { bias, stride: [1, 2], padding: 1, groups: 2 }),
    [random(5, 4, 9, 8), random(6, 2, 3, 3), random(6)],
  ],
  [
    'batchNorm in training',
    (x, weight, bias) => batchNorm(x, null, null, { weight, bias, training: true }),
    [random(9, 3, 5, 7), random(3), random(3)],
  ],
  [
    'batchNorm of features in training',
    (x, weight, bias) => batchNorm(x, null, null, { weight, bias, training: true }),
    [random(300, 3), random(3), random(3)],
  ],
  [
    'batchNorm in evaluation',
    (x, weight, bias) => batchNorm(x, ...stats, { weight, bias }),
    [random(9, 3, 5, 7), random(3), random(3)],
  ],
  [
    'layerNorm',
    (x, weight, bias) => layerNorm(x, [7, 9], { weight, bias }),
    [random(4, 5, 7, 9), random(7, 9), random(7, 9)],
  ],
  ['groupNorm', (x, weight, bias) => groupNorm(x, 2, { weight, bias }), [random(5, 6, 5, 7), random(6), random(6)]],
  ['instanceNorm', (x, weight, bias) => instanceNorm(x, { weight, bias }), [random(5, 3, 9, 11), random(3), random(3)]],
  ...(['none', 'mean', 'sum'] as const).map((reduction): (typeof cases)[number] => [
    `softmaxLoss, ${reduction}`,
    (x) => softmaxLoss(x, labels, { reduction }),
    [random(2, 3, 4)],
  ]),
];

describe('gradients in one pass equal those of the rules', () => {
  it.each(cases)('%s', (_, f, inputs) => {
    const upstream = random(...f(...(inputs as [Tensor, Tensor, Tensor])).shape);
    // All subsets of the inputs may want a gradient.
    for (let mask = 1; mask < 1 << inputs.length; mask++) {
      const leaves = inputs.map((x, i) => x.clone().requiresGrad_(((mask >> i) & 1) === 1));
      const wanted = leaves.filter((x) => x.requiresGrad);
      const gradients = (createGraph: boolean) => {
        const loss = sum(mul(f(...(leaves as [Tensor, Tensor, Tensor])), upstream));
        return grad(loss, wanted, { createGraph });
      };
      const [fast, byRules] = [gradients(false), gradients(true)];
      fast.forEach((g, i) => void expectClose(g.toArray(), byRules[i]!.toArray(), 1e-11));
    }
  });
});
