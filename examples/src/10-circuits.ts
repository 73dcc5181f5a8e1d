/**
 * The circuits of the lecture: gates, the sigmoid neuron, a function in stages, and ‖Wx‖² in vectors. CS231n, lecture 4.
 *   pnpm train circuits [--quiet]
 *
 * Prints each circuit's value and gradients beside the lecture's. Where a value is used twice, its gradients add up.
 */
import { add, div, maximum, mul, sigmoid, square, sub, type Tensor, tensor } from '@ndgrad/core';
import { amount, lesson, table } from 'ndgrad/command';

/** A circuit: what goes in, how it is computed, and the value and gradients that the lecture gives. */
interface Circuit {
  name: string;
  inputs: Record<string, number>;
  compute: (inputs: Record<string, Tensor>) => Tensor;
  expected: Record<string, number>;
}

const circuits: Circuit[] = [
  {
    name: 'f = (x + y)·z',
    inputs: { x: -2, y: 5, z: -4 },
    compute: ({ x, y, z }) => mul(add(x!, y!), z!),
    expected: { f: -12, x: -4, y: -4, z: 3 },
  },
  {
    name: 'f = 2(xy + max(z, w))',
    inputs: { x: 3, y: -4, z: 2, w: -1 },
    compute: ({ x, y, z, w }) => mul(2, add(mul(x!, y!), maximum(z!, w!))),
    expected: { f: -20, x: -8, y: 6, z: 2, w: 0 },
  },
  {
    name: 'f = σ(w0·x0 + w1·x1 + w2), a neuron',
    inputs: { w0: 2, x0: -1, w1: -3, x1: -2, w2: -3 },
    compute: ({ w0, x0, w1, x1, w2 }) => sigmoid(add(add(mul(w0!, x0!), mul(w1!, x1!)), w2!)),
    expected: {
      ...{ f: 0.7310585786300049, w0: -0.19661193324148185, x0: 0.3932238664829637 },
      ...{ w1: -0.3932238664829637, x1: -0.5898357997244456, w2: 0.19661193324148185 },
    },
  },
  {
    name: 'f = (x + σ(y)) / (σ(x) + (x + y)²)',
    inputs: { x: 3, y: -4 },
    compute: ({ x, y }) => div(add(x!, sigmoid(y!)), add(sigmoid(x!), square(add(x!, y!)))),
    expected: { f: 1.5456448841066441, x: 2.0595697955721652, y: 1.5922327514838093 },
  },
];

/** f(x, W) = ‖Wx‖²: ∂f/∂W = 2q·xᵀ and ∂f/∂x = Wᵀ·2q, with q = Wx. */
function vectorised(): { W: Tensor; x: Tensor; difference: number } {
  const W = tensor([0.1, 0.5, -0.3, 0.8], { shape: [2, 2], requiresGrad: true });
  const x = tensor([0.2, 0.4], { requiresGrad: true });
  square(W.matmul(x)).sum().backward();
  const expected = { W: tensor([0.088, 0.176, 0.104, 0.208], { shape: [2, 2] }), x: tensor([-0.112, 0.636]) };
  const off = (got: Tensor, want: Tensor) => sub(got, want).abs().max().item();
  return { W, x, difference: Math.max(off(W.grad!, expected.W), off(x.grad!, expected.x)) };
}

export const lectureCircuits = lesson({
  name: 'circuits',
  summary: 'the circuits of the lecture, with their gradients',
  options: {},
  goals: { 'largest difference': amount({ max: 1e-12 }) },
  async run(_, { print }) {
    const differences = circuits.map(({ name, inputs, compute, expected }) => {
      const leaves = Object.fromEntries(Object.entries(inputs).map(([key, v]) => [key, tensor(v).requiresGrad_()]));
      const f = compute(leaves);
      f.backward();
      const got = (key: string) => (key === 'f' ? f : leaves[key]!.grad!).item();
      const rows = Object.entries(expected).map(([key, value]) => [
        ...[key === 'f' ? 'f' : `∂f/∂${key}`, key === 'f' ? '' : inputs[key]!, got(key), value],
      ]);
      print(name, table(['', 'at', 'computed', 'lecture'], rows), '');
      return Math.max(...Object.entries(expected).map(([key, value]) => Math.abs(got(key) - value)));
    });
    const { W, x, difference } = vectorised();
    print('f = ‖Wx‖²', `∂f/∂W ${W.grad}`, `∂f/∂x ${x.grad}`);
    return { 'largest difference': Math.max(...differences, difference) };
  },
});
