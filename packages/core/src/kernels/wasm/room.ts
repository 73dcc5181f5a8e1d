import { isContiguous } from '../../shape.ts';
import { contiguous, type Nd, viewAs } from '../kernel.ts';
import { copy } from '../pointwise.ts';
import { addressOf, release, reserve } from './arena.ts';
import { load, type Span, type Stage, stage } from './instance.ts';

const none = new Float64Array(0);

/**
 * Runs `body` with arrays of these lengths in WebAssembly's memory, which hold arbitrary numbers. False, having done
 * nothing, where WebAssembly is missing or has no room; else what `body` gives.
 */
export function withRoom(lengths: readonly number[], body: (...blocks: Float64Array[]) => boolean): boolean {
  if (load() instanceof Error) return false;
  const blocks: Float64Array[] = [];
  try {
    for (const length of lengths) {
      const block = length === 0 ? none : reserve(length);
      if (block === null) return false;
      blocks.push(block);
    }
    return body(...blocks);
  } finally {
    for (const block of blocks) if (block !== none) release(block);
  }
}

/** So many numbers that lie elsewhere are brought to WebAssembly's memory at a time, about. */
const SLICE = 2 ** 22;

/**
 * Visits batches that lie in order, staged: all of them, or where they lie outside WebAssembly's memory so many at a time
 * as it has room for. False where it has none for a single one.
 */
export function eachSlice(
  ins: readonly Nd[],
  outs: readonly Nd[],
  visit: (staged: Stage, first: number, count: number) => void,
): boolean {
  const batch = ins[0]!.shape[0]!;
  const outside = [...ins, ...outs].reduce((sum, { data, size }) => sum + (addressOf(data) < 0 ? size : 0), 0);
  const most = outside === 0 ? batch : Math.max(Math.floor((SLICE / outside) * batch), 1);
  for (let first = 0; first < batch; first += most) {
    const count = Math.min(most, batch - first);
    const slice = ({ data, offset, size }: Nd): Span => {
      const each = size / batch;
      return { data, first: offset + first * each, length: count * each };
    };
    const staged = stage(ins.map(slice), outs.map(slice));
    if (staged === null) return false;
    visit(staged, first, count);
    staged.finish();
  }
  return true;
}

/** How many numbers of `room` the images of a batch need: none, where they lie in WebAssembly's memory in order. */
export function roomFor(images: Nd): number {
  return isInPlace(images) ? 0 : sizeOf(images);
}

const sizeOf = ({ shape }: Nd): number => shape.slice(1).reduce((a, b) => a * b, 1);

const isInPlace = ({ data, shape, stride }: Nd): boolean =>
  addressOf(data) >= 0 && isContiguous(shape.slice(1), stride.slice(1));

/** The images of a batch [n, …] one at a time, as WebAssembly sees them: where they are, or in the room beside them. */
export class Images {
  private readonly size: number;
  private readonly start: number;
  private readonly isFlat: boolean;

  constructor(
    private readonly images: Nd,
    private readonly room: Float64Array,
  ) {
    this.size = sizeOf(images);
    this.start = isInPlace(images) ? addressOf(images.data) : -1;
    this.isFlat = isContiguous(images.shape.slice(1), images.stride.slice(1));
  }

  /** The address of image i, to be written. */
  place(i: number): number {
    return this.start >= 0 ? this.start + 8 * this.first(i) : this.room.byteOffset;
  }

  /** The address of image i, to be read. */
  read(i: number): number {
    if (this.start < 0) {
      const { data, shape, stride } = this.images;
      const first = this.first(i);
      if (this.isFlat) this.room.set(data.subarray(first, first + this.size));
      else copy.run([contiguous(this.room, shape.slice(1))], [viewAs(data, shape.slice(1), stride.slice(1), first)]);
    }
    return this.place(i);
  }

  /** Brings what was written at its place to image i, whose elements lie in order. */
  written(i: number): void {
    if (this.start < 0) this.images.data.set(this.room, this.first(i));
  }

  private first(i: number): number {
    return this.images.offset + i * this.images.stride[0]!;
  }
}
