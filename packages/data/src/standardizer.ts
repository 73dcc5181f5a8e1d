import {
  add,
  checkChoice,
  div,
  formatShape,
  le,
  mean as meanOf,
  mul,
  noGrad,
  readOptions,
  type Shape,
  ShapeError,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  where,
} from '@ndgrad/core';
import { checkDataset, type Dataset, MappedDataset } from './dataset.ts';
import { DataError } from './errors.ts';

/** What shares a mean and a standard deviation: each place in the inputs alone, each channel, or all. */
export type Grouping = 'feature' | 'channel' | 'all';

/**
 * Brings inputs to mean 0 and standard deviation 1: y = (x − mean)/std. Make one with `fitStandardizer`.
 * `mean` and `std` have the shape of one example, with sizes of 1 where they are shared.
 */
export class Standardizer {
  constructor(
    readonly mean: Tensor,
    readonly std: Tensor,
  ) {}

  /** (x − mean)/std for inputs `[n, …]`. @throws ShapeError for examples of another shape than those it was fitted on */
  apply(x: Tensor): Tensor {
    this.check('apply', x.shape);
    return div(sub(x, this.mean), this.std);
  }

  /** Back to the units of the data: y · std + mean. @throws ShapeError as `apply` */
  invert(y: Tensor): Tensor {
    this.check('invert', y.shape);
    return add(mul(y, this.std), this.mean);
  }

  /** The dataset with its inputs standardized. */
  applyTo(dataset: Dataset): Dataset {
    return new MappedDataset(dataset, (x) => this.apply(x));
  }

  private check(method: string, shape: Shape): void {
    const fitted = this.mean.shape;
    const fits = shape.length === fitted.length + 1 && fitted.every((size, i) => size === 1 || size === shape[i + 1]);
    if (fits) return;
    throw new ShapeError(
      `Standardizer.${method}: fitted on examples of shape ${formatShape(fitted)} (1 where shared), ` +
        `got a batch ${formatShape(shape)}`,
    );
  }
}

/** How many examples are looked at together. */
const CHUNK = 256;

/**
 * Measures mean and standard deviation of a dataset's inputs `[n, …]`: of the training part, to be applied to all.
 * The standard deviation is that of the data themselves (divided by n); what is constant gets 1, so that it becomes 0.
 *
 * ```ts
 * const scale = fitStandardizer(train);
 * const [trainLoader, testLoader] = [train, test].map((part) => new DataLoader(scale.applyTo(part)));
 * ```
 * @param options `per`: `'feature'` (default) for one mean and deviation at each place of an example, `'channel'` for
 *   one per channel of `[n, channels, …]`, `'all'` for one of each altogether
 * @throws DataError for an empty dataset, and for inputs that are NaN or infinite
 * @see Chan, Golub & LeVeque (1983) for how the moments of chunks are merged
 */
export function fitStandardizer(dataset: Dataset, options?: { per?: Grouping }): Standardizer {
  const { per } = readOptions('fitStandardizer', options, { per: 'feature' as Grouping });
  checkDataset('fitStandardizer', dataset);
  checkChoice('fitStandardizer', 'per', per, ['feature', 'channel', 'all']);
  if (dataset.length === 0) throw new DataError('fitStandardizer: expected examples, found an empty dataset');
  return noGrad(() => {
    let moments: Moments | null = null;
    for (let start = 0; start < dataset.length; start += CHUNK) {
      const size = Math.min(CHUNK, dataset.length - start);
      const [x] = dataset.batch(Array.from({ length: size }, (_, i) => start + i));
      moments = moments === null ? measure(x, per) : merge(moments, measure(x, per));
    }
    return standardizerOf(moments!);
  });
}

/** Of a chunk: how many numbers, their mean, and the sum of their squared distances from it; `[1, …]`. */
interface Moments {
  count: number;
  mean: Tensor;
  squares: Tensor;
}

function measure(x: Tensor, per: Grouping): Moments {
  const kept = { feature: x.shape.map((_, d) => d).slice(1), channel: [1], all: [] as number[] }[per];
  const options = { dim: x.shape.map((_, d) => d).filter((d) => !kept.includes(d)), keepdim: true };
  const mean = meanOf(x, options);
  return { count: x.numel() / mean.numel(), mean, squares: sum(square(sub(x, mean)), options) };
}

function merge(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const delta = sub(b.mean, a.mean);
  return {
    count,
    mean: add(a.mean, mul(delta, b.count / count)),
    squares: add(add(a.squares, b.squares), mul(square(delta), (a.count * b.count) / count)),
  };
}

function standardizerOf({ count, mean, squares }: Moments): Standardizer {
  const wrong = squares.toArray().findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const place = squares.numel() === 1 ? '' : ` in column ${wrong} of the flattened examples`;
    throw new DataError(`fitStandardizer: expected finite inputs, found NaN or an infinity${place}`);
  }
  const variance = div(squares, count);
  // A constant 0.1 has a mean that is off by a rounding error, and a variance of its square.
  const roundingError = square(mul(mean, count * Number.EPSILON));
  const std = where(le(variance, roundingError), 1, sqrt(variance));
  return new Standardizer(squeeze(mean, { dim: 0 }), squeeze(std, { dim: 0 }));
}
