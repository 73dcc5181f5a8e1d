import { noGrad, type Tensor } from '@ndgrad/core';
import type { Stateful } from '../checkpoint/parts.ts';
import type { FitOptimizer } from '../records.ts';
import { significant } from '../text.ts';
import { type Evidence, found, notChecked, passed, type Verdict } from './diagnosis.ts';
import type { Named, Patient } from './patient.ts';
import type { Rule } from './rule.ts';

/** The rates that are tried where the optimizer's own teaches nothing, as multiples of it. */
const LOWER = [0.1, 0.01, 1e-3, 1e-4, 1e-6];
const HIGHER = [100, 1e3, 1e4, 1e5, 1e6, 1e8];
const STEPS = 30;
/** The course stops a run whose loss is three times the first one. */
const EXPLOSION = 3;
/** The share of the loss by which it must fall to have moved, and by which it falls at a good rate. */
const FALL = { barely: 0.01, well: 0.1 };
/**
 * Ratios of update to weight within a factor of 100 of the course's 1e-3 are let be. One outside counts if it is so many
 * times that of the other layers, or so few: where all are off, it is the learning rate's affair. None may be above 1.
 */
const RATIO = { target: 1e-3, least: 1e-5, most: 1e-1, apart: 100, absurd: 1 };

/** A short run at one rate. */
interface Trial {
  readonly factor: number;
  /** (first − last) / first */
  readonly fall: number;
  readonly exploded: boolean;
  readonly last: number;
}

type Rated = { lr: number; initialLr?: number };

export const learningRate: Rule = {
  codes: ['learning-rate-too-low', 'learning-rate-too-high', 'update-ratio-out-of-band'],
  async check(patient) {
    const optimizer = patient.stateful;
    if (optimizer === null) return this.codes.map((code) => notChecked(code, 'the optimizer has no stateDict()'));
    const over = patient.timer(0.5);
    const { lr } = optimizer.paramGroups[0]!;
    const ratios = await updateRatios(patient, optimizer, over);
    const trials: Trial[] = [];
    const tryOne = async (factor: number) => {
      const trial = await tryRate(patient, optimizer, factor, over);
      if (trial !== null) trials.push(trial);
      return trial;
    };
    const own = await tryOne(1);
    if (own !== null && !learns(own)) await search(tryOne, own);
    const verdicts = isClear(trials)
      ? rateVerdicts(lr, trials)
      : this.codes.slice(0, 2).map((code) => notChecked(code, 'not done in its time'));
    return [...verdicts, ratioVerdict(ratios)];
  },
};

/** Looks for a rate that teaches well, in the likelier direction first. */
async function search(tryOne: (factor: number) => Promise<Trial | null>, own: Trial): Promise<void> {
  const isHigh = own.exploded || own.fall < -FALL.barely;
  for (const factors of isHigh ? [LOWER] : [HIGHER, LOWER]) {
    for (const factor of factors) {
      const trial = await tryOne(factor);
      if (trial === null || teaches(trial)) return;
      if (factor > 1 && trial.exploded) break;
    }
  }
}

/** Whether the trials say something: they went on until a rate taught well, or there was none left to try. */
function isClear(trials: readonly Trial[]): boolean {
  const [own] = trials;
  if (own === undefined) return false;
  return learns(own) || own.exploded || teaches(trials.at(-1)!) || trials.some(({ factor }) => factor === LOWER.at(-1));
}

const learns = ({ exploded, fall }: Trial): boolean => !exploded && fall >= FALL.barely;
const teaches = ({ exploded, fall }: Trial): boolean => !exploded && fall >= FALL.well;

function begin(patient: Patient, optimizer: FitOptimizer, factor: number): void {
  patient.snapshot.reset();
  patient.training();
  // The rate before a schedule's warm-up is the one that is meant.
  for (const group of optimizer.paramGroups as readonly Rated[])
    group.lr = factor * Math.max(group.lr, group.initialLr ?? 0);
}

function step(patient: Patient, optimizer: FitOptimizer, x: Tensor, y: Tensor): number {
  let first: number | null = null;
  optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = patient.lossOf(x, y);
    first ??= loss.item();
    if (loss.requiresGrad && Number.isFinite(loss.item())) loss.backward();
    return loss;
  });
  return first ?? Number.NaN;
}

/** `null` where time is up. */
async function tryRate(
  patient: Patient,
  optimizer: FitOptimizer & Stateful,
  factor: number,
  over: () => boolean,
): Promise<Trial | null> {
  const [x, y] = patient.probe();
  const probe = () => {
    patient.steady();
    const value = noGrad(() => patient.lossOf(x, y).item());
    patient.training();
    return value;
  };
  begin(patient, optimizer, factor);
  const first = probe() - patient.kind.offset;
  // A model that was trained before begins with a loss so small that three times that is nothing.
  const chance = (patient.kind.chance ?? 0) * patient.kind.scale(x.shape[0]!);
  const size = Math.max(Math.abs(first), chance / 2);
  const limit = EXPLOSION * size;
  let steps = 0;
  for (const [inputs, targets] of patient.batches()) {
    const value = step(patient, optimizer, inputs, targets);
    await patient.pause();
    if (!Number.isFinite(value)) return { factor, fall: Number.NEGATIVE_INFINITY, exploded: true, last: value };
    if (over()) return null;
    if (++steps === STEPS) break;
  }
  const last = probe() - patient.kind.offset;
  const exploded = !(last <= limit);
  return { factor, fall: (first - last) / Math.max(size, Number.MIN_VALUE), exploded, last };
}

function rateVerdicts(lr: number, trials: readonly Trial[]): Verdict[] {
  const [own, ...others] = trials as [Trial, ...Trial[]];
  const inOrder = [...trials].sort((a, b) => a.factor - b.factor);
  const losses = inOrder.map(({ factor, exploded, last }) => [
    `at lr ${significant(factor * lr)}`,
    exploded ? 'explodes' : significant(last),
  ]);
  const evidence: Evidence = { 'loss after steps': STEPS, ...Object.fromEntries(losses) };
  const better = (test: (factor: number) => boolean) => others.some((trial) => test(trial.factor) && teaches(trial));
  const isHigh = own.exploded || (!learns(own) && better((factor) => factor < 1));
  const isLow = !isHigh && Math.abs(own.fall) < FALL.barely && better((factor) => factor >= 100);
  return [
    isLow ? found('learning-rate-too-low', evidence) : passed('learning-rate-too-low', evidence),
    isHigh ? found('learning-rate-too-high', evidence) : passed('learning-rate-too-high', evidence),
  ];
}

const RATIO_STEPS = 8;

/** The median over a few steps of ‖Δw‖/‖w‖, for every weight that is not 0. */
async function updateRatios(
  patient: Patient,
  optimizer: FitOptimizer,
  over: () => boolean,
): Promise<Map<string, number>> {
  begin(patient, optimizer, 1);
  const weights = patient.parameters.filter(([, parameter]) => parameter.ndim >= 2);
  const seen = new Map<string, number[]>(weights.map(([name]) => [name, []]));
  let steps = 0;
  for (const [x, y] of patient.batches()) {
    const before = weights.map(([, w]) => noGrad(() => w.detach().clone()));
    if (!Number.isFinite(step(patient, optimizer, x, y))) break;
    weights.forEach(([name, w]: Named, i) => {
      const norm = before[i]!.norm().item();
      if (norm > 0) seen.get(name)!.push(noGrad(() => w.detach().sub(before[i]!).norm().item()) / norm);
    });
    await patient.pause();
    if (++steps === RATIO_STEPS || over()) break;
  }
  return new Map([...seen].flatMap(([name, ratios]) => (ratios.length === 0 ? [] : [[name, median(ratios)]])));
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function ratioVerdict(ratios: ReadonlyMap<string, number>): Verdict {
  const code = 'update-ratio-out-of-band';
  if (ratios.size === 0) return notChecked(code, 'there is no layer whose weights are not 0');
  const { target, least, most, apart, absurd } = RATIO;
  const bad = [...ratios].filter(([name, ratio]) => {
    const others = [...ratios].filter(([other]) => other !== name).map(([, value]) => Math.log(value));
    const usual = Math.exp(others.reduce((sum, value) => sum + value, 0) / others.length); // NaN for a single layer
    const isApart = Math.max(ratio / usual, usual / ratio) > apart;
    return (isApart && !(ratio >= least && ratio <= most)) || ratio > absurd;
  });
  const values = [...ratios.values()];
  if (bad.length > 0) return found(code, { target, least, most, ...Object.fromEntries(ratios) });
  return passed(code, { target, smallest: Math.min(...values), largest: Math.max(...values) });
}
