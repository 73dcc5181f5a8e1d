import { grad } from './autograd.ts';
import { fromArray, randn, zerosLike } from './create.ts';
import { ArgumentError, GradError } from './errors.ts';
import { enableGrad, noGrad } from './gradMode.ts';
import { launch } from './kernels/launch.ts';
import { fill } from './kernels/pointwise.ts';
import { clone } from './ops/pointwise.ts';
import { checkChoice, checkNumber, readOptions } from './options.ts';
import { Generator } from './random.ts';
import { contiguousStrides, formatShape } from './shape.ts';
import { type Tensor, viewOf } from './tensor.ts';

/** Options of `numericalGradient`. */
export interface NumericalGradientOptions {
  /** The step (default 1e-5). */
  h?: number;
  /** `forward`: (f(x + h) − f(x)) / h; `central` (default), the more exact: (f(x + h) − f(x − h)) / 2h. */
  method?: 'forward' | 'central';
}

/** Options of `gradcheck` and `gradgradcheck`; the defaults are PyTorch's. */
export interface GradcheckOptions {
  /** The step of the central differences (default 1e-6). */
  eps?: number;
  /** Largest absolute difference (default 1e-5), to which `rtol` · |numerical| is added (default rtol 1e-3). */
  atol?: number;
  rtol?: number;
}

type Differentiable = (...inputs: Tensor[]) => Tensor | readonly Tensor[];

const checkDefaults: Required<GradcheckOptions> = { eps: 1e-6, atol: 1e-5, rtol: 1e-3 };

/**
 * The gradient of a scalar function by finite differences, one element at a time: slow and inexact, for checking.
 * Takes numel + 1 evaluations of f forward, 2 · numel central. `x` is changed on the way and put back.
 * @param f from `x` to a number or a tensor of one element
 * @returns a tensor of the shape of `x`
 * @throws ArgumentError for a step that is not greater than 0, or an unknown method
 * @see CS231n, lecture 3 (numerical gradient)
 */
export function numericalGradient(
  f: (x: Tensor) => Tensor | number,
  x: Tensor,
  options?: NumericalGradientOptions,
): Tensor {
  const defaults: Required<NumericalGradientOptions> = { h: 1e-5, method: 'central' };
  const { h, method } = readOptions('numericalGradient', options, defaults);
  checkNumber('numericalGradient', 'h', h, { test: (v) => v > 0, must: 'be greater than 0' });
  checkChoice('numericalGradient', 'method', method, ['forward', 'central']);
  const evaluate = () => {
    const y = noGrad(() => f(x));
    return typeof y === 'number' ? y : y.item();
  };
  const base = method === 'forward' ? evaluate() : 0;
  const slopes = elementsOf(x).map((element) => {
    const ahead = moved(element, h, evaluate);
    return method === 'forward' ? (ahead - base) / h : (ahead - moved(element, -h, evaluate)) / (2 * h);
  });
  return fromArray(Float64Array.from(slopes), { shape: x.shape });
}

/**
 * Compares the gradients of `f` with central differences, for every element of every input that wants a gradient and
 * every element of every output.
 * @param f from the inputs to a tensor, or to a list of them
 * @returns true
 * @throws GradError naming the input, the index, and both numbers, where they differ by more than atol + rtol · |numerical|
 * @throws ArgumentError if no input wants a gradient
 * @see PyTorch `torch.autograd.gradcheck`
 */
export function gradcheck(f: Differentiable, inputs: Tensor | readonly Tensor[], options?: GradcheckOptions): true {
  const tolerance = readOptions('gradcheck', options, checkDefaults);
  checkJacobians('gradcheck', f, [inputs].flat() as Tensor[], tolerance);
  return true;
}

/**
 * Compares second derivatives with central differences: `gradcheck` of the gradients of `f`, as functions of the inputs
 * and of random upstream gradients (or the given `gradOutputs`).
 * @throws as `gradcheck`
 * @see PyTorch `torch.autograd.gradgradcheck`
 */
export function gradgradcheck(
  f: Differentiable,
  inputs: Tensor | readonly Tensor[],
  options?: GradcheckOptions & { gradOutputs?: readonly Tensor[] | null },
): true {
  const { gradOutputs, ...tolerance } = readOptions('gradgradcheck', options, {
    ...checkDefaults,
    gradOutputs: null as readonly Tensor[] | null,
  });
  const xs = [inputs].flat() as Tensor[];
  const generator = new Generator(0);
  const outputs = differentiableOutputs(f, xs);
  const upstream = gradOutputs ?? outputs.map((y) => randn(y.shape, { generator, requiresGrad: true }));
  const firstGradients: Differentiable = (...all) => {
    const ys = differentiableOutputs(f, all.slice(0, xs.length));
    const targets = all.slice(0, xs.length).filter((x) => x.requiresGrad);
    const gradients = grad(ys, targets, { gradOutputs: all.slice(xs.length), createGraph: true, allowUnused: true });
    return gradients.map((g, i) => g ?? zerosLike(targets[i]!)).filter((g) => g.requiresGrad);
  };
  checkJacobians('gradgradcheck', firstGradients, [...xs, ...upstream], tolerance);
  return true;
}

function differentiableOutputs(f: Differentiable, inputs: readonly Tensor[]): Tensor[] {
  const outputs = enableGrad(() => [f(...inputs)].flat() as Tensor[]);
  return outputs.filter((y) => y.requiresGrad);
}

function checkJacobians(
  name: string,
  f: Differentiable,
  inputs: readonly Tensor[],
  { eps, atol, rtol }: Required<GradcheckOptions>,
): void {
  if (!inputs.some((x) => x.requiresGrad)) {
    throw new ArgumentError(`${name}: no input wants a gradient; make them with { requiresGrad: true }`);
  }
  const outputs = differentiableOutputs(f, inputs);
  // Those outputs that depend on the inputs stand at the same places in every evaluation.
  const evaluate = () => differentiableOutputs(f, inputs).map((y) => y.toArray());
  const jacobians = outputs.map((y) => analyticJacobian(y, inputs));
  inputs.forEach((x, i) => {
    if (!x.requiresGrad) return;
    elementsOf(x).forEach((element, j) => {
      const ahead = moved(element, eps, evaluate);
      const behind = moved(element, -eps, evaluate);
      jacobians.forEach((rows, k) => {
        rows.forEach((row, m) => {
          const numerical = (ahead[k]![m]! - behind[k]![m]!) / (2 * eps);
          const analytic = row[i] === null ? 0 : row[i]![j]!;
          if (Math.abs(analytic - numerical) <= atol + rtol * Math.abs(numerical)) return;
          throw new GradError(
            `${name}: input ${i}, index ${formatShape(indexOf(j, x.shape))}: the gradient of output ${k}, index ` +
              `${formatShape(indexOf(m, outputs[k]!.shape))}, is ${analytic}, but by central differences ${numerical}`,
          );
        });
      });
    });
  });
}

/** For every element of `y`, its gradient in every input, flat; `null` for an input that `y` does not depend on. */
function analyticJacobian(y: Tensor, inputs: readonly Tensor[]): (Float64Array | null)[][] {
  const one = zerosLike(y);
  return elementsOf(one).map((element) =>
    moved(element, 1, () => {
      const targets = inputs.filter((x) => x.requiresGrad);
      const gradients = grad(y, targets, { gradOutputs: clone(one), retainGraph: true, allowUnused: true });
      return inputs.map((x) => (x.requiresGrad ? (gradients[targets.indexOf(x)]?.toArray() ?? null) : null));
    }),
  );
}

/** Every element of `x` in row-major order, as a scalar that shows its memory. */
function elementsOf(x: Tensor): Tensor[] {
  const { stride, offset } = x.ndarray;
  return Array.from({ length: x.numel() }, (_, n) => {
    const at = indexOf(n, x.shape).reduce((sum, i, d) => sum + i * stride[d]!, offset);
    return viewOf(x, [], [], at);
  });
}

/** What `evaluate` gives while an element is moved by h. */
function moved<T>(element: Tensor, h: number, evaluate: () => T): T {
  const value = element.item();
  launch(fill, [element], [], value + h);
  try {
    return evaluate();
  } finally {
    launch(fill, [element], [], value);
  }
}

/** The index of the n-th element in row-major order. */
function indexOf(n: number, shape: readonly number[]): number[] {
  return contiguousStrides(shape).map((step, d) => Math.floor(n / step) % shape[d]!);
}
