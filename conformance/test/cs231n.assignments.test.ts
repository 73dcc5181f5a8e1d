import { manualSeed, randn, type Tensor, zeros } from '@ndgrad/core';
import { functional as F, init } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import { array, type Case, casesOf, expectClose, inputsOf, load } from './cs231n.ts';

// The expected arrays of CS231n's assignments 1 and 2, from the public functions of ndgrad.

/** The course's layer: rows are flattened, then x·W + b with W `[in, out]`. */
const affine = (x: Tensor, w: Tensor, b: Tensor): Tensor => x.flatten({ startDim: 1 }).matmul(w).add(b);

const squared = (...weights: Tensor[]): Tensor => weights.map((w) => w.square().sum()).reduce((a, b) => a.add(b));

/** Expects the gradients of the named inputs; the case calls them `dx` for `x`. */
function expectGradients(one: Case, inputs: Record<string, Tensor>, names: string[], tolerance: number): void {
  for (const name of names) expectClose(inputs[name]!.grad, one.expected[`d${name}`], tolerance);
}

/** Runs a layer forward, and backward from the case's `dout`. */
function checkLayer(one: Case, layer: (inputs: Record<string, Tensor>) => Tensor, names: string[]): void {
  const inputs = inputsOf(one);
  const out = layer(inputs);
  const { tolerance_vs_expected: tolerance } = one;
  if (one.expected.out) expectClose(out, one.expected.out, tolerance);
  if (inputs.dout) out.backward({ gradient: inputs.dout.detach() });
  expectGradients(one, inputs, names, tolerance);
}

describe('assignment 1, two-layer network', () => {
  const find = casesOf('a1_two_layer_net');
  const one = find('toy_scores_loss_gradients');
  const scoresOf = ({ X, W1, b1, W2, b2 }: Record<string, Tensor>) => affine(F.relu(affine(X!, W1!, b1!)), W2!, b2!);

  it('has the scores, the loss and the gradients of the toy model', () => {
    const inputs = inputsOf(one);
    const scores = scoresOf(inputs);
    const loss = F.crossEntropy(scores, inputs.y!).add(squared(inputs.W1!, inputs.W2!).mul(one.params.reg!));
    loss.backward();
    expectClose(scores, one.expected.scores, one.tolerance_vs_expected);
    expectClose(loss, one.expected.loss, one.tolerance_vs_expected);
    for (const name of ['W1', 'b1', 'W2', 'b2']) {
      expectClose(inputs[name]!.grad, one.expected.grads[name], one.tolerance_vs_expected);
    }
  });

  it('trains along the recorded losses', () => {
    const { params, expected, tolerance_vs_expected } = find('toy_training');
    const inputs = inputsOf(one);
    const optimizer = new SGD([inputs.W1!, inputs.b1!, inputs.W2!, inputs.b2!], { lr: params.learning_rate! });
    const losses = [];
    for (let i = 0; i < params.num_iters!; i++) {
      const loss = F.crossEntropy(scoresOf(inputs), inputs.y!).add(squared(inputs.W1!, inputs.W2!).mul(params.reg!));
      losses.push(loss.item());
      optimizer.zeroGrad();
      loss.backward();
      optimizer.step();
      optimizer.paramGroups[0]!.lr *= params.learning_rate_decay!;
    }
    losses.forEach((loss, i) => {
      expectClose(loss, expected.full_batch_with_decay_loss_history[i], tolerance_vs_expected);
    });
  });
});

describe('assignment 2, fully connected nets', () => {
  const find = casesOf('a2_fully_connected');

  it('computes the affine layer', () => {
    checkLayer(find('affine_forward'), ({ x, w, b }) => affine(x!, w!, b!), []);
    checkLayer(find('affine_backward'), ({ x, w, b }) => affine(x!, w!, b!), ['x', 'w', 'b']);
  });

  it('computes ReLU', () => {
    checkLayer(find('relu_forward'), ({ x }) => F.relu(x!), []);
    checkLayer(find('relu_backward'), ({ x }) => F.relu(x!), ['x']);
    checkLayer(find('affine_relu'), ({ x, w, b }) => F.relu(affine(x!, w!, b!)), ['x', 'w', 'b']);
  });

  it('computes the hinge loss, which PyTorch divides by the number of classes', () => {
    const one = find('svm_loss');
    checkLoss(one, (x, y) => F.multiMarginLoss(x, y).mul(x.shape[1]!));
    expect(one.expected.loss).toBeCloseTo(9, 2);
  });

  it('computes the softmax loss', () => {
    const one = find('softmax_loss');
    checkLoss(one, (x, y) => F.crossEntropy(x, y));
    expect(one.expected.loss).toBeCloseTo(Math.log(10), 3);
  });

  function checkLoss(one: Case, loss: (x: Tensor, y: Tensor) => Tensor): void {
    const inputs = inputsOf(one);
    const value = loss(inputs.x!, inputs.y!);
    value.backward();
    expectClose(value, one.expected.loss, one.tolerance_vs_expected);
    expectGradients(one, inputs, ['x'], one.tolerance_vs_expected);
  }

  it('has the scores, losses and gradients of TwoLayerNet', () => {
    const one = find('two_layer_net');
    const tolerance = one.tolerance_vs_expected;
    for (const [key, reg] of [
      ['reg0', 0],
      ['reg1', 1],
      ['reg0_7', 0.7],
    ] as const) {
      const inputs = inputsOf(one);
      const { X, y, W1, b1, W2, b2 } = inputs;
      const scores = affine(F.relu(affine(X!, W1!, b1!)), W2!, b2!);
      const loss = F.crossEntropy(scores, y!).add(squared(W1!, W2!).mul(0.5 * reg));
      loss.backward();
      expectClose(scores, one.expected.scores, tolerance);
      expectClose(loss, one.expected[`loss_${key}`], tolerance);
      const gradients = one.expected[`grads_${key}`] ?? {};
      for (const name of Object.keys(gradients)) expectClose(inputs[name]!.grad, gradients[name], tolerance);
    }
  });

  it('starts weights with the wanted spread', () => {
    manualSeed(0);
    expect(
      init
        .normal_(zeros([5, 50]), { std: 1e-3 })
        .std()
        .item(),
    ).toBeCloseTo(1e-3, 4);
    expect(
      init
        .normal_(zeros([50, 7]), { std: 1e-3 })
        .std()
        .item(),
    ).toBeCloseTo(1e-3, 4);
  });

  it.each(['fully_connected_net_reg0', 'fully_connected_net_reg3.14'])('has the loss and gradients of %s', (id) => {
    checkNet(find(id), (x) => x, ['W1', 'W2', 'W3', 'b1', 'b2', 'b3']);
  });
});

/** A net of three affine layers; `between` stands between each affine layer and its ReLU or after both. */
function checkNet(
  one: Case,
  before: (x: Tensor, layer: 1 | 2, inputs: Record<string, Tensor>) => Tensor,
  names: string[],
  after: typeof before = (x) => x,
): void {
  const inputs = inputsOf(one);
  const { X, y, W1, b1, W2, b2, W3, b3 } = inputs;
  const h1 = after(F.relu(before(affine(X!, W1!, b1!), 1, inputs)), 1, inputs);
  const h2 = after(F.relu(before(affine(h1, W2!, b2!), 2, inputs)), 2, inputs);
  const loss = F.crossEntropy(affine(h2, W3!, b3!), y!).add(squared(W1!, W2!, W3!).mul(0.5 * (one.params.reg ?? 0)));
  loss.backward();
  expectClose(loss, one.expected.loss, one.tolerance_vs_expected);
  expectGradients(one, inputs, names, one.tolerance_vs_expected);
}

describe('assignment 2, dropout', () => {
  const find = casesOf('a2_dropout');

  it('scales what is kept, forward and backward', () => {
    checkLayer(find('dropout_backward'), ({ x, mask }) => x!.mul(mask!), ['x']);
  });

  it.each([0.25, 0.4, 0.7])('keeps a share of %s and the mean', (keep) => {
    manualSeed(231);
    const x = randn([500, 500]).add(10);
    const y = F.dropout(x, { p: 1 - keep });
    expect(Math.abs(y.eq(0).mean().item() - (1 - keep))).toBeLessThan(0.005);
    expect(Math.abs(y.mean().item() - x.mean().item())).toBeLessThan(0.1);
    expect(F.dropout(x, { p: 1 - keep, training: false }).equal(x)).toBe(true);
  });

  it.each(['fc_net_keep1', 'fc_net_keep0.75', 'fc_net_keep0.5'])('has the loss and gradients of %s', (id) => {
    const mask = (x: Tensor, layer: 1 | 2, inputs: Record<string, Tensor>) => {
      const kept = inputs[`mask${layer}`];
      return kept ? x.mul(kept) : x;
    };
    checkNet(find(id), (x) => x, ['W1', 'W2', 'W3'], mask);
  });
});

/** Mean and spread of each column, or of each channel of images. */
function statistics(x: Tensor): { mean: Tensor; std: Tensor } {
  const dim = x.ndim === 4 ? [0, 2, 3] : [0];
  return { mean: x.mean({ dim }), std: x.var({ dim, correction: 0 }).sqrt() };
}

/** r ← 0.9 r + 0.1 batch, from 0, over the recorded batches. */
function running(batches: Tensor): Tensor {
  return batches.unbind().reduce((r, batch) => r.mul(0.9).add(batch.mul(0.1)), zeros([batches.shape[1]!]));
}

describe('assignment 2, normalisation', () => {
  const find = casesOf('a2_normalization');

  it('normalises a batch', () => {
    const { inputs, expected, tolerance_vs_expected: tolerance } = find('batchnorm_forward_train');
    const { a, gamma, beta } = inputsOf({ inputs });
    const plain = F.batchNorm(a!, null, null, { training: true });
    const scaled = F.batchNorm(a!, null, null, { training: true, weight: gamma!, bias: beta! });
    expectClose(plain.narrow(0, 0, 5), expected.first_5_rows_gamma1_beta0, tolerance);
    expectClose(scaled.narrow(0, 0, 5), expected.first_5_rows_given, tolerance);
    expectClose(statistics(plain).std, expected.stds_gamma1, tolerance);
    expectClose(statistics(scaled).std, expected.stds_given, tolerance);
  });

  it('normalises by running statistics when testing', () => {
    const { inputs, expected, tolerance_vs_expected: tolerance } = find('batchnorm_forward_test');
    const { batch_means, batch_vars, final_a } = inputsOf({ inputs });
    const mean = running(batch_means!).detach();
    const variance = running(batch_vars!).detach();
    const out = F.batchNorm(final_a!, mean, variance);
    expectClose(mean, expected.running_mean, tolerance);
    expectClose(variance, expected.running_var, tolerance);
    expectClose(statistics(out).mean, expected.out_mean, tolerance);
    expectClose(statistics(out).std, expected.out_std, tolerance);
    expectClose(out.narrow(0, 0, 5), expected.out_first_5, tolerance);
  });

  it('differentiates batch normalisation', () => {
    const layer = ({ x, gamma, beta }: Record<string, Tensor>) =>
      F.batchNorm(x!, null, null, { training: true, weight: gamma!, bias: beta! });
    checkLayer(find('batchnorm_backward'), layer, ['x', 'gamma', 'beta']);
  });

  it.each(['fc_net_batchnorm_reg0', 'fc_net_batchnorm_reg3.14'])('has the loss and gradients of %s', (id) => {
    const one = find(id);
    const ones = (n: number): { shape: number[]; data: number[] } => ({ shape: [n], data: Array(n).fill(1) });
    const nils = (n: number): { shape: number[]; data: number[] } => ({ shape: [n], data: Array(n).fill(0) });
    const inputs = { ...one.inputs, gamma1: ones(20), beta1: nils(20), gamma2: ones(30), beta2: nils(30) };
    const normalise = (x: Tensor, layer: 1 | 2, given: Record<string, Tensor>) =>
      F.batchNorm(x, null, null, { training: true, weight: given[`gamma${layer}`]!, bias: given[`beta${layer}`]! });
    const names = ['W1', 'W2', 'W3', 'gamma1', 'gamma2', 'beta1', 'beta2', 'b3'];
    checkNet({ ...one, inputs }, normalise, names);
  });

  it('computes layer normalisation, forward and backward', () => {
    const { inputs, expected, tolerance_vs_expected: tolerance } = find('layernorm_forward');
    const { a, gamma, beta } = inputsOf({ inputs });
    expectClose(F.layerNorm(a!, [3]), expected.out_gamma1_beta0, tolerance);
    expectClose(F.layerNorm(a!, [3], { weight: gamma!, bias: beta! }), expected.out_given, tolerance);
    const layer = ({ x, gamma, beta }: Record<string, Tensor>) => F.layerNorm(x!, [5], { weight: gamma!, bias: beta! });
    checkLayer(find('layernorm_backward'), layer, ['x', 'gamma', 'beta']);
  });
});

describe('assignment 2, convolutional nets', () => {
  const find = casesOf('a2_convolution');
  const convolution =
    ({ stride, pad }: Record<string, number>) =>
    ({ x, w, b }: Record<string, Tensor>) =>
      F.conv2d(x!, w!, { bias: b!, stride: stride!, padding: pad! });

  it('computes convolution', () => {
    for (const id of ['conv_forward', 'conv_backward']) {
      const one = find(id);
      checkLayer(one, convolution(one.params), one.expected.dx ? ['x', 'w', 'b'] : []);
    }
  });

  it('computes max pooling', () => {
    checkLayer(find('max_pool_forward'), ({ x }) => F.maxPool2d(x!, 2), []);
    checkLayer(find('max_pool_backward'), ({ x }) => F.maxPool2d(x!, 2), ['x']);
    const figure = find('notes_max_pool_figure');
    const x = array(figure.inputs.x!).reshape([1, 1, 4, 4]);
    expectClose(F.maxPool2d(x, 2), figure.published.out, 0);
  });

  it('chains convolution, ReLU and pooling', () => {
    const one = find('conv_relu');
    checkLayer(one, (inputs) => F.relu(convolution(one.params)(inputs)), ['x', 'w', 'b']);
    const pooled = find('conv_relu_pool');
    const layer = (inputs: Record<string, Tensor>) => F.maxPool2d(F.relu(convolution(pooled.params)(inputs)), 2);
    checkLayer(pooled, layer, ['x', 'w', 'b']);
  });

  it('has the loss and gradients of ThreeLayerConvNet', () => {
    const one = find('three_layer_convnet_gradcheck');
    const inputs = inputsOf(one);
    const { X, y, W1, b1, W2, b2, W3, b3 } = inputs;
    const features = F.maxPool2d(F.relu(F.conv2d(X!, W1!, { bias: b1!, padding: 1 })), 2);
    const scores = affine(F.relu(affine(features, W2!, b2!)), W3!, b3!);
    const loss = F.crossEntropy(scores, y!);
    loss.backward();
    expectClose(loss, one.expected.loss, one.tolerance_vs_expected);
    expectClose(scores, one.expected.scores, one.tolerance_vs_expected);
    expectGradients(one, inputs, ['W1', 'b1', 'W2', 'b2', 'W3', 'b3'], one.tolerance_vs_expected);
  });

  it('convolves the line of the notes at strides 1 and 2', () => {
    const { inputs, published } = find('notes_stride_figure');
    const x = array(inputs.x!).reshape([1, 1, 5]);
    const w = array(inputs.w!).reshape([1, 1, 3]);
    expectClose(F.conv1d(x, w, { padding: 1 }), published.stride1, 0);
    expectClose(F.conv1d(x, w, { padding: 1, stride: 2 }), published.stride2, 0);
  });

  it('makes grey and finds edges with two filters', () => {
    const w = zeros([2, 3, 3, 3]);
    [0.3, 0.6, 0.1].forEach((share, channel) =>
      w.select(0, 0).select(0, channel).select(0, 1).select(0, 1).fill_(share),
    );
    [1, 2, 1].forEach((weight, column) => {
      const blue = w.select(0, 1).select(0, 2);
      blue.select(0, 0).select(0, column).fill_(weight);
      blue.select(0, 2).select(0, column).fill_(-weight);
    });
    manualSeed(0);
    const image = randn([1, 3, 6, 6]);
    const out = F.conv2d(image, w, { padding: 1 });
    const [red, green, blue] = image.select(0, 0).unbind();
    const grey = red!.mul(0.3).add(green!.mul(0.6)).add(blue!.mul(0.1));
    expectClose(out.select(0, 0).select(0, 0), grey, 1e-12);
    // An even image has no edges inside.
    const even = F.conv2d(zeros([1, 3, 5, 5]).add(7), w, { padding: 1 })
      .select(0, 0)
      .select(0, 1);
    expect(even.narrow(0, 1, 3).narrow(1, 1, 3).abs().max().item()).toBe(0);
  });

  it('normalises channels, in training and in testing', () => {
    const one = find('spatial_batchnorm_forward');
    const { x, gamma, beta } = inputsOf(one);
    const tolerance = one.tolerance_vs_expected;
    expectClose(F.batchNorm(x!, null, null, { training: true }), one.expected.out_gamma1_beta0, tolerance);
    const options = { training: true, weight: gamma!, bias: beta! };
    expectClose(F.batchNorm(x!, null, null, options), one.expected.out_given, tolerance);
    const layer = ({ x, gamma, beta }: Record<string, Tensor>) =>
      F.batchNorm(x!, null, null, { training: true, weight: gamma!, bias: beta! });
    checkLayer(find('spatial_batchnorm_backward'), layer, ['x', 'gamma', 'beta']);
  });

  it('gathers running statistics of channels', () => {
    const { inputs, expected, params, tolerance_vs_expected: tolerance } = find('spatial_batchnorm_test_mode');
    const { batch_means, batch_vars, test_mean, test_std } = inputsOf({ inputs });
    const mean = running(batch_means!);
    const variance = running(batch_vars!);
    expectClose(mean, expected.running_mean, tolerance);
    expectClose(variance, expected.running_var, tolerance);
    const scale = variance.add(params.eps!).sqrt();
    expectClose(test_mean!.sub(mean).div(scale), expected.out_mean, tolerance);
    expectClose(test_std!.div(scale), expected.out_std, tolerance);
  });

  it('normalises groups of channels', () => {
    const one = find('group_norm_forward');
    expectClose(F.groupNorm(inputsOf(one).x!, 2), one.expected.out_gamma1_beta0, one.tolerance_vs_expected);
    const layer = ({ x, gamma, beta }: Record<string, Tensor>) =>
      F.groupNorm(x!, 2, { weight: gamma!.reshape([6]), bias: beta!.reshape([6]) });
    checkLayer(find('group_norm_backward'), layer, ['x', 'gamma', 'beta']);
  });

  it('has the output sizes and parameter counts of the notes', () => {
    const { conv_output, conv_parameters } = load('shapes_and_parameter_counts');
    for (const { W, F: size, S, P, out } of conv_output as Record<string, number | null>[]) {
      if (out === null) continue; // PyTorch rounds these down, and so do we
      const y = F.conv1d(zeros([1, 1, W!]), zeros([1, 1, size!]), { stride: S!, padding: P! });
      expect(y.shape).toEqual([1, 1, out]);
    }
    for (const { F: size, Cin, K, total } of conv_parameters as Record<string, number>[]) {
      if (total !== undefined) expect((size! * size! * Cin! + 1) * K!).toBe(total);
    }
  });
});
