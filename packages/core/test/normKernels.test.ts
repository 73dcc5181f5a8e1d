import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Nd } from '../src/kernels/kernel.ts';
import * as norm from '../src/kernels/norm.ts';
import { kernels } from '../src/kernels/wasm/kernels.ts';
import { agree, numbers, type Place, unwritten } from './kernelCases.ts';

/** [outer, kept, inner] of enough elements, and where things lie. */
const cases = fc
  .record({
    shape: fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 40 }),
      fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })),
    ),
    place: fc.constantFrom<Place>('outside', 'inside'),
    isOwn: fc.boolean(),
  })
  .filter(({ shape: [outer, kept, inner] }) => outer * kept * inner >= 512);

const positive = (x: Nd): Nd => {
  for (let i = 0; i < x.data.length; i++) x.data[i] = x.data[i]! ** 2 + 0.1;
  return x;
};

describe('in WebAssembly', () => {
  it('means and variances are those of the reference', () => {
    fc.assert(
      fc.property(cases, ({ shape, place }) => {
        const given = { shapes: [[shape[1]], [shape[1]]], ins: [numbers(shape, place)], params: undefined, place };
        agree(norm.moments, kernels.moments!, given);
      }),
    );
  });

  it('normalisation is that of the reference, and so are its gradients', () => {
    fc.assert(
      fc.property(cases, ({ shape, place, isOwn }) => {
        const params = { eps: 1e-5, isOwn };
        const [x, g] = [numbers(shape, place), numbers(shape, place)];
        const [mean, variance, weight, bias] = [0, 1, 2, 3].map(() => numbers([shape[1]]));
        positive(variance!);
        const lists = [mean!, variance!, weight!];
        agree(norm.normalize, kernels.normalize!, { shapes: [shape], ins: [x, ...lists, bias!], params, place });
        const shapes = [shape, [shape[1]], [shape[1]]];
        agree(
          norm.normalizeGradient,
          kernels.normalizeGradient!,
          { shapes, ins: [g, x, ...lists], params, place },
          1e-11,
        );
      }),
    );
  });

  it('many elements are taken some channels at a time', () => {
    const shape = [64, 12, 100];
    const [x, g] = [numbers(shape), numbers(shape)];
    agree(norm.moments, kernels.moments!, { shapes: [[12], [12]], ins: [x], params: undefined });
    const lists = [numbers([12]), positive(numbers([12])), numbers([12])];
    const given = { shapes: [shape, [12], [12]], ins: [g, x, ...lists], params: { eps: 1e-5, isOwn: true } };
    agree(norm.normalizeGradient, kernels.normalizeGradient!, given, 1e-11);
  });

  it('an infinite element spoils no gradient but its own where mean and variance are given', () => {
    const x = numbers([2, 3, 100]);
    x.set(1, 1, 7, Number.POSITIVE_INFINITY);
    const lists = [numbers([3]), positive(numbers([3])), numbers([3])];
    const given = {
      shapes: [x.shape, [3], [3]],
      ins: [numbers(x.shape), x, ...lists],
      params: { eps: 0, isOwn: false },
    };
    agree(norm.normalizeGradient, kernels.normalizeGradient!, given, 1e-11);
  });
});

it('the reference goes along the longer dim, with the same result', () => {
  const [x, g] = [numbers([40, 3, 5]), numbers([40, 3, 5])];
  const lists = [numbers([3]), positive(numbers([3])), numbers([3])];
  const params = { eps: 1e-5, isOwn: true };
  const turned = (a: Nd) => a.transpose(2, 1, 0);
  const [gx, other] = [unwritten([40, 3, 5]), unwritten([5, 3, 40])];
  const rest = () => [unwritten([3]), unwritten([3])];
  norm.normalizeGradient.run([gx, ...rest()], [g, x, ...lists], params);
  norm.normalizeGradient.run([other, ...rest()], [turned(g), turned(x), ...lists], params);
  for (const [o, k, i] of [
    [0, 0, 0],
    [39, 2, 4],
    [17, 1, 3],
  ] as const)
    expect(other.get(i, k, o)).toBeCloseTo(gx.get(o, k, i), 12);
});
