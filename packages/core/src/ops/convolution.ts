import { zeros } from '../create.ts';
import type { ConvGrid } from '../kernels/conv.ts';
import * as kernels from '../kernels/conv.ts';
import { launch } from '../kernels/launch.ts';
import type { Windows } from '../kernels/pool.ts';
import type { Pair } from '../kernels/unfold.ts';
import { compute, op, unwritten } from '../op.ts';
import type { Shape } from '../shape.ts';
import { type At, type Scattered, Tensor } from '../tensor.ts';
import { sum } from './reduce.ts';
import { drop, fromPlaces, writtenOut } from './scatter.ts';

// A convolution is linear in the image, the weight and the bias; its gradients in image and weight are linear too, and
// the rules of each of the three are the other two.

/** The grid, and the sizes that it does not tell of the image on the other side. */
interface TransposedGrid extends ConvGrid {
  size: Pair;
}

interface WeightGrid extends ConvGrid {
  /** Of the weight, [out, in / groups, …kernel]. */
  shape: Shape;
}

const sumOverPixels = (g: Tensor): Tensor => sum(g, { dim: [0, 2, 3] });

type ConvAt = At<'x' | 'weight' | 'bias', ConvGrid>;
type Wants = Readonly<Record<'x' | 'weight' | 'bias', boolean>>;

const towardsInput = (g: Tensor, { weight, params: grid, shapes }: ConvAt): Tensor =>
  convTransposeOp(g, weight, zeros([shapes.x[1]!]), { ...grid, size: shapes.x.slice(2) as [number, number] });

const towardsWeight = (g: Tensor, { x, params: grid, shapes }: ConvAt): Tensor =>
  convWeightOp(x, g, { ...grid, shape: shapes.weight });

const fromWhole = (g: Tensor, at: ConvAt, wants: Wants) => ({
  ...(wants.x && { x: towardsInput(g, at) }),
  ...(wants.weight && weightAndBias(g, at, wants.bias)),
  ...(wants.bias && !wants.weight && { bias: sumOverPixels(g) }),
});

/** Visits only the windows that have a gradient. */
function fromScattered(g: Scattered, at: ConvAt, wants: Wants) {
  if (!wants.weight && wants.bias) return fromWhole(writtenOut(g), at, wants);
  const gradients = {
    ...(wants.x && { x: unwritten(at.shapes.x) }),
    ...(wants.weight && { weight: unwritten(at.shapes.weight) }),
    ...(wants.bias && { bias: unwritten(at.shapes.bias) }),
  };
  const needed = [...(wants.weight ? [at.x] : []), ...(wants.x ? [at.weight] : []), g.values, g.positions];
  launch(kernels.scatteredConv, Object.values(gradients), needed, { ...at.params, wants });
  return gradients;
}

/** The gradient of the weight, and in the same pass over that of the output that of the bias, if it is wanted. */
function weightAndBias(g: Tensor, { x, params, shapes }: ConvAt, wantsBias: boolean) {
  const [weight, bias] = [unwritten(shapes.weight), unwritten(shapes.bias)];
  launch(kernels.convWeight, wantsBias ? [weight, bias] : [weight], [x, g], params);
  return wantsBias ? { weight, bias } : { weight };
}

export const convOp = op({
  name: 'conv',
  inputs: ['x', 'weight', 'bias'],
  forward: (x, weight, bias, grid: ConvGrid) =>
    compute(kernels.conv, [x.shape[0]!, weight.shape[0]!, ...grid.blocks], [x, weight, bias], grid),
  backward: { x: towardsInput, weight: towardsWeight, bias: sumOverPixels },
  fused: fromWhole,
  scattered: fromScattered,
});

export const convTransposeOp = op({
  name: 'convTranspose',
  inputs: ['y', 'weight', 'bias'],
  forward: (y, weight, bias, grid: TransposedGrid) => {
    const shape = [y.shape[0]!, weight.shape[1]! * grid.groups, ...grid.size];
    return compute(kernels.convTranspose, shape, [y, weight, bias], grid);
  },
  backward: {
    y: (g, { weight, params: grid, shapes }): Tensor => convOp(g, weight, zeros([shapes.y[1]!]), grid),
    weight: (g, { y, params: grid, shapes }): Tensor => convWeightOp(g, y, { ...grid, shape: shapes.weight }),
    bias: sumOverPixels,
  },
});

const convWeightOp = op({
  name: 'convWeight',
  inputs: ['x', 'y'],
  forward: (x, y, grid: WeightGrid) => compute(kernels.convWeight, grid.shape, [x, y], grid),
  backward: {
    x: (g, { y, params: grid, shapes }): Tensor =>
      convTransposeOp(y, g, zeros([shapes.x[1]!]), { ...grid, size: shapes.x.slice(2) as [number, number] }),
    y: (g, { x, params: grid, shapes }): Tensor => convOp(x, g, zeros([shapes.y[1]!]), grid),
  },
});

// A convolution, ReLU and a max pool as one: of what lies between, nothing is kept.

/** The windows of the pool on the output of the convolution. */
export interface PooledGrid extends ConvGrid {
  rows: Windows;
  columns: Windows;
}

const convReluPoolOp = op({
  name: 'convReluPool',
  inputs: ['x', 'weight', 'bias', 'maxima', 'positions'],
  forward: (_x, _weight, _bias, maxima, _positions, _grid: PooledGrid) => maxima,
  backward: {
    x: (g, at) => towardsInput(beforePool(g, at), at),
    weight: (g, at) => towardsWeight(beforePool(g, at), at),
    bias: (g, at) => sumOverPixels(beforePool(g, at)),
    maxima: null,
    positions: null,
  },
  fused: (g, at, wants) => {
    const before = fromPlaces(g, at.positions, convolvedShape(at), null);
    return before instanceof Tensor ? fromWhole(before, at, wants) : fromScattered(before, at, wants);
  },
});

type PooledAt = At<'x' | 'weight' | 'bias' | 'maxima' | 'positions', PooledGrid>;

const convolvedShape = ({ shapes: { x, weight }, params: { blocks } }: PooledAt): Shape => [
  x[0]!,
  weight[0]!,
  ...blocks,
];

/** The gradient at the output of the convolution. */
const beforePool = (g: Tensor, at: PooledAt): Tensor => drop(g, at.positions, convolvedShape(at));

/** The maxima of windows of max(0, the convolution). */
export function convReluPool(x: Tensor, weight: Tensor, bias: Tensor, grid: PooledGrid): Tensor {
  const shape = [x.shape[0]!, weight.shape[0]!, grid.rows.starts.length, grid.columns.starts.length];
  const [maxima, positions] = [unwritten(shape), unwritten(shape)];
  launch(kernels.convReluMax, [maxima, positions], [x, weight, bias], grid);
  return convReluPoolOp(x, weight, bias, maxima, positions, grid);
}
