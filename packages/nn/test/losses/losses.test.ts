import { backward, Generator, rand, randn, type Tensor, tensor, zeros } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import * as nn from '../../src/index.ts';

const F = nn.functional;
const generator = new Generator(8);
const drawn = (...shape: number[]) => randn(shape, { generator });
const probabilities = (...shape: number[]) => rand(shape, { generator });
const signs = (n: number) => tensor(Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 1 : -1)));

interface Case {
  make: (options?: object) => nn.Module<Tensor[]>;
  function: (...args: never[]) => Tensor;
  inputs: Tensor[];
  /** Options other than the defaults. */
  options: object;
  text: string;
}

const labels = tensor([2, 0, 1]);
const cases: Record<string, Case> = {
  CrossEntropyLoss: {
    make: (o) => new nn.CrossEntropyLoss(o) as nn.Module<Tensor[]>,
    function: F.crossEntropy,
    inputs: [drawn(3, 4), labels],
    options: { weight: tensor([1, 2, 3, 4]), ignoreIndex: 0, labelSmoothing: 0.1, reduction: 'sum' },
    text: 'CrossEntropyLoss(reduction=mean, ignoreIndex=-100, labelSmoothing=0)',
  },
  NLLLoss: {
    make: (o) => new nn.NLLLoss(o) as nn.Module<Tensor[]>,
    function: F.nllLoss,
    inputs: [drawn(3, 4), labels],
    options: { weight: tensor([1, 2, 3, 4]), ignoreIndex: 1 },
    text: 'NLLLoss(reduction=mean, ignoreIndex=-100)',
  },
  MultiMarginLoss: {
    make: (o) => new nn.MultiMarginLoss(o) as nn.Module<Tensor[]>,
    function: F.multiMarginLoss,
    inputs: [drawn(3, 4), labels],
    options: { p: 2, margin: 0.5, weight: tensor([1, 2, 3, 4]), reduction: 'none' },
    text: 'MultiMarginLoss(reduction=mean, p=1, margin=1)',
  },
  MultiLabelMarginLoss: {
    make: (o) => new nn.MultiLabelMarginLoss(o) as nn.Module<Tensor[]>,
    function: F.multilabelMarginLoss,
    inputs: [drawn(1, 3), tensor([[2, -1, 0]])],
    options: { reduction: 'none' },
    text: 'MultiLabelMarginLoss(reduction=mean)',
  },
  SoftMarginLoss: {
    make: (o) => new nn.SoftMarginLoss(o) as nn.Module<Tensor[]>,
    function: F.softMarginLoss,
    inputs: [drawn(4), signs(4)],
    options: { reduction: 'sum' },
    text: 'SoftMarginLoss(reduction=mean)',
  },
  MarginRankingLoss: {
    make: (o) => new nn.MarginRankingLoss(o) as nn.Module<Tensor[]>,
    function: F.marginRankingLoss,
    inputs: [drawn(4), drawn(4), signs(4)],
    options: { margin: 0.5, reduction: 'none' },
    text: 'MarginRankingLoss(reduction=mean, margin=0)',
  },
  MSELoss: {
    make: (o) => new nn.MSELoss(o) as nn.Module<Tensor[]>,
    function: F.mseLoss,
    inputs: [drawn(4), drawn(4)],
    options: { reduction: 'sum' },
    text: 'MSELoss(reduction=mean)',
  },
  L1Loss: {
    make: (o) => new nn.L1Loss(o) as nn.Module<Tensor[]>,
    function: F.l1Loss,
    inputs: [drawn(4), drawn(4)],
    options: { reduction: 'none' },
    text: 'L1Loss(reduction=mean)',
  },
  SmoothL1Loss: {
    make: (o) => new nn.SmoothL1Loss(o) as nn.Module<Tensor[]>,
    function: F.smoothL1Loss,
    inputs: [drawn(4), drawn(4)],
    options: { beta: 0.3 },
    text: 'SmoothL1Loss(reduction=mean, beta=1)',
  },
  HuberLoss: {
    make: (o) => new nn.HuberLoss(o) as nn.Module<Tensor[]>,
    function: F.huberLoss,
    inputs: [drawn(4), drawn(4)],
    options: { delta: 0.3 },
    text: 'HuberLoss(reduction=mean, delta=1)',
  },
  BCELoss: {
    make: (o) => new nn.BCELoss(o) as nn.Module<Tensor[]>,
    function: F.binaryCrossEntropy,
    inputs: [probabilities(4), probabilities(4)],
    options: { weight: probabilities(4), reduction: 'sum' },
    text: 'BCELoss(reduction=mean)',
  },
  BCEWithLogitsLoss: {
    make: (o) => new nn.BCEWithLogitsLoss(o) as nn.Module<Tensor[]>,
    function: F.binaryCrossEntropyWithLogits,
    inputs: [drawn(4), probabilities(4)],
    options: { weight: probabilities(4), posWeight: probabilities(4), reduction: 'none' },
    text: 'BCEWithLogitsLoss(reduction=mean)',
  },
  HingeEmbeddingLoss: {
    make: (o) => new nn.HingeEmbeddingLoss(o) as nn.Module<Tensor[]>,
    function: F.hingeEmbeddingLoss,
    inputs: [drawn(4), signs(4)],
    options: { margin: 2 },
    text: 'HingeEmbeddingLoss(reduction=mean, margin=1)',
  },
  CosineEmbeddingLoss: {
    make: (o) => new nn.CosineEmbeddingLoss(o) as nn.Module<Tensor[]>,
    function: F.cosineEmbeddingLoss,
    inputs: [drawn(4, 3), drawn(4, 3), signs(4)],
    options: { margin: -0.5, reduction: 'sum' },
    text: 'CosineEmbeddingLoss(reduction=mean, margin=0)',
  },
  TripletMarginLoss: {
    make: (o) => new nn.TripletMarginLoss(o) as nn.Module<Tensor[]>,
    function: F.tripletMarginLoss,
    inputs: [drawn(4, 3), drawn(4, 3), drawn(4, 3)],
    options: { margin: 3, p: 1, eps: 0.1, swap: true, reduction: 'none' },
    text: 'TripletMarginLoss(reduction=mean, margin=1, p=2, eps=0.000001, swap=false)',
  },
  KLDivLoss: {
    make: (o) => new nn.KLDivLoss(o) as nn.Module<Tensor[]>,
    function: F.klDiv,
    inputs: [drawn(4, 3), probabilities(4, 3)],
    options: { reduction: 'batchmean', logTarget: true },
    text: 'KLDivLoss(reduction=mean, logTarget=false)',
  },
  PoissonNLLLoss: {
    make: (o) => new nn.PoissonNLLLoss(o) as nn.Module<Tensor[]>,
    function: F.poissonNllLoss,
    inputs: [probabilities(4), probabilities(4)],
    options: { logInput: false, full: true, eps: 0.1, reduction: 'sum' },
    text: 'PoissonNLLLoss(reduction=mean, logInput=true, full=false, eps=1e-8)',
  },
  GaussianNLLLoss: {
    make: (o) => new nn.GaussianNLLLoss(o) as nn.Module<Tensor[]>,
    function: F.gaussianNllLoss,
    inputs: [drawn(4), drawn(4), probabilities(4)],
    options: { full: true, eps: 0.5, reduction: 'none' },
    text: 'GaussianNLLLoss(reduction=mean, full=false, eps=0.000001)',
  },
};

describe.each(Object.entries(cases))('%s', (name, { make, function: loss, inputs, options, text }) => {
  const byFunction = (...args: unknown[]) => (loss as (...all: unknown[]) => Tensor)(...args);

  it('is the function of the same name, with the same defaults and options', () => {
    expect(
      make()
        .call(...inputs)
        .tolist(),
    ).toEqual(byFunction(...inputs).tolist());
    expect(
      make(options)
        .call(...inputs)
        .tolist(),
    ).toEqual(byFunction(...inputs, options).tolist());
    expect(
      make(options)
        .call(...inputs)
        .tolist(),
    ).not.toEqual(byFunction(...inputs).tolist());
  });

  it('shows its options, and has no parameters', () => {
    expect(make().toString()).toBe(text);
    expect(make(options).parameters()).toEqual([]);
  });

  it('refuses an unknown option and an unknown reduction when it is made', () => {
    expect(() => make({ margins: 1 })).toThrow(`${name}: unknown option "margins"`);
    expect(() => make({ reduction: 'avg' })).toThrow(`${name}: reduction must be one of`);
  });
});

it('weights are buffers, part of the state under their names', () => {
  const loss = new nn.BCEWithLogitsLoss({ weight: tensor([1, 2]), posWeight: tensor([3, 4]) });
  expect(loss.namedBuffers().map(([name]) => name)).toEqual(['weight', 'pos_weight']);
  loss.loadStateDict({ weight: tensor([5, 6]), pos_weight: tensor([7, 8]) });
  expect(loss.posWeight!.tolist()).toEqual([7, 8]);
  expect(new nn.CrossEntropyLoss().buffers()).toEqual([]);
});

it('an error says in which loss', () => {
  expect(() => new nn.CrossEntropyLoss().call(zeros([2, 3]), tensor([0, 3]))).toThrow(
    'in CrossEntropyLoss: crossEntropy: label 3 (row 1) is not in [0, 3)',
  );
});

it('a loss sends gradients back through a model', () => {
  const model = new nn.Sequential(new nn.Linear(2, 3), new nn.Tanh(), new nn.Linear(3, 2));
  backward(new nn.CrossEntropyLoss().call(model.call(drawn(5, 2)), tensor([0, 1, 1, 0, 1])));
  for (const parameter of model.parameters()) expect(parameter.grad!.shape).toEqual(parameter.shape);
});
