import { ArgumentError, ShapeError } from './errors.ts';
import { allocate, contiguous, type Kernel, type Nd, viewAs } from './kernels/kernel.ts';
import { launch } from './kernels/launch.ts';
import * as elementwise from './kernels/pointwise.ts';
import * as draws from './kernels/random.ts';
import { blockOf } from './memory.ts';
import { checkInteger, checkNumber, describe, readOptions } from './options.ts';
import { defaultGenerator, type Generator } from './random.ts';
import { checkShape, inferShape, numelOf, type Shape } from './shape.ts';
import { type NestedArray, Tensor } from './tensor.ts';

/** Whether the new tensor is a leaf that wants a gradient (default false). */
export interface TensorOptions {
  requiresGrad?: boolean;
}

/** Options of what is drawn: the generator that draws (default: the one that `manualSeed` seeds). */
export interface DrawOptions extends TensorOptions {
  generator?: Generator;
}

/** What `tensor` makes a tensor of. */
export type TensorData = NestedArray | readonly TensorData[] | boolean | ArrayLike<number> | Nd | Tensor;

const plain = { requiresGrad: false };
const drawn = { generator: defaultGenerator, requiresGrad: false };

// From values

/**
 * A new tensor with a copy of `data`: a number, nested lists, a typed array, an ndarray or a tensor; true is 1.
 * `shape` arranges a flat list or typed array.
 * @throws ShapeError for ragged lists, or where the elements do not fill `shape`
 * @throws ArgumentError for what is no number
 */
export function tensor(data: TensorData, options?: TensorOptions & { shape?: Shape }): Tensor {
  const { shape, requiresGrad } = readOptions('tensor', options, { ...plain, shape: null as Shape | null });
  const source = data instanceof Tensor ? data.ndarray : data;
  const x = isNdarray(source) ? copyOf(source) : fromNested(source as NestedArray);
  const arranged = shape === null ? x : contiguous(x.data, inferShape('tensor', shape, x.shape));
  return new Tensor(arranged).requiresGrad_(requiresGrad);
}

/**
 * A tensor on the caller's own memory, without a copy: a `Float64Array`, or a view of one by the `ndarray` package.
 * @throws ArgumentError for other memory
 */
export function fromArray(data: Float64Array | Nd, options?: TensorOptions & { shape?: Shape }): Tensor {
  const { shape, requiresGrad } = readOptions('fromArray', options, { ...plain, shape: null as Shape | null });
  if (data instanceof Float64Array) {
    const sizes = inferShape('fromArray', shape ?? [data.length], [data.length]);
    return new Tensor(contiguous(data, sizes)).requiresGrad_(requiresGrad);
  }
  if (!isNdarray(data) || !(data.data instanceof Float64Array)) {
    throw new ArgumentError(
      `fromArray: expected a Float64Array or an ndarray on one, got ${describe(data)}; tensor() copies`,
    );
  }
  if (shape !== null) throw new ArgumentError('fromArray: an ndarray has its own shape; use reshape()');
  return new Tensor(viewAs(data.data, data.shape, data.stride, data.offset)).requiresGrad_(requiresGrad);
}

function isNdarray(data: unknown): data is Nd {
  return typeof data === 'object' && data !== null && 'data' in data && 'stride' in data;
}

function copyOf(source: Nd): Nd {
  const copy = allocate(source.shape);
  elementwise.copy.run([copy], [source]);
  return copy;
}

function fromNested(data: NestedArray): Nd {
  const shape = shapeOf(data);
  const x = allocate(shape);
  let next = 0;
  const visit = (part: NestedArray, depth: number): void => {
    if (depth === shape.length) {
      x.data[next++] = numberOf(part);
    } else {
      const size = isList(part) ? part.length : 'a number';
      if (size !== shape[depth]) {
        throw new ShapeError(`tensor: ragged lists: expected ${shape[depth]} elements at depth ${depth}, got ${size}`);
      }
      for (const item of part as NestedArray[]) visit(item, depth + 1);
    }
  };
  visit(data, 0);
  return x;
}

function shapeOf(data: NestedArray): number[] {
  const shape: number[] = [];
  for (let part: NestedArray | undefined = data; isList(part); part = part[0]) shape.push(part.length);
  return shape;
}

function isList(data: unknown): data is NestedArray[] {
  return Array.isArray(data) || (ArrayBuffer.isView(data) && !(data instanceof DataView));
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (isList(value)) throw new ShapeError(`tensor: ragged lists: expected a number, got ${describe(value)}`);
  throw new ArgumentError(`tensor: expected numbers, got ${describe(value)}`);
}

// Of one value

/** Zeros. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  checkShape('zeros', shape);
  const { requiresGrad } = readOptions('zeros', options, plain);
  return new Tensor(contiguous(new Float64Array(numelOf(shape)), shape)).requiresGrad_(requiresGrad);
}

/**
 * Zeros that live long and change often, such as weights and what an optimizer remembers of them: in memory that every
 * kernel reaches without copies, where there is room. Its `ndarray` is a view of that memory; `toArray` copies.
 */
export function resident(shape: Shape): Tensor {
  checkShape('resident', shape);
  const block = blockOf(numelOf(shape));
  if (block === null) return zeros(shape);
  const x = new Tensor(contiguous(block.fill(0), shape));
  x.storage.block = block;
  x.storage.keep();
  return x;
}

/** Ones. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  return full(shape, 1, options);
}

/** `value` everywhere. */
export function full(shape: Shape, value: number, options?: TensorOptions): Tensor {
  checkShape('full', shape);
  if (typeof value !== 'number') throw new ArgumentError(`full: the value must be a number, got ${describe(value)}`);
  return made(elementwise.fill, shape, value, readOptions('full', options, plain));
}

/** A tensor to be filled; it happens to start with zeros. */
export const empty = zeros;

/** Zeros of the shape of `x`. */
export function zerosLike(x: Tensor, options?: TensorOptions): Tensor {
  return zeros(x.shape, options);
}

/** Ones of the shape of `x`. */
export function onesLike(x: Tensor, options?: TensorOptions): Tensor {
  return full(x.shape, 1, options);
}

/** `value` in the shape of `x`. */
export function fullLike(x: Tensor, value: number, options?: TensorOptions): Tensor {
  return full(x.shape, value, options);
}

/** A tensor of the shape of `x`, to be filled. */
export const emptyLike = zerosLike;

/** The identity matrix, `[n, m]` (default m = n). */
export function eye(n: number, options?: TensorOptions & { m?: number }): Tensor {
  const { m, requiresGrad } = readOptions('eye', options, { ...plain, m: n });
  checkInteger('eye', 'n', n);
  checkInteger('eye', 'm', m);
  const x = zeros([n, m]);
  for (let i = 0; i < Math.min(n, m); i++) x.ndarray.data[i * m + i] = 1;
  return x.requiresGrad_(requiresGrad);
}

/**
 * start, start + step, … up to but without `end` (defaults: start 0, step 1).
 * @throws ArgumentError for a step that never gets there
 */
export function arange(end: number, options?: TensorOptions & { start?: number; step?: number }): Tensor {
  const { start, step, requiresGrad } = readOptions('arange', options, { ...plain, start: 0, step: 1 });
  for (const [name, value] of Object.entries({ start, end, step })) checkNumber('arange', name, value);
  const size = Math.ceil((end - start) / step);
  if (step === 0 || size < 0) throw new ArgumentError(`arange: steps of ${step} do not lead from ${start} to ${end}`);
  const data = Float64Array.from({ length: size }, (_, i) => start + i * step);
  return fromArray(data, { requiresGrad });
}

/** `steps` numbers from `start` to `end`, both included, evenly spaced. */
export function linspace(start: number, end: number, steps: number, options?: TensorOptions): Tensor {
  checkNumber('linspace', 'start', start);
  checkNumber('linspace', 'end', end);
  checkInteger('linspace', 'steps', steps);
  const step = (end - start) / (steps - 1);
  // From both ends towards the middle, as PyTorch does, so that both are exact.
  const at = (i: number) => (i < Math.floor(steps / 2) ? start + step * i : end - step * (steps - 1 - i));
  const data = Float64Array.from({ length: steps }, (_, i) => (steps === 1 ? start : at(i)));
  return fromArray(data, readOptions('linspace', options, plain));
}

// Drawn

/** Uniform on [0, 1). @see PyTorch `torch.rand` */
export function rand(shape: Shape, options?: DrawOptions): Tensor {
  checkShape('rand', shape);
  const { generator, requiresGrad } = readOptions('rand', options, drawn);
  return made(draws.uniform, shape, { generator, from: 0, to: 1 }, { requiresGrad });
}

/** Standard normal: mean 0, variance 1. @see PyTorch `torch.randn` */
export function randn(shape: Shape, options?: DrawOptions): Tensor {
  checkShape('randn', shape);
  const { generator, requiresGrad } = readOptions('randn', options, drawn);
  return made(draws.normal, shape, { generator, mean: 0, std: 1 }, { requiresGrad });
}

/** Whole numbers of [low, high) (default low 0). @throws ArgumentError for an empty range @see PyTorch `torch.randint` */
export function randint(high: number, shape: Shape, options?: DrawOptions & { low?: number }): Tensor {
  checkShape('randint', shape);
  const { low, generator, requiresGrad } = readOptions('randint', options, { ...drawn, low: 0 });
  checkInteger('randint', 'low', low, -Infinity);
  checkInteger('randint', 'high', high, -Infinity);
  if (high <= low) throw new ArgumentError(`randint: no whole numbers from ${low} to below ${high}`);
  return made(draws.integers, shape, { generator, low, high }, { requiresGrad });
}

/** 0 … n − 1 in random order. @see PyTorch `torch.randperm` */
export function randperm(n: number, options?: { generator?: Generator }): Tensor {
  checkInteger('randperm', 'n', n);
  return made(draws.permutation, [n], readOptions('randperm', options, { generator: defaultGenerator }), plain);
}

/** Uniform on [0, 1), in the shape of `x`. */
export function randLike(x: Tensor, options?: DrawOptions): Tensor {
  return rand(x.shape, options);
}

/** Standard normal, in the shape of `x`. */
export function randnLike(x: Tensor, options?: DrawOptions): Tensor {
  return randn(x.shape, options);
}

/**
 * 1 with the probability that each element of `p` states, else 0.
 * @throws ArgumentError for a probability outside [0, 1]
 * @see PyTorch `torch.bernoulli`
 */
export function bernoulli(p: Tensor, options?: { generator?: Generator }): Tensor {
  const probabilities = p.isContiguous() ? p : tensor(p);
  if (!p.toArray().every((value) => value >= 0 && value <= 1)) {
    throw new ArgumentError('bernoulli: every probability must lie in [0, 1]');
  }
  const y = zeros(p.shape);
  launch(draws.bernoulli, [y], [probabilities], readOptions('bernoulli', options, { generator: defaultGenerator }));
  return y;
}

function made<P>(kernel: Kernel<P>, shape: Shape, params: P, { requiresGrad }: { requiresGrad: boolean }): Tensor {
  const y = new Tensor(allocate(shape));
  launch(kernel, [y], [], params);
  return y.requiresGrad_(requiresGrad);
}
