/**
 * How large the volumes are and how many the parameters: LeNet-5, AlexNet and VGG16. CS231n, lectures 5 and 9.
 *   pnpm train volumes [--batch 1]
 *
 * Prints each network layer by layer as `summary()` finds it, which computes nothing and draws no weights, beside the
 * numbers of the lectures, from which none may differ; and how a stride that does not fit is refused.
 */
import { ShapeError } from '@ndgrad/core';
import { Conv2d } from '@ndgrad/nn';
import { summary } from '@ndgrad/viz';
import { amount, count, grouped, lesson, table } from 'ndgrad/command';
import { alexNet, leNet5, vgg16 } from './networks.ts';

/** The lectures' tables: rows × columns × channels and parameters of every layer, and the parameters of all. */
const networks = [
  {
    name: 'LeNet-5',
    make: leNet5,
    input: [1, 32, 32],
    layers: '28×28×6 156, 14×14×6 0, 10×10×16 2416, 5×5×16 0, 120 48120, 84 10164, 10 850',
    parameters: 61_706,
  },
  {
    name: 'AlexNet',
    make: alexNet,
    input: [3, 227, 227],
    layers: `55×55×96 34944, 27×27×96 0, 27×27×96 0, 27×27×256 614656, 13×13×256 0, 13×13×256 0, 13×13×384 885120,
      13×13×384 1327488, 13×13×256 884992, 6×6×256 0, 4096 37752832, 4096 16781312, 1000 4097000`,
    parameters: 62_378_344,
  },
  {
    name: 'VGG16',
    make: vgg16,
    input: [3, 224, 224],
    layers: `224×224×64 1728, 224×224×64 36864, 112×112×64 0, 112×112×128 73728, 112×112×128 147456, 56×56×128 0,
      56×56×256 294912, 56×56×256 589824, 56×56×256 589824, 28×28×256 0, 28×28×512 1179648, 28×28×512 2359296,
      28×28×512 2359296, 14×14×512 0, 14×14×512 2359296, 14×14×512 2359296, 14×14×512 2359296, 7×7×512 0,
      4096 102760448, 4096 16777216, 1000 4096000`,
    parameters: 138_344_128,
  },
];

export const volumes = lesson({
  name: 'volumes',
  summary: 'volumes and parameters of LeNet-5, AlexNet and VGG16',
  options: { batch: count(1, 'images at a time') },
  goals: { 'numbers unlike the lectures': amount({ max: 0 }) },
  async run({ batch }, { print, report }) {
    let differences = 0;
    for (const { name, make, input, layers, parameters } of networks) {
      const found = summary(make, [batch, ...input]);
      const counted = found.rows.filter(({ layer }) => !/^(input|ReLU|Flatten)/.test(layer));
      const expected = layers.split(/,\s+/);
      const rows = counted.map((row, i) => {
        const [, channels, ...sides] = row.output[0]!;
        const volume = [...sides, channels].join('×'); // [1, 6, 28, 28] is 28×28×6
        const differs = `${volume} ${row.parameters}` !== expected[i];
        if (differs) differences++;
        return [row.layer, volume, grouped(row.parameters), differs ? `lecture: ${expected[i]}` : 'as in the lecture'];
      });
      differences += Math.abs(expected.length - rows.length) + (found.parameters === parameters ? 0 : 1);
      const header = [name, 'volume', 'parameters', ''];
      const total = ['all', '', grouped(found.parameters), `${grouped(found.multiplyAdds)} multiply-adds`];
      print(table(header, [...rows, total]), '');
      report?.table(name, header, [...rows, total]);
    }
    try {
      summary(new Conv2d(1, 1, 3, { stride: 3 }), [1, 1, 7, 7]);
      differences++;
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      print(error.message);
    }
    return { 'numbers unlike the lectures': differences };
  },
});
