import type { Kernel, Nd } from './kernel.ts';

/** What becomes of the losses of single samples. */
export interface LossParams {
  readonly reduction: 'mean' | 'sum' | 'none';
}

/**
 * −ln softmax(x)[label], in nats: [n, classes, …] and labels [n, …], with at most one dim more, to a loss for each label,
 * or to their mean or sum.
 */
export const softmaxLoss: Kernel<LossParams> = {
  name: 'softmaxLoss',
  run: ([y], [x, labels], { reduction }) => {
    const { data, shape, stride } = x!;
    const [classes, step] = [shape[1]!, stride[1]!];
    let total = 0;
    eachSample(x!, labels!, (at, label, n, i) => {
      const top = largest(data, at, classes, step);
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += Math.exp(data[at + c * step]! - top);
      const loss = Math.log(sum) - (data[at + label * step]! - top);
      total += loss;
      if (reduction === 'none') y!.data[placeOf(y!, n, i)] = loss;
    });
    if (reduction !== 'none') y!.data[y!.offset] = total / divisorOf(reduction, labels!);
  },
};

/** Its gradient: (softmax(x) − the label's one) · g for each label, or of the mean or sum. */
export const softmaxLossGradient: Kernel<LossParams> = {
  name: 'softmaxLossGradient',
  run: ([gx], [g, x, labels], { reduction }) => {
    const { data, shape, stride } = x!;
    const [classes, step] = [shape[1]!, stride[1]!];
    const to = gx!.data;
    const toStep = gx!.stride[1]!;
    const shared = g!.data[g!.offset]! / divisorOf(reduction, labels!);
    eachSample(x!, labels!, (at, label, n, i) => {
      const top = largest(data, at, classes, step);
      const start = gx!.offset + n * gx!.stride[0]! + i * (gx!.stride[2] ?? 0);
      let sum = 0;
      for (let c = 0; c < classes; c++) {
        const e = Math.exp(data[at + c * step]! - top);
        to[start + c * toStep] = e;
        sum += e;
      }
      const scale = reduction === 'none' ? g!.data[placeOf(g!, n, i)]! : shared;
      for (let c = 0; c < classes; c++) to[start + c * toStep] = (to[start + c * toStep]! / sum) * scale;
      to[start + label * toStep]! -= scale;
    });
  },
};

/** What a sum of losses is divided by. */
export const divisorOf = (reduction: LossParams['reduction'], labels: Nd): number =>
  reduction === 'mean' ? labels.size : 1;

/** The largest score of a sample; NaN if one is. */
function largest(scores: Float64Array, at: number, classes: number, step: number): number {
  let top = -Infinity;
  for (let c = 0; c < classes; c++) top = Math.max(top, scores[at + c * step]!);
  return top;
}

/** Visits the samples, with the offset of their first score, their label, and their place in the batch. */
function eachSample(x: Nd, labels: Nd, visit: (at: number, label: number, n: number, i: number) => void): void {
  const inner = x.shape[2] ?? 1;
  const [step, innerStep] = [x.stride[0]!, x.stride[2] ?? 0];
  for (let n = 0; n < x.shape[0]!; n++) {
    for (let i = 0; i < inner; i++) {
      visit(x.offset + n * step + i * innerStep, labels.data[placeOf(labels, n, i)]!, n, i);
    }
  }
}

const placeOf = ({ offset, stride }: Nd, n: number, i: number): number =>
  offset + n * stride[0]! + i * (stride[1] ?? 0);
