import { formatScope, grad, noGrad, type Scope, Tensor } from '@ndgrad/core';
import { observeCalls } from '@ndgrad/nn';
import { type Evidence, found, notChecked, passed } from './diagnosis.ts';
import type { Patient } from './patient.ts';
import type { Rule } from './rule.ts';
import { watchOps } from './watch.ts';

/** Of a layer's units: lecture 6 has seen networks of which as much as 40 % was dead. */
const DEAD = 0.4;
/** Below 4 % of its greatest slope, ¼ for sigmoid and 1 for tanh, a unit is saturated. */
const SLOPE = { sigmoid: 0.01, tanh: 0.04 };
/** Of a layer's outputs. */
const SATURATED = 0.5;
/** With fewer units, one of them is a large share. */
const FEW_UNITS = 4;

interface Activation {
  readonly kind: 'relu' | 'sigmoid' | 'tanh';
  readonly where: string;
  readonly share: number;
}

export const activations: Rule = {
  codes: ['dead-relus', 'saturated-units'],
  check(patient) {
    const seen = activationsOf(patient);
    const relus = seen.filter(({ kind }) => kind === 'relu');
    const others = seen.filter(({ kind }) => kind !== 'relu');
    return [
      judge('dead-relus', relus, DEAD, 'there is no relu'),
      judge('saturated-units', others, SATURATED, 'there is no sigmoid or tanh'),
    ];
  },
};

function judge(code: 'dead-relus' | 'saturated-units', layers: readonly Activation[], most: number, none: string) {
  if (layers.length === 0) return notChecked(code, none);
  const bad = layers.filter(({ share }) => share >= most);
  const shown: Evidence = Object.fromEntries(
    (bad.length > 0 ? bad.slice(0, 6) : [highest(layers)]).map(({ where, share }) => [where, inPercent(share)]),
  );
  return bad.length > 0
    ? found(code, { layers: bad.length, 'of layers': layers.length, ...shown })
    : passed(code, shown);
}

const highest = (layers: readonly Activation[]): Activation => layers.reduce((a, b) => (b.share > a.share ? b : a));
const inPercent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function activationsOf(patient: Patient): Activation[] {
  const [x] = patient.probe();
  const seen: (Activation & { output: Tensor })[] = [];
  patient.steady();
  const outputs = noGrad(() =>
    watchOps(
      ({ op: { name }, output, where }) => {
        if (name === 'relu') seen.push({ kind: name, where, output, share: deadShare(output) });
        if (name === 'sigmoid' || name === 'tanh') {
          seen.push({ kind: name, where, output, share: saturatedShare(output, name) });
        }
      },
      () => patient.about.model.call(x),
    ),
  );
  // What the model gives as its answer may be sure of itself.
  return seen.filter(({ kind, output }) => kind === 'relu' || output.storage !== outputs.storage);
}

/** A unit, a column of `[n, units]` or a channel of `[n, channels, …]`, is dead if it gives 0 to every row. */
function deadShare(y: Tensor): number {
  const units = y.ndim < 2 ? 1 : y.shape[1]!;
  if (units < FEW_UNITS) return 0;
  const dims = y.shape.map((_, d) => d).filter((d) => d !== 1);
  const alive = y.gt(0).amax({ dim: dims });
  return 1 - alive.mean().item();
}

function saturatedShare(y: Tensor, kind: 'sigmoid' | 'tanh'): number {
  const slope = kind === 'sigmoid' ? y.mul(y.neg().add(1)) : y.square().neg().add(1);
  return slope.lt(SLOPE[kind]).mean().item();
}

/** The gradient at the first layer's outputs, in times of that at the last one's. */
const BAND = { vanishing: 1e-4, exploding: 1e3 };

export const gradientFlow: Rule = {
  codes: ['vanishing-gradients', 'exploding-gradients'],
  check(patient) {
    const [vanishing, exploding] = ['vanishing-gradients', 'exploding-gradients'] as const;
    // An exact 0 is no shrinking: it comes from weights of 0, or from units that are dead.
    const layers = flowThrough(patient).filter(({ size }) => size !== 0);
    if (layers.length < 2)
      return this.codes.map((code) => notChecked(code, 'there are fewer than two layers to compare'));
    const [first, last] = [layers[0]!, layers.at(-1)!];
    const ratio = first.size / last.size;
    const evidence = {
      [`gradient at the outputs of ${first.where}`]: first.size,
      [`of ${last.where}`]: last.size,
      'first to last': ratio,
      layers: layers.length,
    };
    return [
      ratio < BAND.vanishing ? found(vanishing, evidence) : passed(vanishing, evidence),
      ratio <= BAND.exploding ? passed(exploding, evidence) : found(exploding, evidence),
    ];
  },
};

/** The norm of the gradient at the outputs of every layer with weights, in the order in which they are called. */
function flowThrough(patient: Patient): { where: string; size: number }[] {
  const [x, y] = patient.probe();
  const layers: { where: string; output: Tensor }[] = [];
  patient.steady();
  const loss = observeCalls(
    (module, _inputs, run, path) => {
      const output = run();
      const isLayer = module.children().length === 0 && module.parameters().some(({ ndim }) => ndim >= 2);
      if (isLayer && output instanceof Tensor && output.requiresGrad) {
        layers.push({ where: formatScope({ path, label: module.label } as Scope), output });
      }
      return output;
    },
    () => patient.lossOf(x, y),
  );
  if (!loss.requiresGrad || layers.length < 2) return [];
  const outputs = layers.map(({ output }) => output);
  const gradients = grad(loss.numel() === 1 ? loss : loss.sum(), outputs, { allowUnused: true });
  return layers.map(({ where }, i) => ({ where, size: noGrad(() => gradients[i]?.detach().norm().item() ?? 0) }));
}
