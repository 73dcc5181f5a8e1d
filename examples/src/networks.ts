// Three networks of the lectures, layer by layer.
import { Conv2d, Flatten, Linear, LocalResponseNorm, MaxPool2d, type Module, ReLU, Sequential } from '@ndgrad/nn';

/** LeCun et al., 1998, with max pools and ReLU. */
export const leNet5 = (): Module =>
  new Sequential(
    ...conv(1, 6, 5), // 5 × 5 at stride 1
    new MaxPool2d(2),
    ...conv(6, 16, 5),
    new MaxPool2d(2),
    new Flatten(),
    ...full(5 * 5 * 16, 120),
    ...full(120, 84),
    new Linear(84, 10),
  );

/** Krizhevsky, Sutskever & Hinton, 2012, on one machine: without groups. */
export const alexNet = (): Module =>
  new Sequential(
    ...conv(3, 96, 11, { stride: 4 }),
    new MaxPool2d(3, { stride: 2 }),
    new LocalResponseNorm(5),
    ...conv(96, 256, 5, { padding: 2 }),
    new MaxPool2d(3, { stride: 2 }),
    new LocalResponseNorm(5),
    ...conv(256, 384, 3, { padding: 1 }),
    ...conv(384, 384, 3, { padding: 1 }),
    ...conv(384, 256, 3, { padding: 1 }),
    new MaxPool2d(3, { stride: 2 }),
    new Flatten(),
    ...full(6 * 6 * 256, 4096),
    ...full(4096, 4096),
    new Linear(4096, 1000),
  );

const weightsAlone = { bias: false };

/** Simonyan & Zisserman, 2014, without biases, which the lecture does not count. */
export const vgg16 = (): Module =>
  new Sequential(
    ...block(3, 64, 2),
    ...block(64, 128, 2),
    ...block(128, 256, 3),
    ...block(256, 512, 3),
    ...block(512, 512, 3),
    new Flatten(),
    ...full(7 * 7 * 512, 4096, weightsAlone),
    ...full(4096, 4096, weightsAlone),
    new Linear(4096, 1000, weightsAlone),
  );

/** So many 3 × 3 convolutions, which keep rows and columns, and a pool, which halves them. */
function block(from: number, to: number, depth: number): Module[] {
  const layers = Array.from({ length: depth }, (_, i) => {
    return conv(i === 0 ? from : to, to, 3, { padding: 1, ...weightsAlone });
  });
  return [...layers.flat(), new MaxPool2d(2)];
}

function conv(from: number, to: number, size: number, options?: ConstructorParameters<typeof Conv2d>[3]): Module[] {
  return [new Conv2d(from, to, size, options), new ReLU()];
}

function full(from: number, to: number, options?: { bias: boolean }): Module[] {
  return [new Linear(from, to, options), new ReLU()];
}
