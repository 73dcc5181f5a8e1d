import { extname } from 'node:path';
import { formatShape, numelOf, type Tensor } from '@ndgrad/core';
import { decodeSafetensors, loadNpy, loadNpz, readFileWhole, writeFileAtomic } from '@ndgrad/io';
import { grouped, significant, table } from '@ndgrad/train/text';
import { PNG } from 'pngjs';
import { CommandError } from './project.ts';
import type { Setting } from './setting.ts';

/** Options of `ndgrad inspect`. */
export interface InspectRequest {
  json?: boolean;
  picture?: string;
}

/** What a file of tensors holds. */
interface Contents {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly dtypes: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Longer texts of the metadata are cut in the table. */
const SHOWN = 100;

/** `ndgrad inspect <file>`: the tensors of a safetensors file, a checkpoint, an .npy or .npz, with their statistics. */
export async function inspectCommand(path: string, request: InspectRequest, { stdout }: Setting): Promise<number> {
  const contents = await contentsOf(path);
  const rows = Object.entries(contents.tensors).map(([name, x]) => ({
    name,
    dtype: contents.dtypes[name] ?? 'F64',
    shape: [...x.shape],
    ...statisticsOf(x.toArray()),
  }));
  if (request.picture !== undefined) await writeFileAtomic(request.picture, pictureOf(path, contents.tensors));
  if (request.json) {
    stdout.write(`${JSON.stringify({ file: path, metadata: contents.metadata, tensors: rows })}\n`);
    return 0;
  }
  const cells = rows.map(({ name, dtype, shape, min, max, mean, std, nonFinite }) => [
    ...[name, dtype, formatShape(shape), grouped(numelOf(shape))],
    ...[min, max, mean, std].map((value) => (value === null ? '–' : significant(value))),
    nonFinite === 0 ? '' : `${nonFinite} not finite`,
  ]);
  stdout.write(`${table(['tensor', 'type', 'shape', 'numbers', 'min', 'max', 'mean', 'std', ''], cells)}\n`);
  const total = rows.reduce((sum, { shape }) => sum + numelOf(shape), 0);
  stdout.write(`${rows.length} tensors, ${grouped(total)} numbers\n`);
  const notes = Object.entries(contents.metadata).map(([key, value]) => [
    key,
    value.length > SHOWN ? `${value.slice(0, SHOWN)}… (${grouped(value.length)} characters)` : value,
  ]);
  if (notes.length > 0) stdout.write(`\n${table(['metadata', ''], notes)}\n`);
  if (request.picture !== undefined) stdout.write(`picture: ${request.picture}\n`);
  return 0;
}

async function contentsOf(path: string): Promise<Contents> {
  const kind = extname(path).toLowerCase();
  if (kind === '.npy') return { tensors: { array: await loadNpy(path) }, dtypes: {}, metadata: {} };
  if (kind === '.npz') return { tensors: await loadNpz(path), dtypes: {}, metadata: {} };
  return decodeSafetensors(await readFileWhole(path), { name: path });
}

/** Of the finite numbers. */
function statisticsOf(values: Float64Array) {
  let [min, max, sum, squares, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    sum += value;
    count++;
  }
  const mean = sum / count;
  for (const value of values) if (Number.isFinite(value)) squares += (value - mean) ** 2;
  const nonFinite = values.length - count;
  if (count === 0) return { min: null, max: null, mean: null, std: null, nonFinite };
  return { min, max, mean, std: Math.sqrt(squares / count), nonFinite };
}

/** The first layer's weights as tiles: of a convolution its kernels, of a linear layer on square pictures its rows. */
function pictureOf(path: string, tensors: Contents['tensors']): Uint8Array {
  const entry = Object.entries(tensors).find(([name, x]) => name.endsWith('weight') && tilesOf(x) !== null);
  if (entry === undefined) {
    throw new CommandError(`${path}: no weight looks like pictures: [out, in, height, width], or [out, side · side]`);
  }
  const x = entry[1];
  const [height, width] = tilesOf(x)!;
  const [values, count] = [x.toArray(), x.shape[0]!];
  const planes = x.numel() / count / (height * width);
  const zoom = Math.max(1, Math.floor(56 / width));
  const columns = Math.ceil(Math.sqrt(count));
  const [cellWidth, cellHeight] = [width * zoom + 2, height * zoom + 2];
  const png = new PNG({ width: columns * cellWidth, height: Math.ceil(count / columns) * cellHeight });
  png.data.fill(255);
  for (let tile = 0; tile < count; tile++) {
    const own = values.subarray(tile * planes * height * width, (tile + 1) * planes * height * width);
    const [low, high] = own.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
    const grey = (plane: number, p: number) => (255 * (own[plane * height * width + p]! - low)) / (high - low || 1);
    for (let v = 0; v < height * zoom; v++) {
      for (let u = 0; u < width * zoom; u++) {
        const p = Math.floor(v / zoom) * width + Math.floor(u / zoom);
        const at = 4 * ((Math.floor(tile / columns) * cellHeight + v) * png.width + (tile % columns) * cellWidth + u);
        for (let c = 0; c < 3; c++) png.data[at + c] = Math.round(grey(planes === 3 ? c : 0, p));
      }
    }
  }
  return PNG.sync.write(png);
}

/** Height and width of the pictures that a weight's rows show; `null` for others. */
function tilesOf(x: Tensor): [height: number, width: number] | null {
  if (x.ndim === 4) return [x.shape[2]!, x.shape[3]!];
  if (x.ndim !== 2) return null;
  for (const planes of [1, 3]) {
    const side = Math.sqrt(x.shape[1]! / planes);
    if (Number.isInteger(side) && side >= 4) return [side, side];
  }
  return null;
}
