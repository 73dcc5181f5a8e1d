import {
  ArgumentError,
  describe,
  formatShape,
  fromArray,
  IndexError,
  indexSelect,
  readOptions,
  ShapeError,
  Tensor,
} from '@ndgrad/core';

/** Examples, stacked: inputs `[n, …]` and their targets `[n]` or `[n, …]`. */
export type Batch = readonly [inputs: Tensor, targets: Tensor];

/** Examples that can be fetched by number, several at a time. */
export interface Dataset {
  /** How many examples. */
  readonly length: number;
  /** The examples of these numbers, in this order. @throws IndexError for a number outside [0, length) */
  batch(indices: ArrayLike<number>): Batch;
  /** All targets, where they are known without fetching the inputs: what a stratified split goes by. */
  readonly targets?: Tensor | undefined;
  /** What the labels 0, 1, … stand for. */
  readonly classNames?: readonly string[] | null | undefined;
}

/** The names that go with a `TensorDataset`; `null` where there are none (the default). */
export interface Names {
  /** What the labels 0, 1, … stand for. */
  classNames?: readonly string[] | null;
  /** What the columns of the inputs stand for. */
  featureNames?: readonly string[] | null;
}

const unnamed: Required<Names> = { classNames: null, featureNames: null };

/**
 * Examples in memory: row i of `inputs` `[n, …]` belongs to row i of `targets` `[n]` or `[n, …]`.
 * @throws ShapeError where they differ in their number of rows
 * @see PyTorch `utils.data.TensorDataset`
 */
export class TensorDataset implements Dataset {
  readonly length: number;
  readonly classNames: readonly string[] | null;
  readonly featureNames: readonly string[] | null;

  constructor(
    readonly inputs: Tensor,
    readonly targets: Tensor,
    names?: Names,
  ) {
    const { classNames, featureNames } = readOptions('TensorDataset', names, unnamed);
    if (!(inputs instanceof Tensor && targets instanceof Tensor)) {
      throw new ArgumentError(
        `TensorDataset: expected two tensors, got ${describe(inputs)} and ${describe(targets)}; tensor([…]) makes them`,
      );
    }
    if (inputs.ndim === 0 || targets.ndim === 0 || inputs.shape[0] !== targets.shape[0]) {
      throw new ShapeError(
        `TensorDataset: inputs and targets need one row per example: ${formatShape(inputs.shape)} and ` +
          `${formatShape(targets.shape)}`,
      );
    }
    if (featureNames !== null && featureNames.length !== inputs.shape.at(-1)) {
      throw new ArgumentError(
        `TensorDataset: ${featureNames.length} featureNames for inputs ${formatShape(inputs.shape)}`,
      );
    }
    this.length = inputs.shape[0]!;
    this.classNames = classNames;
    this.featureNames = featureNames;
  }

  batch(indices: ArrayLike<number>): Batch {
    checkIndices('TensorDataset', indices, this.length);
    const index = fromArray(Float64Array.from(indices));
    return [indexSelect(this.inputs, 0, index), indexSelect(this.targets, 0, index)];
  }
}

/**
 * The examples of `dataset` that `indices` name, in this order.
 * @throws IndexError for an index outside [0, dataset.length)
 * @see PyTorch `utils.data.Subset`
 */
export class Subset implements Dataset {
  readonly length: number;
  readonly indices: readonly number[];

  constructor(
    readonly dataset: Dataset,
    indices: ArrayLike<number>,
  ) {
    checkDataset('Subset', dataset);
    checkIndices('Subset', indices, dataset.length);
    this.indices = Array.from(indices);
    this.length = this.indices.length;
  }

  batch(indices: ArrayLike<number>): Batch {
    checkIndices('Subset', indices, this.length);
    return this.dataset.batch(Array.from(indices, (i) => this.indices[i]!));
  }

  get targets(): Tensor | undefined {
    const { targets } = this.dataset;
    return targets && indexSelect(targets, 0, fromArray(Float64Array.from(this.indices)));
  }

  get classNames(): readonly string[] | null | undefined {
    return this.dataset.classNames;
  }
}

/**
 * The examples of `dataset` with their inputs changed by `transform`, batch by batch: from `[n, …]` to `[n, …]`.
 * Batches are made afresh each time, so a random transform gives other inputs in every epoch.
 * @throws ShapeError from `batch` where `transform` does not keep the number of rows
 */
export class MappedDataset implements Dataset {
  constructor(
    readonly dataset: Dataset,
    readonly transform: (inputs: Tensor) => Tensor,
  ) {
    checkDataset('MappedDataset', dataset);
    if (typeof transform !== 'function') {
      throw new ArgumentError(`MappedDataset: transform must be a function, got ${describe(transform)}`);
    }
  }

  get length(): number {
    return this.dataset.length;
  }

  batch(indices: ArrayLike<number>): Batch {
    const [inputs, targets] = this.dataset.batch(indices);
    const changed = this.transform(inputs);
    if (changed.shape[0] !== inputs.shape[0]) {
      throw new ShapeError(
        `MappedDataset: transform must keep the number of rows: ${formatShape(inputs.shape)} → ` +
          `${formatShape(changed.shape)}`,
      );
    }
    return [changed, targets];
  }

  get targets(): Tensor | undefined {
    return this.dataset.targets;
  }

  get classNames(): readonly string[] | null | undefined {
    return this.dataset.classNames;
  }
}

/** @throws ArgumentError unless `dataset` is a `Dataset`. */
export function checkDataset(operation: string, dataset: unknown): asserts dataset is Dataset {
  const { length, batch } = (dataset ?? {}) as Partial<Dataset>;
  if (Number.isInteger(length) && typeof batch === 'function') return;
  throw new ArgumentError(
    `${operation}: expected a dataset, which has a length and batch(indices), got ${describe(dataset)}; ` +
      'new TensorDataset(inputs, targets) makes one of tensors',
  );
}

/** @throws IndexError unless every index is a whole number of [0, length). */
export function checkIndices(operation: string, indices: ArrayLike<number>, length: number): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!(Number.isInteger(index) && index >= 0 && index < length)) {
      throw new IndexError(
        `${operation}: index ${describe(index)} is not one of the ${length} examples, 0 … ${length - 1}`,
      );
    }
  }
}
