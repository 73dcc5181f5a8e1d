import { checkInteger, readOptions } from '@ndgrad/core';
import { ByteDataset } from './byteDataset.ts';
import { DataError } from './errors.ts';
import { absolutePath, listFolder, nodeModule, readBytes } from './node.ts';
import type { FilePath } from './places.ts';

export interface CifarOptions {
  /** Subtracted from the pixels, which lie in [0, 1] (default 0; the training pixels' own mean is 0.4734). */
  mean?: number;
  /** What the difference is divided by (default 1; the training pixels' own standard deviation is 0.2516). */
  std?: number;
  /** How many images each file holds (default 10,000, as in CIFAR-10 itself); for smaller sets in its layout. */
  imagesPerFile?: number;
}

const original: Required<CifarOptions> = { mean: 0, std: 1, imagesPerFile: 10_000 };

/** Red, green and blue, each row by row. */
const SHAPE = [3, 32, 32];
const PIXELS = 3 * 32 * 32;
/** A label, then the pixels. */
const RECORD = 1 + PIXELS;

const trainFiles = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const testFiles = ['test_batch.bin'];
const classNames = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const howToGetIt =
  'CIFAR-10 is to be had at https://www.cs.toronto.edu/~kriz/cifar.html: its "binary version", cifar-10-binary.tar.gz ' +
  '(162 MB), holds the folder cifar-10-batches-bin with the six files';

/**
 * CIFAR-10, small colour photographs of ten kinds of things: 50,000 to learn from and 10,000 to test with. Inputs
 * `[n, 3, 32, 32]` (red, green, blue), in [0, 1] unless `mean` and `std` say otherwise; the targets are 0 … 9, airplane
 * to truck (`classNames`). Kept as bytes, 184 MB, and converted batch by batch. `fitStandardizer(train, { per:
 * 'channel' })` brings each colour to mean 0 and deviation 1.
 * @param folder with `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin`, the binary version: records of one
 *   byte for the label and 3,072 for the pixels. Nothing is downloaded
 * @throws DataError naming file, expected and found, where a file is missing (and how to get it), of another size, or
 *   has a label above 9; ArgumentError for an `imagesPerFile` that is no whole number of at least 1
 * @see Krizhevsky, "Learning multiple layers of features from tiny images" (2009); CS231n, lecture 2
 */
export function cifar10(folder: FilePath, options?: CifarOptions): { train: ByteDataset; test: ByteDataset } {
  const settings = readOptions('cifar10', options, original);
  checkInteger('cifar10', 'imagesPerFile', settings.imagesPerFile, 1);
  const path = absolutePath('cifar10', 'folder', folder);
  checkPresent(path);
  return { train: readPart(path, trainFiles, settings), test: readPart(path, testFiles, settings) };
}

function checkPresent(folder: string): void {
  const missing = [...trainFiles, ...testFiles].filter((file) => !filesIn(folder).includes(file));
  if (missing.length === 0) return;
  throw new DataError(`cifar10: ${folder}: expected ${missing.join(', ')}, not there; ${howToGetIt}`);
}

function filesIn(folder: string): string[] {
  try {
    return listFolder('cifar10', folder);
  } catch (cause) {
    throw new DataError(`${(cause as Error).message}; ${howToGetIt}`, { cause });
  }
}

/** The files' images, one after another, in one array; a file is let go of before the next one is read. */
function readPart(folder: string, files: readonly string[], settings: Required<CifarOptions>): ByteDataset {
  const { imagesPerFile, mean, std } = settings;
  const pixels = new Uint8Array(files.length * imagesPerFile * PIXELS);
  const labels = new Uint8Array(files.length * imagesPerFile);
  let image = 0;
  for (const file of files) {
    const records = readRecords(nodeModule('node:path').join(folder, file), imagesPerFile);
    for (let at = 0; at < records.length; at += RECORD) {
      labels[image] = records[at]!;
      pixels.set(records.subarray(at + 1, at + RECORD), image++ * PIXELS);
    }
  }
  return new ByteDataset(pixels, SHAPE, labels, { mean, std, classNames });
}

function readRecords(path: string, count: number): Uint8Array {
  const bytes = readBytes('cifar10', path);
  if (bytes.length !== count * RECORD) {
    const cut = bytes.length < count * RECORD ? ': the file was cut short' : '';
    throw new DataError(
      `cifar10: ${path}: expected ${count * RECORD} bytes (${count} images of 1 + ${PIXELS}), found ${bytes.length}${cut}`,
    );
  }
  for (let image = 0; image < count; image++) {
    const label = bytes[image * RECORD]!;
    if (label >= classNames.length) {
      throw new DataError(
        `cifar10: ${path}: expected labels 0 … ${classNames.length - 1}, found ${label} at image ${image}`,
      );
    }
  }
  return bytes;
}
