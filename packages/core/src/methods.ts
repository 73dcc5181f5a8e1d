import { backward } from './autograd.ts';
import * as activation from './ops/activation.ts';
import { broadcastTo, expand } from './ops/broadcast.ts';
import * as compare from './ops/compare.ts';
import * as cumulative from './ops/cumulative.ts';
import * as diagonal from './ops/diagonal.ts';
import * as indexing from './ops/indexing.ts';
import * as inplace from './ops/inplace.ts';
import { interpolate } from './ops/interpolate.ts';
import * as logic from './ops/logic.ts';
import * as matmul from './ops/matmul.ts';
import * as norm from './ops/norm.ts';
import { pad } from './ops/pad.ts';
import * as pointwise from './ops/pointwise.ts';
import * as pool from './ops/pool.ts';
import * as rearrange from './ops/rearrange.ts';
import * as reduce from './ops/reduce.ts';
import * as rounding from './ops/rounding.ts';
import * as sampling from './ops/sampling.ts';
import * as softmax from './ops/softmax.ts';
import * as sorting from './ops/sorting.ts';
import * as split from './ops/split.ts';
import * as statistics from './ops/statistics.ts';
import { fold, unfold } from './ops/unfold.ts';
import * as vectorNorm from './ops/vectorNorm.ts';
import * as view from './ops/view.ts';
import type { Sizes } from './ops/window.ts';
import { Tensor, type TensorLike } from './tensor.ts';

// Hangs the operations on Tensor, so that tensor.ts needs none of them: `mul(x, y)` is also `x.mul(y)`.

/** The families whose operations take a tensor first, which becomes the object. */
const families = [
  pointwise,
  rounding,
  logic,
  activation,
  reduce,
  cumulative,
  statistics,
  vectorNorm,
  matmul,
  view,
  split,
  rearrange,
  diagonal,
  indexing,
  sorting,
  softmax,
  sampling,
  inplace,
  compare,
  pool,
  norm,
  { unfold, fold, pad, interpolate },
  { expand, broadcastTo, backward },
];

/** Those whose argument order differs, that are properties, or that have several forms: see below. */
type Special = 'where' | 'mT' | 'max' | 'min' | 'maxPool1d' | 'maxPool2d' | 'adaptiveMaxPool2d';

type Method<F> = F extends (x: infer _, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;
type Methods<Family> = { [Name in Exclude<keyof Family, Special>]: Method<Family[Name]> };

declare module './tensor.ts' {
  interface Tensor
    extends Methods<typeof pointwise>,
      Methods<typeof rounding>,
      Methods<typeof logic>,
      Methods<typeof activation>,
      Methods<typeof reduce>,
      Methods<typeof cumulative>,
      Methods<typeof statistics>,
      Methods<typeof vectorNorm>,
      Methods<typeof matmul>,
      Methods<typeof view>,
      Methods<typeof split>,
      Methods<typeof rearrange>,
      Methods<typeof diagonal>,
      Methods<typeof indexing>,
      Methods<typeof sorting>,
      Methods<typeof softmax>,
      Methods<typeof sampling>,
      Methods<typeof inplace>,
      Methods<typeof compare>,
      Methods<typeof pool>,
      Methods<typeof norm>,
      Methods<{ unfold: typeof unfold; fold: typeof fold; pad: typeof pad; interpolate: typeof interpolate }>,
      Methods<{ expand: typeof expand; broadcastTo: typeof broadcastTo; backward: typeof backward }> {
    /** The largest element; with a `dim`, the largest along it and where each stands. */
    max(): Tensor;
    max(options: { dim: number; keepdim?: boolean }): reduce.Extremes;
    /** The smallest element; with a `dim`, the smallest along it and where each stands. */
    min(): Tensor;
    min(options: { dim: number; keepdim?: boolean }): reduce.Extremes;
    /** The largest element of each window; with `returnIndices`, also where each stands. */
    maxPool1d(kernelSize: Sizes, options: pool.WithIndices<pool.MaxPoolOptions>): pool.Pooled;
    maxPool1d(kernelSize: Sizes, options?: pool.WithoutIndices<pool.MaxPoolOptions>): Tensor;
    maxPool2d(kernelSize: Sizes, options: pool.WithIndices<pool.MaxPoolOptions>): pool.Pooled;
    maxPool2d(kernelSize: Sizes, options?: pool.WithoutIndices<pool.MaxPoolOptions>): Tensor;
    adaptiveMaxPool2d(outputSize: pool.AdaptiveSizes, options: pool.WithIndices<object>): pool.Pooled;
    adaptiveMaxPool2d(outputSize: pool.AdaptiveSizes, options?: pool.WithoutIndices<object>): Tensor;
    /** This tensor where the condition is not 0, `other` elsewhere. */
    where(condition: TensorLike, other: TensorLike): Tensor;
    /** Every matrix of the last two dims transposed, as a view. */
    readonly mT: Tensor;
  }
}

for (const [name, operation] of families.flatMap((family) => Object.entries(family))) {
  define(name, { value: methodOf(operation as Operation), writable: true });
}
define('where', {
  value(this: Tensor, condition: TensorLike, other: TensorLike) {
    return pointwise.where(condition, this, other);
  },
});
define('mT', {
  get(this: Tensor) {
    return view.mT(this);
  },
});

type Operation = (x: Tensor, ...rest: unknown[]) => unknown;

function methodOf(operation: Operation) {
  return function (this: Tensor, ...rest: unknown[]) {
    return operation(this, ...rest);
  };
}

function define(name: string, property: PropertyDescriptor): void {
  Object.defineProperty(Tensor.prototype, name, { configurable: true, ...property });
}
