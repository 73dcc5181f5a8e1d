import type { Tensor } from '@ndgrad/core';
import { ArgumentError, checkNumber, describe, readOptions } from '@ndgrad/core';
import { Module } from '@ndgrad/nn';
import { finiteInputs, inputScale, labels } from './doctor/dataRules.ts';
import { Diagnosis, notChecked, type Verdict } from './doctor/diagnosis.ts';
import { gradientCheck } from './doctor/gradientRule.ts';
import { activations, gradientFlow } from './doctor/layerRules.ts';
import { initialLoss, regularisation, softmaxTwice, tinyBatch } from './doctor/lossRules.ts';
import { type Case, Patient } from './doctor/patient.ts';
import { learningRate } from './doctor/rateRules.ts';
import { sharedRows } from './doctor/rowsRule.ts';
import type { Rule } from './doctor/rule.ts';
import {
  batchOfOne,
  evaluationModes,
  gradientsArrive,
  trainingModes,
  wiring,
  zeroedGradients,
} from './doctor/wiringRules.ts';
import { checkLoss, keepingModes } from './evaluate.ts';
import type { Loader, Loss } from './measure.ts';
import type { FitObserver, FitOptimizer, FitRun } from './records.ts';

/** Options of `doctor`; the first three are required. */
export interface DoctorOptions {
  /** From a batch's outputs and targets to their loss, a scalar. */
  loss: Loss;
  optimizer: FitOptimizer;
  /** The batches to learn from. */
  loader: Loader;
  /** Batches to validate on, whose rows must not be training rows. */
  validation?: Loader | null;
  /** One step of your own loop, on a batch `[inputs, targets]`: to see its modes, and whether gradients add up. */
  step?: ((batch: readonly [inputs: Tensor, targets: Tensor]) => unknown) | null;
  /** Your own evaluation, to see its modes. */
  evaluate?: (() => unknown) | null;
  /** The loss with a regularisation of your own, by its strength: to see that it raises the loss. */
  regularised?: ((strength: number) => Loss) | null;
  /** The time that it may take, in seconds (default 10). What can't be checked in time is said to be so. */
  seconds?: number;
  /** Ends the examination early, when it fires. */
  signal?: AbortSignal | null;
}

const defaults = {
  loss: undefined as Loss | undefined,
  optimizer: undefined as FitOptimizer | undefined,
  loader: undefined as Loader | undefined,
  validation: null as Loader | null,
  step: null as Case['step'],
  evaluate: null as Case['evaluate'],
  regularised: null as Case['regularised'],
  seconds: 10,
  signal: null as AbortSignal | null,
};

/** In this order: what stops training at all comes first. */
const first: readonly Rule[] = [trainingModes, finiteInputs, labels];
const others: readonly Rule[] = [
  inputScale,
  wiring,
  batchOfOne,
  softmaxTwice,
  initialLoss,
  gradientsArrive,
  activations,
  gradientFlow,
  gradientCheck,
  regularisation,
  zeroedGradients,
  evaluationModes,
  tinyBatch,
  learningRate,
  sharedRows,
];

/**
 * Examines a training run before it starts, by the course's checks: the data, how model, loss and optimizer are put
 * together, the loss and the gradients at the start, a tiny batch to be learnt by heart, short runs at several learning
 * rates. Prints nothing.
 *
 * ```ts
 * const diagnosis = await doctor(model, { loss, optimizer, loader });
 * console.log(String(diagnosis)); // each finding with its evidence and what to do
 * ```
 * The model, the optimizer, gradients, modes and every generator are left bit for bit as they were. Until it is done,
 * they must not be used by others.
 * @throws ArgumentError for options that are missing, unknown or out of range, and for a loader without rows
 * @throws what the model or the loss throw when they are called
 * @see CS231n, lecture 6, "Babysitting the learning process", and "Neural networks part 3"
 */
export async function doctor(model: Module, options: DoctorOptions): Promise<Diagnosis> {
  const patient = new Patient(checked(model, options));
  const verdicts: Verdict[] = [];
  const examine = async (rule: Rule) => {
    patient.snapshot.reset();
    verdicts.push(...(await rule.check(patient)));
  };
  try {
    for (const rule of first) await examine(rule);
    const isHopeless = verdicts.some(({ kind, code }) => kind === 'found' && STOPPERS.includes(code));
    for (const rule of others) {
      if (!isHopeless) await examine(rule);
      else verdicts.push(...rule.codes.map((code) => notChecked(code, 'the data must be put right first')));
    }
  } finally {
    patient.end();
  }
  return new Diagnosis(verdicts, patient.seconds);
}

const STOPPERS: readonly string[] = ['nan-in-inputs', 'labels-out-of-range'];

/**
 * Runs the doctor before training, and hands what was found to `print`:
 *
 * ```ts
 * await fit(model, { loss, optimizer, train, epochs, observers: [doctorObserver(console.log)] });
 * ```
 * A run that is resumed is not examined again.
 * @param options `seconds` and `signal` as for `doctor`
 */
export function doctorObserver(
  print: (text: string) => void,
  options?: Pick<DoctorOptions, 'seconds' | 'signal'>,
): FitObserver {
  const settings = readOptions('doctorObserver', options, { seconds: 10, signal: null as AbortSignal | null });
  return {
    async start({ model, loss, optimizer, train, validation, history = [] }: FitRun) {
      if (history.length > 0) return;
      const diagnosis = await keepingModes(model, () => {
        model.train(); // as `fit` does
        return doctor(model, { loss, optimizer, loader: train, validation, ...settings });
      });
      print(String(diagnosis));
    },
  };
}

function checked(model: unknown, options: DoctorOptions): Case {
  const { loss, optimizer, loader, seconds, ...rest } = readOptions('doctor', options, defaults);
  if (!(model instanceof Module)) throw new ArgumentError(`doctor: expected a model, a Module, got ${describe(model)}`);
  checkLoss('doctor', loss);
  if (typeof optimizer?.step !== 'function') throw new ArgumentError('doctor: optimizer must be an optimizer');
  if (typeof loader?.[Symbol.iterator] !== 'function') {
    throw new ArgumentError('doctor: loader must be a DataLoader or another iterable of batches [inputs, targets]');
  }
  checkNumber('doctor', 'seconds', seconds, { test: (v) => v > 0, must: 'be a number above 0' });
  return { model: model as Module, loss, optimizer, loader, seconds, ...rest };
}
