import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { zeros } from '../src/index.ts';
import { relu } from '../src/kernels/activation.ts';
import { library } from '../src/kernels/blas/library.ts';
import { kernels as blas } from '../src/kernels/blas/matmul.ts';
import * as conv from '../src/kernels/conv.ts';
import type { Attempt, Nd } from '../src/kernels/kernel.ts';
import { windowMax } from '../src/kernels/pool.ts';
import * as plain from '../src/kernels/unfold.ts';
import { kernels as wasm } from '../src/kernels/wasm/kernels.ts';
import { agree, expectClose, numbers, type Place, places, unwritten } from './kernelCases.ts';

const pair = (min: number, max: number) => fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));

interface Sizes {
  n: number;
  size: [number, number];
  kernel: [number, number];
  /** Channels of a group that are read, and that are computed. */
  within: number;
  out: number;
  groups: number;
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
}

const fits = ({ size, kernel, padding, dilation }: Sizes): boolean =>
  size.every((pixels, d) => pixels + 2 * padding[d]! > dilation[d]! * (kernel[d]! - 1));

function launched({ n, size, kernel, within, out, groups, stride, padding, dilation }: Sizes) {
  const blocks = size.map(
    (pixels, d) => Math.floor((pixels + 2 * padding[d]! - dilation[d]! * (kernel[d]! - 1) - 1) / stride[d]!) + 1,
  ) as [number, number];
  return {
    params: { kernel, stride, padding, dilation, blocks, groups },
    x: [n, within * groups, ...size],
    weight: [out * groups, within, ...kernel],
    y: [n, out * groups, ...blocks],
    columns: [n, within * groups * kernel[0] * kernel[1], blocks[0] * blocks[1]],
  };
}

/** Sizes that fit together. */
const cases = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    size: pair(1, 9),
    kernel: pair(1, 4),
    within: fc.integer({ min: 1, max: 3 }),
    out: fc.integer({ min: 1, max: 9 }),
    groups: fc.integer({ min: 1, max: 3 }),
    stride: pair(1, 3),
    padding: pair(0, 3),
    dilation: pair(1, 3),
  })
  .filter(fits)
  .map(launched);

/** So many channels that they are taken some at a time. */
const deep = fc
  .record({
    n: fc.constant(1),
    size: pair(1, 6),
    kernel: pair(2, 3),
    within: fc.integer({ min: 30, max: 110 }),
    out: fc.integer({ min: 1, max: 9 }),
    groups: fc.integer({ min: 1, max: 2 }),
    stride: pair(1, 2),
    padding: pair(0, 1),
    dilation: fc.constant<[number, number]>([1, 1]),
  })
  .filter(fits)
  .map(launched);

const threePlaces = fc.tuple(places, places, places);

const providers: [string, Readonly<Record<string, Attempt>>][] = [['WebAssembly', wasm]];
if (!(library() instanceof Error)) providers.push(['the BLAS', blas]);

describe.each(providers)('with %s', (_, kernels) => {
  it('convolutions are those of the reference', () => {
    fc.assert(
      fc.property(cases, threePlaces, ({ params, x, weight, y }, [p, q, place]) => {
        const ins = [numbers(x, p), numbers(weight, q), numbers([y[1]!])];
        agree(conv.conv, kernels.conv!, { shapes: [y], ins, params, place });
      }),
      { numRuns: 200 },
    );
  });

  it('transposed convolutions are those of the reference', () => {
    fc.assert(
      fc.property(cases, threePlaces, ({ params, x, weight, y }, [p, q, place]) => {
        const ins = [numbers(y, p), numbers(weight, q), numbers([x[1]!])];
        agree(conv.convTranspose, kernels.convTranspose!, { shapes: [x], ins, params, place });
      }),
      { numRuns: 200 },
    );
  });

  it('gradients of weights are those of the reference', () => {
    fc.assert(
      fc.property(cases, threePlaces, ({ params, x, weight, y }, [p, q, place]) => {
        const ins = [numbers(x, p), numbers(y, q)];
        agree(conv.convWeight, kernels.convWeight!, { shapes: [weight], ins, params, place });
      }),
      { numRuns: 200 },
    );
  });

  it('many channels are taken some at a time', () => {
    fc.assert(
      fc.property(deep, ({ params, x, weight, y }) => {
        const [images, w, g] = [numbers(x), numbers(weight), numbers(y)];
        agree(conv.conv, kernels.conv!, { shapes: [y], ins: [images, w, numbers([y[1]!])], params }, 1e-11);
        const other = { ...params, groups: 1 };
        const turned = [numbers([1, w.shape[1]!, ...params.blocks]), w.transpose(1, 0, 2, 3), numbers([w.shape[0]!])];
        const size = [1, w.shape[0]!, ...x.slice(2)];
        agree(conv.convTranspose, kernels.convTranspose!, { shapes: [size], ins: turned, params: other }, 1e-11);
        const both = [weight, [y[1]!]];
        agree(conv.convWeight, kernels.convWeight!, { shapes: both, ins: [images, g], params }, 1e-11);
      }),
      { numRuns: 60 },
    );
  });

  it('many windows are taken some rows at a time', () => {
    const params = { ...same([3, 3], [40, 50]), groups: 2 };
    const [x, weight, y] = [numbers([2, 12, 40, 50]), numbers([4, 6, 3, 3]), numbers([2, 4, 40, 50])];
    agree(conv.conv, kernels.conv!, { shapes: [y.shape], ins: [x, weight, numbers([4])], params });
    agree(conv.convTranspose, kernels.convTranspose!, { shapes: [x.shape], ins: [y, weight, numbers([12])], params });
    agree(conv.convWeight, kernels.convWeight!, { shapes: [weight.shape], ins: [x, y], params }, 1e-11);
  });

  it('a gradient that is one number everywhere needs no memory of its own', () => {
    const params = { ...same([3, 3], [4, 5]), groups: 1 };
    const g = zeros([]).fill_(2).expand([2, 3, 4, 5]).ndarray;
    const [x, weight] = [numbers([2, 2, 4, 5]), numbers([3, 2, 3, 3])];
    agree(conv.convTranspose, kernels.convTranspose!, { shapes: [x.shape], ins: [g, weight, numbers([2])], params });
    agree(conv.convWeight, kernels.convWeight!, { shapes: [weight.shape], ins: [x, g], params });
  });

  it('what is not finite spreads as far as with the reference', () => {
    const params = { ...same([3, 3], [5, 5]), groups: 1 };
    const [x, weight, y] = [numbers([1, 1, 5, 5]), numbers([2, 1, 3, 3]), numbers([1, 2, 5, 5])];
    x.set(0, 0, 1, 3, Number.POSITIVE_INFINITY);
    y.set(0, 1, 4, 2, Number.NaN);
    agree(conv.conv, kernels.conv!, { shapes: [y.shape], ins: [x, weight, numbers([2])], params });
    agree(conv.convTranspose, kernels.convTranspose!, { shapes: [x.shape], ins: [y, weight, numbers([1])], params });
    agree(conv.convWeight, kernels.convWeight!, { shapes: [weight.shape], ins: [x, y], params });
    weight.set(1, 0, 0, 2, Number.NEGATIVE_INFINITY);
    agree(conv.conv, kernels.conv!, { shapes: [y.shape], ins: [x, weight, numbers([2])], params });
  });

  it('results that do not lie in order, and those of nothing, are left to the next', () => {
    const params = { ...same([1, 1], [3, 3]), groups: 1 };
    const turned = numbers([2, 2, 3, 3], 'turned');
    const [x, weight, bias] = [numbers([2, 2, 3, 3]), numbers([2, 2, 1, 1]), numbers([2])];
    expect(kernels.conv!([turned], [x, weight, bias], params)).toBe(false);
    expect(kernels.convTranspose!([turned], [x, weight, bias], params)).toBe(false);
    expect(kernels.convWeight!([numbers([2, 2, 1, 1]).transpose(1, 0, 2, 3)], [x, x], params)).toBe(false);
    const none = numbers([0, 2, 3, 3]);
    expect(kernels.conv!([none], [none, weight, bias], params)).toBe(false);
    expect(kernels.convWeight!([weight], [none, none], params)).toBe(false);
  });
});

/** Windows of neighbours at every pixel. */
function same(kernel: [number, number], blocks: [number, number]) {
  const padding = kernel.map((size) => (size - 1) / 2) as [number, number];
  return { kernel, blocks, padding, stride: [1, 1] as const, dilation: [1, 1] as const };
}

/** Places of planes of so many pixels, some of them twice, some being none, some values being 0. */
function scattered(y: readonly number[], [rows, columns]: [number, number], from: Place): [values: Nd, positions: Nd] {
  const values = numbers([y[0]!, y[1]!, rows, columns], from);
  const positions = numbers([y[0]!, y[1]!, rows, columns]);
  positions.data.forEach((value, i) => {
    positions.data[i] = i % 5 === 4 ? -1 : Math.floor(Math.abs(value) * 1000) % (y[2]! * y[3]!);
    if (i % 3 === 0) values.data[values.offset + i] = 0;
  });
  return [values, positions];
}

const all = { x: true, weight: true, bias: true };

/** Windows of neighbours at every pixel, of one group. */
const plainly = { groups: 1, stride: [1, 1] as [number, number], dilation: [1, 1] as [number, number] };

const wants = fc.constantFrom(
  all,
  { ...all, bias: false },
  { ...all, x: false },
  { x: false, weight: true, bias: false },
  { x: true, weight: false, bias: false },
);

/** A launch of `scatteredConv`. */
function fromScattered(
  { params, x, weight, y }: Pick<ReturnType<typeof launched>, 'params' | 'x' | 'weight' | 'y'>,
  wanted: typeof all,
  few: [number, number],
  [p, q, place]: readonly [Place, Place, Place],
) {
  return {
    shapes: [...(wanted.x ? [x] : []), ...(wanted.weight ? [weight] : []), ...(wanted.bias ? [[y[1]!]] : [])],
    ins: [
      ...(wanted.weight ? [numbers(x, p)] : []),
      ...(wanted.x ? [numbers(weight, q)] : []),
      ...scattered(y, few, p),
    ],
    params: { ...params, wants: wanted },
    place,
  };
}

describe('in WebAssembly', () => {
  it('convolution, relu and the maxima of windows in a row are those of the reference', () => {
    const anyWindows = fc.record({ kernel: pair(1, 3), stride: pair(1, 3) });
    const sideBySide = fc.constant({ kernel: [2, 2], stride: [2, 2] });
    const pools = fc.tuple(fc.oneof(anyWindows, sideBySide), fc.boolean());
    fc.assert(
      fc.property(
        cases,
        pools,
        threePlaces,
        fc.boolean(),
        ({ params, x, weight, y }, [pool, isWhole], [p, q, place], isBad) => {
          const along = (d: 0 | 1) => {
            const [size, stride, kernel] = [params.blocks[d], pool.stride[d]!, pool.kernel[d]!];
            const needed = isWhole ? kernel : 1;
            const starts = Array.from({ length: size }, (_, i) => i * stride).filter((start) => start + needed <= size);
            return { starts, ends: starts.map((start) => Math.min(start + kernel, size)), step: 1 };
          };
          const [rows, columns] = [along(0), along(1)];
          fc.pre(rows.starts.length > 0 && columns.starts.length > 0);
          const ins = [numbers(x, p), numbers(weight, q), numbers([y[1]!])];
          if (isBad) ins[0]!.data[3 % ins[0]!.data.length] = Number.NaN;
          if (isBad) ins[1]!.data[ins[1]!.data.length - 1] = Number.NEGATIVE_INFINITY;
          const shape = [y[0]!, y[1]!, rows.starts.length, columns.starts.length];
          const given = { shapes: [shape, shape], ins, params: { ...params, rows, columns }, place };
          const expected = given.shapes.map((shape) => unwritten(shape));
          // Where two are equal up to rounding, either may be the larger: the convolutions of one provider are compared.
          const between = unwritten(y);
          if (!wasm.conv!([between], ins, params)) conv.conv.run([between], ins, params);
          relu.run([between], [between]);
          windowMax.run(expected, [between], given.params);
          const [maxima, positions] = expected as [Nd, Nd];
          maxima.data.forEach((value, i) => {
            if (value <= 0) positions.data[i] = -1;
          });
          const ys = given.shapes.map((shape) => unwritten(shape, place));
          expect(wasm.convReluMax!(ys, ins, given.params)).toBe(true);
          expected.forEach(({ data }, k) => void expectClose(ys[k]!.data, data, 0));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('the gradients that are wanted from a scattered one are those of the reference', () => {
    fc.assert(
      fc.property(cases, pair(1, 5), threePlaces, wants, (sizes, few, from, wanted) => {
        agree(conv.scatteredConv, wasm.scatteredConv!, fromScattered(sizes, wanted, few, from));
      }),
      { numRuns: 600 },
    );
  });

  it('of many weights each by itself', () => {
    const sizes = launched({ ...plainly, n: 9, size: [4, 4], kernel: [3, 3], padding: [1, 1], within: 64, out: 240 });
    agree(conv.scatteredConv, wasm.scatteredConv!, fromScattered(sizes, all, [2, 2], ['outside', 'inside', 'inside']));
  });

  it('scattered gradients spread what is not finite as far as the reference does', () => {
    const sizes = launched({ ...plainly, n: 2, size: [4, 4], kernel: [3, 3], padding: [1, 1], within: 2, out: 3 });
    const [places, isFalse] = [['outside', 'outside', 'outside'] as const, { x: false, weight: false, bias: false }];
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      for (const wanted of [{ ...isFalse, weight: true, bias: true }, { ...isFalse, x: true }, all]) {
        const given = () => fromScattered(sizes, wanted, [2, 2], places);
        const weight = wanted.x ? (wanted.weight ? 1 : 0) : -1;
        if (wanted.weight) {
          const spoilt = given();
          spoilt.ins[0]!.data[61] = bad;
          agree(conv.scatteredConv, wasm.scatteredConv!, spoilt);
        }
        for (const position of [3, -1]) {
          const spoilt = given();
          spoilt.ins.at(-2)!.data[10] = bad;
          spoilt.ins.at(-1)!.data[10] = position;
          agree(conv.scatteredConv, wasm.scatteredConv!, spoilt);
        }
        if (weight === -1) continue;
        const spoilt = given();
        spoilt.ins[weight]!.data[17] = bad;
        // Behind the edge nothing is seen, not zeros: as without places.
        const outs = spoilt.shapes.map((shape) => unwritten(shape));
        expect(wasm.scatteredConv!(outs, spoilt.ins, spoilt.params)).toBe(false);
      }
    }
  });

  it('scattered gradients are left to the next where results do not lie in order, or are of nothing', () => {
    const sizes = launched({ ...plainly, n: 2, size: [3, 3], kernel: [1, 1], padding: [0, 0], within: 2, out: 2 });
    const { ins, params } = fromScattered(sizes, all, [1, 1], ['outside', 'outside', 'outside']);
    const [x, weight, bias, turned] = [
      numbers(sizes.x),
      numbers(sizes.weight),
      numbers([2]),
      numbers(sizes.x, 'turned'),
    ];
    expect(wasm.scatteredConv!([turned, weight, bias], ins, params)).toBe(false);
    expect(wasm.scatteredConv!([x, weight.transpose(1, 0, 2, 3), bias], ins, params)).toBe(false);
    const none = numbers([0, 2, 3, 3]);
    expect(wasm.scatteredConv!([none, weight, bias], [none, ins[1]!, none, none], params)).toBe(false);
  });

  it('an infinite weight is not multiplied by zeros behind the edge, where a transposed convolution sees nothing', () => {
    const params = { ...same([3, 3], [4, 4]), groups: 1 };
    const weight = numbers([2, 1, 3, 3]);
    weight.set(1, 0, 0, 2, Number.NEGATIVE_INFINITY);
    const ins = [numbers([1, 2, 4, 4]), weight, numbers([1])];
    expect(wasm.convTranspose!([numbers([1, 1, 4, 4])], ins, params)).toBe(false);
  });

  it('windows become columns, and columns images, as with the reference', () => {
    fc.assert(
      fc.property(cases, places, places, ({ params, x, columns }, from, place) => {
        agree(plain.unfold, wasm.unfold!, { shapes: [columns], ins: [numbers(x, from)], params, place }, 0);
        agree(plain.fold, wasm.fold!, { shapes: [x], ins: [numbers(columns, from)], params, place });
      }),
      { numRuns: 200 },
    );
  });
});

it('the reference takes results of any strides', () => {
  const params = { ...same([3, 3], [4, 5]), groups: 1 };
  const [x, weight, bias] = [numbers([2, 2, 4, 5]), numbers([2, 2, 3, 3]), numbers([2])];
  const launches: [typeof conv.conv, readonly number[], Nd[]][] = [
    [conv.conv, x.shape, [x, weight, bias]],
    [conv.convTranspose, x.shape, [x, weight, bias]],
    [conv.convWeight, weight.shape, [x, x]],
  ];
  for (const [kernel, shape, ins] of launches) {
    const [expected, y] = [numbers(shape), numbers(shape, 'turned')];
    kernel.run([expected], ins, params);
    kernel.run([y], ins, params);
    for (const at of [
      [0, 0, 0, 0],
      [1, 1, 2, 1],
    ] as const)
      expect(y.get(...at)).toBe(expected.get(...at));
  }
});
