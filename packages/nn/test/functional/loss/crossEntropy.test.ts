import {
  backward,
  Generator,
  gradcheck,
  gradgradcheck,
  logSoftmax,
  mul,
  randn,
  softmax,
  type Tensor,
  tensor,
  zeros,
} from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crossEntropy, nllLoss } from '../../../src/functional/loss/index.ts';

const generator = new Generator(1);
const scores = (...shape: number[]) => randn(shape, { generator, requiresGrad: true });

/** −Σ w[y] · ln p[y] / Σ w[y] by the definition, in plain numbers. */
function byDefinition(rows: number[][], labels: number[], weight = rows[0]!.map(() => 1)): number {
  let loss = 0;
  let share = 0;
  rows.forEach((row, i) => {
    const y = labels[i]!;
    loss -= weight[y]! * Math.log(Math.exp(row[y]!) / row.reduce((sum, x) => sum + Math.exp(x), 0));
    share += weight[y]!;
  });
  return loss / share;
}

describe('crossEntropy', () => {
  it('is the mean of −ln p of the labels, in nats', () => {
    // The three images of CS231n, lecture 3.
    const rows = [
      [3.2, 5.1, -1.7],
      [1.3, 4.9, 2],
      [2.2, 2.5, -3.1],
    ];
    const losses = [2.04035515280017, 0.07913177829134901, 6.156477201664211];
    const [x, y] = [tensor(rows), tensor([0, 1, 2])];
    crossEntropy(x, y, { reduction: 'none' })
      .toArray()
      .forEach((loss, i) => expect(loss).toBeCloseTo(losses[i]!, 12));
    expect(crossEntropy(x, y).item()).toBeCloseTo((losses[0]! + losses[1]! + losses[2]!) / 3, 12);
    expect(crossEntropy(x, y, { reduction: 'sum' }).item()).toBeCloseTo(8.27596413275573, 12);
  });

  it('is ln C where all scores are equal', () => {
    expect(crossEntropy(zeros([5, 10]), zeros([5])).item()).toBeCloseTo(Math.log(10), 14);
  });

  it('has the gradient (softmax − onehot) / N', () => {
    const x = scores(4, 3);
    backward(crossEntropy(x, tensor([2, 0, 1, 2])));
    const expected = softmax(x.detach(), 1).toArray();
    [2, 0, 1, 2].forEach((y, i) => {
      expected[3 * i + y]! -= 1;
    });
    x.grad!.toArray().forEach((g, i) => expect(g).toBeCloseTo(expected[i]! / 4, 14));
  });

  it('is exact at scores of ±1e4', () => {
    const x = tensor([[1e4, -1e4, 9999]], { requiresGrad: true });
    expect(crossEntropy(x, tensor([0])).item()).toBeCloseTo(Math.log(1 + Math.exp(-1)), 12);
    const loss = crossEntropy(x, tensor([1]));
    expect(loss.item()).toBeCloseTo(2e4 + Math.log(1 + Math.exp(-1)), 10);
    backward(loss);
    expect(x.grad!.toArray().every(Number.isFinite)).toBe(true);
    expect(x.grad!.toArray()[1]).toBe(-1);
  });

  it('does not change when a number is added to all scores', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e3, max: 1e3, noNaN: true }), (shift) => {
        const x = tensor([[1, -2, 0.5]]);
        expect(crossEntropy(x.add(shift), tensor([1])).item()).toBeCloseTo(crossEntropy(x, tensor([1])).item(), 10);
      }),
    );
  });

  it('weighs classes, and then the mean too', () => {
    const rows = [
      [1, 2, 3],
      [0, -1, 0.5],
      [2, 2, 1],
    ];
    const [x, y, weight] = [tensor(rows), tensor([2, 0, 2]), [0.2, 1, 3]];
    expect(crossEntropy(x, y, { weight: tensor(weight) }).item()).toBeCloseTo(
      byDefinition(rows, [2, 0, 2], weight),
      14,
    );
    const single = crossEntropy(x, y, { weight: tensor(weight), reduction: 'none' }).toArray();
    expect(single[1]).toBeCloseTo(0.2 * byDefinition([rows[1]!], [0]), 14);
  });

  it('leaves out ignored labels, whatever number marks them', () => {
    const rows = [
      [1, 2, 3],
      [0, -1, 0.5],
      [2, 2, 1],
    ];
    const kept = byDefinition([rows[0]!, rows[2]!], [1, 2]);
    expect(crossEntropy(tensor(rows), tensor([1, -100, 2])).item()).toBeCloseTo(kept, 14);
    expect(crossEntropy(tensor(rows), tensor([1, 0, 2]), { ignoreIndex: 0 }).item()).toBeCloseTo(kept, 14);
    const x = tensor(rows, { requiresGrad: true });
    const single = crossEntropy(x, tensor([1, 7, 2]), { ignoreIndex: 7, reduction: 'none' });
    expect(single.toArray()[1]).toBe(0);
    backward(single.sum());
    expect(x.grad!.toArray().slice(3, 6)).toEqual(Float64Array.of(0, 0, 0));
  });

  it('is NaN with gradient 0 where all labels are ignored, and NaN of no sample', () => {
    const x = scores(2, 3);
    const loss = crossEntropy(x, tensor([-100, -100]));
    expect(loss.item()).toBeNaN();
    const logits = scores(2, 3);
    backward(nllLoss(logits, tensor([-100, -100])));
    expect(logits.grad!.toArray()).toEqual(new Float64Array(6));
    expect(crossEntropy(zeros([0, 3]), zeros([0])).item()).toBeNaN();
    expect(crossEntropy(zeros([0, 3]), zeros([0]), { reduction: 'sum' }).item()).toBe(0);
  });

  it('smooths labels: as a target of probabilities (1 − s) · onehot + s / C', () => {
    const x = scores(3, 4);
    const smooth = tensor([
      [0.05, 0.05, 0.85, 0.05],
      [0.85, 0.05, 0.05, 0.05],
      [0.05, 0.05, 0.05, 0.85],
    ]);
    const expected = crossEntropy(x, smooth).item();
    expect(crossEntropy(x, tensor([2, 0, 3]), { labelSmoothing: 0.2 }).item()).toBeCloseTo(expected, 14);
    const onehot = tensor([
      [0, 0, 1, 0],
      [1, 0, 0, 0],
      [0, 0, 0, 1],
    ]);
    expect(crossEntropy(x, onehot, { labelSmoothing: 0.2 }).item()).toBeCloseTo(expected, 14);
  });

  it('takes probabilities, whose mean is over the samples, weighted or not', () => {
    const logs = logSoftmax(tensor([1, 2, 0]), 0).toArray();
    const p = [0.5, 0.3, 0.2];
    const w = [1, 2, 4];
    const plain = -p.reduce((sum, pi, i) => sum + pi * logs[i]!, 0);
    const heavy = -p.reduce((sum, pi, i) => sum + pi * w[i]! * logs[i]!, 0);
    const [x, target] = [
      tensor([
        [1, 2, 0],
        [1, 2, 0],
      ]),
      tensor([p, p]),
    ];
    expect(crossEntropy(x, target).item()).toBeCloseTo(plain, 14);
    expect(crossEntropy(x, target, { weight: tensor(w) }).item()).toBeCloseTo(heavy, 14);
    expect(crossEntropy(tensor([1, 2, 0]), tensor(p)).item()).toBeCloseTo(plain, 14);
  });

  it('takes a single sample, and labels for every pixel', () => {
    expect(crossEntropy(tensor([1, 2, 3]), tensor(2)).item()).toBeCloseTo(byDefinition([[1, 2, 3]], [2]), 14);
    const x = scores(2, 3, 2, 2);
    const y = tensor([0, 1, 2, 2, 1, 1, 0, 2], { shape: [2, 2, 2] });
    const single = crossEntropy(x, y, { reduction: 'none' });
    expect(single.shape).toEqual([2, 2, 2]);
    const pixel = [0, 1, 2].map((c) => (x.tolist() as number[][][][])[1]![c]![0]![1]!);
    expect((single.tolist() as number[][][])[1]![0]![1]).toBeCloseTo(byDefinition([pixel], [1]), 13);
    const weight = tensor([1, 2, 3]);
    expect(crossEntropy(x, y, { weight }).item()).toBeCloseTo(
      crossEntropy(x.permute([0, 2, 3, 1]).reshape([8, 3]), y.flatten(), { weight }).item(),
      13,
    );
  });

  it('agrees with central differences, first and second order', () => {
    const y = tensor([2, 0, 1]);
    const weight = tensor([0.5, 1, 2]);
    for (const options of [{}, { reduction: 'none' as const }, { weight, labelSmoothing: 0.1, ignoreIndex: 0 }]) {
      gradcheck((x) => crossEntropy(x, y, options), scores(3, 3), { atol: 1e-8 });
      gradgradcheck((x) => crossEntropy(x, y, options), scores(3, 3), { atol: 1e-7 });
    }
    const images = tensor([0, 2, 1, 1], { shape: [2, 2] });
    gradcheck((x) => crossEntropy(x, images, { weight }), scores(2, 3, 2), { atol: 1e-8 });
    const probabilities = softmax(scores(3, 3).detach(), 1).requiresGrad_();
    gradcheck((x, p) => crossEntropy(x, p, { labelSmoothing: 0.3 }), [scores(3, 3), probabilities], { atol: 1e-8 });
  });

  it('refuses labels outside [0, C), naming the row', () => {
    const x = zeros([2, 3]);
    expect(() => crossEntropy(x, tensor([0, 3]))).toThrow('crossEntropy: label 3 (row 1) is not in [0, 3)');
    expect(() => crossEntropy(x, tensor([-1, 0]))).toThrow('crossEntropy: label -1 (row 0) is not in [0, 3)');
    expect(() => crossEntropy(x, tensor([0.5, 0]))).toThrow('crossEntropy: label 0.5 (row 0) is not in [0, 3)');
    expect(() => crossEntropy(x, tensor([0, Number.NaN]))).toThrow('label NaN (row 1)');
    expect(() => crossEntropy(zeros([3]), tensor(3))).toThrow('crossEntropy: label 3 is not in [0, 3)');
    const pixels = tensor([0, 0, 0, 9], { shape: [2, 2] });
    expect(() => crossEntropy(zeros([2, 3, 2]), pixels)).toThrow('label 9 (row 1)');
  });

  it('refuses shapes that do not fit', () => {
    expect(() => crossEntropy(zeros([2, 3]), zeros([1]))).toThrow(
      'crossEntropy: scores [2, 3] need labels [2], got [1]',
    );
    expect(() => crossEntropy(zeros([2, 3]), zeros([2, 2]))).toThrow('need labels [2], got [2, 2]');
    expect(() => crossEntropy(zeros([2, 3, 4]), zeros([2, 3]))).toThrow('need labels [2, 4], got [2, 3]');
    expect(() => crossEntropy(zeros([]), zeros([]))).toThrow('expected scores [C], [N, C] or [N, C, …], got a scalar');
    expect(() => crossEntropy(zeros([2, 3]), zeros([2]), { weight: zeros([2]) })).toThrow(
      'crossEntropy: expected one weight for each of the 3 classes, [3], got [2]',
    );
    expect(() => crossEntropy(zeros([2, 3]), zeros([2, 3]), { weight: zeros([3, 1]) })).toThrow('[3], got [3, 1]');
  });

  it('refuses wrong options', () => {
    const call = (options: object) => () => crossEntropy(zeros([2, 3]), zeros([2]), options);
    expect(call({ labelSmoothing: 1.5 })).toThrow('crossEntropy: labelSmoothing must lie in [0, 1], got 1.5');
    expect(call({ reduction: 'avg' })).toThrow(
      'crossEntropy: reduction must be one of "mean", "sum", "none", got "avg"',
    );
    expect(call({ ignoreIndex: 0.5 })).toThrow('crossEntropy: ignoreIndex must be a whole number');
    expect(call({ weights: zeros([3]) })).toThrow('unknown option "weights". Did you mean "weight"?');
    expect(() => crossEntropy(zeros([2, 3]), zeros([2, 3]), { ignoreIndex: 1 })).toThrow(
      'crossEntropy: ignoreIndex (1) has no meaning for a target of probabilities',
    );
  });
});

describe('nllLoss', () => {
  it('picks the labels of log-probabilities', () => {
    const x = tensor([
      [-1, -2, -3],
      [-0.5, -4, -6],
    ]);
    expect(nllLoss(x, tensor([1, 0])).item()).toBe(1.25);
    expect(nllLoss(x, tensor([1, 0]), { reduction: 'none' }).tolist()).toEqual([2, 0.5]);
    // (2·3 + 0.5·1) / (3 + 1)
    expect(nllLoss(x, tensor([1, 0]), { weight: tensor([1, 3, 9]) }).item()).toBe(1.625);
    expect(nllLoss(tensor([-1, -2]), tensor(1)).item()).toBe(2);
  });

  it('after logSoftmax is crossEntropy', () => {
    const x = scores(4, 3);
    const y = tensor([0, 1, 2, 1]);
    expect(nllLoss(logSoftmax(x, 1), y).item()).toBe(crossEntropy(x, y).item());
  });

  it('agrees with central differences, first and second order', () => {
    const f = (x: Tensor) => nllLoss(mul(x, x), tensor([1, 0]), { weight: tensor([1, 0.3, 2]) });
    gradcheck(f, scores(2, 3), { atol: 1e-8 });
    gradgradcheck(f, scores(2, 3), { atol: 1e-7 });
  });

  it('refuses what does not fit', () => {
    expect(() => nllLoss(zeros([2, 3]), tensor([0, 5]))).toThrow('nllLoss: label 5 (row 1) is not in [0, 3)');
    expect(() => nllLoss(zeros([2, 3]), zeros([2, 3]))).toThrow('nllLoss: scores [2, 3] need labels [2], got [2, 3]');
    expect(() => nllLoss(zeros([2, 3]), zeros([2]), { labelSmoothing: 0.1 } as object)).toThrow(
      'unknown option "labelSmoothing"',
    );
  });
});
