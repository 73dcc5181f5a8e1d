import {
  ArgumentError,
  clone,
  describe,
  flatten,
  formatShape,
  indexSelect,
  mul,
  NdgradError,
  noGrad,
  reshape,
  Tensor,
  tensor,
} from '@ndgrad/core';
import type { AnyModule } from '@ndgrad/nn';
import { UnsupportedOpError } from './errors.ts';
import { type Known, type Trace, trace } from './trace.ts';

/** What the model is called with, in a list. @throws ArgumentError for anything but tensors that hold something */
export function checkExamples(operation: string, inputs: Tensor | readonly Tensor[]): readonly Tensor[] {
  const list: unknown = inputs instanceof Tensor ? [inputs] : inputs;
  if (!Array.isArray(list) || list.length === 0 || !list.every((x) => x instanceof Tensor)) {
    throw new ArgumentError(
      `${operation}: expected an example input, a tensor or a list of them, got ${describe(inputs)}`,
    );
  }
  const empty = list.find((x: Tensor) => x.numel() === 0);
  if (empty !== undefined) {
    throw new ArgumentError(`${operation}: an example must not be empty, got ${formatShape(empty.shape)}`);
  }
  return list;
}

/** Which of the inputs have a batch dim: the first, and all that have as many rows. */
export function batchedOf(examples: readonly Tensor[], dynamic: boolean): boolean[] {
  const rows = examples[0]!.shape[0];
  return examples.map((x) => dynamic && x.ndim > 0 && x.shape[0] === rows);
}

/** How many examples each of the two runs has. */
export type BatchSizes = readonly [number, number];

/**
 * Two runs of the model, in batches of the given sizes: one on the example's rows, one on other numbers. Inputs without
 * a batch dim keep their sizes.
 * @throws ArgumentError if the model does not take batches of such sizes
 */
export function runTwice(
  operation: string,
  model: AnyModule,
  examples: readonly Tensor[],
  batched: readonly boolean[],
  sizes: BatchSizes,
  known: Known,
): [Trace, Trace] {
  const run = (inputs: readonly Tensor[], rows: number): Trace => {
    const batch = noGrad(() => inputs.map((x, i) => (batched[i] ? rowsOf(x, rows) : clone(x))));
    try {
      return trace(operation, model, batch, known);
    } catch (error) {
      if (!(error instanceof NdgradError) || error instanceof UnsupportedOpError || !batched.includes(true))
        throw error;
      trace(operation, model, examples, known); // if that fails as well, its error says more
      throw new ArgumentError(
        `${operation}: the model takes the example, but not a batch of ${rows} of its rows: ${error.message}; ` +
          'dim 0 of the inputs must be the batch, unless dynamicBatch is false',
      );
    }
  };
  return [
    run(examples, sizes[0]),
    run(
      noGrad(() => examples.map(varied)),
      sizes[1],
    ),
  ];
}

function rowsOf(x: Tensor, rows: number): Tensor {
  const places = Array.from({ length: rows }, (_, i) => i % x.shape[0]!);
  return indexSelect(x, 0, tensor(places));
}

/**
 * Another input of which a model can make something: the numbers of the second half, last to first, each twice, which
 * may be indices; if they are no whole numbers, made a little smaller.
 */
function varied(x: Tensor): Tensor {
  const last = x.numel() - 1;
  const places = Array.from({ length: last + 1 }, (_, i) => last - Math.floor(i / 2));
  const other = reshape(indexSelect(flatten(x), 0, tensor(places)), x.shape);
  return x.toArray().every(Number.isInteger) ? other : mul(other, 0.75);
}
