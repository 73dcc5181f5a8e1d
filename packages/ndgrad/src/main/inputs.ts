import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { type Tensor, tensor } from '@ndgrad/core';
import { readIdx } from '@ndgrad/data';
import Papa from 'papaparse';
import { PNG } from 'pngjs';
import { CommandError } from './project.ts';

/** What a file holds for `predict`: one input a row, and whether the numbers are a picture's bytes. */
export interface Inputs {
  /** [n, …] */
  readonly x: Tensor;
  readonly isPicture: boolean;
}

/** Larger pictures are no inputs of a small network. In pixels. */
const MOST_PIXELS = 2 ** 24;

/**
 * Reads inputs: numbers in a CSV file, one input a row, with or without a header; pictures in an IDX file (MNIST's
 * format); one picture in a PNG, as [1, channels, height, width], in colour where there are 3 channels, else grey.
 * @throws CommandError for files that hold something else
 */
export async function readInputs(path: string, channels: 1 | 3): Promise<Inputs> {
  const kind = extname(path.replace(/\.gz$/, '')).toLowerCase();
  if (kind === '.csv') return { x: await csvOf(path), isPicture: false };
  if (kind === '.png') return { x: await pngOf(path, channels), isPicture: true };
  if (kind === '.idx' || /ubyte$/.test(path.replace(/\.gz$/, ''))) {
    const { data, shape } = readIdx(path);
    return { x: tensor(data, { shape }), isPicture: true };
  }
  throw new CommandError(
    `${path}: the input must be a .csv, .png or IDX file (.idx, …-ubyte), got ${kind || 'no ending'}`,
  );
}

async function csvOf(path: string): Promise<Tensor> {
  const { data } = Papa.parse<string[]>(await textOf(path), { skipEmptyLines: true });
  const isNumber = (cell: string) => cell.trim() !== '' && Number.isFinite(Number(cell));
  const rows = data.length > 0 && data[0]!.every(isNumber) ? data : data.slice(1);
  if (rows.length === 0) throw new CommandError(`${path}: there are no rows of numbers`);
  rows.forEach((row, i) => {
    const bad = row.findIndex((cell) => !isNumber(cell));
    const line = i + 1 + data.length - rows.length;
    if (bad !== -1) {
      throw new CommandError(
        `${path}: line ${line}, column ${bad + 1}: expected a number, got ${JSON.stringify(row[bad])}`,
      );
    }
    if (row.length !== rows[0]!.length) {
      throw new CommandError(`${path}: line ${line} has ${row.length} columns, the first row ${rows[0]!.length}`);
    }
  });
  return tensor(rows.map((row) => row.map(Number)));
}

async function pngOf(path: string, channels: 1 | 3): Promise<Tensor> {
  const bytes = await bytesOf(path);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // The sizes stand in the header, so that a small file can't ask for a huge picture.
  if (bytes.length < 24 || header.getUint32(16) * header.getUint32(20) > MOST_PIXELS) {
    throw new CommandError(`${path}: expected a PNG of at most ${MOST_PIXELS} pixels`);
  }
  let picture: PNG;
  try {
    picture = PNG.sync.read(Buffer.from(bytes));
  } catch (cause) {
    throw new CommandError(`${path}: expected a PNG: ${(cause as Error).message}`, { cause });
  }
  const { width, height, data } = picture; // 4 bytes a pixel
  const pixels = width * height;
  const values = new Float64Array(channels * pixels);
  for (let p = 0; p < pixels; p++) {
    const [r, g, b] = [data[4 * p]!, data[4 * p + 1]!, data[4 * p + 2]!];
    if (channels === 3) [values[p], values[pixels + p], values[2 * pixels + p]] = [r, g, b];
    else values[p] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return tensor(values, { shape: [1, channels, height, width] });
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CommandError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

const textOf = async (path: string): Promise<string> => new TextDecoder().decode(await bytesOf(path));
