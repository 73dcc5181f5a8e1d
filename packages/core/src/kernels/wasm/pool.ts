import { isContiguous, numelOf } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import type { Windows } from '../pool.ts';
import { allOf } from './elementwise.ts';
import { type Stage, stage } from './instance.ts';
import { withRoom } from './room.ts';

/** Runs a function on arrays that lie in order, with the lists in WebAssembly's memory. */
function run(
  outs: readonly Nd[],
  ins: readonly Nd[],
  lists: readonly (readonly number[])[],
  body: (staged: Stage, lists: readonly number[]) => void,
): boolean {
  const all = [...outs, ...ins];
  if (all.some((x) => x.size === 0 || !isContiguous(x.shape, x.stride))) return false;
  const staged = stage(ins.map(allOf), outs.map(allOf));
  if (staged === null) return false;
  const isDone = withRoom(
    lists.map((list) => Math.ceil(list.length / 2)),
    (...rooms) => {
      const addresses = rooms.map((room, i) => {
        new Int32Array(room.buffer, room.byteOffset, lists[i]!.length).set(lists[i]!);
        return room.byteOffset;
      });
      body(staged, addresses);
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
  const counts = [rows.starts.length, columns.starts.length] as const;
  if (isSideBySide(rows) && isSideBySide(columns)) {
    return run([y!, positions!], [x!], [], ({ wasm, ins, outs }) => {
      wasm.windowMaxOfFour(planesOf(x!), height, width, ins[0]!, ...counts, outs[0]!, outs[1]!);
    });
  }
  const lists = [rows.starts, rows.ends, columns.starts, columns.ends];
  return run([y!, positions!], [x!], lists, ({ wasm, ins, outs }, [tops, bottoms, lefts, rights]) => {
    wasm.windowMax(
      planesOf(x!),
      height,
      width,
      ins[0]!,
      counts[0],
      tops!,
      bottoms!,
      rows.step,
      counts[1],
      lefts!,
      rights!,
      columns.step,
      outs[0]!,
      outs[1]!,
    );
  });
};

/** Whether window i is the elements 2i and 2i + 1. */
const isSideBySide = ({ starts, ends, step }: Windows): boolean =>
  step === 1 && starts.every((start, i) => start === 2 * i && ends[i] === start + 2);

const windowPick: Attempt = ([y], [x, positions]) =>
  run([y!], [x!, positions!], [], ({ wasm, ins, outs }) => {
    wasm.windowPick(planesOf(x!), pixelsOf(x!), pixelsOf(y!), ins[0]!, ins[1]!, outs[0]!);
  });

const windowDrop: Attempt = ([y], [x, positions]) =>
  run([y!], [x!, positions!], [], ({ wasm, ins, outs }) => {
    wasm.windowDrop(planesOf(y!), pixelsOf(y!), pixelsOf(x!), ins[0]!, ins[1]!, outs[0]!);
  });

/** Along one dim: what comes before it and what comes after it are taken together. */
function along(name: 'windowSum' | 'windowSpread'): Attempt {
  return ([y], [x], params) => {
    const { dim, starts, ends, step } = params as Windows & { dim: number };
    const { shape } = name === 'windowSum' ? x! : y!;
    const outer = numelOf(shape.slice(0, dim));
    const inner = numelOf(shape.slice(dim + 1));
    return run([y!], [x!], [starts, ends], ({ wasm, ins, outs }, [from, to]) => {
      wasm[name](outer, shape[dim]!, inner, starts.length, from!, to!, step, ins[0]!, outs[0]!);
    });
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
