import type { Kernel, Nd } from './kernel.ts';

// All of them see x as [outer, kept, inner] and take sums over all but the middle; `mean` and the like are [kept].

/** What normalisation is told besides the numbers. */
export interface NormParams {
  /** Added to the variance. */
  readonly eps: number;
  /** Whether mean and variance are those of x, and move with it. */
  readonly isOwn: boolean;
}

/** The mean, and the mean of the squared distances from it. */
export const moments: Kernel = {
  name: 'moments',
  run: ([mean, variance], [x]) => {
    const n = x!.shape[0]! * x!.shape[2]!;
    const { data } = x!;
    const { size, step } = lineOf(x!);
    for (let k = 0; k < x!.shape[1]!; k++) {
      let sum = 0;
      eachLine(x!, (o) => {
        const from = startOf(x!, k, o);
        for (let i = 0; i < size; i++) sum += data[from + i * step]!;
      });
      const m = sum / n;
      let squares = 0;
      eachLine(x!, (o) => {
        const from = startOf(x!, k, o);
        for (let i = 0; i < size; i++) squares += (data[from + i * step]! - m) ** 2;
      });
      setNumber(mean!, k, m);
      setNumber(variance!, k, squares / n);
    }
  },
};

/** y = (x − mean) · scale + bias, with scale = weight / √(variance + eps) */
export const normalize: Kernel<NormParams> = {
  name: 'normalize',
  run: ([y], [x, mean, variance, weight, bias], { eps }) => {
    const [from, to] = [lineOf(x!), lineOf(y!)];
    for (let k = 0; k < x!.shape[1]!; k++) {
      const [m, shift] = [numberAt(mean!, k), numberAt(bias!, k)];
      const scale = inverseRoot(variance!, eps, k) * numberAt(weight!, k);
      eachLine(x!, (o) => {
        const [start, target] = [startOf(x!, k, o), startOf(y!, k, o)];
        for (let i = 0; i < from.size; i++) {
          y!.data[target + i * to.step] = (x!.data[start + i * from.step]! - m) * scale + shift;
        }
      });
    }
  },
};

/**
 * The gradients of `normalize` in x, weight and bias: gx = scale · g, or, where mean and variance move with x,
 * gx = scale · (g − Σg / n − (x − mean) · Σ(x − mean)·g / (n · (variance + eps)))
 */
export const normalizeGradient: Kernel<NormParams> = {
  name: 'normalizeGradient',
  run: ([gx, gweight, gbias], [g, x, mean, variance, weight], { eps, isOwn }) => {
    const n = x!.shape[0]! * x!.shape[2]!;
    const [inG, inX, to] = [lineOf(g!), lineOf(x!), lineOf(gx!)];
    for (let k = 0; k < x!.shape[1]!; k++) {
      const m = numberAt(mean!, k);
      const inverse = inverseRoot(variance!, eps, k);
      let [sum, products] = [0, 0];
      eachLine(x!, (o) => {
        const [fromG, fromX] = [startOf(g!, k, o), startOf(x!, k, o)];
        for (let i = 0; i < inX.size; i++) {
          const gi = g!.data[fromG + i * inG.step]!;
          sum += gi;
          products += (x!.data[fromX + i * inX.step]! - m) * gi;
        }
      });
      const { shift, slope } = slopeOf(sum, products, inverse, n);
      const scale = inverse * numberAt(weight!, k);
      eachLine(x!, (o) => {
        const [fromG, fromX, target] = [startOf(g!, k, o), startOf(x!, k, o), startOf(gx!, k, o)];
        for (let i = 0; i < inX.size; i++) {
          const gi = g!.data[fromG + i * inG.step]!;
          const own = isOwn ? shift + (x!.data[fromX + i * inX.step]! - m) * slope : 0;
          gx!.data[target + i * to.step] = scale * (gi - own);
        }
      });
      setNumber(gweight!, k, products * inverse);
      setNumber(gbias!, k, sum);
    }
  },
};

/** What the gradient at x loses since the mean moves with x, and since the variance does, for each unit of x − mean. */
export function slopeOf(sum: number, products: number, inverse: number, n: number): { shift: number; slope: number } {
  return { shift: sum / n, slope: (products * inverse * inverse) / n };
}

/** 1 / √(variance + eps) */
export const inverseRoot = (variance: Nd, eps: number, k: number): number => 1 / Math.sqrt(numberAt(variance, k) + eps);

/** Element k of a list. */
export const numberAt = ({ data, offset, stride }: Nd, k: number): number => data[offset + k * stride[0]!]!;

export function setNumber({ data, offset, stride }: Nd, k: number, value: number): void {
  data[offset + k * stride[0]!] = value;
}

// Lines go along the longer of the first and the last dim.

const alongOf = ({ shape }: Nd): 0 | 2 => (shape[2]! >= shape[0]! ? 2 : 0);

/** How many elements a line has, and how far apart they lie. */
function lineOf(x: Nd): { size: number; step: number } {
  const along = alongOf(x);
  return { size: x.shape[along]!, step: x.stride[along]! };
}

/** Visits the lines of one number of the lists. */
function eachLine(x: Nd, visit: (o: number) => void): void {
  for (let o = 0; o < x.shape[2 - alongOf(x)]!; o++) visit(o);
}

/** Where line o of those that belong to number k begins. */
function startOf(x: Nd, k: number, o: number): number {
  return x.offset + k * x.stride[1]! + o * x.stride[2 - alongOf(x)]!;
}
