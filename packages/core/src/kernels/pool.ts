import ops from 'ndarray-ops';
import type { Kernel, Nd } from './kernel.ts';
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
 * The largest element of each window, and where it stands in its plane, counted row by row: [n, c, height, width] →
 * twice [n, c, rows, columns]. Of equal ones the first, but the last NaN if there is one, as in PyTorch. No window may be
 * empty.
 */
export const windowMax: Kernel<{ rows: Windows; columns: Windows }> = {
  name: 'windowMax',
  run: ([y, positions], [x], { rows, columns }) => {
    const width = x!.shape[3]!;
    const [rowStep, step] = x!.stride.slice(2) as [number, number];
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
    eachPlane([x!, y!, positions!], (plane, target, place) => {
      for (let i = 0; i < rows.starts.length; i++) {
        const [top, bottom] = [rows.starts[i]!, rows.ends[i]!];
        for (let j = 0; j < columns.starts.length; j++) {
          const at = largest(plane, top, bottom, columns.starts[j]!, columns.ends[j]!);
          y!.data[target + i * y!.stride[2]! + j * y!.stride[3]!] = data[plane + offsetIn(x!, at)]!;
          positions!.data[place + i * positions!.stride[2]! + j * positions!.stride[3]!] = at;
        }
      }
    });
  },
};

/** Picks from each plane what stands at the positions, or 0 at −1: [n, c, height, width], [n, c, …] → [n, c, …] */
export const windowPick: Kernel = {
  name: 'windowPick',
  run: ([y], [x, positions]) => {
    eachPlane([x!, positions!, y!], (plane, place, target) => {
      eachPixel(positions!, (i, j) => {
        const at = positions!.data[place + i * positions!.stride[2]! + j * positions!.stride[3]!]!;
        y!.data[target + i * y!.stride[2]! + j * y!.stride[3]!] = at < 0 ? 0 : x!.data[plane + offsetIn(x!, at)]!;
      });
    });
  },
};

/** Adds x at the positions, but for −1, in planes that start at 0. The reverse of `windowPick`. */
export const windowDrop: Kernel = {
  name: 'windowDrop',
  run: ([y], [x, positions]) => {
    ops.assigns(y!, 0);
    eachPlane([x!, positions!, y!], (source, place, plane) => {
      eachPixel(positions!, (i, j) => {
        const at = positions!.data[place + i * positions!.stride[2]! + j * positions!.stride[3]!]!;
        if (at >= 0) y!.data[plane + offsetIn(y!, at)]! += x!.data[source + i * x!.stride[2]! + j * x!.stride[3]!]!;
      });
    });
  },
};

/** Visits the planes of images, with the offset where each array's begins. */
function eachPlane(arrays: readonly Nd[], visit: (...offsets: number[]) => void): void {
  const [n, channels] = arrays[0]!.shape as [number, number];
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < channels; c++) {
      visit(...arrays.map(({ offset, stride }) => offset + i * stride[0]! + c * stride[1]!));
    }
  }
}

function eachPixel({ shape }: Nd, visit: (row: number, column: number) => void): void {
  for (let i = 0; i < shape[2]!; i++) for (let j = 0; j < shape[3]!; j++) visit(i, j);
}

/** Where the pixel that is `at` in a plane, counted row by row, lies from its beginning. */
function offsetIn({ shape, stride }: Nd, at: number): number {
  const width = shape[3]!;
  return Math.floor(at / width) * stride[2]! + (at % width) * stride[3]!;
}
