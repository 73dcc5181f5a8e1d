import { Tensor, zeros } from '@ndgrad/core';
import type { LRScheduler, Optimizer } from '@ndgrad/optim';
import { Check } from './compare.ts';
import { clipping, optimizer, schedule } from './library.ts';
import {
  camelCase,
  decode,
  decodeNumber,
  decodeOptions,
  decodeTensor,
  isStoredTensor,
  type Stored,
  type StoredTensor,
} from './records.ts';

type Options = Record<string, Stored>;
type Gradients = (StoredTensor | null)[];

interface OptimizerRecord {
  id: string;
  optimizer: string;
  options: Options;
  groups: { params: number[]; options: Options }[];
  start: StoredTensor[];
  gradients: Gradients[];
  after: StoredTensor[][];
  stateAfter: Record<string, StoredTensor | number | null>[];
}

interface LbfgsRecord {
  id: string;
  options: Options;
  function: 'quadratic' | 'rosenbrockN';
  A: StoredTensor;
  b: StoredTensor;
  start: StoredTensor;
  steps: { loss: Stored; closureCalls: number; closureLosses: Stored[]; after: StoredTensor }[];
  stableSteps: number;
  drift: number;
}

interface ScheduleCall {
  scheduler: string;
  args: Stored[];
  argNames: string[];
  options: Options;
}

interface ScheduleRecord extends ScheduleCall {
  id: string;
  optimizer: { name: string; groupLrs: number[]; options: Options };
  metrics?: Stored[];
  lrs: Stored[][];
  momenta?: Stored[];
}

interface ClippingRecord {
  id: string;
  function: string;
  args: Stored[];
  options: Options;
  gradients: Gradients;
  shapes: number[][];
  result?: StoredTensor | null;
  after?: Gradients;
  error?: { message: string };
}

interface RefusedRecord {
  id: string;
  optimizer: string;
  options: Options;
  error: { message: string };
}

type OptimRecord = OptimizerRecord | LbfgsRecord | ScheduleRecord | ClippingRecord | RefusedRecord;

/** Replays a file of `optim/`. */
export function replayOptim({ cases }: { cases: OptimRecord[] }): Check[] {
  return cases.map((record) => new Check(record.id).run((check) => replay(check, record)));
}

function replay(check: Check, record: OptimRecord): void {
  if ('scheduler' in record) replaySchedule(check, record);
  else if ('shapes' in record) replayClipping(check, record);
  else if ('function' in record) replayLbfgs(check, record);
  else if ('error' in record) replayRefusal(check, record);
  else replayOptimizer(check, record);
}

function replayOptimizer(check: Check, record: OptimizerRecord): void {
  const params = record.start.map(parameter);
  const groups = record.groups.map((group) => ({
    params: group.params.map((i) => params[i]!),
    ...decodeOptions(group.options),
  }));
  const made = new (optimizer(record.optimizer))(groups, decodeOptions(record.options));
  record.gradients.forEach((gradients, step) => {
    setGradients(params, gradients);
    made.step();
    record.after[step]!.forEach((expected, i) => {
      check.tensor('value', `step ${step}: parameter ${i}`, params[i]!, expected);
    });
  });
  record.stateAfter.forEach((expected, i) => {
    compareState(check, i, made.state.get(params[i]!), expected);
  });
}

/** PyTorch's state of a parameter: tensors and numbers, under its names camelCased. */
function compareState(check: Check, i: number, state: unknown, expected: OptimizerRecord['stateAfter'][number]): void {
  for (const [name, value] of Object.entries(expected)) {
    const what = `state of parameter ${i}: ${camelCase(name)}`;
    const actual = (state as Record<string, unknown> | undefined)?.[camelCase(name)];
    const numbers = isStoredTensor(value) ? value.data.map(decodeNumber) : value === null ? [] : [value];
    check.numbers('value', what, numbersOf(actual), numbers);
  }
}

function replayLbfgs(check: Check, record: LbfgsRecord): void {
  const x = parameter(record.start);
  const f = record.function === 'quadratic' ? quadratic(decodeTensor(record.A), decodeTensor(record.b)) : rosenbrock;
  const made = new (optimizer('LBFGS'))([x], decodeOptions(record.options));
  const noise = record.drift;
  record.steps.slice(0, record.stableSteps).forEach((expected, step) => {
    const losses: number[] = [];
    const loss = made.step(() => {
      made.zeroGrad();
      const y = f(x);
      y.backward();
      losses.push(y.item());
      return y;
    });
    check.numbers('value', `step ${step}: loss`, numbersOf(loss), [decodeNumber(expected.loss)], { noise });
    check.numbers('value', `step ${step}: closure losses`, losses, expected.closureLosses.map(decodeNumber), { noise });
    check.numbers('value', `step ${step}: closure calls`, [losses.length], [expected.closureCalls]);
    check.tensor('value', `step ${step}: x`, x, expected.after, { noise });
  });
}

/** ½ xᵀAx − bᵀx */
function quadratic(A: Tensor, b: Tensor): (x: Tensor) => Tensor {
  return (x) => x.dot(A.mv(x)).mul(0.5).sub(b.dot(x));
}

/** Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)² */
function rosenbrock(x: Tensor): Tensor {
  const n = x.numel() - 1;
  const here = x.narrow(0, 0, n);
  const next = x.narrow(0, 1, n);
  return next.sub(here.square()).square().mul(100).add(here.sub(1).square()).sum();
}

const lambdas: Record<string, (epoch: number) => number> = {
  decay95: (e) => 0.95 ** e,
  inverse: (e) => 1 / (1 + e),
  half_every_10: (e) => 0.5 ** Math.floor(e / 10),
  linear_to_zero_50: (e) => Math.max(0, 1 - e / 50),
  const09: () => 0.9,
};

function replaySchedule(check: Check, record: ScheduleRecord): void {
  const { name, groupLrs, options } = record.optimizer;
  const groups = groupLrs.map((lr) => ({ params: [zeros([1], { requiresGrad: true })], lr }));
  const made = new (optimizer(name))(groups, { lr: groupLrs[0], ...decodeOptions(options) });
  const scheduler = makeSchedule(made, record);
  record.lrs.forEach((expected, epoch) => {
    const lrs = made.paramGroups.map((group) => group.lr);
    check.numbers('value', `rates after ${epoch} steps`, lrs, expected.map(decodeNumber));
    if (record.momenta) {
      const group = made.paramGroups[0] as { momentum?: number; betas?: [number, number] };
      const momentum = group.momentum ?? group.betas![0];
      check.numbers('value', `momentum after ${epoch} steps`, [momentum], [decodeNumber(record.momenta[epoch]!)]);
    }
    if (epoch === record.lrs.length - 1) return;
    made.step();
    if (record.metrics) scheduler.step(decodeNumber(record.metrics[epoch]!));
    else scheduler.step();
  });
}

/** The optimizer positional, every argument after it an option. Children are made first, in order, on the same optimizer. */
function makeSchedule(made: Optimizer, { scheduler, args, argNames, options }: ScheduleCall): LRScheduler {
  const all = { ...Object.fromEntries(args.map((value, i) => [argNames[i]!, value])), ...options };
  return new (schedule(scheduler))(
    made,
    decodeOptions(all, (value) => {
      return 'lambda' in value ? lambdas[value.lambda as string] : makeSchedule(made, value as unknown as ScheduleCall);
    }),
  );
}

function replayClipping(check: Check, record: ClippingRecord): void {
  const params = record.shapes.map((shape) => zeros(shape, { requiresGrad: true }));
  setGradients(params, record.gradients);
  const args = record.args.map((value, i) => decode(value, `args/${i}`, () => {}));
  const call = () => clipping(record.function)(params, ...args, decodeOptions(record.options));
  if (record.error) {
    check.refuses(call, record.error.message);
    return;
  }
  const result = call();
  if (record.result) check.numbers('value', 'result', numbersOf(result), record.result.data.map(decodeNumber));
  record.after!.forEach((expected, i) => {
    check.tensor('value', `gradient ${i} afterwards`, params[i]!.grad, expected);
  });
}

function replayRefusal(check: Check, { optimizer: name, options, error }: RefusedRecord): void {
  const Class = optimizer(name);
  check.refuses(() => new Class([zeros([2], { requiresGrad: true })], decodeOptions(options)), error.message);
}

function parameter(stored: StoredTensor): Tensor {
  return decodeTensor({ ...stored, requiresGrad: true });
}

function setGradients(params: Tensor[], gradients: Gradients): void {
  params.forEach((x, i) => {
    const gradient = gradients[i]!;
    x.grad = gradient && decodeTensor(gradient);
  });
}

function numbersOf(value: unknown): ArrayLike<number> {
  if (value instanceof Tensor) return value.toArray();
  if (value === null || value === undefined) return [];
  return typeof value === 'number' ? [value] : (value as ArrayLike<number>);
}
