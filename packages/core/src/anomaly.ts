import { type Anomaly, AnomalyError, type Given, MANY_ROWS, type Suspect } from './anomalyError.ts';
import { observePasses, type Passed } from './autograd.ts';
import { type Nd, viewAs } from './kernels/kernel.ts';
import { type Launch, observe } from './kernels/launch.ts';
import { isFiniteView, type Range, rangeOf } from './kernels/range.ts';
import { Memory } from './memory.ts';
import { type Applied, observeOps } from './op.ts';
import { readOptions } from './options.ts';
import { currentScope, formatScope, runThen, type Scope } from './scope.ts';
import { numelOf } from './shape.ts';
import { latestId, type Tensor } from './tensor.ts';

/** Options of `detectAnomaly`. */
export interface AnomalyOptions {
  /** Whether ±Infinity may be computed from finite numbers, so that only NaN counts (default false). */
  allowInfinity?: boolean;
}

/**
 * Runs `body`, and stops it at the first value that is not finite, in the forward pass, in the backward pass or in an
 * optimizer's step. The error names the operation, the module, what went in and between which numbers it lay, and the
 * rows of the batch in which the value stands.
 *
 * ```ts
 * detectAnomaly(() => criterion.call(model.call(x), y).backward());
 * // AnomalyError: in 2 (Log): log (forward): output [64, 10] holds 1 infinite (dim 0: row 17); computed from …
 * await detectAnomaly(() => fit(model, { … }));
 * ```
 * The rule: NaN counts where no input of the operation was NaN; ±Infinity where no input and no argument was infinite,
 * so that masks of −∞ pass. What an operation computes on the way and then leaves out does not count, nor does the mean
 * of nothing. NaN that comes from outside (from the data, say) counts at the first operation whose output it spoils;
 * `given` then says where it came in. Takes two to three times as long as `body` alone, and nothing where it is not used.
 * @returns what `body` returns; for a promise, the watch ends when it is settled
 * @throws AnomalyError
 * @see CS231n, lecture 7 (babysitting the learning process); PyTorch `torch.autograd.detect_anomaly`
 */
export function detectAnomaly<T>(body: () => T, options?: AnomalyOptions): T {
  const { allowInfinity } = readOptions('detectAnomaly', options, { allowInfinity: false });
  const detective = new Detective(allowInfinity);
  const launches = observe((launch, run) =>
    detective.seeLaunch(launch, () => (launches === null ? run() : launches(launch, run))),
  );
  const ops = observeOps((applied, run) => detective.seeOp(applied, () => (ops === null ? run() : ops(applied, run))));
  const passes = observePasses((passed, run) =>
    detective.seePass(passed, (see) => (passes === null ? run(see) : passes(passed, (also) => run(both(see, also))))),
  );
  return runThen(body, () => {
    observe(launches);
    observeOps(ops);
    observePasses(passes);
  });
}

type See = (x: Tensor, gradient: Tensor) => void;

const both =
  (first: See, second: See): See =>
  (x, gradient) => {
    first(x, gradient);
    second(x, gradient);
  };

/** An operation that is running, or the rules of a node. */
interface Frame {
  readonly operation: string;
  readonly pass: 'forward' | 'backward';
  readonly scope: Scope | null;
  readonly inputs: readonly Operand[];
  /** The kernel that made something that is not finite of what was. */
  culprit: string | null;
  /** The kernel that handed on what was not finite before. */
  carrier: string | null;
}

/** A tensor under its name in an operation. */
interface Operand {
  readonly name: string;
  readonly x: Tensor;
}

class Detective {
  private frame: Frame | null = null;
  /** What came in first that was not finite. */
  private given: Given | null = null;
  /** The version at which a memory was found to hold finite numbers alone. */
  private readonly finite = new WeakMap<object, number>();

  constructor(private readonly allowInfinity: boolean) {}

  /** What runs inside another operation is that one's business. */
  seeOp({ op, inputs }: Applied, run: () => Tensor): Tensor {
    if (this.frame !== null) return run();
    const operands = inputs.map((x, i) => ({ name: op.inputs[i]!, x }));
    return this.within({ operation: op.name, pass: 'forward', scope: currentScope(), inputs: operands }, (frame) => {
      const y = run();
      this.judge(frame, 'output', y.ndarray);
      return y;
    });
  }

  seePass({ node: { op, inputs, scope }, g }: Passed, run: (see: See) => void): void {
    const operands = inputs!.map((x, i) => ({ name: op.inputs[i]!, x }));
    const all = [{ name: 'g', x: g }, ...operands];
    this.within({ operation: op.name, pass: 'backward', scope, inputs: all }, (frame) => {
      run((x, gradient) => {
        const { name } = operands.find((operand) => operand.x === x)!;
        this.judge(frame, `the gradient of ${name}`, gradient.ndarray);
      });
    });
  }

  private within<T>(about: Omit<Frame, 'culprit' | 'carrier'>, body: (frame: Frame) => T): T {
    for (const { name, x } of about.inputs) {
      if (this.given !== null || this.finite.get(x.storage) === x.storage.version) continue;
      if (!isFiniteView(x.ndarray))
        this.given = { ...suspect(name, x.ndarray), operation: about.operation, rows: rowsOf(x.ndarray) };
    }
    this.frame = { ...about, culprit: null, carrier: null };
    try {
      return body(this.frame);
    } finally {
      this.frame = null;
    }
  }

  seeLaunch(launch: Launch, run: () => void): void {
    const { kernel, outs, ins, params, written } = launch;
    const isFresh = written.map(({ storage }) => storage instanceof Memory && storage.id === latestId());
    // What is not fresh may be read as well as written, as in an optimizer's step.
    const read = [...outs.filter((_, i) => !isFresh[i]), ...ins];
    const ranges = this.frame !== null && read.length === ins.length ? null : read.map(rangeOf);
    run();
    outs.forEach((out, i) => {
      if (isFiniteView(out)) {
        const { storage } = written[i]!;
        const isKnown = isFresh[i] || this.finite.get(storage) === storage.version;
        if (isKnown) this.finite.set(storage, storage.version + 1); // which is about to count this launch
        return;
      }
      const before = ranges ?? read.map(rangeOf);
      const isNew = this.isNew(rangeOf(out), [...before, constantsOf(params)]);
      if (this.frame === null) this.judgeLaunch(launch, out, isNew, before);
      else if (isNew) this.frame.culprit ??= kernel;
      else this.frame.carrier ??= kernel;
    });
  }

  /** Whether a kernel made something that is not finite of what was. */
  private isNew(out: Range, ins: readonly Range[]): boolean {
    const isWithout = (what: (range: Range) => number) => ins.every((range) => what(range) === 0);
    if (out.nan > 0 && isWithout(({ nan }) => nan)) return true;
    return out.infinite > 0 && !this.allowInfinity && isWithout(({ nan, infinite }) => nan + infinite);
  }

  /** The result counts, not what was on the way to it. */
  private judge(frame: Frame, name: string, result: Nd): void {
    const { culprit, carrier } = frame;
    if (culprit === null && carrier === null) return;
    const { nan, infinite } = rangeOf(result);
    const inputs = frame.inputs.map((operand) => suspect(operand.name, operand.x.ndarray));
    if (inputs.some(({ shape }) => numelOf(shape) === 0)) return; // the mean of nothing is no number
    const isInfinityNew = infinite > 0 && culprit !== null && inputs.every(({ range }) => range.infinite === 0);
    if (nan === 0 && (!isInfinityNew || this.allowInfinity)) return;
    this.accuse({ ...frame, kernel: culprit ?? carrier!, inputs }, name, result);
  }

  /** What is launched outside of operations: a change in place. */
  private judgeLaunch({ kernel, ins }: Launch, out: Nd, isNew: boolean, ranges: readonly Range[]): void {
    const isCarried = rangeOf(out).nan > 0 && ranges.some((range) => range.nan > 0);
    if (!isNew && !isCarried) return;
    const own = ranges.length - ins.length;
    const inputs = ranges.map((range, i) => ({
      name: i < own ? 'what it changes' : `input ${i - own}`,
      shape: (i < own ? out : ins[i - own]!).shape,
      range,
    }));
    const bad = inputs.find(({ range }) => range.nan + range.infinite > 0);
    if (bad !== undefined) this.given ??= { ...bad, operation: kernel, rows: [] };
    this.accuse({ operation: kernel, kernel, pass: null, scope: currentScope(), inputs }, 'what it writes', out);
  }

  private accuse(
    about: Pick<Anomaly, 'operation' | 'kernel' | 'pass' | 'inputs'> & { scope: Scope | null },
    name: string,
    result: Nd,
  ): never {
    const { operation, kernel, pass, inputs, scope } = about;
    const isGiven = inputs.some(({ range }) => range.nan + range.infinite > 0);
    throw new AnomalyError({
      operation,
      kernel,
      pass,
      module: scope === null ? '' : formatScope(scope),
      inputs,
      output: suspect(name, result),
      rows: rowsOf(result),
      given: isGiven ? this.given : null,
    });
  }
}

const suspect = (name: string, x: Nd): Suspect => ({ name, shape: [...x.shape], range: rangeOf(x) });

/** The first indices along dim 0 where something is not finite. */
function rowsOf(x: Nd): number[] {
  const rows: number[] = [];
  const [shape, stride] = [x.shape.slice(1), x.stride.slice(1)];
  for (let i = 0; i < (x.shape[0] ?? 0) && rows.length < MANY_ROWS; i++) {
    if (!isFiniteView(viewAs(x.data, shape, stride, x.offset + i * x.stride[0]!))) rows.push(i);
  }
  return rows;
}

/** What is not finite among the numbers of a kernel's params: those of the user, who wants them so. */
function constantsOf(params: unknown): Range {
  const values = typeof params === 'object' && params !== null ? Object.values(params) : [params];
  const [nan, infinite] = [
    values.filter(Number.isNaN).length,
    values.filter((v) => Math.abs(v as number) === Infinity).length,
  ];
  return { min: 0, max: 0, nan, infinite };
}
