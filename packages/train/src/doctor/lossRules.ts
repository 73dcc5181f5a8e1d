import { fromArray, indexSelect, noGrad, type Tensor } from '@ndgrad/core';
import { Adam } from '@ndgrad/optim';
import { lossOf } from '../measure.ts';
import { accuracy, areLabels } from '../metrics.ts';
import { found, notChecked, passed, type Verdict } from './diagnosis.ts';
import type { Patient } from './patient.ts';
import type { Rule } from './rule.ts';

/** Times chance: above, the scores are far from 0; below, the model knows something. */
const BEGINNING = { most: 2.5, least: 0.5 };

export const initialLoss: Rule = {
  codes: ['initial-loss'],
  check(patient) {
    const { name, chance, offset, scale } = patient.kind;
    if (chance === null) return [notChecked('initial-loss', 'this loss has no value that chance would give')];
    const [x, y] = patient.probe();
    patient.steady();
    const loss = noGrad(() => patient.lossOf(x, y).item() - offset) / scale(x.shape[0]!);
    const evidence = { loss, chance, 'times chance': loss / chance, kind: name };
    const isHigh = !(loss <= BEGINNING.most * chance);
    if (isHigh) return [found('initial-loss', evidence)];
    // A model that was trained before is no fault.
    return [
      loss < BEGINNING.least * chance ? found('initial-loss', evidence, 'note') : passed('initial-loss', evidence),
    ];
  },
};

/** How far a row of probabilities may be from a sum of 1. */
const SUM = 1e-6;

export const softmaxTwice: Rule = {
  codes: ['softmax-before-cross-entropy'],
  check(patient) {
    const code = 'softmax-before-cross-entropy';
    const { name } = patient.kind;
    if (name !== 'softmax' && name !== 'binary')
      return [notChecked(code, 'the loss takes no scores of a softmax or sigmoid')];
    const [x] = patient.probe();
    const outputs = patient.outputs(x);
    const { min, max } = { min: outputs.amin().item(), max: outputs.amax().item() };
    const about = { 'least output': min, 'greatest output': max };
    if (name === 'binary') {
      const made = lastOperation(patient, x);
      const isSigmoid = made === 'sigmoid' && min >= 0 && max <= 1;
      return [isSigmoid ? found(code, { ...about, 'made by': made }) : passed(code, about)];
    }
    const dim = outputs.ndim === 1 ? 0 : 1;
    const sums = (values: Tensor) => values.sum({ dim }).sub(1).abs().max().item();
    if (min >= 0 && sums(outputs) < SUM) return [found(code, { ...about, 'rows sum to': 1 })];
    const isLog = max <= 0 && sums(outputs.exp()) < SUM;
    // A second logarithm of a softmax changes nothing, and costs only time.
    return [isLog ? found(code, { ...about, 'exponentials sum to': 1 }, 'warning') : passed(code, about)];
  },
};

const VIEWS: readonly string[] = ['reshape', 'permute', 'narrow', 'clone', 'expand'];

function lastOperation(patient: Patient, x: Tensor): string {
  patient.evaluating();
  let { node } = patient.about.model.call(x);
  while (node !== null && VIEWS.includes(node.op.name)) node = node.inputs?.[0]?.node ?? null;
  return node?.op.name ?? '';
}

/** The strength with which a regularised loss is tried: the course's 1e3. */
const STRENGTH = 1e3;

export const regularisation: Rule = {
  codes: ['regularisation-does-not-raise-loss'],
  check(patient) {
    const code = 'regularisation-does-not-raise-loss';
    const { regularised } = patient.about;
    if (regularised !== null) {
      const [x, y] = patient.probe();
      patient.evaluating();
      const at = (strength: number) => noGrad(() => patient.lossOf(x, y, regularised(strength)).item());
      const evidence = { 'loss at strength 0': at(0), [`at strength ${STRENGTH}`]: at(STRENGTH) };
      return [at(STRENGTH) > at(0) ? passed(code, evidence) : found(code, evidence)];
    }
    return [decayVerdict(patient)];
  },
};

interface DecayedGroup {
  readonly params?: readonly Tensor[];
  readonly weightDecay?: number;
}

/** Without a gradient, a step with weight decay must make the weights smaller. */
function decayVerdict(patient: Patient): Verdict {
  const code = 'regularisation-does-not-raise-loss';
  const optimizer = patient.stateful;
  const groups = (patient.about.optimizer.paramGroups as readonly DecayedGroup[]).filter(
    ({ weightDecay, params }) => (weightDecay ?? 0) > 0 && params !== undefined,
  );
  if (groups.length === 0)
    return notChecked(code, 'there is no weight decay; give regularised for a penalty of your own');
  if (optimizer === null) return notChecked(code, 'the optimizer has no stateDict()');
  const weights = groups.flatMap(({ params }) => params!.filter((w) => w.requiresGrad));
  const penalty = () => noGrad(() => weights.reduce((total, w) => total + w.detach().square().sum().item(), 0));
  const before = penalty();
  if (before === 0) return notChecked(code, 'all weights are 0');
  const zero = () => {
    let sum = weights[0]!.mul(0).sum();
    for (const w of weights.slice(1)) sum = sum.add(w.mul(0).sum());
    sum.backward();
    return sum;
  };
  optimizer.step(() => {
    optimizer.zeroGrad();
    return zero();
  });
  const after = penalty();
  const evidence = { 'weight decay': groups[0]!.weightDecay!, '‖w‖² before a step without gradient': before, after };
  return after < before ? passed(code, evidence) : found(code, evidence);
}

/** The course takes 20 rows; a small model gets as many as it can hold. */
const TINY = { rows: 20, steps: 200, rates: [0.01, 0.001, 0.1] };
/** Of chance, or of the best constant output. */
const LEARNT = { share: 0.2, withAllRight: 0.5, ofVariance: 0.05 };

export const tinyBatch: Rule = {
  codes: ['cannot-overfit-tiny-batch'],
  async check(patient) {
    const code = 'cannot-overfit-tiny-batch';
    const goal = goalOf(patient);
    if (goal === null) return [notChecked(code, 'the least value of this loss is not known')];
    const { x, y, isLearnt, bar } = goal;
    const over = patient.timer(0.3);
    let best = Number.POSITIVE_INFINITY;
    let steps = 0;
    for (const lr of TINY.rates) {
      patient.snapshot.reset();
      patient.steady();
      const optimizer = new Adam(
        patient.parameters.map(([, parameter]) => parameter),
        { lr },
      );
      for (let step = 0; step < TINY.steps; step++, steps++) {
        optimizer.zeroGrad();
        const outputs = patient.about.model.call(x);
        const loss = lossOf(patient.about.loss, outputs, y);
        const value = loss.item();
        if (value < best) best = value;
        const evidence = { rows: x.shape[0]!, steps, loss: value, 'must be below': bar };
        if (isLearnt(value, outputs)) return [passed(code, evidence)];
        if (!Number.isFinite(value) || !loss.requiresGrad) break;
        loss.backward();
        optimizer.step();
        await patient.pause();
        if (over())
          return [notChecked(code, `not done in its time, after ${steps} steps (loss ${best.toPrecision(3)})`)];
      }
    }
    return [found(code, { rows: x.shape[0]!, steps, 'least loss': best, 'must be below': bar })];
  },
};

interface Goal {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly bar: number;
  isLearnt(loss: number, outputs: Tensor): boolean;
}

/** `null` where nobody can say what a small loss is. */
function goalOf(patient: Patient): Goal | null {
  const { name, chance, offset, scale } = patient.kind;
  const [x, y] = fewRows(patient);
  const rows = x.shape[0]!;
  if (chance !== null) {
    const per = scale(rows);
    const bar = offset + per * LEARNT.share * chance;
    const loose = offset + per * LEARNT.withAllRight * chance;
    const isLearnt = (loss: number, outputs: Tensor) =>
      loss < bar || (loss < loose && areLabels(outputs, y) && accuracy(outputs.detach(), y) === 1);
    return { x, y, bar, isLearnt };
  }
  if (name !== 'regression') return null;
  const constant = noGrad(() => y.mean({ dim: 0, keepdim: true }).mul(y.mul(0).add(1)));
  const spread = lossOf(patient.about.loss, constant, y).item() - offset;
  if (!(spread > 0)) return null; // all targets are the same
  const bar = offset + LEARNT.ofVariance * spread;
  return { x, y, bar, isLearnt: (loss) => loss < bar };
}

/** Rows that differ, as many as the model has parameters for: with n inputs a linear classifier separates n + 1. */
function fewRows(patient: Patient): readonly [x: Tensor, y: Tensor] {
  const [probe] = patient.rows(1);
  const outputs = patient.outputs(probe).numel();
  const capacity = patient.parameters.reduce((total, [, parameter]) => total + parameter.numel(), 0);
  const wanted = Math.min(TINY.rows, Math.max(2, Math.floor(capacity / (2 * outputs))));
  const [x, y] = patient.probe();
  const keys = Array.from({ length: x.shape[0]! }, (_, row) => x.select(0, row).toArray().join());
  const chosen = keys.flatMap((key, row) => (keys.indexOf(key) === row ? [row] : [])).slice(0, wanted);
  const index = fromArray(Float64Array.from(chosen));
  return noGrad(() => [indexSelect(x, 0, index), indexSelect(y, 0, index)]);
}
