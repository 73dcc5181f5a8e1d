import { ArgumentError, ShapeError } from '../errors.ts';
import { checkInteger, describe, readOptions } from '../options.ts';
import { formatShape, type Shape } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { dimOf } from './checks.ts';
import { narrow, select } from './view.ts';

// The reverse of `cat` and `stack`: several views of one tensor.

/**
 * Parts along `dim` (default 0), as views: of the given size (the last may be smaller), or of the sizes in a list.
 * @throws ShapeError where the sizes do not add up to that of the dim; DimError for a scalar
 * @see PyTorch `torch.split`
 */
export function split(x: Tensor, sizeOrSections: number | Shape, options?: { dim?: number }): Tensor[] {
  const { dim } = readOptions('split', options, { dim: 0 });
  const d = dimOf('split', x, dim);
  const size = x.shape[d]!;
  if (typeof sizeOrSections === 'number') {
    checkInteger('split', 'the size of a part', sizeOrSections, size === 0 ? 0 : 1);
    return parts(x, d, evenly(size, sizeOrSections));
  }
  if (!Array.isArray(sizeOrSections)) {
    throw new ArgumentError(`split: expected a size or a list of sizes, got ${describe(sizeOrSections)}`);
  }
  for (const section of sizeOrSections) checkInteger('split', 'the size of a part', section);
  const total = sizeOrSections.reduce((a, b) => a + b, 0);
  if (total !== size) {
    throw new ShapeError(
      `split: sizes ${describe(sizeOrSections)} add up to ${total}, dim ${dim} of ${formatShape(x.shape)} has ${size}`,
    );
  }
  return parts(x, d, sizeOrSections);
}

/**
 * At most `chunks` parts of equal size along `dim` (default 0), as views; the last may be smaller.
 * @throws ArgumentError for fewer than one; DimError for a scalar
 * @see PyTorch `torch.chunk`
 */
export function chunk(x: Tensor, chunks: number, options?: { dim?: number }): Tensor[] {
  const { dim } = readOptions('chunk', options, { dim: 0 });
  const d = dimOf('chunk', x, dim);
  checkInteger('chunk', 'chunks', chunks, 1);
  const size = x.shape[d]!;
  return parts(x, d, size === 0 ? new Array<number>(chunks).fill(0) : evenly(size, Math.ceil(size / chunks)));
}

/** The slices along `dim` (default 0), without that dim, as views. @throws DimError for a scalar @see PyTorch `torch.unbind` */
export function unbind(x: Tensor, options?: { dim?: number }): Tensor[] {
  const { dim } = readOptions('unbind', options, { dim: 0 });
  const d = dimOf('unbind', x, dim);
  return Array.from({ length: x.shape[d]! }, (_, i) => select(x, d, i));
}

/** `total` in parts of one size, the last of which may be smaller. Nothing is one empty part. */
function evenly(total: number, size: number): number[] {
  const count = Math.max(Math.ceil(total / Math.max(size, 1)), 1);
  return Array.from({ length: count }, (_, i) => Math.min(size, total - i * size));
}

function parts(x: Tensor, dim: number, sizes: Shape): Tensor[] {
  let start = 0;
  return sizes.map((size) => {
    const part = narrow(x, dim, start, size);
    start += size;
    return part;
  });
}
