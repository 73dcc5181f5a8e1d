import type { Pair } from '../unfold.ts';

/** How an image stands in its frame of zeros, in pixels. */
export interface Layout {
  readonly channels: number;
  /** Of the image. */
  readonly size: Pair;
  /** Of the frame. */
  readonly rows: number;
  readonly columns: number;
  /** Rows and columns of zeros before the image; below 0, so many of its own are left out. */
  readonly top: number;
  readonly left: number;
  /** Into how many phases a row is dealt out: pixel by pixel in turn, one phase after the other. */
  readonly phases: number;
}

/** Pixels of a phase. */
export const phaseOf = ({ columns, phases }: Layout): number => Math.ceil(columns / phases);

/** From one row to the next. */
export const lineOf = (layout: Layout): number => phaseOf(layout) * layout.phases;

/** From one channel to the next. */
export const planeOf = (layout: Layout): number => layout.rows * lineOf(layout);

/** All of a frame, and what a pair of pixels may reach behind it. */
export const lengthOf = (layout: Layout): number => layout.channels * planeOf(layout) + 1;

/** What of an image stands in its frame: so many rows and columns, and where they begin in each, in pixels. */
export interface Overlap {
  readonly rows: number;
  readonly columns: number;
  readonly inImage: number;
  readonly top: number;
  readonly left: number;
}

export function overlapOf({ size, rows, columns, top, left }: Layout): Overlap {
  const first = [Math.max(-top, 0), Math.max(-left, 0)] as const;
  const end = [Math.min(rows - top, size[0]), Math.min(columns - left, size[1])] as const;
  return {
    rows: Math.max(end[0] - first[0], 0),
    columns: Math.max(end[1] - first[1], 0),
    inImage: first[0] * size[1] + first[1],
    top: Math.max(top, 0),
    left: Math.max(left, 0),
  };
}

/** How an image stands in its frame, for the assembly: from `toImage` to `toPhase` of the class Plan. */
export function framing(layout: Layout): readonly number[] {
  const { channels, size, phases } = layout;
  const { rows, columns, inImage, top, ...begins } = overlapOf(layout);
  const pixels = 8 * size[0] * size[1];
  const place = top * lineOf(layout) + (phases === 1 ? begins.left : 0);
  return [
    ...[channels * pixels, 8 * inImage, channels, pixels, rows, 8 * size[1], columns],
    ...[8 * place, 8 * planeOf(layout), 8 * lineOf(layout), begins.left, phases, 8 * phaseOf(layout)],
  ];
}
