import {
  ArgumentError,
  checkInteger,
  defaultGenerator,
  describe,
  type Generator as RandomGenerator,
  randperm,
  readOptions,
} from '@ndgrad/core';
import { type Batch, checkDataset, type Dataset } from './dataset.ts';

export interface DataLoaderOptions {
  /** Examples per batch (default 1). */
  batchSize?: number;
  /** Whether each epoch takes the examples in a new random order (default false). */
  shuffle?: boolean;
  /** Whether a last batch that would be smaller than the others is left out (default false). */
  dropLast?: boolean;
  /** Draws the orders (default: the one that `manualSeed` seeds). */
  generator?: RandomGenerator;
}

const oneByOne = { batchSize: 1, shuffle: false, dropLast: false, generator: defaultGenerator };

/**
 * The examples of a dataset in batches `[inputs, targets]`. Each `for … of` is one epoch; with `shuffle` it begins by
 * drawing perm = randperm(n), and batch k holds the examples perm[k·batchSize] … perm[(k + 1)·batchSize − 1].
 *
 * ```ts
 * for (const [x, y] of new DataLoader(train, { batchSize: 64, shuffle: true })) { … }
 * ```
 * @throws ArgumentError for a batch size that is no whole number of at least 1
 * @see PyTorch `utils.data.DataLoader`
 */
export class DataLoader implements Iterable<Batch> {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly dropLast: boolean;
  readonly generator: RandomGenerator;

  constructor(
    readonly dataset: Dataset,
    options?: DataLoaderOptions,
  ) {
    const { batchSize, shuffle, dropLast, generator } = readOptions('DataLoader', options, oneByOne);
    checkDataset('DataLoader', dataset);
    checkInteger('DataLoader', 'batchSize', batchSize, 1);
    checkSwitch('shuffle', shuffle);
    checkSwitch('dropLast', dropLast);
    this.batchSize = batchSize;
    this.shuffle = shuffle;
    this.dropLast = dropLast;
    this.generator = generator;
  }

  /** How many batches an epoch has. */
  get length(): number {
    const batches = this.dataset.length / this.batchSize;
    return this.dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  [Symbol.iterator](): Generator<Batch, void> {
    return this.from(0);
  }

  /**
   * An epoch from one of its batches on: its order is drawn by this call, as for a whole epoch; the batches before are
   * not made.
   * @param batch counted from 0
   * @throws ArgumentError for what is no whole number of at least 0
   */
  from(batch: number): Generator<Batch, void> {
    checkInteger('DataLoader.from', 'batch', batch);
    const order = this.shuffle
      ? randperm(this.dataset.length, { generator: this.generator }).toArray()
      : Float64Array.from({ length: this.dataset.length }, (_, i) => i);
    return this.batches(order, batch);
  }

  private *batches(order: Float64Array, first: number): Generator<Batch, void> {
    const { batchSize, dataset, length } = this;
    for (let batch = first; batch < length; batch++) {
      yield dataset.batch(order.subarray(batch * batchSize, (batch + 1) * batchSize));
    }
  }
}

function checkSwitch(name: string, value: unknown): void {
  if (typeof value !== 'boolean') {
    throw new ArgumentError(`DataLoader: ${name} must be true or false, got ${describe(value)}`);
  }
}
