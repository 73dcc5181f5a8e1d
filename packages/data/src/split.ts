import {
  ArgumentError,
  checkNumber,
  defaultGenerator,
  describe,
  type Generator,
  randperm,
  readOptions,
} from '@ndgrad/core';
import { checkDataset, type Dataset, Subset } from './dataset.ts';
import { stratifiedCounts } from './stratify.ts';

export interface SplitOptions {
  /** Draws the order (default: the one that `manualSeed` seeds). */
  generator?: Generator;
  /** Whether each part gets its share of every class, to within one example (default false). */
  stratify?: boolean;
}

const plain = { generator: defaultGenerator, stratify: false };

/**
 * Deals the examples out to parts at random, each example to one part: perm = randperm(n), cut into pieces.
 *
 * ```ts
 * const [train, test] = randomSplit(iris(), [0.8, 0.2], { stratify: true });
 * ```
 * @param lengths fractions that sum to 1, or numbers of examples that sum to `dataset.length`. Fractions are rounded
 *   down, and what is left over goes to the first parts, one each; with `stratify` to the parts that miss most.
 * @throws ArgumentError for lengths that sum to neither, and for `stratify` without class labels
 * @see PyTorch `utils.data.random_split`
 */
export function randomSplit(dataset: Dataset, lengths: readonly number[], options?: SplitOptions): Subset[] {
  const { generator, stratify } = readOptions('randomSplit', options, plain);
  checkDataset('randomSplit', dataset);
  if (typeof stratify !== 'boolean') {
    throw new ArgumentError(`randomSplit: stratify must be true or false, got ${describe(stratify)}`);
  }
  const sizes = partSizes(dataset.length, lengths);
  const labels = stratify ? classLabels(dataset) : new Float64Array(dataset.length);
  const quotas = stratify ? classQuotas(labels, lengths) : new Map([[0, sizes]]);

  const parts: number[][] = lengths.map(() => []);
  for (const example of randperm(dataset.length, { generator }).toArray()) {
    const quota = quotas.get(labels[example]!)!;
    const part = quota.findIndex((left) => left > 0);
    quota[part]!--;
    parts[part]!.push(example);
  }
  return parts.map((indices) => new Subset(dataset, indices));
}

/** How many examples each part gets. */
function partSizes(n: number, lengths: readonly number[]): number[] {
  if (!Array.isArray(lengths) || lengths.length === 0) {
    throw new ArgumentError(`randomSplit: lengths must be a list such as [0.8, 0.2], got ${describe(lengths)}`);
  }
  lengths.forEach((length, i) => {
    checkNumber('randomSplit', `lengths[${i}]`, length, { test: (v) => v >= 0, must: 'be a number of at least 0' });
  });
  const total = sum(lengths);
  if (areFractions(lengths))
    return withRemainder(
      lengths.map((share) => Math.floor(n * share)),
      n,
    );
  if (total === n && lengths.every(Number.isInteger)) return [...lengths];
  throw new ArgumentError(
    `randomSplit: lengths ${describe(lengths)} sum to ${total}; fractions must sum to 1, and whole numbers of ` +
      `examples to ${n}, the length of the dataset`,
  );
}

function withRemainder(sizes: number[], n: number): number[] {
  const left = n - sum(sizes);
  return sizes.map((size, part) => size + (part < left ? 1 : 0));
}

/** The examples of each class that each part gets. */
function classQuotas(labels: Float64Array, lengths: readonly number[]): Map<number, number[]> {
  const sizes = new Map<number, number>();
  for (const label of labels) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const shares = areFractions(lengths) ? lengths : lengths.map((length) => length / Math.max(labels.length, 1));
  const counts = stratifiedCounts([...sizes.values()], shares);
  return new Map([...sizes.keys()].map((label, i) => [label, counts[i]!]));
}

function classLabels({ targets }: Dataset): Float64Array {
  if (targets?.ndim !== 1 || !targets.toArray().every(Number.isInteger)) {
    throw new ArgumentError(
      'randomSplit: stratify needs a dataset whose targets are class labels: one whole number per example',
    );
  }
  return targets.toArray();
}

function areFractions(lengths: readonly number[]): boolean {
  return Math.abs(sum(lengths) - 1) < 1e-9;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
