import type { Kernel } from './kernel.ts';
import { eachLane } from './lanes.ts';

/** Windows along one dim: window i sees the elements `starts[i]`, `starts[i] + step`, … before `ends[i]`. */
export interface Windows {
  starts: readonly number[];
  ends: readonly number[];
  step: number;
}

/** Element i along `dim` of y is the sum of window i of x. */
export const windowSum: Kernel<Windows & { dim: number }> = {
  name: 'windowSum',
  run: ([y], [x], { dim, starts, ends, step }) => {
    const [dx, dy] = [x!.stride[dim]!, y!.stride[dim]!];
    const [from, to] = [x!.data, y!.data];
    eachLane([y!, x!], dim, (target, source) => {
      for (let i = 0; i < starts.length; i++) {
        let sum = 0;
        for (let j = starts[i]!; j < ends[i]!; j += step) sum += from[source + j * dx]!;
        to[target + i * dy] = sum;
      }
    });
  },
};

/** Element i along `dim` of x is added to all of window i of y, which starts at 0. The reverse of `windowSum`. */
export const windowSpread: Kernel<Windows & { dim: number }> = {
  name: 'windowSpread',
  run: ([y], [x], { dim, starts, ends, step }) => {
    const [dx, dy] = [x!.stride[dim]!, y!.stride[dim]!];
    const [from, to] = [x!.data, y!.data];
    const size = y!.shape[dim]!;
    eachLane([x!, y!], dim, (source, target) => {
      for (let j = 0; j < size; j++) to[target + j * dy] = 0;
      for (let i = 0; i < starts.length; i++) {
        const value = from[source + i * dx]!;
        for (let j = starts[i]!; j < ends[i]!; j += step) to[target + j * dy]! += value;
      }
    });
  },
};

/**
 * Where the largest element of each window stands in its plane, counted row by row: [n, height, width] → [n, rows,
 * columns]. Of equal ones the first, but the last NaN if there is one, as in PyTorch. No window may be empty.
 */
export const windowArgmax: Kernel<{ rows: Windows; columns: Windows }> = {
  name: 'windowArgmax',
  run: ([y], [x], { rows, columns }) => {
    const [planes, , width] = x!.shape as [number, number, number];
    const [planeStep, rowStep, step] = x!.stride as [number, number, number];
    const { data } = x!;
    const largest = (plane: number, top: number, bottom: number, left: number, right: number): number => {
      let best = -Infinity;
      let at = top * width + left;
      for (let r = top; r < bottom; r += rows.step) {
        for (let c = left; c < right; c += columns.step) {
          const value = data[plane + r * rowStep + c * step]!;
          if (value > best || value !== value) {
            best = value;
            at = r * width + c;
          }
        }
      }
      return at;
    };
    for (let n = 0; n < planes; n++) {
      const plane = x!.offset + n * planeStep;
      for (let i = 0; i < rows.starts.length; i++) {
        const [top, bottom] = [rows.starts[i]!, rows.ends[i]!];
        const target = y!.offset + n * y!.stride[0]! + i * y!.stride[1]!;
        for (let j = 0; j < columns.starts.length; j++) {
          const at = largest(plane, top, bottom, columns.starts[j]!, columns.ends[j]!);
          y!.data[target + j * y!.stride[2]!] = at;
        }
      }
    }
  },
};
