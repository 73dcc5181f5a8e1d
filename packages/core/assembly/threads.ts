// A product that several threads compute together, on a memory that they share. Its rows, or its columns, are cut into
// pieces; its depth never is, so that every element is summed in one order, whoever sums it.
import { multiply } from './matmul';

/** The numbers of a job, of four bytes each. All threads count the first two. */
enum Job { taken, done, pieces, lanes, isByColumn, n, m, k, a, aRow, aColumn, b, bRow, bColumn, y }

// @ts-ignore: a decorator of AssemblyScript
@inline
function read(job: i32, field: i32): i32 {
  return load<i32>(job + field * 4);
}

/** Computes one piece after another, until all are taken. */
export function takePieces(job: i32): void {
  const lanes = read(job, Job.lanes);
  const n = read(job, Job.n);
  const m = read(job, Job.m);
  const k = read(job, Job.k);
  const a = read(job, Job.a);
  const aRow = read(job, Job.aRow);
  const aColumn = read(job, Job.aColumn);
  const b = read(job, Job.b);
  const bRow = read(job, Job.bRow);
  const bColumn = read(job, Job.bColumn);
  const y = read(job, Job.y);
  for (;;) {
    const piece = atomic.add<i32>(job + Job.taken * 4, 1);
    if (piece >= read(job, Job.pieces)) return;
    const first = piece * lanes;
    if (read(job, Job.isByColumn)) {
      const columns = min(lanes, m - first);
      multiply(n, columns, k, a, aRow, aColumn, b + first * bColumn * 8, bRow, bColumn, y + first * 8, m, 1, false);
    } else {
      const rows = min(lanes, n - first);
      multiply(rows, m, k, a + first * aRow * 8, aRow, aColumn, b, bRow, bColumn, y + first * m * 8, m, 1, false);
    }
    atomic.add<i32>(job + Job.done * 4, 1);
  }
}
