import { ArgumentError, allclose, cat, describe, formatShape, readOptions, sameShape, type Tensor } from '@ndgrad/core';
import type { AnyModule } from '@ndgrad/nn';
import { UnsupportedOpError } from '../errors.ts';
import { checkExamples, runTwice } from '../examples.ts';
import { type Trace, trace } from '../trace.ts';
import { Body } from './body.ts';
import { product } from './emit.ts';
import { emitters } from './emitters.ts';
import { codeOf, type Facts, typesOf } from './text.ts';

/** Options of `exportPredictor`. */
export interface PredictorOptions {
  /** The names of the classes whose scores the model gives. */
  classes?: readonly string[] | null;
  /** What the model is called (default: its class's name). */
  name?: string | null;
}

/** A predictor as two files' texts. */
export interface Predictor {
  /** An ES module, for a file `….mjs`. */
  code: string;
  /** Its types, for the file `….d.mts` beside it. */
  types: string;
}

/** An operation that a predictor does not know is described by those that its forward is made of. */
const known = { isOp: (name: string) => Object.hasOwn(emitters, name), operandsOf: () => null };

/**
 * The model as a JavaScript module that stands alone: the weights as doubles, and a function `predict` that computes
 * what the model does in evaluation mode, in plain loops, for one example or several. It depends on nothing, and runs
 * wherever ES modules do.
 * @param model takes one tensor, and gives one
 * @param exampleInput dim 0 is the batch; the sizes of all others are those that the predictor takes
 * @throws UnsupportedOpError, naming the operation and the module, for what a predictor does not know, and for a model
 *   in which the examples of a batch influence each other; ArgumentError for a model that does not take batches, or
 *   another number of classes than scores
 */
export function exportPredictor(model: AnyModule, exampleInput: Tensor, options?: PredictorOptions): Predictor {
  const { classes, name } = readOptions('exportPredictor', options, {
    classes: null as readonly string[] | null,
    name: null as string | null,
  });
  const examples = checkExamples('exportPredictor', exampleInput);
  if (examples.length !== 1 || examples[0]!.ndim === 0) {
    throw new ArgumentError('exportPredictor: expected one example input, whose dim 0 is the batch');
  }
  const [first, second] = runTwice('exportPredictor', model, examples, [true], [1, 1], known);
  const y = outputOf(first);
  const [inputShape, outputShape] = [first.inputs[0]!.shape.slice(1), y.shape.slice(1)];
  checkClasses(classes, product(outputShape));
  const names = new Map([...model.namedParameters(), ...model.namedBuffers()].map(([key, x]) => [x.ndarray, key]));
  const body = new Body(first, second, names);
  checkApart(model, first, second);
  const facts: Facts = { name: name ?? model.constructor.name, inputShape, outputShape, classes };
  return { code: codeOf(facts, body), types: typesOf(facts) };
}

function outputOf({ outputs }: Trace): Tensor {
  const [y, ...more] = outputs.values();
  if (more.length === 0) return y!;
  throw new ArgumentError(`exportPredictor: the model must give one tensor, got ${outputs.size}`);
}

/** @throws UnsupportedOpError unless two examples together give what they give one by one */
function checkApart(model: AnyModule, first: Trace, second: Trace): void {
  const both = cat([first.inputs[0]!, second.inputs[0]!]);
  const together = outputOf(trace('exportPredictor', model, [both], { isOp: () => true, operandsOf: () => null }));
  const [a, b] = [outputOf(first), outputOf(second)];
  const apart = a.ndim > 0 && a.shape[0] === 1 ? cat([a, b]) : a;
  if (sameShape(together.shape, apart.shape) && allclose(together, apart, { equalNan: true })) return;
  throw new UnsupportedOpError(
    'exportPredictor: the model must give one row for each example of a batch, whatever the others are; ' +
      `two examples together gave ${formatShape(together.shape)}, not the rows of each alone`,
  );
}

function checkClasses(classes: readonly string[] | null, scores: number): void {
  if (classes === null) return;
  const texts = Array.isArray(classes) && classes.every((name) => typeof name === 'string');
  if (texts && classes.length === scores) return;
  throw new ArgumentError(
    `exportPredictor: classes must be a list of ${scores} names, one for each of the model's scores, got ` +
      `${describe(classes)}`,
  );
}
