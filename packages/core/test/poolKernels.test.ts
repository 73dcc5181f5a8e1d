import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Nd } from '../src/kernels/kernel.ts';
import * as pool from '../src/kernels/pool.ts';
import { kernels } from '../src/kernels/wasm/kernels.ts';
import { agree, numbers, type Place, places, unwritten } from './kernelCases.ts';

/** Windows along a dim of some size: overlapping or not, clipped or not, at least one, none of them empty. */
const windowsOn = fc
  .record({
    size: fc.integer({ min: 1, max: 12 }),
    kernel: fc.integer({ min: 1, max: 4 }),
    stride: fc.integer({ min: 1, max: 4 }),
    step: fc.integer({ min: 1, max: 2 }),
    before: fc.integer({ min: 0, max: 2 }),
  })
  .map(({ size, kernel, stride, step, before }) => {
    const firsts = Array.from({ length: Math.ceil((size + before) / stride) }, (_, i) => i * stride - before);
    const starts = firsts.map((first) => (first < 0 ? first + step * Math.ceil(-first / step) : first));
    const ends = firsts.map((first) => Math.min(first + step * (kernel - 1) + 1, size));
    const kept = starts.map((start, i) => start < ends[i]!);
    const windows = { starts: starts.filter((_, i) => kept[i]), ends: ends.filter((_, i) => kept[i]), step };
    return { size, windows };
  })
  .filter(({ windows }) => windows.starts.length > 0);

/** Two by two, side by side, with a pixel left over or not. */
const halves = fc.integer({ min: 2, max: 13 }).map((size) => {
  const starts = Array.from({ length: Math.floor(size / 2) }, (_, i) => 2 * i);
  return { size, windows: { starts, ends: starts.map((start) => start + 2), step: 1 } };
});

const images = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  channels: fc.integer({ min: 1, max: 3 }),
  from: places,
  to: fc.constantFrom<Place>('outside', 'inside'),
});

/** Some of the elements equal, NaN or infinite. */
function withTies(x: Nd): Nd {
  const special = [Number.NaN, 1, 1, Number.NEGATIVE_INFINITY, 0, -0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < x.data.length; i += 3) x.data[i] = special[(i / 3) % special.length]!;
  return x;
}

describe('in WebAssembly', () => {
  it.each([
    ['of any kind', windowsOn],
    ['of two by two pixels', halves],
  ])('the largest elements of windows %s, and where they stand, are those of the reference', (_, windows) => {
    fc.assert(
      fc.property(windows, windows, images, (rows, columns, { n, channels, from, to }) => {
        const x = withTies(numbers([n, channels, rows.size, columns.size], from));
        const shape = [n, channels, rows.windows.starts.length, columns.windows.starts.length];
        const params = { rows: rows.windows, columns: columns.windows };
        if (from === 'turned' && rows.size > 1 && columns.size > 1) {
          expect(kernels.windowMax!([unwritten(shape), unwritten(shape)], [x], params)).toBe(false);
        } else agree(pool.windowMax, kernels.windowMax!, { shapes: [shape, shape], ins: [x], params, place: to }, 0);
      }),
      { numRuns: 200 },
    );
  });

  it('picks and drops at positions as the reference does', () => {
    fc.assert(
      fc.property(windowsOn, windowsOn, images, (rows, columns, { n, channels, to }) => {
        const [x, shape] = [
          numbers([n, channels, rows.size, columns.size], to),
          [n, channels, rows.windows.starts.length, columns.windows.starts.length],
        ];
        const [y, positions] = [unwritten(shape), unwritten(shape, to)];
        pool.windowMax.run([y, positions], [x], { rows: rows.windows, columns: columns.windows });
        positions.data[positions.offset] = -1; // nowhere
        const [ins, place] = [[x, positions], to];
        agree(pool.windowPick, kernels.windowPick!, { shapes: [shape], ins, params: undefined, place }, 0);
        const back = { shapes: [x.shape], ins: [numbers(shape, to), positions], params: undefined, place };
        agree(pool.windowDrop, kernels.windowDrop!, back, 1e-15);
      }),
      { numRuns: 100 },
    );
  });

  it('sums windows along a dim, and spreads them, as the reference does', () => {
    fc.assert(
      fc.property(windowsOn, fc.integer({ min: 0, max: 3 }), images, ({ size, windows }, dim, { n, channels, to }) => {
        const whole = [n, channels, 3, 5].map((length, d) => (d === dim ? size : length));
        const shape = whole.map((length, d) => (d === dim ? windows.starts.length : length));
        const params = { dim, ...windows };
        agree(pool.windowSum, kernels.windowSum!, { shapes: [shape], ins: [numbers(whole, to)], params, place: to });
        agree(pool.windowSpread, kernels.windowSpread!, {
          shapes: [whole],
          ins: [numbers(shape, to)],
          params,
          place: to,
        });
      }),
      { numRuns: 200 },
    );
  });
});

it('the reference takes results of any strides', () => {
  const windows = { starts: [0, 2], ends: [2, 4], step: 1 };
  const x = numbers([2, 2, 4, 4]);
  const shape = [2, 2, 2, 2];
  const [expected, at] = [unwritten(shape), unwritten(shape)];
  pool.windowMax.run([expected, at], [x], { rows: windows, columns: windows });
  const [y, positions] = [numbers(shape, 'turned'), numbers(shape, 'turned')];
  pool.windowMax.run([y, positions], [x], { rows: windows, columns: windows });
  const back = numbers([2, 2, 4, 4], 'turned');
  pool.windowDrop.run([back], [y, positions]);
  const picked = numbers(shape, 'turned');
  pool.windowPick.run([picked], [back, positions]);
  for (const [i, j] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ] as const) {
    expect(y.get(1, 1, i, j)).toBe(expected.get(1, 1, i, j));
    expect(positions.get(1, 1, i, j)).toBe(at.get(1, 1, i, j));
    expect(picked.get(1, 1, i, j)).toBe(expected.get(1, 1, i, j));
  }
});
