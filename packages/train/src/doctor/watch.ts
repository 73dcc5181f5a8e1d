import { type Applied, currentScope, formatScope, observeOps, type Tensor } from '@ndgrad/core';
import { observeCalls } from '@ndgrad/nn';

/** An operation that has run, and where. */
export interface Seen extends Applied {
  readonly output: Tensor;
  /** `1 (ReLU)`; the operation's name where it ran outside of modules. */
  readonly where: string;
}

/** Runs `body` and shows every operation on the way; who watches already goes on seeing them. */
export function watchOps<T>(see: (seen: Seen) => void, body: () => T): T {
  const before = observeOps((applied, run) => {
    const output = before === null ? run() : before(applied, run);
    const scope = currentScope();
    see({ ...applied, output, where: scope === null ? applied.op.name : formatScope(scope) });
    return output;
  });
  try {
    // Where calls are watched, too, what passes between layers is not used again.
    return observeCalls((_module, _inputs, run) => run(), body);
  } finally {
    observeOps(before);
  }
}

/** Where an operation with a kink stood: which side of it each element was on. */
export interface Side {
  readonly where: string;
  readonly values: Float64Array;
}

/** Runs `body`, and tells on which side of every kink (of relu, a maximum, a comparison) it came by. */
export function sidesOf(body: () => number): { value: number; sides: Side[] } {
  const sides: Side[] = [];
  const value = watchOps((seen) => {
    const values = sidesFor[seen.op.name]?.(seen);
    if (values !== undefined) sides.push({ where: seen.where, values });
  }, body);
  return { value, sides };
}

const signs = (x: Tensor): Float64Array => x.toArray().map(Math.sign);
const output = ({ output }: Seen): Float64Array => output.toArray();
const input = ({ ready }: Seen): Float64Array => signs(ready[0]!);
const between = ({ ready, output }: Seen): Float64Array => {
  const x = ready[0]!.toArray();
  return output.toArray().map((y, i) => Math.sign(x[i]! - y));
};
const larger = ({ ready }: Seen): Float64Array => {
  const b = ready[1]!.toArray();
  return ready[0]!.toArray().map((a, i) => Math.sign(a - b[i]!));
};
const positions = ({ ready }: Seen): Float64Array => ready[2]!.toArray();

const sidesFor: Readonly<Record<string, (seen: Seen) => Float64Array>> = {
  relu: input,
  leakyRelu: input,
  prelu: input,
  abs: input,
  sign: output,
  elu: input,
  hardtanh: between,
  clamp: between,
  threshold: between,
  maximum: larger,
  minimum: larger,
  maxPool: positions,
  argmax: output,
  argmin: output,
  gt: output,
  ge: output,
  lt: output,
  le: output,
  round: output,
  floor: output,
  ceil: output,
  trunc: output,
};

/** Where two runs came by a kink on different sides. */
export function crossed(a: readonly Side[], b: readonly Side[]): string[] {
  const places = a.filter(({ values }, i) => {
    const others = b[i]?.values;
    return others?.length !== values.length || values.some((value, j) => value !== others[j]);
  });
  return [...new Set(places.map(({ where }) => where))];
}
