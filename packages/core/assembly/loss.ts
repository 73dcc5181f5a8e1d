// The loss of softmax and its gradient, for scores [n, classes, inner] and labels [n, inner]: see src/kernels/loss.ts.
import { exp } from './exp';

/** The largest of a sample's scores, `step` bytes apart, twice; of NaN it may lose sight, which its exponential won't. */
// @ts-ignore: a decorator of AssemblyScript
@inline
function largest(x: i32, classes: i32, step: i32): v128 {
  let top = v128.load_splat<f64>(x);
  // Unlike max, pmax is one instruction, without a branch on fresh data.
  for (let c = 1, at = x + step; c < classes; c++, at += step) top = f64x2.pmax(top, v128.load_splat<f64>(at));
  return top;
}

/** y = exp(x − top), with top the largest score of each sample; and behind = top − x[label], unless that is at 0. */
function exponentials(n: i32, classes: i32, inner: i32, x: i32, labels: i32, y: i32, behind: i32): void {
  const step = inner * 8;
  const end = y + n * classes * step;
  let to = y;
  for (let o = 0; o < n; o++, x += (classes - 1) * step, to += (classes - 1) * step) {
    for (let i = 0; i < inner; i++, x += 8, to += 8) {
      const top = largest(x, classes, step);
      for (let c = 0, at = 0; c < classes; c++, at += step) {
        v128.store64_lane(to + at, f64x2.sub(v128.load64_zero(x + at), top), 0);
      }
      if (behind == 0) continue;
      const own = x + (load<f64>(labels) as i32) * step;
      v128.store64_lane(behind, f64x2.sub(top, v128.load64_zero(own)), 0);
      labels += 8;
      behind += 8;
    }
  }
  for (; y < end - 8; y += 16) v128.store(y, exp(v128.load(y)));
  if (y < end) v128.store64_lane(y, exp(v128.load64_zero(y)), 0);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function sumOf(e: i32, classes: i32, step: i32): f64 {
  let sum: f64 = 0;
  for (let c = 0; c < classes; c++, e += step) sum += load<f64>(e);
  return sum;
}

/** y = ln Σ exp(x − top) − (x[label] − top) for every sample; e is room for as many numbers as there are scores. */
export function softmaxLoss(n: i32, classes: i32, inner: i32, x: i32, labels: i32, e: i32, y: i32): void {
  const step = inner * 8;
  exponentials(n, classes, inner, x, labels, e, y);
  for (let o = 0; o < n; o++, e += (classes - 1) * step) {
    for (let i = 0; i < inner; i++, e += 8, y += 8) {
      store<f64>(y, Math.log(sumOf(e, classes, step)) + load<f64>(y));
    }
  }
}

/** y = (softmax(x) − the label's one) · g for every sample; its g lies `gStep` bytes behind that of the one before. */
export function softmaxLossGradient(
  n: i32, classes: i32, inner: i32, g: i32, gStep: i32, x: i32, labels: i32, y: i32,
): void {
  const step = inner * 8;
  exponentials(n, classes, inner, x, labels, y, 0);
  for (let o = 0; o < n; o++, y += (classes - 1) * step) {
    for (let i = 0; i < inner; i++, labels += 8, y += 8, g += gStep) {
      const scale = load<f64>(g);
      const sum = sumOf(y, classes, step);
      for (let c = 0, at = y; c < classes; c++, at += step) store<f64>(at, (load<f64>(at) / sum) * scale);
      const own = y + (load<f64>(labels) as i32) * step;
      store<f64>(own, load<f64>(own) - scale);
    }
  }
}
