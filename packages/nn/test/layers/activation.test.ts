import * as core from '@ndgrad/core';
import { backward, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../../src/index.ts';

/** Layers, the functions that they are, and how they show themselves. */
const layers: [layer: nn.Module, f: (x: Tensor) => Tensor, text: string][] = [
  [new nn.ReLU(), core.relu, 'ReLU()'],
  [new nn.LeakyReLU(), core.leakyRelu, 'LeakyReLU(negativeSlope=0.01)'],
  [
    new nn.LeakyReLU({ negativeSlope: 0.2 }),
    (x) => core.leakyRelu(x, { negativeSlope: 0.2 }),
    'LeakyReLU(negativeSlope=0.2)',
  ],
  [new nn.ReLU6(), core.relu6, 'ReLU6()'],
  [new nn.Hardtanh(), core.hardtanh, 'Hardtanh(minVal=-1, maxVal=1)'],
  [
    new nn.Hardtanh({ minVal: -2, maxVal: 0.5 }),
    (x) => core.hardtanh(x, { minVal: -2, maxVal: 0.5 }),
    'Hardtanh(minVal=-2, maxVal=0.5)',
  ],
  [new nn.Threshold(0.1, 20), (x) => core.threshold(x, 0.1, 20), 'Threshold(threshold=0.1, value=20)'],
  [new nn.ELU(), core.elu, 'ELU(alpha=1)'],
  [new nn.ELU({ alpha: 0.5 }), (x) => core.elu(x, { alpha: 0.5 }), 'ELU(alpha=0.5)'],
  [new nn.SELU(), core.selu, 'SELU()'],
  [new nn.CELU(), core.celu, 'CELU(alpha=1)'],
  [new nn.CELU({ alpha: 2 }), (x) => core.celu(x, { alpha: 2 }), 'CELU(alpha=2)'],
  [new nn.GELU(), core.gelu, 'GELU(approximate=none)'],
  [new nn.GELU({ approximate: 'tanh' }), (x) => core.gelu(x, { approximate: 'tanh' }), 'GELU(approximate=tanh)'],
  [new nn.SiLU(), core.silu, 'SiLU()'],
  [new nn.Mish(), core.mish, 'Mish()'],
  [new nn.Sigmoid(), core.sigmoid, 'Sigmoid()'],
  [new nn.Tanh(), core.tanh, 'Tanh()'],
  [new nn.LogSigmoid(), core.logsigmoid, 'LogSigmoid()'],
  [new nn.Softplus(), core.softplus, 'Softplus(beta=1, threshold=20)'],
  [
    new nn.Softplus({ beta: 2, threshold: 1 }),
    (x) => core.softplus(x, { beta: 2, threshold: 1 }),
    'Softplus(beta=2, threshold=1)',
  ],
  [new nn.Softsign(), core.softsign, 'Softsign()'],
  [new nn.GLU(), core.glu, 'GLU(dim=-1)'],
  [new nn.GLU({ dim: 0 }), (x) => core.glu(x, { dim: 0 }), 'GLU(dim=0)'],
  [new nn.Softmax({ dim: 0 }), (x) => core.softmax(x, 0), 'Softmax(dim=0)'],
  [new nn.LogSoftmax({ dim: -1 }), (x) => core.logSoftmax(x, -1), 'LogSoftmax(dim=-1)'],
  [new nn.PReLU(), (x) => core.leakyRelu(x, { negativeSlope: 0.25 }), 'PReLU(numParameters=1)'],
];

describe.each(layers.map(([layer, f, text]) => [text, layer, f] as const))('%s', (text, layer, f) => {
  it('is its function, and shows its settings', () => {
    const x = tensor([
      [-3, -0.5, 0, 0.05],
      [0.3, 0.7, 1.5, 9],
    ]);
    expect(layer.call(x).tolist()).toEqual(f(x).tolist());
    expect(layer.toString()).toBe(text);
  });
});

describe('PReLU', () => {
  it('has a slope for each channel, which it learns', () => {
    const layer = new nn.PReLU({ numParameters: 2, init: 0.5 });
    expect(layer.stateDict().weight!.tolist()).toEqual([0.5, 0.5]);
    const y = layer.call(
      tensor([
        [-2, 4],
        [-1, -6],
      ]),
    );
    expect(y.tolist()).toEqual([
      [-1, 4],
      [-0.5, -3],
    ]);
    backward(y.sum());
    expect(layer.weight.grad!.tolist()).toEqual([-3, -6]);
  });

  it('refuses a number of slopes below 1', () => {
    expect(() => new nn.PReLU({ numParameters: 0 })).toThrow(
      'PReLU: numParameters must be a whole number of at least 1',
    );
    expect(() => new nn.PReLU({ init: Number.NaN })).toThrow('PReLU: init must be a finite number');
  });
});

it("Softmax without a dim takes PyTorch's: 0 of one or three dims, else 1", () => {
  const sums = (x: Tensor, dim: number) => core.sum(new nn.Softmax().call(x), { dim }).toArray();
  for (const [shape, dim] of [
    [[3], 0],
    [[2, 3], 1],
    [[2, 3, 2], 0],
    [[2, 3, 2, 2], 1],
  ] as const) {
    sums(zeros(shape), dim).forEach((total) => expect(total).toBeCloseTo(1, 14));
  }
  expect(new nn.LogSoftmax().call(tensor(5)).item()).toBe(0);
});

it('Hardtanh refuses crossed bounds, and layers refuse unknown options', () => {
  expect(() => new nn.Hardtanh({ minVal: 2 })).toThrow('Hardtanh: maxVal (1) must be greater than minVal (2)');
  expect(() => new nn.LeakyReLU({ slope: 1 } as object)).toThrow('LeakyReLU: unknown option "slope"');
  expect(() => new nn.Softmax({ dims: 1 } as object)).toThrow('Softmax: unknown option "dims". Did you mean "dim"?');
});
