import {
  ArgumentError,
  cat,
  fromArray,
  Generator,
  indexSelect,
  noGrad,
  randperm,
  sameShape,
  type Tensor,
} from '@ndgrad/core';
import { DataLoader } from '@ndgrad/data';
import type { Loader } from '../measure.ts';

const ROWS = { least: 32, most: 1024 };
/** Numbers that may be looked at: 32 MB. */
const ELEMENTS = 4e6;
const BATCHES = 64;
/** Of targets that a dataset tells without its inputs, so many are looked at. */
const TARGETS = 1e6;

/** Rows of the training data to examine the patient by. */
export interface Sample {
  /** In random order, so that any part of them is a random one. */
  readonly x: Tensor;
  readonly y: Tensor;
  readonly rows: number;
  /** All targets where they are known, else those of the sample, flat. */
  readonly targets: Float64Array;
  /** Whether the rows stand for the whole: they come from everywhere, or are all there are. */
  readonly isFair: boolean;
  /** Rows in the loader's first batch. */
  readonly batchSize: number;
  /** Rows in its last batch; `null` where that is not known. */
  readonly lastBatch: number | null;
}

/** @throws ArgumentError for a loader without rows */
export function sampleOf(loader: Loader): Sample {
  return noGrad(() => {
    const raw = loader instanceof DataLoader ? fromDataset(loader) : fromBatches(loader);
    const rows = raw.x.shape[0]!;
    const order = randperm(rows, { generator: new Generator(0) });
    const [x, y] = [indexSelect(raw.x, 0, order), indexSelect(raw.y, 0, order)];
    return { ...raw, x, y, rows, targets: raw.targets ?? y.toArray() };
  });
}

type Raw = Omit<Sample, 'targets' | 'rows'> & { targets: Float64Array | null };

function fromDataset({ dataset, batchSize, dropLast }: DataLoader): Raw {
  const n = dataset.length;
  if (n === 0) throw new ArgumentError('doctor: the loader gave no rows');
  const [first] = dataset.batch([0]);
  const [x, y] = dataset.batch(evenly(n, rowsFor(first)));
  const { targets } = dataset;
  const isSmall = targets !== undefined && targets.numel() <= TARGETS;
  const last = n % batchSize;
  return {
    x,
    y,
    targets: isSmall ? targets.toArray() : null,
    isFair: true,
    batchSize: Math.min(batchSize, n),
    lastBatch: dropLast || last === 0 ? batchSize : last,
  };
}

function fromBatches(loader: Loader): Raw {
  const batches: (readonly [Tensor, Tensor])[] = [];
  let rows = 0;
  let isAll = true;
  for (const batch of loader) {
    if (batches.length > 0 && !(fits(batch[0], batches[0]![0]) && fits(batch[1], batches[0]![1]))) continue;
    if (batches.length >= BATCHES || (batches.length > 0 && rows >= 4 * rowsFor(batch[0]))) {
      isAll = false;
      break;
    }
    batches.push(batch);
    rows += batch[0].shape[0] ?? 0;
  }
  const [first] = batches;
  if (first === undefined || rows === 0) throw new ArgumentError('doctor: the loader gave no rows');
  const [x, y] = [cat(batches.map(([inputs]) => inputs)), cat(batches.map(([, targets]) => targets))];
  const index = fromArray(Float64Array.from(evenly(rows, rowsFor(x))));
  return {
    x: indexSelect(x, 0, index),
    y: indexSelect(y, 0, index),
    targets: y.toArray(),
    isFair: isAll,
    batchSize: first[0].shape[0]!,
    lastBatch: isAll ? batches.at(-1)![0].shape[0]! : null,
  };
}

const fits = (a: Tensor, b: Tensor): boolean => sameShape(a.shape.slice(1), b.shape.slice(1));

function rowsFor(x: Tensor): number {
  const perRow = Math.max(1, x.numel() / (x.shape[0] || 1));
  return Math.min(ROWS.most, Math.max(ROWS.least, Math.floor(ELEMENTS / perRow)));
}

/** At most `most` numbers of [0, n), as far apart as can be. */
function evenly(n: number, most: number): number[] {
  const count = Math.min(n, most);
  return Array.from({ length: count }, (_, i) => Math.floor((i * n) / count));
}
