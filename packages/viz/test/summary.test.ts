import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import * as nd from '@ndgrad/core';
import {
  type AnyModule,
  AvgPool2d,
  BatchNorm2d,
  Bilinear,
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  Dropout,
  Embedding,
  Flatten,
  Linear,
  MaxPool1d,
  MaxPool2d,
  Module,
  Parameter,
  ReLU,
  Sequential,
} from '@ndgrad/nn';
import { describe, expect, it } from 'vitest';
import { type SummaryRow, summary } from '../src/index.ts';

interface LectureRow {
  layer: string;
  out: number[];
  params?: number;
  params_with_bias_ungrouped?: number;
  weights?: number;
  activations?: number;
}
const lecture = JSON.parse(
  readFileSync(new URL('../../../conformance/data/cs231n/shapes_and_parameter_counts.json', import.meta.url), 'utf8'),
);

/** [h, w, c] or [n] as the lecture has it, of our [1, c, h, w] or [1, n]. */
const lectureShape = ([, c, h, w]: readonly number[]) => (h === undefined ? [c] : [h, w, c]);
/** The lecture's tables have no rows for activations and views. */
const tabled = (rows: readonly SummaryRow[]) =>
  rows.filter((row) => /^(input|Conv2d|MaxPool2d|Linear)/.test(row.layer));

const lenet5 = () =>
  new Sequential(
    ...[new Conv2d(1, 6, 5), new ReLU(), new MaxPool2d(2), new Conv2d(6, 16, 5), new ReLU(), new MaxPool2d(2)],
    ...[new Flatten(), new Linear(400, 120), new ReLU(), new Linear(120, 84), new ReLU(), new Linear(84, 10)],
  );

const alexnet = () =>
  new Sequential(
    ...[new Conv2d(3, 96, 11, { stride: 4 }), new ReLU(), new MaxPool2d(3, { stride: 2 })],
    ...[new Conv2d(96, 256, 5, { padding: 2 }), new ReLU(), new MaxPool2d(3, { stride: 2 })],
    ...[new Conv2d(256, 384, 3, { padding: 1 }), new ReLU(), new Conv2d(384, 384, 3, { padding: 1 }), new ReLU()],
    ...[new Conv2d(384, 256, 3, { padding: 1 }), new ReLU(), new MaxPool2d(3, { stride: 2 }), new Flatten()],
    ...[new Linear(9216, 4096), new ReLU(), new Linear(4096, 4096), new ReLU(), new Linear(4096, 1000)],
  );

function vgg16(bias: boolean) {
  const layers: Module[] = [];
  let channels = 3;
  for (const block of [
    [64, 64],
    [128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [512, 512, 512],
  ]) {
    for (const out of block) {
      layers.push(new Conv2d(channels, out, 3, { padding: 1, bias }), new ReLU());
      channels = out;
    }
    layers.push(new MaxPool2d(2));
  }
  const sizes = [25088, 4096, 4096, 1000];
  layers.push(new Flatten());
  for (let i = 0; i < 3; i++) layers.push(new Linear(sizes[i]!, sizes[i + 1]!, { bias }), new ReLU());
  return new Sequential(...layers.slice(0, -1));
}

describe('the tables of the lectures', () => {
  it('LeNet-5: shapes and parameters, 61,706 in all', () => {
    const result = summary(lenet5(), [1, 1, 32, 32]);
    const expected = lecture.lenet5 as LectureRow[];
    expect(tabled(result.rows).map((row) => [lectureShape(row.output[0]!), row.parameters])).toEqual(
      expected.map((row) => [row.out, row.params]),
    );
    expect(result.parameters).toBe(lecture.lenet5_total);
    // 28²·6·25 + 10²·16·150 + 400·120 + 120·84 + 84·10
    expect(result.multiplyAdds).toBe(117_600 + 240_000 + 48_000 + 10_080 + 840);
  });

  it('AlexNet: shapes and parameters, 62,378,344 in all', () => {
    const result = summary(alexnet, [1, 3, 227, 227]);
    const expected = (lecture.alexnet as LectureRow[]).filter((row) => !row.layer.startsWith('NORM'));
    expect(tabled(result.rows).map((row) => [lectureShape(row.output[0]!), row.parameters])).toEqual(
      expected.map((row) => [row.out, row.params_with_bias_ungrouped]),
    );
    expect(result.parameters).toBe(lecture.alexnet_total_ungrouped);
  });

  it('VGG16: activations and weights, 138,344,128 and 15,237,608 in all, without computing or drawing them', () => {
    const before = nd.defaultGenerator.getState();
    const start = performance.now();
    const memory = process.memoryUsage.rss();
    const result = summary(() => vgg16(false), [1, 3, 224, 224]);
    expect(performance.now() - start).toBeLessThan(20_000); // 0.6 s; minutes, if it were computed
    expect(process.memoryUsage.rss() - memory).toBeLessThan(600e6); // the weights alone are 1.1 GB
    expect(nd.defaultGenerator.getState()).toEqual(before);
    const rows = tabled(result.rows);
    const expected = lecture.vgg16 as LectureRow[];
    expect(rows.map((row) => [row.activations, row.parameters])).toEqual(
      expected.map((row) => [row.activations, row.weights]),
    );
    expect(result.parameters).toBe(lecture.vgg16_total_weights);
    expect(rows.reduce((sum, row) => sum + row.activations, 0)).toBe(lecture.vgg16_total_activations_exact);
    expect(result.multiplyAdds).toBe(15_470_264_320); // 15,346,630,656 of convolutions, 123,633,664 of the rest
    expect([result.parameterBytes, result.activationBytes]).toEqual([8 * 138_344_128, 8 * result.activations]);
    expect(summary(() => vgg16(true), [1, 3, 224, 224]).parameters).toBe(138_357_544);
  });

  it('parameters of single layers', () => {
    for (const { F, Cin, K, total, weights } of lecture.conv_parameters) {
      const { parameters } = summary(new Conv2d(Cin, K, F, { bias: total !== undefined }), [1, Cin, F, F]);
      expect(parameters).toBe(total ?? weights);
    }
  });
});

describe('a stride', () => {
  it('that fits gives the size of the formula; one that does not is refused', () => {
    let refused = 0;
    for (const { W, F, S, P, out } of lecture.conv_output) {
      const layer = new Conv2d(1, 1, F, { stride: S, padding: P });
      if (out === null) {
        refused++;
        expect(() => summary(layer, [1, 1, W, W])).toThrow(nd.ShapeError);
        const lax = summary(layer, [1, 1, W, W], { strict: false });
        expect(lax.rows[1]!.output[0]![2]).toBe(Math.floor((W - F + 2 * P) / S) + 1);
      } else expect(summary(layer, [1, 1, W, W]).rows[1]!.output).toEqual([[1, 1, out, out]]);
    }
    expect(refused).toBe(4);
  });

  it('is refused with the formula, the layer and the way out', () => {
    const model = new Sequential(new ReLU(), new Conv2d(3, 96, 11, { stride: 4 }));
    expect(() => summary(model, [1, 3, 224, 224])).toThrow(
      'in 1 (Conv2d 3→96, 11×11): summary: the stride does not fit: (N − F + 2P)/S + 1 = (224 − 11 + 2·0)/4 + 1 = ' +
        '54.25 is not whole; change the padding, the stride or the input; { strict: false } allows it, and the last ' +
        'pixel is never seen',
    );
    expect(() => summary(new Conv1d(1, 1, 3, { stride: 4, padding: 1, dilation: 2 }), [1, 1, 8])).toThrow(
      '(8 − 5 + 2·1)/4 + 1 = 2.25 is not whole, where F = 2·(3 − 1) + 1 = 5 with dilation 2; change',
    );
    expect(() => summary(new MaxPool1d(4), [1, 1, 7])).toThrow('the last 3 pixels are never seen');
    expect(model.call(nd.zeros([1, 3, 20, 20])).shape).toEqual([1, 96, 3, 3]); // calling it rounds down, as PyTorch does
  });

  it('is looked at in every dim, and where a window is not square', () => {
    expect(() => summary(new MaxPool2d(2), [1, 1, 8, 7])).toThrow('(7 − 2 + 2·0)/2 + 1 = 3.5');
    expect(() => summary(new MaxPool2d([2, 3], { stride: [2, 2] }), [1, 1, 7, 7])).toThrow('(7 − 2 + 2·0)/2 + 1 = 3.5');
    expect(summary(new AvgPool2d([2, 3], { stride: [2, 2] }), [1, 1, 8, 7]).rows[1]!.output).toEqual([[1, 1, 4, 3]]);
  });

  it('need not fit where the last window is cut off on purpose, or the padding is made to fit', () => {
    expect(summary(new MaxPool2d(2, { ceilMode: true }), [1, 1, 7, 7]).rows[1]!.output).toEqual([[1, 1, 4, 4]]);
    expect(summary(new Conv2d(1, 1, 4, { padding: 'same' }), [1, 1, 7, 7]).rows[1]!.output).toEqual([[1, 1, 7, 7]]);
    expect(summary(new Conv2d(1, 1, 3, { padding: 'valid' }), [1, 1, 7, 7]).rows[1]!.output).toEqual([[1, 1, 5, 5]]);
  });
});

describe('summary', () => {
  it('prints a table', () => {
    const model = new Sequential(new Linear(4, 3), new ReLU(), new Linear(3, 2));
    model[0]!.requiresGrad_(false);
    const result = summary(model, [1000, 4]);
    expect(String(result).split('\n')).toEqual([
      'path  layer            output     parameters  in MB  activations  in MB  multiply-adds',
      '────  ───────────────  ─────────  ──────────  ─────  ───────────  ─────  ─────────────',
      '      input            [1000, 4]           0   0.00        4,000   0.03              0',
      '   0  Linear 4→3       [1000, 3]          15   0.00        3,000   0.02         12,000',
      '   1  ReLU             [1000, 3]           0   0.00        3,000   0.02              0',
      '   2  Linear 3→2       [1000, 2]           8   0.00        2,000   0.02          6,000',
      '      all (15 frozen)                     23   0.00       12,000   0.10         18,000',
      '',
      'MB: 10⁶ bytes, 8 bytes for each number (float64).',
    ]);
    expect(inspect(result)).toBe(String(result));
    expect(result.trainable).toBe(8);
  });

  it('counts a shared layer once, and its work each time', () => {
    const shared = new Linear(5, 5);
    const { rows, parameters, multiplyAdds } = summary(new Sequential(shared, new ReLU(), shared), [2, 5]);
    expect(rows.map((row) => [row.path, row.parameters, row.multiplyAdds])).toEqual([
      ['', 0, 0],
      ['0', 30, 50],
      ['1', 0, 0],
      ['0', 0, 50],
    ]);
    expect([parameters, multiplyAdds]).toEqual([30, 100]);
  });

  it('has a row for a module that computes beside its layers, and one for layers that are not called', () => {
    class Block extends Module {
      scale = new Parameter(nd.ones([4]));
      inner = new Linear(4, 4);
      spare = new Linear(4, 1);
      override forward(x: nd.Tensor): nd.Tensor {
        return this.inner.call(x).mul(this.scale).matmul(x.t()); // [2, 4] · [4, 2]
      }
    }
    const { rows, parameters } = summary(new Sequential(new Block()), [2, 4]);
    expect(rows).toEqual([
      { path: '', layer: 'input', output: [[2, 4]], parameters: 0, activations: 8, multiplyAdds: 0 },
      { path: '0.inner', layer: 'Linear 4→4', output: [[2, 4]], parameters: 20, activations: 8, multiplyAdds: 32 },
      { path: '0', layer: 'Block', output: [[2, 2]], parameters: 4, activations: 4, multiplyAdds: 16 },
      { path: '0.spare', layer: 'Linear 4→1', output: [], parameters: 5, activations: 0, multiplyAdds: 0 },
    ]);
    expect(parameters).toBe(29);
    expect(String(summary(new Block(), [2, 4]))).toMatch(/spare {2}Linear 4→1 {2}not called {11}5/);
  });

  it('counts products whatever makes them', () => {
    const adds = (model: AnyModule, shape: nd.Shape | nd.Shape[]) => summary(model, shape).multiplyAdds;
    expect(adds(new Conv2d(4, 6, 3, { groups: 2, padding: 1 }), [2, 4, 5, 5])).toBe(2 * 6 * 25 * 9 * 2);
    expect(adds(new ConvTranspose2d(4, 6, 2, { stride: 2 }), [1, 4, 5, 5])).toBe(4 * 25 * 6 * 4);
    expect(adds(new Conv1d(4, 6, 3), [1, 4, 7])).toBe(6 * 5 * 12);
    expect(adds(new BatchNorm2d(3), [2, 3, 4, 4])).toBe(0);
    const { rows } = summary(new Bilinear(3, 4, 5), [
      [2, 3],
      [2, 4],
    ]);
    expect(rows.map((row) => [row.output, row.parameters])).toEqual([
      [
        [
          [2, 3],
          [2, 4],
        ],
        0,
      ],
      [[[2, 5]], 65],
    ]);
  });

  it('gives no memory to views and to a dropout that is off, and leaves the model as it was', () => {
    const model = new Sequential(new BatchNorm2d(2), new Flatten(), new Dropout());
    const state = structuredClone(Object.values(model.stateDict()).map((x) => x.tolist()));
    model[2]!.eval();
    const { rows } = summary(model, [3, 2, 4, 4]);
    expect(rows.map((row) => row.activations)).toEqual([96, 96, 0, 0]);
    expect(model.modules().map((module) => module.training)).toEqual([true, true, true, false]);
    expect(Object.values(model.stateDict()).map((x) => x.tolist())).toEqual(state);
    expect(nd.isGradEnabled()).toBe(true);
  });

  it('takes indices for zeros, and a maximum with its place', () => {
    const { rows } = summary(new Embedding(1000, 8), [4, 6]);
    expect(rows[1]).toMatchObject({ output: [[4, 6, 8]], parameters: 8000 });
    const pool = new MaxPool2d(2, { returnIndices: true });
    expect(summary(pool, [1, 1, 4, 4]).rows[1]!.output).toEqual([
      [1, 1, 2, 2],
      [1, 1, 2, 2],
    ]);
  });

  it('says where a layer does not fit, and puts everything back', () => {
    const model = new Sequential(new Linear(4, 3), new Linear(4, 2));
    expect(() => summary(model, [1, 4])).toThrow(/^in 1 \(Linear 4→2\): linear: /);
    expect(model.training).toBe(true);
    expect(summary(new Linear(4, 3), [1, 4]).rows).toHaveLength(2);
  });

  it('refuses what is no model and no shape', () => {
    expect(() => summary(3 as unknown as AnyModule, [1])).toThrow(
      'summary: expected a module or a function that makes one, got 3',
    );
    expect(() => summary((() => 3) as unknown as AnyModule, [1])).toThrow('summary: the function gave 3, no module');
    expect(() => summary(new ReLU(), [1.5])).toThrow(nd.ArgumentError);
    expect(() => summary(new ReLU(), [1], { strikt: false } as object)).toThrow('Did you mean "strict"?');
  });
});
