import { maximum, numericalGradient, type Tensor, tensor, zeros } from '@ndgrad/core';
import { functional as F } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import { array, casesOf, expectClose, inputsOf, load } from './cs231n.ts';

// The worked numbers of CS231n's lectures and notes, from the public functions of ndgrad.

type Scalars = Record<string, Tensor>;

/** Numbers as scalars that want gradients. */
function scalars(values: object): Scalars {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, tensor(value as number, { requiresGrad: true })]),
  );
}

/** A scalar in the middle of a circuit whose gradient is to be seen. */
const seen = (x: Tensor): Tensor => (x.requiresGrad ? x.retainGrad() : x);

function expectGradients(of: Scalars, expected: Record<string, number>, tolerance: number): void {
  for (const [name, x] of Object.entries(of)) {
    const gradient = expected[`d${name}`] ?? expected[`dL/d${name}`];
    if (gradient !== undefined) expectClose(x.grad, gradient, tolerance);
  }
}

describe('lecture 4, circuits', () => {
  const find = casesOf('lecture4_circuits');
  const { tolerance } = load('lecture4_circuits');

  function checkCircuit(id: string, circuit: (x: Scalars) => Tensor, values: (x: Scalars, f: Tensor) => Scalars): void {
    const { inputs, expected } = find(id);
    const x = scalars(inputs);
    const f = circuit(x);
    const inner = values(x, f);
    f.backward();
    for (const [name, value] of Object.entries(inner))
      if (name in expected) expectClose(value, expected[name], tolerance);
    expectGradients({ ...x, ...inner }, expected, tolerance);
  }

  it('differentiates the multiply and max gates', () => {
    checkCircuit(
      'multiply_gate',
      ({ x, y }) => x!.mul(y!),
      (_, f) => ({ f }),
    );
    checkCircuit(
      'max_gate',
      ({ x, y }) => maximum(x!, y!),
      (_, f) => ({ f }),
    );
  });

  it('differentiates (x + y)·z', () => {
    let q: Tensor;
    const circuit = ({ x, y, z }: Scalars) => {
      q = seen(x!.add(y!));
      return seen(q.mul(z!));
    };
    checkCircuit('add_multiply', circuit, (_, f) => ({ q, f }));
  });

  it('adds gradients at forks', () => {
    const circuit = ({ x, y }: Scalars) => x!.add(y!.sigmoid()).div(x!.sigmoid().add(x!.add(y!).square()));
    checkCircuit('staged_function', circuit, (_, f) => ({ f }));
  });

  it('routes gradients through add, multiply and max', () => {
    const circuit = ({ x, y, z, w }: Scalars) => x!.mul(y!).add(maximum(z!, w!)).mul(2);
    checkCircuit('gate_patterns', circuit, (_, f) => ({ f }));
  });

  it('differentiates the sigmoid neuron, gate by gate', () => {
    const { inputs, expected } = find('sigmoid_neuron');
    const w = tensor(inputs.w as unknown as number[], { requiresGrad: true });
    const x = tensor(inputs.x as unknown as number[], { requiresGrad: true });
    const dot = seen(w.narrow(0, 0, 2).mul(x).sum().add(w.select(0, 2)));
    const negative = seen(dot.neg());
    const power = seen(negative.exp());
    const plus1 = seen(power.add(1));
    const f = seen(plus1.reciprocal());
    f.backward();
    expectClose(dot, expected.dot, tolerance);
    expectClose(f, expected.f, tolerance);
    expectClose(dot.grad, expected.ddot, tolerance);
    expectClose(w.grad, expected.dw, tolerance);
    expectClose(x.grad, expected.dx, tolerance);
    expectClose(f.grad, expected.d_one_over, tolerance);
    expectClose(plus1.grad, expected.d_plus1, tolerance);
    expectClose(power.grad, expected.d_exp, tolerance);
    expectClose(negative.grad, expected.d_neg, tolerance);
  });

  it('differentiates |W·x|²', () => {
    const { inputs, expected } = find('vectorised_l2');
    const { W, x } = inputsOf({ inputs });
    const q = seen(W!.matmul(x!));
    const f = q.square().sum();
    f.backward();
    expectClose(q, expected.q, tolerance);
    expectClose(f, expected.f, tolerance);
    expectClose(q.grad, expected.dq, tolerance);
    expectClose(W!.grad, expected.dW, tolerance);
    expectClose(x!.grad, expected.dx, tolerance);
  });

  it('has p − 1 at the label as the gradient of the softmax loss', () => {
    const { inputs, expected } = find('softmax_gradient');
    const scores = tensor(inputs.p as unknown as number[])
      .log()
      .requiresGrad_();
    F.crossEntropy(scores, tensor(inputs.y as unknown as number)).backward();
    expectClose(scores.grad, expected.dscores, tolerance);
  });

  it('knows the slopes of sigmoid and ReLU', () => {
    const { expected } = find('activation_identities');
    const x = tensor([0, 10, -10], { requiresGrad: true });
    x.sigmoid().sum().backward();
    expectClose(x.grad, [expected['dsigmoid(0)'], expected['dsigmoid(10)'], expected['dsigmoid(-10)']], 1e-9);
    expectClose(tensor(1).sigmoid(), expected['sigmoid(1)'], tolerance);
    const y = tensor([-10, 0, 10], { requiresGrad: true });
    F.relu(y).sum().backward();
    expect(y.grad!.tolist()).toEqual(expected.relu_grad_at_minus10_0_10);
  });
});

describe('the worked example of a product of sums', () => {
  const {
    inputs,
    forward,
    gradients,
    gradients_on_data,
    numeric_gradient_by_h,
    derived_trajectory_lr_0_002,
    tolerance,
  } = load('seed_worked_example');
  const { ground_truth, ...operands } = inputs;

  function predict({ a, b, c, x, y, z }: Scalars): Scalars {
    const p = seen(a!.mul(x!));
    const q = seen(b!.mul(y!));
    const s = seen(p.add(q));
    const r = seen(c!.mul(z!));
    const t = seen(s.mul(r));
    return { p, q, s, r, t, L: seen(t.neg().add(ground_truth)) };
  }

  it('has every value and every gradient', () => {
    const leaves = scalars(operands);
    const values = predict(leaves);
    values.L!.backward();
    for (const [name, value] of Object.entries(values)) expectClose(value, forward[name], tolerance);
    expectGradients({ ...leaves, ...values }, { ...gradients, ...gradients_on_data }, tolerance);
  });

  it('has the numerical gradients of central differences', () => {
    const leaves = scalars(operands);
    const expected = numeric_gradient_by_h['1e-05'].centred as number[];
    ['a', 'b', 'c'].forEach((name, i) => {
      const loss = (x: Tensor) => predict({ ...leaves, [name]: x.add(0) }).L!;
      expectClose(numericalGradient(loss, leaves[name]!, { h: 1e-5 }), expected[i]!, 1e-6);
    });
  });

  it('descends along the recorded steps', () => {
    const leaves = scalars(operands);
    const { a, b, c } = leaves;
    const optimizer = new SGD([a!, b!, c!], { lr: 0.002 });
    for (const step of derived_trajectory_lr_0_002) {
      optimizer.zeroGrad();
      const { t, L } = predict(leaves);
      L!.backward();
      expectClose(tensor([a!, b!, c!].map((x) => x.item())), [step.a, step.b, step.c], tolerance);
      expectClose(t!, step.t, tolerance);
      expectClose(L!, step.loss, 1e-11);
      expectClose(tensor([a!, b!, c!].map((x) => x.grad!.item())), step.dL, tolerance);
      optimizer.step();
    }
  });
});

describe('linear classifiers', () => {
  const find = casesOf('linear_classifiers');
  const { tolerance } = load('linear_classifiers');
  const list = (value: unknown) => tensor(value as number[], { requiresGrad: true });

  /** max(0, s_j − s_y + delta) summed over the wrong classes; PyTorch divides by the number of classes. */
  const hinge = (scores: Tensor, y: Tensor, margin = 1) =>
    F.multiMarginLoss(scores, y, { margin, reduction: 'none' }).mul(scores.shape.at(-1)!);

  it('maps an image to scores', () => {
    const { inputs, expected } = find('image_to_scores');
    const { W, x, b } = inputsOf({ inputs });
    expectClose(W!.matmul(x!).add(b!), expected.scores, tolerance);
  });

  it('has both losses of one example', () => {
    const { inputs, expected } = find('svm_vs_softmax');
    const [W, x, b] = [array(inputs.W!), array(inputs.x!), array(inputs.b!)];
    const y = tensor(inputs.y as unknown as number);
    const scores = seen(W.matmul(x).add(b));
    expectClose(scores, expected.scores, tolerance);
    expectClose(hinge(scores, y), expected.hinge, tolerance);
    expectClose(F.softmax(scores, 0), expected.probs, tolerance);
    const loss = F.crossEntropy(scores, y);
    loss.backward();
    expectClose(loss, expected.cross_entropy, tolerance);
    expectClose(scores.grad, expected.dscores, tolerance);
  });

  it('has the hinge losses of the lecture', () => {
    const wide = find('hinge_delta_10');
    expectClose(hinge(list(wide.inputs.scores), tensor(0), 10), wide.expected.loss, tolerance);
    const { inputs, expected } = find('cat_car_frog');
    const { scores, y } = inputsOf({ inputs });
    expectClose(hinge(scores!, y!), expected.hinge, tolerance);
    expectClose(hinge(scores!, y!).mean(), expected.hinge_mean, tolerance);
    expectClose(F.crossEntropy(scores!, y!, { reduction: 'none' }), expected.cross_entropy, tolerance);
    expectClose(F.softmax(scores!, 1).select(0, 0), expected.probs_row0, tolerance);
    const content = find('svm_is_content_softmax_is_not');
    const three = list(content.inputs.scores);
    expectClose(hinge(three, tensor([0, 0, 0])), content.expected.hinge, tolerance);
    expectClose(
      F.crossEntropy(three, tensor([0, 0, 0]), { reduction: 'none' }),
      content.expected.cross_entropy,
      tolerance,
    );
  });

  it('computes softmax without overflow', () => {
    const { inputs, expected } = find('softmax_stability');
    expectClose(F.softmax(list(inputs.scores), 0), expected.probs, tolerance);
    const peaky = find('softmax_peakiness');
    expectClose(F.softmax(list(peaky.inputs.a), 0), peaky.expected.a, tolerance);
    expectClose(F.softmax(list(peaky.inputs.b), 0), peaky.expected.b, tolerance);
  });

  it('prefers weights that are spread out', () => {
    const { inputs, expected } = find('l2_prefers_spread');
    [list(inputs.w1), list(inputs.w2)].forEach((w, i) => {
      expectClose(w.mul(list(inputs.x)).sum(), expected.dots[i], tolerance);
      expectClose(w.square().sum(), expected.l2[i], tolerance);
    });
  });

  it('starts at the losses of chance', () => {
    const { expected } = find('chance_losses');
    const y = tensor([0, 1, 2, 0]);
    expectClose(F.crossEntropy(zeros([4, 10]), y), expected['softmax C=10'], tolerance);
    expectClose(F.crossEntropy(zeros([4, 3]), y), expected['softmax C=3'], tolerance);
    expectClose(hinge(zeros([4, 10]), y).mean(), expected['hinge C=10'], tolerance);
  });
});

describe('the spiral', () => {
  const { data, softmax_linear, two_layer_net } = load('spiral_case_study');
  const X = array(data.X).detach();
  const y = array(data.y);

  /** Losses before each of some steps of gradient descent. */
  function descend(params: Tensor[], loss: () => Tensor, steps: number): number[] {
    const optimizer = new SGD(params, { lr: 1 });
    return Array.from({ length: steps }, () => {
      const value = loss();
      optimizer.zeroGrad();
      value.backward();
      optimizer.step();
      return value.item();
    });
  }

  it('is separated by a line along the recorded losses', () => {
    const { init, reg, iterations, expected, tolerance_vs_expected: tolerance } = softmax_linear;
    const W = array(init.W);
    const b = zeros([3], { requiresGrad: true });
    const scores = () => X.matmul(W).add(b);
    const loss = () =>
      F.crossEntropy(scores(), y).add(
        W.square()
          .sum()
          .mul(0.5 * reg),
      );
    const losses = descend([W, b], loss, iterations);
    losses.forEach((value, i) => {
      expectClose(value, expected.loss_history[i], tolerance);
    });
    expectClose(W, expected.final_W, tolerance);
    expectClose(b, expected.final_b, tolerance);
    expect(scores().argmax({ dim: 1 }).eq(y).mean().item()).toBeCloseTo(expected.accuracy, 12);
  });

  it('is learnt by two layers, with the recorded first gradients and losses', () => {
    const { init, hidden, reg, expected } = two_layer_net;
    const W1 = array(init.W1);
    const W2 = array(init.W2);
    const b1 = zeros([hidden], { requiresGrad: true });
    const b2 = zeros([3], { requiresGrad: true });
    const penalty = () =>
      W1.square()
        .sum()
        .add(W2.square().sum())
        .mul(0.5 * reg);
    const loss = () => F.crossEntropy(F.relu(X.matmul(W1).add(b1)).matmul(W2).add(b2), y).add(penalty());
    const first = loss();
    first.backward();
    expectClose(first, expected.first_step_loss, 1e-9);
    Object.entries({ W1, b1, W2, b2 }).forEach(([name, x]) => {
      expectClose(x.grad, expected.first_step_gradients[name], 1e-9);
    });
    const losses = descend([W1, b1, W2, b2], loss, 301);
    for (const step of [0, 100, 200, 300]) expectClose(losses[step]!, expected.loss_every_100[step], 1e-6);
  });
});
