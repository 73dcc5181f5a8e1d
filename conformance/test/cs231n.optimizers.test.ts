import { type Tensor, tensor } from '@ndgrad/core';
import {
  Adagrad,
  Adam,
  ExponentialLR,
  LambdaLR,
  type Optimizer,
  RMSprop,
  SGD,
  type State,
  StepLR,
} from '@ndgrad/optim';
import { describe, expect, it } from 'vitest';
import { array, type Case, casesOf, expectClose, load } from './cs231n.ts';

// The update rules of CS231n's assignment 2 and its lectures, by ndgrad's optimizers.

const find = casesOf('a2_optimizers');

/** One step from the recorded weights, gradient and state; checks the weights after it. */
function stepFrom(
  id: string,
  make: (params: Tensor[]) => Optimizer,
  stateOf: (one: Case) => State,
): Optimizer['state'] {
  const one = find(id);
  const w = array(one.inputs.w!);
  const optimizer = make([w]);
  optimizer.loadStateDict({ ...optimizer.stateDict(), state: { 0: stateOf(one) } });
  w.grad = array(one.inputs.dw!).detach();
  optimizer.step();
  expectClose(w, one.expected.next_w, one.tolerance_vs_expected);
  return optimizer.state;
}

const given = (one: Case, name: string): Tensor => array(one.inputs[name]!).detach();

function expectState(state: Optimizer['state'], id: string, names: Record<string, string>, factor = 1): void {
  const { expected, tolerance_vs_expected: tolerance } = find(id);
  const [remembered] = [...state.values()] as Record<string, Tensor>[];
  for (const [ours, theirs] of Object.entries(names)) {
    expectClose(remembered![ours]!.mul(factor), expected[theirs], tolerance);
  }
}

describe('assignment 2, update rules', () => {
  const lr = 1e-3;
  // The course's velocity is −lr times PyTorch's.
  const velocity = (one: Case): State => ({ momentum_buffer: given(one, 'velocity').div(-lr) });

  it('steps by SGD', () => {
    stepFrom(
      'sgd_derived',
      (params) => new SGD(params, { lr: 0.01 }),
      () => ({ momentum_buffer: null }),
    );
  });

  it('steps by momentum', () => {
    const state = stepFrom('sgd_momentum', (params) => new SGD(params, { lr, momentum: 0.9 }), velocity);
    expectState(state, 'sgd_momentum', { momentumBuffer: 'velocity' }, -lr);
  });

  it("steps by Nesterov's momentum", () => {
    const make = (params: Tensor[]) => new SGD(params, { lr, momentum: 0.9, nesterov: true });
    expectState(stepFrom('nesterov_derived', make, velocity), 'nesterov_derived', { momentumBuffer: 'velocity' }, -lr);
  });

  it('steps by AdaGrad', () => {
    const make = (params: Tensor[]) => new Adagrad(params, { lr: 0.01, eps: 1e-8 });
    const state = stepFrom('adagrad_derived', make, (one) => ({ step: 0, sum: given(one, 'cache') }));
    expectState(state, 'adagrad_derived', { sum: 'cache' });
  });

  it('steps by RMSProp', () => {
    const make = (params: Tensor[]) => new RMSprop(params, { lr: 0.01, alpha: 0.99, eps: 1e-8 });
    const state = stepFrom('rmsprop', make, (one) => ({ step: 0, square_avg: given(one, 'cache') }));
    expectState(state, 'rmsprop', { squareAvg: 'cache' });
  });

  it('steps by Adam, after five steps before', () => {
    const make = (params: Tensor[]) => new Adam(params, { lr: 0.01 });
    const state = stepFrom('adam', make, (one) => ({
      step: one.params.t_before!,
      exp_avg: given(one, 'm'),
      exp_avg_sq: given(one, 'v'),
    }));
    expectState(state, 'adam', { expAvg: 'm', expAvgSq: 'v' });
  });
});

describe('learning rates', () => {
  it('make gradient descent on a parabola converge below 2 and diverge above', () => {
    const { expected, tolerance_vs_expected: tolerance } = find('parabola_learning_rates');
    for (const [rate, trajectory] of Object.entries<number[]>(expected.trajectories_w_0_to_20)) {
      const w = tensor(-5, { requiresGrad: true });
      const optimizer = new SGD([w], { lr: Number(rate) });
      for (const recorded of trajectory) {
        expectClose(w, recorded, tolerance);
        optimizer.zeroGrad();
        w.sub(3).square().mul(0.5).backward();
        optimizer.step();
      }
    }
  });

  it('decay by step, exponential and 1/t', () => {
    const { expected, tolerance_vs_expected: tolerance } = find('learning_rate_schedules');
    const { samples } = expected;
    const { a0, k, t } = samples;

    /** The rates after the stated numbers of epochs. */
    const rates = (schedule: (optimizer: Optimizer) => { step(): void }, epochs: number[], lr: number) => {
      const optimizer = new SGD([tensor(1, { requiresGrad: true })], { lr });
      const scheduler = schedule(optimizer as unknown as Optimizer);
      const all = [lr];
      for (let epoch = 0; epoch < Math.max(...epochs); epoch++) {
        optimizer.step();
        scheduler.step();
        all.push(optimizer.paramGroups[0]!.lr);
      }
      return tensor(epochs.map((epoch) => all[epoch]!));
    };

    const exponential = (optimizer: Optimizer) => new ExponentialLR(optimizer, { gamma: Math.exp(-k) });
    expectClose(rates(exponential, t, a0), samples.exponential, tolerance);
    const overT = (optimizer: Optimizer) => new LambdaLR(optimizer, { lrLambda: (epoch) => 1 / (1 + k * epoch) });
    expectClose(rates(overT, t, a0), samples.one_over_t, tolerance);
    const half = samples.step_half_every_5_epochs;
    const byHalf = (optimizer: Optimizer) => new StepLR(optimizer, { stepSize: 5, gamma: 0.5 });
    expectClose(rates(byHalf, half.epochs, 0.1), half.lr, tolerance);
    const tenth = samples.step_tenth_every_20_epochs;
    const byTenth = (optimizer: Optimizer) => new StepLR(optimizer, { stepSize: 20, gamma: 0.1 });
    expectClose(rates(byTenth, tenth.epochs, 0.1), tenth.lr, tolerance);
    const perEpoch = samples.solver_lr_decay_0_95_per_epoch;
    const byEpoch = (optimizer: Optimizer) => new ExponentialLR(optimizer, { gamma: 0.95 });
    expectClose(rates(byEpoch, [0, 1, 2, 3, 4, 5], 1e-3), perEpoch, tolerance);
  });
});

/** The rules as the lecture has them. */
const rules: Record<string, (params: Tensor[], lr: number) => Pick<Optimizer, 'step' | 'zeroGrad'>> = {
  sgd: (params, lr) => new SGD(params, { lr }),
  momentum: (params, lr) => new SGD(params, { lr, momentum: 0.9 }),
  nesterov: (params, lr) => new SGD(params, { lr, momentum: 0.9, nesterov: true }),
  adagrad: (params, lr) => new Adagrad(params, { lr, eps: 1e-8 }),
  rmsprop: (params, lr) => new RMSprop(params, { lr, eps: 1e-8 }),
  adam: (params, lr) => new Adam(params, { lr }),
};

/** Where the rule is after 0, 1, 2, … steps on a·x² + b·y². */
function descend(rule: string, lr: number, [a, b]: [number, number], start: number[], steps: number): number[][] {
  const point = tensor(start, { requiresGrad: true });
  const optimizer = rules[rule]!([point], lr);
  const path = [start];
  for (let i = 0; i < steps; i++) {
    optimizer.zeroGrad();
    point
      .square()
      .mul(tensor([a, b]))
      .sum()
      .backward();
    optimizer.step();
    path.push([...point.toArray()]);
  }
  return path;
}

describe('lecture 7', () => {
  const { optimiser_bowl, saddle } = load('small_training_runs');

  it.each(Object.keys(optimiser_bowl.rules))('descends the long bowl by %s', (rule) => {
    const { lr, x_after_1, x_after_10, x_after_100 } = optimiser_bowl.rules[rule];
    const path = descend(rule, lr, [0.5, 25], [-4, 1], 100);
    expectClose(tensor(path[1]!), x_after_1, 1e-9);
    expectClose(tensor(path[10]!), x_after_10, 1e-9);
    expectClose(tensor(path[100]!), x_after_100, 1e-9);
  });

  it.each(Object.keys(saddle.rules))('leaves the saddle by %s', (rule) => {
    const { lr, steps_until_abs_y_above_0_5: left, x_after_10 } = saddle.rules[rule];
    const path = descend(rule, lr, [1, -1], [1, 1e-4], 60);
    expectClose(tensor(path[10]!), x_after_10, 1e-9);
    const first = path.findIndex(([, y]) => Math.abs(y!) > 0.5);
    expect(first).toBe(left ?? first);
  });
});
