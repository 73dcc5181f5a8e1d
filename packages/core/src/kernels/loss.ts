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
    let total = 0;
    eachSample(x!, labels!, (at, label, sample) => {
      const { top, sum } = exponentials(x!, at);
      const loss = Math.log(sum) - (x!.data[at + label * x!.stride[1]!]! - top);
      total += loss;
      if (reduction === 'none') y!.data[placeOf(y!, sample)] = loss;
    });
    if (reduction !== 'none') y!.data[y!.offset] = reduction === 'mean' ? total / labels!.size : total;
  },
};

/** Its gradient: (softmax(x) − the label's one) · g for each label, or of the mean or sum. */
export const softmaxLossGradient: Kernel<LossParams> = {
  name: 'softmaxLossGradient',
  run: ([gx], [g, x, labels], { reduction }) => {
    const classes = x!.shape[1]!;
    const [step, to] = [x!.stride[1]!, gx!.stride[1]!];
    const shared = g!.data[g!.offset]! / (reduction === 'mean' ? labels!.size : 1);
    eachSample(x!, labels!, (at, label, sample) => {
      const { top, sum } = exponentials(x!, at);
      const scale = reduction === 'none' ? g!.data[placeOf(g!, sample)]! : shared;
      const target = gx!.offset + sample[0] * gx!.stride[0]! + sample[1] * (gx!.stride[2] ?? 0);
      for (let c = 0; c < classes; c++) {
        gx!.data[target + c * to] = (Math.exp(x!.data[at + c * step]! - top) / sum) * scale;
      }
      gx!.data[target + label * to]! -= scale;
    });
  },
};

/** The largest score of a sample, and Σ e^(score − largest). */
function exponentials({ data, shape, stride }: Nd, at: number): { top: number; sum: number } {
  const [classes, step] = [shape[1]!, stride[1]!];
  let top = -Infinity;
  for (let c = 0; c < classes; c++) {
    const score = data[at + c * step]!;
    if (score > top || score !== score) top = score; // a NaN is taken, and never left again
  }
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += Math.exp(data[at + c * step]! - top);
  return { top, sum };
}

type Sample = readonly [n: number, inner: number];

/** Visits the samples, with the offset of their first score and with their label. */
function eachSample(x: Nd, labels: Nd, visit: (at: number, label: number, sample: Sample) => void): void {
  for (let n = 0; n < x.shape[0]!; n++) {
    for (let i = 0; i < (x.shape[2] ?? 1); i++) {
      const sample = [n, i] as const;
      visit(x.offset + n * x.stride[0]! + i * (x.stride[2] ?? 0), labels.data[placeOf(labels, sample)]!, sample);
    }
  }
}

const placeOf = ({ offset, stride }: Nd, [n, i]: Sample): number => offset + n * stride[0]! + i * (stride[1] ?? 0);
