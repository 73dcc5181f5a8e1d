import { ArgumentError, DimError, ShapeError } from '../errors.ts';
import { op } from '../op.ts';
import { checkInteger, describe, readOptions } from '../options.ts';
import { checkShape, formatShape, normalizeDim, normalizeDims, type Shape } from '../shape.ts';
import { type Tensor, viewOf } from '../tensor.ts';
import { expand } from './broadcast.ts';
import { cat } from './join.ts';
import { clone } from './pointwise.ts';
import { flatten, narrow, permute, reshape } from './view.ts';

const flipOp = op({
  name: 'flip',
  inputs: ['x'],
  forward: (x, dims: Shape) => {
    const { shape, stride, offset } = x.ndarray;
    const last = dims.reduce((at, d) => at + Math.max(shape[d]! - 1, 0) * stride[d]!, offset);
    return viewOf(
      x,
      shape,
      stride.map((step, d) => (dims.includes(d) ? -step : step)),
      last,
    );
  },
  backward: { x: (g, { params: dims }): Tensor => flipOp(g, dims) },
});

/**
 * The order along each of `dims` reversed, as a view.
 * @throws DimError for a dim out of range or named twice
 * @see PyTorch `torch.flip`
 */
export function flip(x: Tensor, dims: number | Shape): Tensor {
  const none = Array.isArray(dims) && dims.length === 0;
  return flipOp(x, none ? [] : normalizeDims('flip', dims, x.ndim));
}

/**
 * The elements moved on by `shifts` along `dims`, those that fall off coming in again at the start; without `dims`, as
 * if the tensor were flat.
 * @throws ArgumentError unless there are as many shifts as dims
 * @see PyTorch `torch.roll`
 */
export function roll(x: Tensor, shifts: number | Shape, options?: { dims?: number | Shape | null }): Tensor {
  const { dims } = readOptions('roll', options, { dims: null as number | Shape | null });
  const steps = [shifts].flat() as number[];
  for (const step of steps) checkInteger('roll', 'a shift', step, -Infinity);
  const along = dims === null ? [] : ([dims].flat() as number[]);
  if (steps.length === 1 && along.length === 0) return reshape(rollOne(flatten(x), steps[0]!, 0), x.shape);
  if (steps.length === 0 || steps.length !== along.length) {
    throw new ArgumentError(`roll: ${describe(shifts)} shifts along ${describe(dims)}: give one shift for each dim`);
  }
  return along.reduce<Tensor>((y, dim, i) => rollOne(y, steps[i]!, normalizeDim('roll', dim, x.ndim)), x);
}

function rollOne(x: Tensor, shift: number, dim: number): Tensor {
  const size = x.shape[dim] ?? 1;
  const start = x.numel() === 0 || x.ndim === 0 ? 0 : ((shift % size) + size) % size;
  if (start === 0) return clone(x);
  return cat([narrow(x, dim, size - start, start), narrow(x, dim, 0, size - start)], { dim });
}

/**
 * The tensor laid out `repeats` times along each dim; more repeats than dims make new dims in front.
 * @throws ShapeError for fewer repeats than dims
 * @see PyTorch `Tensor.repeat`
 */
export function repeat(x: Tensor, repeats: Shape): Tensor {
  checkShape('repeat', repeats);
  const lead = repeats.length - x.ndim;
  if (lead < 0) {
    throw new ShapeError(
      `repeat: ${formatShape(x.shape)} has ${x.ndim} dims, and there are ${repeats.length} repeats; give one for each dim`,
    );
  }
  const sizes = [...new Array<number>(lead).fill(1), ...x.shape];
  // Every dim gets a dim of size 1 in front, which is repeated, and then joined with it.
  const apart = reshape(
    x,
    sizes.flatMap((size) => [1, size]),
  );
  const repeated = expand(
    apart,
    sizes.flatMap((size, d) => [repeats[d]!, size]),
  );
  const y = reshape(
    repeated,
    sizes.map((size, d) => size * repeats[d]!),
  );
  return y.storage === x.storage ? clone(y) : y;
}

/** As `repeat`, but too few `dims` stand for the last ones. @see PyTorch `torch.tile` */
export function tile(x: Tensor, dims: Shape): Tensor {
  checkShape('tile', dims);
  return repeat(x, [...new Array<number>(Math.max(x.ndim - dims.length, 0)).fill(1), ...dims]);
}

/**
 * Dims moved to other places, as a view; the rest keep their order.
 * @throws DimError for a dim out of range or named twice, or lists of different lengths
 * @see PyTorch `torch.movedim`
 */
export function movedim(x: Tensor, source: number | Shape, destination: number | Shape): Tensor {
  const [from, to] = [source, destination].map((dims) => {
    const places = ([dims].flat() as number[]).map((dim) => normalizeDim('movedim', dim, x.ndim));
    if (new Set(places).size < places.length) throw new DimError(`movedim: a dim appears twice in ${describe(dims)}`);
    return places;
  }) as [number[], number[]];
  if (from.length !== to.length) {
    throw new DimError(`movedim: ${describe(source)} can't go to ${describe(destination)}: give as many of each`);
  }
  const rest = x.shape.map((_, d) => d).filter((d) => !from.includes(d));
  const order = x.shape.map((_, d) => (to.includes(d) ? from[to.indexOf(d)]! : rest.shift()!));
  return permute(x, order);
}
