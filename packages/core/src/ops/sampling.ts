import { ArgumentError, ShapeError } from '../errors.ts';
import * as draws from '../kernels/random.ts';
import { compute } from '../op.ts';
import { checkInteger, readOptions } from '../options.ts';
import { defaultGenerator, type Generator } from '../random.ts';
import { formatShape } from '../shape.ts';
import { type Tensor, viewOf } from '../tensor.ts';

/**
 * Draws category numbers with probabilities in proportion to the weights: `[c]` → `[numSamples]`, or row by row
 * `[n, c]` → `[n, numSamples]`. No gradient flows.
 * @param options replacement (default false): whether a category can be drawn several times
 * @throws ArgumentError for weights that are negative, not finite or all 0, and for more draws than categories without
 *   replacement; ShapeError for other dimensions
 * @see PyTorch `torch.multinomial`
 */
export function multinomial(
  input: Tensor,
  numSamples: number,
  options?: { replacement?: boolean; generator?: Generator },
): Tensor {
  const { replacement, generator } = readOptions('multinomial', options, {
    replacement: false,
    generator: defaultGenerator,
  });
  const { shape, stride, offset } = input.ndarray;
  if (input.ndim < 1 || input.ndim > 2 || shape.at(-1) === 0) {
    throw new ShapeError(`multinomial: expected weights [c] or [n, c] with c > 0, got ${formatShape(shape)}`);
  }
  checkInteger('multinomial', 'numSamples', numSamples, 1);
  const count = shape.at(-1)!;
  if (!replacement && numSamples > count) {
    throw new ArgumentError(
      `multinomial: ${numSamples} draws without replacement from ${count} categories; set replacement: true`,
    );
  }
  const rows = input.ndim === 2 ? input : viewOf(input, [1, count], [0, ...stride], offset);
  checkWeights(rows);
  // One draw is made as without replacement, as in PyTorch.
  const kernel = replacement && numSamples > 1 ? draws.drawWith : draws.drawWithout;
  const y = compute(kernel, [rows.shape[0]!, numSamples], [rows], { generator });
  return input.ndim === 2 ? y : viewOf(y, [numSamples], [1], 0);
}

function checkWeights(rows: Tensor): void {
  const weights = rows.toArray();
  const bad = weights.find((w) => !(w >= 0 && w < Infinity));
  if (bad !== undefined) {
    throw new ArgumentError(`multinomial: every weight must be a finite number of at least 0, got ${bad}`);
  }
  const count = rows.shape[1]!;
  for (let start = 0; start < weights.length; start += count) {
    if (weights.subarray(start, start + count).every((w) => w === 0)) {
      throw new ArgumentError(`multinomial: the weights of row ${start / count} are all 0`);
    }
  }
}
