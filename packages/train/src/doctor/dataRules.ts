import { isfinite, logicalNot, noGrad, reshape, type Tensor } from '@ndgrad/core';
import { BatchNorm1d, BatchNorm2d, Embedding, GroupNorm, InstanceNorm2d, LayerNorm, observeCalls } from '@ndgrad/nn';
import { areLabels } from '../metrics.ts';
import { found, notChecked, passed } from './diagnosis.ts';
import type { Patient } from './patient.ts';
import type { Rule } from './rule.ts';

/** A feature whose median distance from 0 is larger was not brought to mean 0 and deviation 1. */
const LARGE = 5;
/** All inputs together, by their root mean square. */
const SMALL = 0.01;
/** The share of features that never change, above which something is wrong with the data. */
const CONSTANT = 0.5;
/** Of features so many are looked at, evenly taken. */
const FEATURES = 256;
const FEW_ROWS = 8;

export const finiteInputs: Rule = {
  codes: ['nan-in-inputs'],
  check({ sample: { x, y, rows } }) {
    const [inputs, targets] = [x, y].map((values) => count(logicalNot(isfinite(values))));
    if (inputs! + targets! === 0) return [passed('nan-in-inputs', { rows })];
    const bad = noGrad(() => logicalNot(isfinite(reshape(x, [rows, -1]))).amax({ dim: 1 }));
    return [
      found('nan-in-inputs', {
        'bad inputs': inputs!,
        'bad targets': targets!,
        'rows with bad inputs': count(bad),
        'of rows': rows,
      }),
    ];
  },
};

const count = (flags: Tensor): number => flags.sum().item();

export const inputScale: Rule = {
  codes: ['constant-inputs', 'unnormalised-inputs'],
  check(patient) {
    const { x, rows } = patient.sample;
    if (rows < FEW_ROWS) {
      return this.codes.map((code) => notChecked(code, `needs ${FEW_ROWS} rows, and the loader gave ${rows}`));
    }
    const features = featuresOf(x);
    const constant = features.filter((values) => values.every((value) => value === values[0]));
    const share = constant.length / features.length;
    const isConstant = features.length > 1 ? share > CONSTANT : share === 1;
    const about = { 'constant features': constant.length, 'of features': features.length, rows };
    return [
      isConstant ? found('constant-inputs', about) : passed('constant-inputs', about),
      isNormalisedInside(patient)
        ? notChecked('unnormalised-inputs', 'the model normalises its inputs, or looks them up, itself')
        : scaleVerdict(patient.sample.x, features),
    ];
  },
};

function scaleVerdict(x: Tensor, features: readonly Float64Array[]) {
  const [mean, rms] = noGrad(() => [x.mean().item(), x.square().mean().sqrt().item()]);
  const { min, max } = { min: x.amin().item(), max: x.amax().item() };
  const large = features.filter((values) => medianSize(values) > LARGE).length;
  const evidence = {
    mean: mean!,
    std: Math.sqrt(Math.max(0, rms! ** 2 - mean! ** 2)),
    min,
    max,
    'large features': large,
    'of features': features.length,
  };
  const isOff = large > 0 || (rms! < SMALL && rms! > 0);
  return isOff ? found('unnormalised-inputs', evidence) : passed('unnormalised-inputs', evidence);
}

/** The columns of the rows laid flat; of more than `FEATURES`, so many of them. */
function featuresOf(x: Tensor): Float64Array[] {
  const rows = x.shape[0]!;
  const values = x.toArray();
  const width = values.length / rows;
  const wanted = Math.min(width, FEATURES);
  return Array.from({ length: wanted }, (_, k) => {
    const column = Math.floor((k * width) / wanted);
    return Float64Array.from({ length: rows }, (_, row) => values[row * width + column]!);
  });
}

function medianSize(values: Float64Array): number {
  return values.map(Math.abs).sort()[values.length >> 1]!;
}

const NORMALISERS = [BatchNorm1d, BatchNorm2d, LayerNorm, GroupNorm, InstanceNorm2d, Embedding] as const;

/** Whether a layer that does not care for the scale is the first to see the inputs. */
function isNormalisedInside(patient: Patient): boolean {
  const [x] = patient.rows(2);
  let isInside = false;
  observeCalls(
    (module, inputs, run) => {
      const isInput = (inputs[0] as Tensor | undefined)?.storage === x.storage;
      if (isInput && NORMALISERS.some((kind) => (module as unknown) instanceof kind)) isInside = true;
      return run();
    },
    () => patient.outputs(x),
  );
  return isInside;
}

/** The largest class has this share of the rows, or so many times the rows of the smallest. */
const UNBALANCED = { share: 0.9, ratio: 50 };
/** With fewer rows per class a rare one may be missing by chance. */
const ROWS_PER_CLASS = 20;

export const labels: Rule = {
  codes: ['labels-out-of-range', 'unbalanced-labels'],
  check(patient) {
    const [x, y] = patient.rows(2);
    const outputs = patient.outputs(x);
    if (!areLabels(outputs, y)) return this.codes.map((code) => notChecked(code, 'the targets are no class labels'));
    const classes = outputs.shape[outputs.ndim === 1 ? 0 : 1]!;
    const { targets, isFair } = patient.sample;
    const { ignoreIndex } = patient.about.loss as { ignoreIndex?: number };
    const counted = targets.filter((label) => label !== ignoreIndex);
    const wrong = counted.filter((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
    if (wrong.length > 0) {
      const [least, greatest] = [counted, counted].map((list, i) =>
        list.reduce((a, b) => (i === 0 ? Math.min(a, b) : Math.max(a, b))),
      );
      const evidence = {
        wrong: wrong.length,
        'of labels': counted.length,
        least: least!,
        greatest: greatest!,
        classes,
      };
      return [found('labels-out-of-range', evidence), notChecked('unbalanced-labels', 'the labels are out of range')];
    }
    return [
      passed('labels-out-of-range', { labels: counted.length, classes }),
      isFair
        ? balance(counted, classes)
        : notChecked('unbalanced-labels', 'only the first rows are known, which may be sorted'),
    ];
  },
};

function balance(targets: Float64Array, classes: number) {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of targets) counts[label]!++;
  const [most, least] = [Math.max(...counts), Math.min(...counts)];
  const share = most / targets.length;
  const evidence = {
    'rows of the largest class': most,
    'of the smallest': least,
    'share of the largest': share,
    classes,
  };
  const isMuch = targets.length >= ROWS_PER_CLASS * classes && most > UNBALANCED.ratio * least;
  const isUnbalanced = isMuch || (targets.length >= ROWS_PER_CLASS && share >= UNBALANCED.share);
  return isUnbalanced ? found('unbalanced-labels', evidence) : passed('unbalanced-labels', evidence);
}
