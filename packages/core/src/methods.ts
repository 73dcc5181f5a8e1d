import { backward } from './autograd.ts';
import { expand } from './ops/broadcast.ts';
import * as compare from './ops/compare.ts';
import * as indexing from './ops/indexing.ts';
import * as inplace from './ops/inplace.ts';
import * as matmul from './ops/matmul.ts';
import * as pointwise from './ops/pointwise.ts';
import * as reduce from './ops/reduce.ts';
import * as softmax from './ops/softmax.ts';
import * as view from './ops/view.ts';
import { Tensor, type TensorLike } from './tensor.ts';

// Hangs the operations on Tensor, so that tensor.ts needs none of them: `mul(x, y)` is also `x.mul(y)`.

/** The families whose operations take a tensor first, which becomes the object. */
const families = [pointwise, reduce, matmul, view, indexing, softmax, inplace, compare, { expand, backward }];

/** Those whose argument order differs, that are properties, or that have several forms: see below. */
type Special = 'where' | 'mT' | 'max' | 'min';

type Method<F> = F extends (x: infer _, ...rest: infer Rest) => infer Result ? (...rest: Rest) => Result : never;
type Methods<Family> = { [Name in Exclude<keyof Family, Special>]: Method<Family[Name]> };

declare module './tensor.ts' {
  interface Tensor
    extends Methods<typeof pointwise>,
      Methods<typeof reduce>,
      Methods<typeof matmul>,
      Methods<typeof view>,
      Methods<typeof indexing>,
      Methods<typeof softmax>,
      Methods<typeof inplace>,
      Methods<typeof compare>,
      Methods<{ expand: typeof expand; backward: typeof backward }> {
    /** The largest element; with a `dim`, the largest along it and where each stands. */
    max(): Tensor;
    max(options: { dim: number; keepdim?: boolean }): reduce.Extremes;
    /** The smallest element; with a `dim`, the smallest along it and where each stands. */
    min(): Tensor;
    min(options: { dim: number; keepdim?: boolean }): reduce.Extremes;
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
