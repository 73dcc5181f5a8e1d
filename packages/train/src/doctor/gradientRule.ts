import { copy_, fromArray, Generator, noGrad, type Tensor } from '@ndgrad/core';
import { type Evidence, found, notChecked, passed } from './diagnosis.ts';
import type { Patient } from './patient.ts';
import type { Rule } from './rule.ts';
import { crossed, sidesOf } from './watch.ts';
import { naming } from './wiringRules.ts';

const ROWS = 3;
/** Elements of each parameter. */
const ELEMENTS = 6;
/** The first is the course's; smaller ones where a kink was crossed, or the slope changes much within a step. */
const STEPS = [1e-5, 1e-6, 1e-7];
/** Errors above are wrong, uncomfortable, or fine only with kinks; those below are happy. */
const BANDS = { wrong: 1e-2, uncomfortable: 1e-4, happy: 1e-7 };
/** From so many layers on, 1e-2 is fine. */
const DEEP = 10;
/** Of |loss|, the rounding error in a difference of two losses. */
const ROUNDING = 1e-14;

/** A slope, and how far the gradient is from it. */
interface Slope {
  /** |a − n| / max(|a|, |n|) */
  readonly raw: number;
  /** The same, as far as rounding can't explain the difference. */
  readonly error: number;
  readonly numerical: number;
  /** The kinks on the way that no smaller step avoids. */
  readonly kinks: readonly string[];
}

/** The slope at one element of a parameter, and what its gradient says. */
interface Measured extends Slope {
  readonly name: string;
  readonly index: number;
  readonly analytic: number;
}

export const gradientCheck: Rule = {
  codes: ['gradient-mismatch'],
  async check(patient) {
    const [x, y] = patient.rows(ROWS);
    patient.evaluating();
    const evaluate = () => {
      patient.snapshot.redraw();
      return noGrad(() => patient.lossOf(x, y).item());
    };
    patient.snapshot.redraw();
    const gradients = patient.gradients(x, y).map((gradient) => gradient?.toArray() ?? null);
    if (!Number.isFinite(evaluate())) return [notChecked('gradient-mismatch', 'the loss is not finite')];
    const over = patient.timer(0.2);
    const measured: Measured[] = [];
    for (const [i, index] of elementsOf(gradients)) {
      const [name, parameter] = patient.parameters[i]!;
      measured.push({ name, index, ...slopeAt(parameter, index, gradients[i]![index]!, evaluate) });
      await patient.pause();
      if (over()) break;
    }
    return [verdictOf(patient, measured)];
  },
};

/** Round by round one element of each parameter. */
function* elementsOf(gradients: readonly (Float64Array | null)[]): Iterable<[parameter: number, index: number]> {
  const generator = new Generator(0);
  const chosen = gradients.map((gradient) => (gradient === null ? [] : chosenOf(gradient, generator)));
  for (let round = 0; round < ELEMENTS; round++) {
    for (const [i, indices] of chosen.entries()) if (round < indices.length) yield [i, indices[round]!];
  }
}

/** All of a few; of many the one with the largest gradient, then random ones. */
function chosenOf(gradient: Float64Array, generator: Generator): number[] {
  if (gradient.length <= ELEMENTS) return Array.from(gradient.keys());
  const random = Array.from({ length: ELEMENTS - 1 }, () => generator.integer(0, gradient.length));
  return [...new Set([largest(gradient), ...random])];
}

const largest = (values: Float64Array): number =>
  values.reduce((best, value, i) => (Math.abs(value) > Math.abs(values[best]!) ? i : best), 0);

function slopeAt(parameter: Tensor, index: number, analytic: number, evaluate: () => number) {
  const own = parameter.detach();
  const values = own.toArray();
  const start = values[index]!;
  const moved = (value: number) => {
    values[index] = value;
    noGrad(() => copy_(own, fromArray(values, { shape: own.shape })));
    return sidesOf(evaluate);
  };
  let best: Slope | null = null;
  let last: Slope | null = null;
  try {
    for (const h of STEPS) {
      const [ahead, behind] = [moved(start + h), moved(start - h)];
      const numerical = (ahead.value - behind.value) / (2 * h);
      const noise = (ROUNDING * Math.max(1, Math.abs(ahead.value))) / h;
      const errors = relativeErrors(analytic, numerical, noise);
      const isExact = best === null || noise < BANDS.uncomfortable * Math.abs(numerical);
      last = { numerical, ...errors, kinks: crossed(ahead.sides, behind.sides) };
      if (last.kinks.length === 0 && isExact && !(errors.error >= (best?.error ?? Number.POSITIVE_INFINITY)))
        best = last;
      if (best !== null && best.error <= BANDS.happy) break;
    }
  } finally {
    moved(start);
  }
  return { analytic, ...(best ?? last!) };
}

function relativeErrors(analytic: number, numerical: number, noise: number): { raw: number; error: number } {
  const size = Math.max(Math.abs(analytic), Math.abs(numerical));
  const difference = Math.abs(analytic - numerical);
  if (size === 0) return { raw: 0, error: 0 };
  return { raw: difference / size, error: Math.max(0, difference - noise) / size };
}

function verdictOf(patient: Patient, measured: readonly Measured[]) {
  const code = 'gradient-mismatch';
  const smooth = measured.filter(({ kinks }) => kinks.length === 0);
  const kinks = [...new Set(measured.flatMap((slope) => slope.kinks))];
  if (smooth.length === 0) return notChecked(code, `every element crosses a kink: ${naming(kinks) || 'there is none'}`);
  const worst = smooth.reduce((a, b) => (b.error > a.error ? b : a));
  const layers = patient.parameters.filter(([, { ndim }]) => ndim >= 2).length;
  const evidence: Evidence = {
    'relative error': worst.raw,
    at: `${worst.name}, element ${worst.index}`,
    gradient: worst.analytic,
    'by differences': worst.numerical,
    elements: measured.length,
    ...(kinks.length > 0 && { 'crossed a kink': measured.length - smooth.length, 'kinks in': naming(kinks) }),
  };
  if (worst.error > BANDS.wrong) return found(code, evidence);
  if (worst.error > BANDS.uncomfortable && layers < DEEP)
    return found(code, { ...evidence, verdict: 'uncomfortable' }, 'warning');
  return passed(code, { ...evidence, verdict: worst.raw < BANDS.happy ? 'happy' : 'okay' });
}
