import { ArgumentError, ShapeError } from '../errors.ts';
import * as kernels from '../kernels/indexing.ts';
import { compute, op } from '../op.ts';
import { readOptions } from '../options.ts';
import { formatShape, normalizeDim, type Shape, sameShape } from '../shape.ts';
import { type Rule, Tensor } from '../tensor.ts';
import { dimOf } from './checks.ts';
import { narrow, unsqueeze } from './view.ts';

interface Concatenation {
  shape: Shape;
  dim: number;
  /** Where each input begins along `dim`. */
  starts: readonly number[];
}

/** The operation that joins `count` tensors: the gradient of each is its slice of the upstream gradient. */
function makeCat(count: number) {
  const inputs = Array.from({ length: count }, (_, i) => `tensors[${i}]`);
  const sliceOf = (i: number): Rule<string, Concatenation> => {
    return (g, { params: { dim, starts }, shapes }) => narrow(g, dim, starts[i]!, shapes[inputs[i]!]![dim]!);
  };
  return op<string[], Concatenation>({
    name: 'cat',
    inputs,
    forward: (...args) => {
      const { shape, dim } = args.at(-1) as Concatenation;
      return compute(kernels.cat, shape, args.slice(0, -1) as Tensor[], { dim });
    },
    backward: Object.fromEntries(inputs.map((name, i) => [name, sliceOf(i)])),
  });
}

const catOf = new Map<number, ReturnType<typeof makeCat>>();

/**
 * Tensors joined along an existing dim (default 0), in which alone their sizes may differ.
 * @throws ShapeError where other sizes differ
 * @see PyTorch `torch.cat`
 */
export function cat(tensors: readonly Tensor[], options?: { dim?: number }): Tensor {
  const { dim } = readOptions('cat', options, { dim: 0 });
  checkList('cat', tensors);
  // PyTorch lets an empty list of numbers join anything.
  const parts = tensors.filter((x) => !(x.ndim === 1 && x.shape[0] === 0));
  const first = parts[0];
  if (first === undefined) return tensors[0]!;
  const d = dimOf('cat', first, dim);
  const starts: number[] = [];
  let total = 0;
  for (const x of parts) {
    if (x.ndim !== first.ndim || x.shape.some((size, i) => i !== d && size !== first.shape[i])) {
      throw new ShapeError(`cat: ${formatShape(x.shape)} does not fit ${formatShape(first.shape)} along dim ${dim}`);
    }
    starts.push(total);
    total += x.shape[d]!;
  }
  if (!catOf.has(parts.length)) catOf.set(parts.length, makeCat(parts.length));
  const shape = first.shape.map((size, i) => (i === d ? total : size));
  return catOf.get(parts.length)!(...parts, { shape, dim: d, starts });
}

/**
 * Tensors of one shape joined along a new dim (default 0).
 * @throws ShapeError where shapes differ
 * @see PyTorch `torch.stack`
 */
export function stack(tensors: readonly Tensor[], options?: { dim?: number }): Tensor {
  const { dim } = readOptions('stack', options, { dim: 0 });
  checkList('stack', tensors);
  const first = tensors[0]!;
  const d = normalizeDim('stack', dim, first.ndim + 1);
  for (const x of tensors) {
    if (!sameShape(x.shape, first.shape)) {
      throw new ShapeError(`stack: shapes must be equal, got ${formatShape(first.shape)} and ${formatShape(x.shape)}`);
    }
  }
  return cat(
    tensors.map((x) => unsqueeze(x, d)),
    { dim: d },
  );
}

function checkList(operation: string, tensors: readonly Tensor[]): void {
  if (!Array.isArray(tensors) || tensors.length === 0 || !tensors.every((x) => x instanceof Tensor)) {
    throw new ArgumentError(`${operation}: expected a list of at least one tensor, such as ${operation}([a, b])`);
  }
}
