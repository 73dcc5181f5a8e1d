import { div, reshape } from '@ndgrad/core';
import { readCsv } from './csv.ts';
import { TensorDataset } from './dataset.ts';

/** A pixel counts the black points in a block of 4 × 4. */
const BLACK = 16;

/**
 * Handwritten digits in small, those of scikit-learn's `load_digits`: inputs `[1797, 1, 8, 8]`, in [0, 1] (a pixel's
 * 0 … 16, divided by 16); targets 0 … 9. They come with this package, in `data/digits.csv`.
 * @throws DataError outside Node, where there are no files
 * @see Alpaydin & Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998)
 */
export function digits(): TensorDataset {
  const file = new URL('../data/digits.csv', import.meta.url);
  const { inputs, targets } = readCsv(file, { header: false }); // [1797, 64], [1797]
  const classNames = Array.from({ length: 10 }, (_, digit) => String(digit));
  return new TensorDataset(div(reshape(inputs, [-1, 1, 8, 8]), BLACK), targets, { classNames });
}
