import * as nd from '../src/index.ts';

// Tensors to differentiate at, for tests.

type Tensor = nd.Tensor;
type Shape = nd.Shape;
/** A function of tensors, and inputs that keep clear of its kinks and poles. Kinks have tests of their own. */
export type Case = readonly [f: (...xs: Tensor[]) => Tensor | readonly Tensor[], ...inputs: Tensor[]];

const generator = new nd.Generator(0);

/** Uniform on [low, high). */
export function draw(shape: Shape, low = -2, high = 2): Tensor {
  return wanting(
    nd
      .rand(shape, { generator })
      .mul(high - low)
      .add(low),
  );
}

/** Multiples of 0.4 in random order, 0 among them, so that no step of a difference changes their order. */
export function distinct(shape: Shape): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return wanting(
    nd
      .randperm(size, { generator })
      .mul(0.4)
      .sub(size * 0.2)
      .reshape(shape),
  );
}

/** A leaf of the same view: transposed and flipped ones stay so. */
export function wanting(x: Tensor): Tensor {
  return x.detach().requiresGrad_();
}

export const transposed = (x: Tensor) => wanting(x.detach().permute(x.shape.map((_, d) => x.ndim - 1 - d)));
export const backwards = (x: Tensor) => wanting(x.detach().flip(x.shape.map((_, d) => d)));
const shapes: Shape[] = [[], [4], [3, 4], [1, 4], [3, 1], [0, 2]];

/** f on scalars, lists, matrices, nothing, and views that are not contiguous. */
export const each = (f: Case[0], low = -2, high = 2): Case[] => [
  ...shapes.map((shape): Case => [f, draw(shape, low, high)]),
  [f, transposed(draw([2, 3, 2], low, high))],
  [f, backwards(draw([2, 3], low, high))],
];

/** f(a, b) on shapes that broadcast in every way, `b` from its own range. */
export function pairs(f: Case[0], a: readonly [number, number] = [-2, 2], b: readonly [number, number] = a): Case[] {
  const together: [Shape, Shape][] = [
    [[], []],
    [[], [3]],
    [[2, 3], []],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [2, 1],
      [1, 3],
    ],
    [[3], [2, 1]],
    [
      [2, 1, 2],
      [3, 1],
    ],
    [
      [0, 2],
      [1, 2],
    ],
  ];
  return [
    ...together.map(([one, other]): Case => [f, draw(one, ...a), draw(other, ...b)]),
    [f, transposed(draw([3, 2], ...a)), backwards(draw([2, 3], ...b))],
  ];
}

/** f along each dim and all of them, on what has several dims, one, none, or no elements. */
export function along(f: (x: Tensor, dim: number | null) => Tensor | readonly Tensor[], make = draw): Case[] {
  const on = (x: Tensor, ...dims: (number | null)[]) => dims.map((dim): Case => [(x) => f(x, dim), x]);
  return [
    ...on(make([]), 0, null),
    ...on(make([4]), -1, null),
    ...on(make([2, 3]), 0, 1, null),
    ...on(make([2, 1, 3]), 0, 1, -1),
    ...on(make([0, 2]), 1),
    ...on(transposed(make([3, 2])), 0, 1, null),
    ...on(backwards(make([2, 2, 2])), 1, null),
  ];
}

/** As `along`, and with several dims, kept. */
export function reductions(f: (x: Tensor, options: nd.ReduceOptions) => Tensor, make = draw): Case[] {
  return [
    ...along((x, dim) => f(x, { dim }), make),
    [(x) => f(x, { dim: [0, -1], keepdim: true }), make([2, 3, 2])],
    [(x) => f(x, { dim: [1, 2] }), transposed(make([2, 3, 2]))],
    [(x) => f(x, { dim: [] }), make([2, 2])],
  ];
}

export const positive = (shape: Shape) => draw(shape, 0.5, 2);
export const index = (...rows: nd.TensorData[]) => nd.tensor(rows);
