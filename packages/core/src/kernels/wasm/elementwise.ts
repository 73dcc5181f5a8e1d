import { isContiguous } from '../../shape.ts';
import type { Attempt, Nd } from '../kernel.ts';
import type { SgdStep } from '../updates.ts';
import type { Call } from './functions.ts';
import { type Span, stage } from './instance.ts';
import { divide } from './threads.ts';

/** Fewer elements are done sooner where they are. */
export const FEW = 512;

/**
 * The elements that a view shows, over and over: all of them, a row of them, or a single one. `null` where they do not
 * lie together, or repeat in another way.
 */
function periodicOf(x: Nd): Span | null {
  const { data, shape, stride, offset } = x;
  let period = 1;
  let d = shape.length - 1;
  for (; d >= 0 && (shape[d] === 1 || stride[d] === period); d--) period *= shape[d]!;
  for (; d >= 0; d--) if (shape[d] !== 1 && stride[d] !== 0) return null;
  return { data, first: offset, length: period };
}

/** y = f(…xs) element by element. */
function elementwise(name: string): Attempt {
  return ([y], xs) => {
    const n = y!.size;
    if (n < FEW || !isContiguous(y!.shape, y!.stride)) return false;
    const spans: Span[] = [];
    for (const x of xs) {
      const span = periodicOf(x);
      if (span === null) return false;
      spans.push(span);
    }
    if (!inStep(spans, n)) return false;
    const staged = stage(spans, [allOf(y!)]);
    if (staged === null) return false;
    divide({
      name,
      nanos: n * NANOS,
      parts: n,
      grain: 2 * Math.max(...spans.map(({ length }) => (length === n ? 1 : length))),
      calls(first, count) {
        const at = (start: number, length: number) => (length === n ? [start + 8 * first, count] : [start, length]);
        const operands = spans.flatMap(({ length }, i) => at(staged.ins[i]!, length));
        return [[name, count, ...operands, staged.outs[0]! + 8 * first] as unknown as Call];
      },
    });
    staged.finish();
    return true;
  };
}

/** Whether at most one period lies between one element and all of them. */
function inStep(spans: readonly Span[], n: number): boolean {
  const periods = new Set(spans.map(({ length }) => length).filter((length) => length !== 1 && length !== n));
  return periods.size <= 1;
}

/** How long an element takes, in nanoseconds, about. */
const NANOS = 0.5;

/** w and v are written where they are read. */
const sgdMomentum: Attempt = ([w, v], [g], params) => {
  const views = [w!, v!, g!];
  const n = w!.size;
  if (n < FEW || !views.every((x) => isContiguous(x.shape, x.stride))) return false;
  const staged = stage(views.map(allOf), [allOf(w!), allOf(v!)]);
  if (staged === null) return false;
  const { lr, momentum, share, weightDecay, sign, nesterov, look } = params as SgdStep;
  const [atW, atV, atG] = staged.ins as [number, number, number];
  divide({
    name: 'sgdMomentum',
    nanos: n,
    parts: n,
    grain: 8,
    calls(first, count) {
      const places = [atW + 8 * first, atV + 8 * first, atG + 8 * first] as const;
      return [['sgdMomentum', count, ...places, lr, momentum, share, weightDecay, sign, nesterov ? 1 : 0, look]];
    },
  });
  staged.finish();
  return true;
};

/** All elements of a contiguous view. */
export const allOf = ({ data, offset, size }: Nd): Span => ({ data, first: offset, length: size });

const names = [
  ...['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'step', 'eq', 'ne', 'lt', 'le', 'gt', 'ge'],
  ...['neg', 'abs', 'square', 'sqrt', 'relu'],
];

/** The kernels that run here, by name. */
export const kernels: Readonly<Record<string, Attempt>> = {
  ...Object.fromEntries(names.map((name) => [name, elementwise(name)])),
  sgdMomentum,
};
