// Draws docs/spiral.png: the README's network, trained, and the regions that it tells apart.
// Run: pnpm picture

import { writeFileSync } from 'node:fs';
import { manualSeed, noGrad, type Tensor, tensor } from '@ndgrad/core';
import { spiral } from '@ndgrad/data';
import { CrossEntropyLoss, Linear, ReLU, Sequential } from '@ndgrad/nn';
import { SGD } from '@ndgrad/optim';
import { PNG } from 'pngjs';

const steps = 3000;
const pixels = 480;
/** Half of the plane's width that is shown. */
const extent = 1.3;
const colours = [
  [223, 83, 107],
  [66, 133, 244],
  [242, 179, 45],
] as const;

manualSeed(0);
const { inputs, targets } = spiral();
const model = new Sequential(new Linear(2, 100), new ReLU(), new Linear(100, 3));
const criterion = new CrossEntropyLoss();
const optimizer = new SGD(model.parameters(), { lr: 1, weightDecay: 1e-3 });
for (let step = 0; step < steps; step++) {
  const loss = criterion.call(model.call(inputs), targets);
  optimizer.zeroGrad();
  loss.backward();
  optimizer.step();
}

const png = new PNG({ width: pixels, height: pixels });
const regions = classify(grid());
for (let at = 0; at < pixels * pixels; at++) paint(at, mix(colours[regions[at]!]!, 0.35));
const classes = targets.toArray();
(inputs.tolist() as [number, number][]).forEach(([x, y], i) => {
  dot(toPixel(x), toPixel(-y), colours[classes[i] as 0 | 1 | 2]);
});
writeFileSync(new URL('../../docs/spiral.png', import.meta.url), PNG.sync.write(png));

/** The centre of every pixel, row by row: [pixels², 2]. */
function grid(): Tensor {
  const along = (i: number) => ((i + 0.5) / pixels - 0.5) * 2 * extent;
  return tensor(Array.from({ length: pixels ** 2 }, (_, at) => [along(at % pixels), -along(Math.floor(at / pixels))]));
}

function classify(points: Tensor): Float64Array {
  return noGrad(() => model.call(points).argmax({ dim: 1 }).toArray());
}

function toPixel(coordinate: number): number {
  return Math.round((coordinate / (2 * extent) + 0.5) * pixels);
}

function mix(colour: readonly [number, number, number], share: number): [number, number, number] {
  return colour.map((c) => 255 - (255 - c) * share) as [number, number, number];
}

/** A disc with a white rim. */
function dot(x: number, y: number, colour: readonly [number, number, number]): void {
  for (let dy = -4; dy <= 4; dy++) {
    for (let dx = -4; dx <= 4; dx++) {
      const distance = Math.hypot(dx, dy);
      if (distance <= 4.2) paint((y + dy) * pixels + x + dx, distance <= 3 ? colour : [255, 255, 255]);
    }
  }
}

function paint(at: number, [red, green, blue]: readonly [number, number, number]): void {
  png.data.set([red, green, blue, 255], 4 * at);
}
