import type { Tensor } from '@ndgrad/core';
import type { AnyModule } from '@ndgrad/nn';
import { BatchNorm1d, BatchNorm2d, observeCalls } from '@ndgrad/nn';
import { type Evidence, found, notChecked, passed } from './diagnosis.ts';
import { isDropout, type Named, optimizerParameters } from './patient.ts';
import type { Rule } from './rule.ts';

/** Names in evidence, at most. */
const NAMES = 6;

/** A few names, and how many more. */
export function naming(names: readonly string[]): string {
  const more = names.length > NAMES ? ` and ${names.length - NAMES} more` : '';
  return names.slice(0, NAMES).join(', ') + more;
}

const namesOf = (parameters: readonly Named[]): string => naming(parameters.map(([name]) => name));

export const wiring: Rule = {
  codes: ['parameter-not-in-optimizer', 'optimizer-parameter-not-in-model'],
  check(patient) {
    const { model, loss, optimizer } = patient.about;
    const [inside, outside] = this.codes;
    const inOptimizer = new Set(optimizerParameters(optimizer));
    if (inOptimizer.size === 0) return this.codes.map((code) => notChecked(code, 'the optimizer tells no parameters'));
    const missing = patient.parameters.filter(([, parameter]) => !inOptimizer.has(parameter));
    const own = new Set<Tensor>([...model.parameters(), ...((loss as Partial<AnyModule>).parameters?.() ?? [])]);
    const foreign = [...inOptimizer].filter((parameter) => !own.has(parameter));
    const of = { 'of parameters': patient.parameters.length };
    return [
      missing.length > 0
        ? found(inside!, { missing: missing.length, ...of, which: namesOf(missing) })
        : passed(inside!, { parameters: patient.parameters.length }),
      foreign.length > 0
        ? found(outside!, { foreign: foreign.length, 'of parameters': inOptimizer.size })
        : passed(outside!, { parameters: inOptimizer.size }),
    ];
  },
};

/** Batches after which a parameter that some rows use should have been met. */
const BATCHES = 4;

export const gradientsArrive: Rule = {
  codes: ['parameter-without-gradient'],
  check(patient) {
    const reached = new Set<number>();
    let batches = 0;
    patient.training();
    for (const [x, y] of patient.batches()) {
      for (const [i, gradient] of patient.gradients(x, y).entries()) if (gradient !== null) reached.add(i);
      if (reached.size === patient.parameters.length || ++batches === BATCHES) break;
    }
    const without = patient.parameters.filter((_, i) => !reached.has(i));
    const of = { 'of parameters': patient.parameters.length };
    if (without.length === 0) return [passed('parameter-without-gradient', { parameters: reached.size })];
    return [found('parameter-without-gradient', { without: without.length, ...of, which: namesOf(without) })];
  },
};

const isBatchNorm = (module: AnyModule): boolean =>
  [BatchNorm1d, BatchNorm2d].some((kind) => (module as unknown) instanceof kind);

export const batchOfOne: Rule = {
  codes: ['batch-of-one'],
  check({ about: { model }, sample: { batchSize, lastBatch } }) {
    const layers = model.namedModules().filter(([, module]) => isBatchNorm(module));
    const evidence: Evidence = {
      'batch size': batchSize,
      ...(lastBatch !== null && { 'rows of the last batch': lastBatch }),
    };
    if (layers.length === 0 || (batchSize > 1 && lastBatch !== 1)) return [passed('batch-of-one', evidence)];
    return [found('batch-of-one', { ...evidence, layers: naming(layers.map(([path]) => path)) })];
  },
};

/** Whether evaluation mode makes a difference to it. */
const hasModes = (module: AnyModule): boolean => isDropout(module) || isBatchNorm(module);

/** One that is frozen for good is let be: that is how a trained network is built upon. */
const isFrozen = (module: AnyModule): boolean => {
  const parameters = module.parameters();
  return parameters.length > 0 && parameters.every((parameter) => !parameter.requiresGrad);
};

export const trainingModes: Rule = {
  codes: ['eval-mode-while-training'],
  async check(patient) {
    const { model, step } = patient.about;
    const idle = new Set<string>();
    let matters = true;
    if (step === null) {
      const modules = model.namedModules().filter(([, module]) => !module.training && !isFrozen(module));
      for (const [path, module] of modules) idle.add(`${path} ${module.label}`.trim());
      matters = modules.some(([, module]) => hasModes(module));
    } else {
      const [batch] = patient.batches();
      await observeCalls(
        (module, _inputs, run, path) => {
          if (!module.training && hasModes(module) && !isFrozen(module)) idle.add(`${path} ${module.label}`.trim());
          return run();
        },
        async () => step(batch!),
      );
    }
    const evidence = { modules: model.modules().length, measured: step === null ? 'at the start' : 'during a step' };
    if (idle.size === 0) return [passed('eval-mode-while-training', evidence)];
    const about = { 'in evaluation mode': idle.size, ...evidence, which: naming([...idle]) };
    return [found('eval-mode-while-training', about, matters ? 'error' : 'warning')];
  },
};

export const evaluationModes: Rule = {
  codes: ['train-mode-while-evaluating'],
  async check(patient) {
    const { evaluate } = patient.about;
    if (evaluate === null) return [notChecked('train-mode-while-evaluating', 'give evaluate, your own evaluation')];
    const training = new Set<string>();
    let calls = 0;
    await observeCalls(
      (module, _inputs, run, path) => {
        calls++;
        if (module.training && hasModes(module)) training.add(`${path} ${module.label}`.trim());
        return run();
      },
      async () => evaluate(),
    );
    if (training.size === 0) return [passed('train-mode-while-evaluating', { 'calls of modules': calls })];
    const evidence = { 'in training mode': training.size, which: naming([...training]) };
    return [found('train-mode-while-evaluating', evidence)];
  },
};

/** Of the gradient of a first step, what a second from the same state leaves in the parameters; 2 if they add up. */
const ADDED_UP = 1.5;

export const zeroedGradients: Rule = {
  codes: ['missing-zero-grad'],
  async check(patient) {
    const { step, optimizer } = patient.about;
    if (step === null)
      return [notChecked('missing-zero-grad', 'give step, one step of your own loop; fit zeroes them')];
    if (patient.stateful === null) return [notChecked('missing-zero-grad', 'the optimizer has no stateDict()')];
    const parameters = optimizerParameters(optimizer);
    const [batch] = patient.batches();
    const before = parameters.map((w) => w.toArray());
    await step(batch!);
    const first = gradientNorms(parameters);
    const moved = parameters.some((w, i) => w.toArray().some((value, j) => value !== before[i]![j]));
    patient.snapshot.restoreState(); // but for the gradients
    await step(batch!);
    const second = gradientNorms(parameters);
    const ratios = second.flatMap((norm, i) => (first[i]! > 0 ? [norm / first[i]!] : []));
    const ratio = ratios.length === 0 ? 1 : Math.max(...ratios);
    if (!moved)
      return [notChecked('missing-zero-grad', 'a step changed no parameter: it may gather gradients on purpose')];
    const evidence = { 'gradient of the same step, second to first': ratio };
    return [ratio > ADDED_UP ? found('missing-zero-grad', evidence) : passed('missing-zero-grad', evidence)];
  },
};

function gradientNorms(parameters: readonly Tensor[]): number[] {
  return parameters.map(({ heldGrad }) => (heldGrad === null ? 0 : heldGrad.detach().norm().item()));
}
