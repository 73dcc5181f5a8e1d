import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contiguous, type Nd } from '../src/kernels/kernel.ts';
import type { LossParams } from '../src/kernels/loss.ts';
import * as loss from '../src/kernels/loss.ts';
import { kernels } from '../src/kernels/wasm/kernels.ts';
import { agree, numbers, type Place, unwritten } from './kernelCases.ts';

const reductions = ['mean', 'sum', 'none'] as const;

/** [n, classes] or [n, classes, inner] of enough scores, and where they lie. */
const cases = fc
  .record({
    n: fc.integer({ min: 1, max: 90 }),
    classes: fc.integer({ min: 1, max: 40 }),
    inner: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 9 })),
    place: fc.constantFrom<Place>('outside', 'inside'),
    reduction: fc.constantFrom(...reductions),
  })
  .filter(({ n, classes, inner }) => n * classes * (inner ?? 1) >= 512);

function labelsOf(shape: readonly number[], classes: number): Nd {
  const size = shape.reduce((a, b) => a * b, 1);
  return contiguous(
    Float64Array.from({ length: size }, (_, i) => (i * 7) % classes),
    shape,
  );
}

/** Both kernels on the scores, in WebAssembly and in the reference. */
function compare(x: Nd, reduction: LossParams['reduction'], place: Place = 'outside') {
  const [n, classes, inner] = x.shape as [number, number, number?];
  const shape = inner === undefined ? [n] : [n, inner];
  const labels = labelsOf(shape, classes);
  const params = { reduction };
  const result = reduction === 'none' ? shape : [];
  agree(loss.softmaxLoss, kernels.softmaxLoss!, { shapes: [result], ins: [x, labels], params });
  const ins = [numbers(result), x, labels];
  agree(loss.softmaxLossGradient, kernels.softmaxLossGradient!, { shapes: [x.shape], ins, params, place }, 1e-15);
}

describe('in WebAssembly', () => {
  it('the loss of softmax is that of the reference, and so is its gradient', () => {
    fc.assert(
      fc.property(cases, ({ n, classes, inner, place, reduction }) => {
        compare(numbers(inner === null ? [n, classes] : [n, classes, inner], place), reduction, place);
      }),
    );
  });

  it('scores far apart, infinite or missing give what they give in the reference', () => {
    const extremes = [0, -1e-300, 1e-9, 700, -745.2, -746, 1e6, -1e308, Infinity, -Infinity, NaN];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...extremes), { minLength: 3, maxLength: 3 }), (triple) => {
        const x = numbers([200, 3]);
        triple.forEach((score, c) => void x.set(17, c, score));
        for (const reduction of reductions) compare(x, reduction);
      }),
    );
  });

  it('exponentials are off by two units in the last place at most, down to the smallest numbers', () => {
    const [rows, step] = [1500, 0.4999];
    const scores = (row: number) => [0, -row * step];
    const x = contiguous(
      Float64Array.from({ length: 2 * rows }, (_, i) => scores(i >> 1)[i % 2]!),
      [rows, 2],
    );
    const ins = [contiguous(Float64Array.of(rows), []), x, contiguous(new Float64Array(rows), [rows])];
    const gradient = unwritten([rows, 2]);
    expect(kernels.softmaxLossGradient!([gradient], ins, { reduction: 'mean' })).toBe(true);
    for (let row = 0; row < rows; row++) {
      const e = Math.exp(-row * step);
      const probability = e / (1 + e);
      const off = Math.abs(gradient.get(row, 1) - probability);
      expect(off).toBeLessThanOrEqual(Math.max(3 * 2 ** -53 * probability, 2 ** -1074));
    }
  });

  it.each([3, -1, 1.5, NaN])('a label that is none, as %s, leads nowhere in memory', (label) => {
    const labels = labelsOf([300], 3);
    labels.set(7, label);
    const [x, params] = [numbers([300, 3]), { reduction: 'mean' }];
    expect(kernels.softmaxLoss!([unwritten([])], [x, labels], params)).toBe(false);
    expect(kernels.softmaxLossGradient!([unwritten([300, 3])], [numbers([]), x, labels], params)).toBe(false);
  });

  it('few scores, and those that do not lie in order, are left to the reference', () => {
    const labels = labelsOf([4], 3);
    const params = { reduction: 'mean' };
    expect(kernels.softmaxLoss!([unwritten([])], [numbers([4, 3]), labels], params)).toBe(false);
    const turned = numbers([300, 3], 'turned');
    expect(kernels.softmaxLoss!([unwritten([])], [turned, labelsOf([300], 3)], params)).toBe(false);
    const ins = [numbers([]), turned, labelsOf([300], 3)];
    expect(kernels.softmaxLossGradient!([unwritten([300, 3])], ins, params)).toBe(false);
  });
});
