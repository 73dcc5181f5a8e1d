import { ArgumentError, noGrad, readOptions } from '@ndgrad/core';
import type { Module } from '@ndgrad/nn';
import { type Accuracy, type Loader, type Loss, labelAccuracy, lossOf, Means, type Measured } from './measure.ts';
import { pauses } from './pause.ts';

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** From a batch's outputs and targets to their mean loss. */
  loss: Loss;
  /** The share of right rows (default: that of class labels; `null` for other targets). */
  accuracy?: Accuracy;
}

/**
 * The mean loss and the accuracy of a model over all rows of a loader, in evaluation mode, without gradients. Lets the
 * event loop take its turn on the way. The model's modes are put back as they were.
 * @throws ArgumentError for a loader without rows, or without a loss
 */
export async function evaluate(model: Module, loader: Loader, options: EvaluateOptions): Promise<Measured> {
  const { loss, accuracy } = readOptions('evaluate', options, {
    loss: undefined as Loss | undefined,
    accuracy: labelAccuracy,
  });
  checkLoss('evaluate', loss);
  const measured = await keepingModes(model, () => measure(model, loader, loss, accuracy, () => false));
  if (measured === null) throw new ArgumentError('evaluate: the loader gave no rows');
  return measured;
}

/** The same in parts of `fit`: `null` where `stopped` said so before the end, or where there were no rows. */
export async function measure(
  model: Module,
  loader: Loader,
  loss: Loss,
  accuracy: Accuracy,
  stopped: () => boolean,
): Promise<Measured | null> {
  const pause = pauses();
  const means = new Means();
  model.eval();
  for (const [x, y] of loader) {
    noGrad(() => {
      const outputs = model.call(x);
      means.add(x.shape[0] ?? 1, lossOf(loss, outputs, y).item(), accuracy(outputs, y));
    });
    await pause();
    if (stopped()) return null;
  }
  return means.rows === 0 ? null : { loss: means.loss, accuracy: means.accuracy };
}

/** Runs `body`, and puts every module of the model back to the mode in which it was. */
export async function keepingModes<T>(model: Module, body: () => Promise<T>): Promise<T> {
  const before = model.modules().map((module) => [module, module.training] as const);
  try {
    return await body();
  } finally {
    for (const [module, training] of before) module.training = training;
  }
}

export function checkLoss(operation: string, loss: unknown): asserts loss is Loss {
  if (typeof loss === 'function' || typeof (loss as { call?: unknown } | undefined)?.call === 'function') return;
  throw new ArgumentError(`${operation}: loss must be a loss module or a function (outputs, targets) => Tensor`);
}
