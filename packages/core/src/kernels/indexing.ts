import ops from 'ndarray-ops';
import { type Kernel, type Nd, viewAs } from './kernel.ts';
import { eachLane, laneOf } from './lanes.ts';

// Indices are checked by the ops before they come here.

/** y[i][j] = x[index[i][j]][j] (for dim 0): each lane of `index` picks from the lane of `x` at the same place. */
export const gather: Kernel<{ dim: number }> = {
  name: 'gather',
  run: ([y], [x, index], { dim }) => {
    const { size, step } = laneOf(index!, dim);
    const [dx, dy] = [laneOf(x!, dim).step, laneOf(y!, dim).step];
    eachLane([index!, x!, y!], dim, (at, from, to) => {
      for (let i = 0; i < size; i++) y!.data[to + i * dy] = x!.data[from + index!.data[at + i * step]! * dx]!;
    });
  },
};

/** y[index[i][j]][j] += src[i][j] (for dim 0), with y starting as a copy of x. The reverse of `gather`. */
export const scatterAdd: Kernel<{ dim: number }> = {
  name: 'scatterAdd',
  run: ([y], [x, index, src], { dim }) => {
    ops.assign(y!, x!);
    const { size, step } = laneOf(index!, dim);
    const [ds, dy] = [laneOf(src!, dim).step, laneOf(y!, dim).step];
    eachLane([index!, src!, y!], dim, (at, from, to) => {
      for (let i = 0; i < size; i++) y!.data[to + index!.data[at + i * step]! * dy]! += src!.data[from + i * ds]!;
    });
  },
};

/** Row i along `dim` of y is row index[i] of x. */
export const indexSelect: Kernel<{ dim: number }> = {
  name: 'indexSelect',
  run: ([y], [x, index], { dim }) => {
    eachRow(y!, x!, index!, dim, (row, source) => ops.assign(row, source));
  },
};

/** Row i along `dim` of src is added to row index[i] of y, which starts at 0. The reverse of `indexSelect`. */
export const indexAdd: Kernel<{ dim: number }> = {
  name: 'indexAdd',
  run: ([y], [src, index], { dim }) => {
    ops.assigns(y!, 0);
    eachRow(src!, y!, index!, dim, (row, target) => ops.addeq(target, row));
  },
};

function eachRow(rows: Nd, indexed: Nd, index: Nd, dim: number, visit: (row: Nd, indexedRow: Nd) => void): void {
  const pick = (x: Nd, i: number) => x.pick(...x.shape.map((_, d) => (d === dim ? i : null)));
  const { size, step } = laneOf(index, 0);
  for (let i = 0; i < size; i++) visit(pick(rows, i), pick(indexed, index.data[index.offset + i * step]!));
}

/** y is 0, but for the slices from `start` on along `dim`, which are x. The reverse of a `narrow`. */
export const place: Kernel<{ dim: number; start: number }> = {
  name: 'place',
  run: ([y], [x], { dim, start }) => {
    ops.assigns(y!, 0);
    ops.assign(sliceFrom(y!, dim, start, x!), x!);
  },
};

/** The inputs one after another along `dim`. */
export const cat: Kernel<{ dim: number }> = {
  name: 'cat',
  run: ([y], ins, { dim }) => {
    let start = 0;
    for (const x of ins) {
      ops.assign(sliceFrom(y!, dim, start, x), x);
      start += x.shape[dim]!;
    }
  },
};

/** The part of y from `start` on along `dim` that has the size of `like`. */
function sliceFrom(y: Nd, dim: number, start: number, like: Nd): Nd {
  const offset = y.offset + start * y.stride[dim]!;
  return viewAs(y.data, like.shape, y.stride, offset);
}
