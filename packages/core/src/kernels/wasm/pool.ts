import { isContiguous, numelOf } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import type { Windows } from '../pool.ts';
import { allOf } from './elementwise.ts';
import type { Call } from './functions.ts';
import { stage } from './instance.ts';
import { withRoom } from './room.ts';
import { divide } from './threads.ts';

/** How long a number that is read or written takes, in nanoseconds, about. */
const NANOS = 0.5;

/**
 * Runs a function on arrays that lie in order, each of as many equal parts, with the lists in WebAssembly's memory.
 * `call` is for so many parts from those addresses on.
 */
function run(
  outs: readonly Nd[],
  ins: readonly Nd[],
  lists: readonly (readonly number[])[],
  parts: number,
  call: (count: number, outs: readonly number[], ins: readonly number[], lists: readonly number[]) => Call,
): boolean {
  const all = [...outs, ...ins];
  if (all.some((x) => x.size === 0 || !isContiguous(x.shape, x.stride))) return false;
  const staged = stage(ins.map(allOf), outs.map(allOf));
  if (staged === null) return false;
  const isDone = withRoom(
    lists.map((list) => Math.ceil(list.length / 2)),
    (...rooms) => {
      const addresses = rooms.map((room, i) => writeList(room, lists[i]!));
      const from = (first: number, arrays: readonly Nd[], starts: readonly number[]) =>
        starts.map((start, i) => start + (8 * first * arrays[i]!.size) / parts);
      divide({
        name: 'pool',
        nanos: NANOS * all.reduce((sum, { size }) => sum + size, 0),
        parts,
        grain: 1,
        calls: (first, count) => [call(count, from(first, outs, staged.outs), from(first, ins, staged.ins), addresses)],
      });
      return true;
    },
  );
  staged.finish();
  return isDone;
}

const planesOf = ({ shape }: Nd): number => shape[0]! * shape[1]!;
const pixelsOf = ({ shape }: Nd): number => shape[2]! * shape[3]!;

const windowMax: Attempt = ([y, positions], [x], params) => {
  const { rows, columns } = params as { rows: Windows; columns: Windows };
  const [height, width] = x!.shape.slice(2) as [number, number];
  const [down, across] = [rows.starts.length, columns.starts.length];
  const isOfFour = isSideBySide(rows) && isSideBySide(columns);
  const lists = isOfFour ? [] : [rows.starts, rows.ends, columns.starts, columns.ends];
  return run([y!, positions!], [x!], lists, planesOf(x!), (planes, [to, places], [from], addresses) => {
    if (isOfFour) return ['windowMaxOfFour', planes, height, width, from!, down, across, to!, places!];
    const [tops, bottoms, lefts, rights] = addresses as [number, number, number, number];
    return [
      'windowMax',
      ...([planes, height, width, from!] as const),
      ...([down, tops, bottoms, rows.step] as const),
      ...([across, lefts, rights, columns.step] as const),
      ...([to!, places!] as const),
    ];
  });
};

/** Writes a list for the functions; returns where it is. */
function writeList(room: Float64Array, list: readonly number[]): number {
  new Int32Array(room.buffer, room.byteOffset, list.length).set(list);
  return room.byteOffset;
}

/** Whether window i is the elements 2i and 2i + 1. */
export const isSideBySide = ({ starts, ends, step }: Windows): boolean =>
  step === 1 && starts.every((start, i) => start === 2 * i && ends[i] === start + 2);

const windowPick: Attempt = ([y], [x, positions]) =>
  run([y!], [x!, positions!], [], planesOf(x!), (planes, [to], [from, places]) => [
    'windowPick',
    ...([planes, pixelsOf(x!), pixelsOf(y!), from!, places!, to!] as const),
  ]);

const windowDrop: Attempt = ([y], [x, positions]) =>
  run([y!], [x!, positions!], [], planesOf(y!), (planes, [to], [from, places]) => [
    'windowDrop',
    ...([planes, pixelsOf(y!), pixelsOf(x!), from!, places!, to!] as const),
  ]);

/** Along one dim: what comes before it and what comes after it are taken together. */
function along(name: 'windowSum' | 'windowSpread'): Attempt {
  return ([y], [x], params) => {
    const { dim, starts, ends, step } = params as Windows & { dim: number };
    const { shape } = name === 'windowSum' ? x! : y!;
    const inner = numelOf(shape.slice(dim + 1));
    return run([y!], [x!], [starts, ends], numelOf(shape.slice(0, dim)), (outer, [to], [from], [first, end]) => [
      name,
      ...([outer, shape[dim]!, inner, starts.length, first!, end!, step, from!, to!] as const),
    ]);
  };
}

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = {
  windowMax,
  windowPick,
  windowDrop,
  windowSum: along('windowSum'),
  windowSpread: along('windowSpread'),
};
