/**
 * Convolution by hand: windows, filters, stride and padding, and what two filters make of a picture. CS231n, lecture 5.
 *   pnpm train convolution [--size 96 --seed 0]
 *
 * Prints the example of assignment 2 in four loops and by `conv2d`, its gradients against finite differences, the filter
 * of the notes' figure at two strides, and a picture in grey and its horizontal edges; with `--report`, as images.
 */
import * as nd from '@ndgrad/core';
import { amount, count, lesson, seed } from 'ndgrad/command';
import { asText, scene } from './scene.ts';

const published = [
  -0.08759809, -0.10987781, -0.18387192, -0.2109216, 0.21027089, 0.21661097, 0.22847626, 0.23004637, 0.50813986,
  0.54309974, 0.64082444, 0.67101435, -0.98053589, -1.03143541, -1.19128892, -1.24695841, 0.69108355, 0.66880383,
  0.59480972, 0.56776003, 2.36270298, 2.36904306, 2.38090835, 2.38247847,
];
const given = {
  x: nd.linspace(-0.1, 0.5, 96).reshape([2, 3, 4, 4]), // two images of three channels
  w: nd.linspace(-0.2, 0.3, 144).reshape([3, 3, 4, 4]), // three filters
  b: nd.linspace(-0.1, 0.2, 3),
};
const conv = ({ x, w, b }: typeof given) => nd.conv2d(x, w, { bias: b, stride: 2, padding: 1 });

/** Each number is a filter times a window of the padded image, summed up, plus the filter's bias: four loops. */
function convByHand({ x, w, b }: typeof given): nd.Tensor {
  const sums: nd.Tensor[] = [];
  const corners = [0, 2]; // (W − F + 2P)/S + 1 = (4 − 4 + 2)/2 + 1 = 2 steps
  for (const image of nd.unbind(nd.pad(x, [1, 1, 1, 1])))
    for (const [k, filter] of nd.unbind(w).entries())
      for (const i of corners)
        for (const j of corners) {
          const window = image.narrow(1, i, 4).narrow(2, j, 4); // [3, 4, 4]
          sums.push(window.mul(filter).sum().add(b.select(0, k)));
        }
  return nd.stack(sums).reshape([2, 3, 2, 2]);
}

const centre = (weight: number) => [0, 0, 0, 0, weight, 0, 0, 0, 0];
/** Red, green and blue mixed to grey; and in blue alone, what is above less what is below. */
const kernels = [0.3, 0.6, 0.1, 0, 0].flatMap(centre).concat([1, 2, 1, 0, 0, 0, -1, -2, -1]);
const furthest = (a: nd.Tensor, b: nd.Tensor) => a.sub(b).abs().max().item();

export const convolution = lesson({
  name: 'convolution',
  summary: 'convolution by hand, its gradients, and two filters on a picture',
  options: { size: count(96, 'rows and columns of the picture'), seed: seed(0, 'seed of the gradient from above') },
  goals: {
    'distance from the printed decimals': amount({ max: 1e-8 }),
    'error of the gradients': amount({ max: 1e-8 }),
    'error of the grey picture': amount({ max: 1e-12 }),
  },
  async run(options, { print, report }) {
    const printed = nd.tensor(published, { shape: [2, 3, 2, 2] });
    const distances = [conv(given), convByHand(given)].map((y) => furthest(y, printed));
    print(`Assignment 2, from its eight decimals: conv2d ${distances[0]}, four loops ${distances[1]}`);
    const above = nd.randn(printed.shape, { generator: new nd.Generator(options.seed) });
    const errors = Object.entries(given).map(([name, t]) => {
      const loss = (v: nd.Tensor) => nd.sum(conv({ ...given, [name]: v }).mul(above));
      const leaf = t.clone().requiresGrad_();
      const exact = nd.grad(loss(leaf), leaf)[0]!;
      return furthest(nd.numericalGradient(loss, t.clone()), exact) / exact.abs().max().item();
    });
    const line = nd.tensor([[1, 2, -1, 1, -3]]);
    const [one, two] = [1, 2].map((stride) => nd.conv1d(line, nd.tensor([[[1, 0, -1]]]), { stride, padding: 1 }));
    print('', `[1, 0, -1] over [1, 2, -1, 1, -3]: [${one!.toArray()}] at stride 1, [${two!.toArray()}] at stride 2`);
    const picture = scene(options.size); // [3, size, size]
    const filters = nd.tensor(kernels, { shape: [2, 3, 3, 3] });
    const [grey, edges] = nd.unbind(nd.conv2d(picture, filters, { bias: nd.tensor([0, 128]), padding: 1 }));
    print('', ...asText(grey!), '', ...asText(edges!));
    const images = [picture, grey!, edges!].map((pixels) => ({ pixels }));
    report?.images('Two filters', { images, caption: 'The picture, in grey, and the horizontal edges of its blue.' });
    const [red, green, blue] = nd.unbind(picture);
    return {
      'distance from the printed decimals': Math.max(...distances),
      'error of the gradients': Math.max(...errors),
      'error of the grey picture': furthest(grey!, red!.mul(0.3).add(green!.mul(0.6)).add(blue!.mul(0.1))),
    };
  },
});
