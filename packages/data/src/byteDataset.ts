import {
  checkNumber,
  formatShape,
  fromArray,
  gather,
  type Kernel,
  launch,
  numelOf,
  readOptions,
  type Shape,
  ShapeError,
  type Tensor,
} from '@ndgrad/core';
import { type Batch, checkIndices, type Dataset } from './dataset.ts';

/** How bytes become doubles, and what the labels stand for. */
export interface ByteOptions {
  /** Subtracted from byte / 255 (default 0). */
  mean?: number;
  /** What the difference is divided by (default 1). */
  std?: number;
  /** What the labels 0, 1, … stand for (default `null`: nothing). */
  classNames?: readonly string[] | null;
}

const asTheyAre: Required<ByteOptions> = { mean: 0, std: 1, classNames: null };

/**
 * Examples whose inputs are kept as bytes, an eighth of the memory of doubles, and converted batch by batch:
 * x = (byte/255 − mean)/std.
 */
export class ByteDataset implements Dataset {
  readonly length: number;
  readonly targets: Tensor;
  readonly classNames: readonly string[] | null;
  /** The double that each of the 256 bytes becomes. */
  private readonly values: Float64Array;

  /**
   * @param bytes all examples, one after another; not copied
   * @param shape of one example, such as `[1, 28, 28]`: channels, rows, columns
   * @param labels one per example
   * @throws ShapeError where the bytes are not as many as `labels.length` examples of this shape have
   */
  constructor(
    readonly bytes: Uint8Array,
    readonly shape: Shape,
    labels: ArrayLike<number>,
    options?: ByteOptions,
  ) {
    const { mean, std, classNames } = readOptions('ByteDataset', options, asTheyAre);
    checkNumber('ByteDataset', 'mean', mean);
    checkNumber('ByteDataset', 'std', std, { test: (v) => v > 0, must: 'be a number above 0' });
    if (bytes.length !== labels.length * numelOf(shape)) {
      throw new ShapeError(
        `ByteDataset: ${labels.length} labels need ${labels.length} examples of shape ${formatShape(shape)}, ` +
          `${labels.length * numelOf(shape)} bytes; got ${bytes.length}`,
      );
    }
    this.length = labels.length;
    this.targets = fromArray(Float64Array.from(labels));
    this.classNames = classNames;
    this.values = Float64Array.from({ length: 256 }, (_, byte) => (byte / 255 - mean) / std);
  }

  batch(indices: ArrayLike<number>): Batch {
    checkIndices('ByteDataset', indices, this.length);
    const { bytes, values } = this;
    const size = numelOf(this.shape);
    const inputs = fromArray(unfilled(indices.length * size), { shape: [indices.length, ...this.shape] });
    launch(lookUp, [inputs], [], { bytes, values, indices, size });
    return [inputs, gather(this.targets, 0, fromArray(Float64Array.from(indices)))];
  }
}

/** Memory to be written whole. Node's own need not be zeroed first, which would take as long as writing it. */
function unfilled(length: number): Float64Array {
  if (globalThis.Buffer === undefined) return new Float64Array(length);
  return new Float64Array(Buffer.allocUnsafeSlow(length * Float64Array.BYTES_PER_ELEMENT).buffer);
}

/** Row i of y is values[byte] for each of the `size` bytes of example indices[i]. */
const lookUp: Kernel<{ bytes: Uint8Array; values: Float64Array; indices: ArrayLike<number>; size: number }> = {
  name: 'lookUp',
  run: ([y], _, { bytes, values, indices, size }) => {
    for (let i = 0; i < indices.length; i++) {
      const from = indices[i]! * size;
      lookUpRow(y!.data.subarray(i * size, (i + 1) * size), bytes.subarray(from, from + size), values);
    }
  },
};

/** Four at a time takes two thirds of the time. */
function lookUpRow(y: Float64Array, bytes: Uint8Array, values: Float64Array): void {
  const whole = bytes.length - (bytes.length % 4);
  for (let j = 0; j < whole; j += 4) {
    y[j] = values[bytes[j]!]!;
    y[j + 1] = values[bytes[j + 1]!]!;
    y[j + 2] = values[bytes[j + 2]!]!;
    y[j + 3] = values[bytes[j + 3]!]!;
  }
  for (let j = whole; j < bytes.length; j++) y[j] = values[bytes[j]!]!;
}
