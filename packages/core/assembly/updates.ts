// Steps of optimizers in one pass over weights, gradients and state, with the order of operations of the reference.
// Two numbers at a time, and a last one: `both` is known when a function is compiled into the loop, so that nothing asks
// for it there.
import { loadTwo, storeTwo } from './pairs';

/**
 * w ← kept·w, g ← sign·g + added·w, m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², w ← w − rate · m / (√v / root + eps), with
 * the largest v so far, where `top` is not 0, in the place of v.
 */
export function adam(
  n: i32, w: i32, m: i32, v: i32, top: i32, g: i32, kept: f64, added: f64, sign: f64,
  beta1: f64, beta2: f64, rate: f64, root: f64, eps: f64,
): void {
  const end = w + 8 * n;
  const step = top == 0 ? 0 : 16;
  for (; w < end - 8; w += 16, m += 16, v += 16, top += step, g += 16) {
    adamOfTwo(true, w, m, v, top, g, kept, added, sign, beta1, beta2, rate, root, eps);
  }
  if (w < end) adamOfTwo(false, w, m, v, top, g, kept, added, sign, beta1, beta2, rate, root, eps);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function adamOfTwo(
  both: bool, w: i32, m: i32, v: i32, top: i32, g: i32, kept: f64, added: f64, sign: f64,
  beta1: f64, beta2: f64, rate: f64, root: f64, eps: f64,
): void {
  const weight = f64x2.mul(loadTwo(w, both), f64x2.splat(kept));
  let gradient = f64x2.mul(f64x2.splat(sign), loadTwo(g, both));
  if (added != 0) gradient = f64x2.add(gradient, f64x2.mul(f64x2.splat(added), weight));
  const fresh = f64x2.mul(f64x2.splat(1 - beta1), gradient);
  const mean = f64x2.add(f64x2.mul(loadTwo(m, both), f64x2.splat(beta1)), fresh);
  const squared = f64x2.mul(f64x2.mul(f64x2.splat(1 - beta2), gradient), gradient);
  let square = f64x2.add(f64x2.mul(loadTwo(v, both), f64x2.splat(beta2)), squared);
  storeTwo(m, mean, both);
  storeTwo(v, square, both);
  if (top != 0) {
    square = f64x2.max(square, loadTwo(top, both));
    storeTwo(top, square, both);
  }
  const divisor = f64x2.add(f64x2.div(f64x2.sqrt(square), f64x2.splat(root)), f64x2.splat(eps));
  storeTwo(w, f64x2.sub(weight, f64x2.div(f64x2.mul(f64x2.splat(rate), mean), divisor)), both);
}

/**
 * One step of gradient descent with momentum: d = sign·g + λw, v ← μv + share·d, w ← w − α·v, or with Nesterov's
 * momentum w ← w − α·(d + look·v).
 */
export function sgdMomentum(
  n: i32, w: i32, v: i32, g: i32,
  lr: f64, momentum: f64, share: f64, weightDecay: f64, sign: f64, nesterov: i32, look: f64,
): void {
  const end = w + 8 * n;
  for (; w < end - 8; w += 16, v += 16, g += 16) {
    momentumOfTwo(true, w, v, g, lr, momentum, share, weightDecay, sign, nesterov, look);
  }
  if (w < end) momentumOfTwo(false, w, v, g, lr, momentum, share, weightDecay, sign, nesterov, look);
}

// @ts-ignore: a decorator of AssemblyScript
@inline
function momentumOfTwo(
  both: bool, w: i32, v: i32, g: i32,
  lr: f64, momentum: f64, share: f64, weightDecay: f64, sign: f64, nesterov: i32, look: f64,
): void {
  const weight = loadTwo(w, both);
  let d = f64x2.mul(f64x2.splat(sign), loadTwo(g, both));
  if (weightDecay != 0) d = f64x2.add(d, f64x2.mul(f64x2.splat(weightDecay), weight));
  const velocity = f64x2.add(f64x2.mul(f64x2.splat(momentum), loadTwo(v, both)), f64x2.mul(f64x2.splat(share), d));
  const move = nesterov ? f64x2.add(d, f64x2.mul(f64x2.splat(look), velocity)) : velocity;
  storeTwo(v, velocity, both);
  storeTwo(w, f64x2.sub(weight, f64x2.mul(f64x2.splat(lr), move)), both);
}
