import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cifar10, DataError } from '../src/index.ts';
import { folderWith } from './files.ts';

const RECORD = 3073;

/** Images of one label and one colour each. */
const records = (...images: { label: number; rgb: readonly [number, number, number] }[]): Uint8Array => {
  const bytes = new Uint8Array(images.length * RECORD);
  images.forEach(({ label, rgb }, i) => {
    bytes[i * RECORD] = label;
    rgb.forEach((value, plane) =>
      bytes.fill(value, i * RECORD + 1 + plane * 1024, i * RECORD + 1 + (plane + 1) * 1024),
    );
  });
  return bytes;
};

/** Two images a file. File i has the labels i and 9. */
const tiny = () => {
  const files = ['data_batch_1.bin', 'data_batch_2.bin', 'data_batch_3.bin', 'data_batch_4.bin', 'data_batch_5.bin'];
  const filled = [...files, 'test_batch.bin'].map((name, i) => [
    name,
    records({ label: i, rgb: [51 * i, 10, 20] }, { label: 9, rgb: [255, 0, 102] }),
  ]);
  return Object.fromEntries(filled) as Record<string, Uint8Array>;
};

describe('cifar10', () => {
  it('reads six files of records: a label, then 32 × 32 bytes of red, of green and of blue', () => {
    const folder = folderWith(tiny());
    writeFileSync(join(folder, 'batches.meta.txt'), 'airplane\n');
    const { train, test } = cifar10(folder, { imagesPerFile: 2 });
    expect([train.length, test.length, train.shape]).toEqual([10, 2, [3, 32, 32]]);
    expect(train.targets.tolist()).toEqual([0, 9, 1, 9, 2, 9, 3, 9, 4, 9]);
    expect(test.targets.tolist()).toEqual([5, 9]);
    const [x, y] = train.batch([7, 6]);
    expect([x.shape, y.tolist()]).toEqual([
      [2, 3, 32, 32],
      [9, 3],
    ]);
    expect(x.amin({ dim: [2, 3] }).tolist()).toEqual([
      [1, 0, 0.4],
      [0.6, 10 / 255, 20 / 255],
    ]);
    expect(x.amax({ dim: [2, 3] }).tolist()).toEqual(x.amin({ dim: [2, 3] }).tolist());
  });

  it('keeps rows and columns in their places', () => {
    const files = tiny();
    const at = 1 + 1024 + 32 * 3 + 7; // green, row 3, column 7
    files['test_batch.bin']![RECORD + at] = 255;
    const [x] = cifar10(folderWith(files), { imagesPerFile: 2 }).test.batch([1]);
    const greens = x.select(0, 0).select(0, 1);
    expect([greens.select(0, 3).select(0, 7).item(), greens.sum().item()]).toEqual([1, 1]);
  });

  it('names the classes, and normalises by the mean and deviation it is given', () => {
    const { train } = cifar10(folderWith(tiny()), { imagesPerFile: 2, mean: 0.2, std: 0.5 });
    expect([train.classNames![0], train.classNames![9], train.classNames!.length]).toEqual(['airplane', 'truck', 10]);
    expect(train.batch([2])[0].toArray()[0]).toBe(0); // 51/255 = 0.2
    expect(train.batch([1])[0].toArray()[0]).toBe(1.6); // (1 − 0.2)/0.5
  });

  it('holds 10,000 images a file where nothing else is said', () => {
    const folder = folderWith(tiny());
    expect(() => cifar10(folder)).toThrow(DataError);
    expect(() => cifar10(folder)).toThrow(
      `cifar10: ${folder}/data_batch_1.bin: expected 30730000 bytes (10000 images of 1 + 3072), found 6146: ` +
        'the file was cut short',
    );
  });

  it('says what is missing, and where to get it', () => {
    const folder = folderWith(tiny());
    rmSync(join(folder, 'data_batch_3.bin'));
    rmSync(join(folder, 'test_batch.bin'));
    expect(() => cifar10(folder)).toThrow(DataError);
    expect(() => cifar10(folder)).toThrow(
      `cifar10: ${folder}: expected data_batch_3.bin, test_batch.bin, not there; ` +
        'CIFAR-10 is to be had at https://www.cs.toronto.edu/~kriz/cifar.html',
    );
    expect(() => cifar10(join(folder, 'none'))).toThrow(
      `cifar10: can't read ${join(folder, 'none')}: there is no such folder; CIFAR-10 is to be had at https://`,
    );
  });

  it('refuses files that are too long, and labels above 9', () => {
    const long = tiny();
    long['data_batch_2.bin'] = new Uint8Array(3 * RECORD);
    expect(() => cifar10(folderWith(long), { imagesPerFile: 2 })).toThrow(
      /data_batch_2\.bin: expected 6146 bytes \(2 images of 1 \+ 3072\), found 9219$/,
    );
    const wrong = tiny();
    wrong['data_batch_4.bin']![RECORD] = 10;
    expect(() => cifar10(folderWith(wrong), { imagesPerFile: 2 })).toThrow(
      /data_batch_4\.bin: expected labels 0 … 9, found 10 at image 1$/,
    );
  });

  it('refuses options that it does not know or that are out of range', () => {
    const folder = folderWith(tiny());
    expect(() => cifar10(folder, { imagePerFile: 2 } as never)).toThrow('Did you mean "imagesPerFile"?');
    expect(() => cifar10(folder, { imagesPerFile: 0 })).toThrow(
      'cifar10: imagesPerFile must be a whole number of at least 1, got 0',
    );
    expect(() => cifar10('')).toThrow('cifar10: folder must be a path or a file: URL');
  });
});
