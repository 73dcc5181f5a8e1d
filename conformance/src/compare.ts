import { NdgradError, type Tensor } from '@ndgrad/core';
import { decodeNumber, type StoredTensor } from './records.ts';

/** What is compared: a result, a first gradient, or a second-order one. */
export type Kind = 'value' | 'gradient' | 'second';

/** How closely numbers must agree, in place of the kind's tolerance. */
export interface Closeness {
  /** To the last bit, the sign of a zero included. */
  exact?: boolean;
  /** Within so many units in the last place. */
  ulps?: number;
  /** Within a distance. */
  absolute?: number;
  /** Within a relative tolerance. */
  relative?: number;
  /** How far the record itself is unsure: ten times as much is allowed besides the tolerance. */
  noise?: number;
}

/**
 * Relative tolerances. An error is |a − b| / (|b| + 0.01), so that 1e-10 stands for 1e-10 relative + 1e-12 absolute and
 * 1e-8 for 1e-8 + 1e-10.
 */
const tolerances: Record<Kind, number> = { value: 1e-10, gradient: 1e-10, second: 1e-8 };
const nearZero = 0.01;

/** The replay of one record: what disagreed, and how far the numbers were apart at worst. */
export class Check {
  readonly failures: string[] = [];
  /** The worst error of each kind that was compared. */
  readonly worst: Partial<Record<Kind, number>> = {};

  constructor(readonly id: string) {}

  get passed(): boolean {
    return this.failures.length === 0;
  }

  fail(reason: string): void {
    this.failures.push(reason);
  }

  /** Runs the replay; whatever it throws is a failure. */
  run(replay: (check: Check) => void): this {
    try {
      replay(this);
    } catch (error) {
      this.fail(`threw ${describeError(error)}`);
    }
    return this;
  }

  /** Runs what must be refused, with an error of ndgrad's own. */
  refuses(call: () => unknown, why: string): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof NdgradError)) this.fail(`refused by accident, ${describeError(error)}; PyTorch: ${why}`);
      return;
    }
    this.fail(`must be refused; PyTorch: ${why}`);
  }

  /** Compares a tensor in shape and numbers; `null` on either side stands for zeros. */
  tensor(kind: Kind, what: string, actual: Tensor | null, expected: StoredTensor | null, closeness?: Closeness): void {
    if (actual === null && expected === null) this.worst[kind] ??= 0;
    else if (expected === null)
      this.numbers(kind, what, actual!.toArray(), new Array(actual!.numel()).fill(0), closeness);
    else if (actual !== null && String(actual.shape) !== String(expected.shape)) {
      this.fail(`${what}: shape [${actual.shape}], expected [${expected.shape}]`);
    } else {
      const numbers = expected.data.map(decodeNumber);
      this.numbers(kind, what, actual?.toArray() ?? numbers.map(() => 0), numbers, closeness);
    }
  }

  /** Compares numbers one by one. */
  numbers(
    kind: Kind,
    what: string,
    actual: ArrayLike<number>,
    expected: ArrayLike<number>,
    closeness: Closeness = {},
  ): void {
    if (actual.length !== expected.length) {
      this.fail(`${what}: ${actual.length} numbers, expected ${expected.length}`);
      return;
    }
    const wrong: number[] = [];
    let worst = this.worst[kind] ?? 0;
    for (let i = 0; i < actual.length; i++) {
      worst = Math.max(worst, errorOf(actual[i]!, expected[i]!, closeness));
      if (!agree(kind, actual[i]!, expected[i]!, closeness)) wrong.push(i);
    }
    this.worst[kind] = worst;
    const [at] = wrong;
    if (at !== undefined) {
      const error = errorOf(actual[at]!, expected[at]!, closeness).toExponential(1);
      const count = `${wrong.length} of ${actual.length} differ`;
      this.fail(`${what}[${at}]: ${actual[at]}, expected ${expected[at]} (error ${error}; ${count})`);
    }
  }
}

function agree(kind: Kind, actual: number, expected: number, closeness: Closeness): boolean {
  if (Object.is(actual, expected)) return true;
  if (closeness.exact) return false;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return actual === expected;
  return Math.abs(actual - expected) <= allowed(kind, expected, closeness);
}

/** The distance that is allowed from a number. */
function allowed(kind: Kind, expected: number, { ulps, absolute, relative, noise = 0 }: Closeness): number {
  const magnitude = Math.abs(expected);
  if (ulps !== undefined) return ulps * ulp(magnitude);
  return absolute ?? (relative ?? tolerances[kind]) * (magnitude + nearZero) + 10 * noise;
}

function ulp(magnitude: number): number {
  return Math.max(2 ** (Math.floor(Math.log2(magnitude)) - 52), Number.MIN_VALUE);
}

function errorOf(actual: number, expected: number, { noise = 0 }: Closeness): number {
  if (Object.is(actual, expected) || actual === expected) return 0;
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) return Infinity;
  return Math.max(0, Math.abs(actual - expected) - 10 * noise) / (Math.abs(expected) + nearZero);
}

/** Name, message, and for a crash the place it came from. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = error instanceof NdgradError ? '' : (error.stack?.match(/\n +at .*/)?.[0] ?? '').replace(/\s+/g, ' ');
  return `${error.name}: ${error.message}${place}`;
}
