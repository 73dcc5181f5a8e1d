import { describe, expect, it } from 'vitest';
import {
  affineMap,
  batchNorm,
  cat,
  conv1d,
  conv2d,
  convReluPool2d,
  detectAnomaly,
  Generator,
  grad,
  groupNorm,
  instanceNorm,
  layerNorm,
  linearMap,
  maxPool1d,
  maxPool2d,
  mul,
  randn,
  relu,
  softmaxLoss,
  square,
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
  ['linearMap', (x, weight) => linearMap(x, weight), [random(40, 30), random(20, 30)]],
  ['affineMap', (x, weight, bias) => affineMap(x, weight, bias), [random(40, 30), random(20, 30), random(20)]],
  ...(['none', 'mean', 'sum'] as const).map((reduction): (typeof cases)[number] => [
    `softmaxLoss, ${reduction}`,
    (x) => softmaxLoss(x, labels, { reduction }),
    [random(2, 3, 4)],
  ]),
];

/** Convolutions that pools follow: behind those whose windows are few for their images, gradients are scattered. */
const pooled: typeof cases = [
  [
    'conv2d, relu, maxPool2d, twice',
    (x, weight, other) => {
      const y = maxPool2d(relu(conv2d(x, weight, { padding: 1 })), 2);
      return maxPool2d(relu(conv2d(y, other, { stride: 2, dilation: [1, 2], padding: 2, groups: 2 })), [2, 1]);
    },
    [random(5, 3, 13, 12), random(4, 3, 3, 3), random(6, 2, 3, 2)],
  ],
  [
    'conv2d, maxPool2d, relu',
    (x, weight, bias) => relu(maxPool2d(conv2d(x, weight, { bias }), 3, { stride: 2, padding: 1 })),
    [random(3, 2, 9, 8), random(5, 2, 3, 3), random(5)],
  ],
  [
    'windows that overlap by more than half',
    (x, weight, bias) => maxPool2d(relu(conv2d(x, weight, { bias })), 3, { stride: 1 }),
    [random(3, 2, 9, 8), random(5, 2, 3, 3), random(5)],
  ],
  [
    'a value that something else uses as well',
    (x, weight, bias) => {
      const y = relu(conv2d(x, weight, { bias }));
      return cat([maxPool2d(y, 2).reshape([-1]), y.square().reshape([-1]), maxPool2d(y, 3).reshape([-1])]);
    },
    [random(2, 2, 9, 8), random(3, 2, 3, 3), random(3)],
  ],
  [
    'convReluPool2d',
    (x, weight, bias) => convReluPool2d(x, weight, 2, { bias, padding: 1, stride: [1, 2], groups: 2 })!,
    [random(5, 4, 9, 16), random(6, 2, 3, 3), random(6)],
  ],
  [
    'convReluPool2d, windows that overlap',
    (x, weight, bias) => convReluPool2d(x, weight, 3, { bias, pool: { stride: 1, padding: 1 } })!,
    [random(3, 2, 8, 7), random(5, 2, 2, 3), random(5)],
  ],
  ['an image without a batch, and a leaf', (x) => maxPool2d(relu(x), 2), [random(3, 8, 8)]],
  ['a leaf alone', (x) => maxPool2d(x, 2), [random(2, 3, 8, 8)]],
  [
    'conv1d',
    (x, weight, bias) => maxPool1d(relu(conv1d(x, weight, { bias, padding: 2 })), 3),
    [random(4, 3, 20), random(5, 3, 4), random(5)],
  ],
];
describe('gradients in one pass equal those of the rules', () => {
  it.each([...cases, ...pooled])('%s', (_, f, inputs) => {
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

describe('a scattered gradient', () => {
  const network = () => {
    const [x, weight] = [randn([2, 3, 8, 8], { generator: new Generator(3) }), random(4, 3, 3, 3)];
    weight.requiresGrad_();
    const y = conv2d(x, weight, { padding: 1 });
    const z = relu(y);
    return { weight, y, z, loss: sum(square(maxPool2d(z, 2))) };
  };

  it('is written out for whoever wants to look at it', () => {
    const { weight, y, z, loss } = network();
    y.retainGrad();
    z.retainGrad();
    const expected = grad(loss, [z, y, weight], { createGraph: true });
    const without = grad(loss, [z, y, weight], { retainGraph: true });
    loss.backward();
    [z.grad!, y.grad!, weight.grad!].forEach((g, i) => {
      expectClose(g.toArray(), expected[i]!.toArray(), 1e-12);
      expect(g.tolist()).toEqual(without[i]!.tolist());
    });
  });

  it('does not change because somebody looks', () => {
    const { weight, loss } = network();
    const expected = grad(loss, [weight], { retainGraph: true })[0]!.tolist();
    expect(detectAnomaly(() => grad(loss, [weight], { retainGraph: true }))[0]!.tolist()).toEqual(expected);
  });

  it('finds the values of the forward pass changed, where they were', () => {
    const { z, loss } = network();
    z.detach().mul_(2);
    expect(() => loss.backward()).toThrow(/^relu: its output was changed in place after the forward pass/);
  });
});
