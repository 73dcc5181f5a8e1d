import { type Shape, ShapeError, type Sizes } from '@ndgrad/core';
import { type AnyModule, AvgPool1d, AvgPool2d, Conv1d, Conv2d, MaxPool1d, MaxPool2d } from '@ndgrad/nn';

/** A window that slides over an input: numbers for each dim, in pixels. */
interface Window {
  size: readonly number[];
  stride: readonly number[];
  padding: readonly number[];
  dilation: readonly number[];
}

/**
 * Holds a layer to the lecture's rule: a window of F pixels that slides over N + 2P by S fits (N − F + 2P)/S + 1 times,
 * and that must be whole.
 * @throws ShapeError where it is not
 */
export function checkStride(layer: AnyModule, input: Shape): void {
  const window = windowOf(layer);
  if (window === null) return;
  const dims = window.size.length;
  for (let d = 0; d < dims; d++) {
    const [n, p, s, dilation] = [input.at(d - dims)!, window.padding[d]!, window.stride[d]!, window.dilation[d]!];
    const f = dilation * (window.size[d]! - 1) + 1;
    const fits = (n - f + 2 * p) / s + 1;
    if (Number.isInteger(fits) || !(fits >= 1)) continue; // a window with no room at all is the layer's own error
    const left = (n - f + 2 * p) % s;
    const reach =
      dilation === 1 ? '' : `, where F = ${dilation}·(${window.size[d]} − 1) + 1 = ${f} with dilation ${dilation}`;
    throw new ShapeError(
      `summary: the stride does not fit: (N − F + 2P)/S + 1 = (${n} − ${f} + 2·${p})/${s} + 1 = ` +
        `${Number(fits.toFixed(3))} is not whole${reach}; change the padding, the stride or the input; ` +
        `{ strict: false } allows it, and the last ${left === 1 ? 'pixel is' : `${left} pixels are`} never seen`,
    );
  }
}

/** The window of a convolution or a pool; `null` for other layers, and where the last window may be cut off on purpose. */
function windowOf(layer: AnyModule): Window | null {
  if (layer instanceof Conv1d || layer instanceof Conv2d) {
    const { kernelSize: size, stride, dilation, padding } = layer;
    if (padding === 'same') return null;
    return { size, stride, dilation, padding: padding === 'valid' ? size.map(() => 0) : padding };
  }
  if (layer instanceof MaxPool1d || layer instanceof AvgPool1d) return poolWindow(layer.kernelSize, layer.options, 1);
  if (layer instanceof MaxPool2d || layer instanceof AvgPool2d) return poolWindow(layer.kernelSize, layer.options, 2);
  return null;
}

interface PoolChoices {
  readonly stride: Sizes | null;
  readonly padding: Sizes;
  readonly dilation?: Sizes;
  readonly ceilMode: boolean;
}

function poolWindow(
  kernelSize: Sizes,
  { stride, padding, dilation = 1, ceilMode }: PoolChoices,
  dims: number,
): Window | null {
  if (ceilMode) return null;
  const each = (sizes: Sizes) =>
    Array.from({ length: dims }, (_, d) => (typeof sizes === 'number' ? sizes : (sizes[d] ?? sizes[0]!)));
  return {
    size: each(kernelSize),
    stride: each(stride ?? kernelSize),
    padding: each(padding),
    dilation: each(dilation),
  };
}
