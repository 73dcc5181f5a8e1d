// Pictures drawn at run time, in the file formats of Fashion-MNIST and CIFAR-10, for where those are not installed. They
// are stripes: across in class 2k, down in class 2k + 1, 3, 4, 5, 7 or 10 pixels apart, so that a mirrored or shifted
// picture keeps its class; place, strength and noise are random.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@ndgrad/core';
import { cifar10, mnist } from '@ndgrad/data';

/** What `--data` says to ask for it. */
export const STAND_IN = 'stand-in';

const distances = [3, 4, 5, 7, 10]; // pixels from stripe to stripe

/** One plane after another, `side` × `side` bytes each. */
function stripes(label: number, side: number, planes: number, random: Generator): Uint8Array {
  const turns = (2 * Math.PI) / distances[label >> 1]!;
  const [phase, strength] = [2 * Math.PI * random.uniform(), 30 + 50 * random.uniform()];
  const levels = Array.from({ length: planes }, () => 100 + 56 * random.uniform());
  return Uint8Array.from({ length: planes * side * side }, (_, i) => {
    const [plane, row, column] = [Math.floor(i / side ** 2), Math.floor(i / side) % side, i % side];
    const along = label % 2 === 0 ? row : column;
    return levels[plane]! + strength * Math.sin(turns * along + phase) + 30 * (random.uniform() - 0.5);
  });
}

/** Gives `read` a new folder that `write` has filled; afterwards the folder is gone. */
function inFolder<T>(write: (folder: string) => void, read: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'ndgrad-stand-in-'));
  try {
    write(folder);
    return read(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Four IDX files of so many pictures of 28 × 28, as `mnist` reads them. */
export function idxStandIn(sizes: { train: number; t10k: number }): ReturnType<typeof mnist> {
  const random = new Generator(0);
  const header = (...numbers: number[]) => {
    const view = new DataView(new ArrayBuffer(4 * numbers.length));
    for (const [i, number] of numbers.entries()) view.setUint32(4 * i, number);
    return new Uint8Array(view.buffer);
  };
  const write = (folder: string) => {
    for (const [part, n] of Object.entries(sizes)) {
      const labels = Uint8Array.from({ length: n }, (_, i) => i % 10);
      const images = Array.from(labels, (label) => stripes(label, 28, 1, random));
      writeFileSync(join(folder, `${part}-labels-idx1-ubyte`), Buffer.concat([header(0x801, n), labels]));
      writeFileSync(join(folder, `${part}-images-idx3-ubyte`), Buffer.concat([header(0x803, n, 28, 28), ...images]));
    }
  };
  return inFolder(write, (folder) => mnist({ folder }));
}

/** The six files of CIFAR-10's binary version, with so many pictures each, as `cifar10` reads them. */
export function cifarStandIn(imagesPerFile: number): ReturnType<typeof cifar10> {
  const random = new Generator(0);
  const files = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat('test_batch.bin');
  const record = (_: unknown, i: number) => Buffer.concat([Uint8Array.of(i % 10), stripes(i % 10, 32, 3, random)]);
  const write = (folder: string) => {
    for (const file of files) {
      writeFileSync(join(folder, file), Buffer.concat(Array.from({ length: imagesPerFile }, record)));
    }
  };
  return inFolder(write, (folder) => cifar10(folder, { imagesPerFile }));
}
