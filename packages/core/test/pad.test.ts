import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ArgumentError,
  arange,
  Generator,
  gradcheck,
  gradgradcheck,
  type PadMode,
  pad,
  randn,
  reshape,
  ShapeError,
  tensor,
  zeros,
} from '../src/index.ts';

const generator = new Generator(11);
const random = (shape: readonly number[], requiresGrad = false) => randn(shape, { generator, requiresGrad });
const line = reshape(arange(5, { start: 1 }), [1, 1, 4]); // 1 2 3 4
const padded = (amounts: number[], mode: PadMode) => [...pad(line, amounts, { mode }).toArray()];

describe('a constant padding', () => {
  it('goes around the last dims, the last one first', () => {
    expect(
      pad(
        tensor([
          [1, 2],
          [3, 4],
        ]),
        [1, 0, 0, 2],
      ).tolist(),
    ).toEqual([
      [0, 1, 2],
      [0, 3, 4],
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(pad(tensor([1]), [1, 2], { value: 7 }).tolist()).toEqual([7, 1, 7, 7]);
  });

  it('is where the index falls outside, for any amounts', () => {
    const sizes = fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }));
    const amount = fc.integer({ min: -4, max: 4 });
    fc.assert(
      fc.property(sizes, fc.tuple(amount, amount, amount, amount), ([m, n], amounts) => {
        const [left, right, top, bottom] = amounts;
        const [rows, columns] = [m + top + bottom, n + left + right];
        fc.pre(rows > 0 && columns > 0);
        fc.pre(m + Math.min(top, 0) + Math.min(bottom, 0) >= 0 && n + Math.min(left, 0) + Math.min(right, 0) >= 0);
        const x = random([m, n]);
        const values = x.toArray();
        const expected = Array.from({ length: rows * columns }, (_, at) => {
          const [i, j] = [Math.floor(at / columns) - top, (at % columns) - left];
          // What is cut off on one side does not come back on the other.
          const inside = i >= 0 && i < m + Math.min(bottom, 0) && j >= 0 && j < n + Math.min(right, 0);
          return inside ? values[i * n + j]! : 9;
        });
        expect([...pad(x, amounts, { value: 9 }).toArray()]).toEqual(expected);
      }),
    );
  });

  it('takes scalars, empty tensors and non-finite values', () => {
    expect(pad(tensor(3), []).tolist()).toBe(3);
    expect(pad(zeros([1, 0]), [1, 1], { value: -Infinity }).tolist()).toEqual([[-Infinity, -Infinity]]);
    expect(pad(zeros([2, 3]), [-1, -2]).shape).toEqual([2, 0]);
  });

  it('never shares memory with its input', () => {
    const x = random([2, 3]);
    pad(x, [0, 0]).fill_(5);
    pad(x, [-1, 0]).fill_(5);
    pad(x.reshape([1, 2, 3]), [0, 0], { mode: 'reflect' }).fill_(5);
    expect(x.toArray()).not.toContain(5);
  });
});

describe('other paddings', () => {
  it('mirror the input at its ends, without repeating them', () => {
    expect(padded([3, 2], 'reflect')).toEqual([4, 3, 2, 1, 2, 3, 4, 3, 2]);
  });

  it('repeat its ends', () => {
    expect(padded([2, 5], 'replicate')).toEqual([1, 1, 1, 2, 3, 4, 4, 4, 4, 4, 4]);
  });

  it('go round in a circle', () => {
    expect(padded([2, 3], 'circular')).toEqual([3, 4, 1, 2, 3, 4, 1, 2, 3]);
    expect(padded([4, 4], 'circular')).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
  });

  it('cut off where amounts are negative', () => {
    expect(padded([-1, 2], 'reflect')).toEqual([2, 3, 4, 3, 2]);
    expect(padded([-1, 2], 'replicate')).toEqual([2, 3, 4, 4, 4]);
    expect(padded([-1, 2], 'circular')).toEqual([2, 3, 4, 2, 3]); // of what is left
    expect(padded([2, -1], 'circular')).toEqual([2, 3, 1, 2, 3]);
  });

  it('work on two and three dims', () => {
    const x = reshape(arange(4), [1, 1, 2, 2]);
    expect(pad(x, [1, 0, 0, 1], { mode: 'reflect' }).select(0, 0).select(0, 0).tolist()).toEqual([
      [1, 0, 1],
      [3, 2, 3],
      [1, 0, 1],
    ]);
    const cube = random([1, 2, 3, 3, 3]);
    for (const mode of ['reflect', 'replicate', 'circular'] as const) {
      const inTurn = [
        [1, 2, 0, 0, 0, 0],
        [0, 0, 2, 1, 0, 0],
        [0, 0, 0, 0, 0, 1],
      ].reduce((x, amounts) => pad(x, amounts, { mode }), cube);
      expect(inTurn.shape).toEqual([1, 2, 4, 6, 6]);
      expect(pad(cube, [1, 2, 2, 1, 0, 1], { mode }).tolist()).toEqual(inTurn.tolist());
    }
  });

  it('take planes without a batch, and an empty batch', () => {
    const x = random([1, 2, 3]);
    for (const mode of ['reflect', 'replicate'] as const) {
      expect(pad(x.select(0, 0), [1, 1], { mode }).tolist()).toEqual(pad(x, [1, 1], { mode }).select(0, 0).tolist());
      expect(pad(zeros([0, 2, 3]), [1, 1], { mode }).shape).toEqual([0, 2, 5]);
    }
  });
});

it('has gradients and second gradients in every mode', () => {
  const x = random([1, 2, 3, 3], true);
  for (const mode of ['constant', 'reflect', 'replicate', 'circular'] as const) {
    const f = (y: typeof x) => pad(y, [1, 2, -1, 1], { mode }).pow(3);
    expect(gradcheck(f, x)).toBe(true);
    expect(gradgradcheck(f, x)).toBe(true);
  }
});

it('is there as a method', () => {
  expect(tensor([1, 2]).pad([1, 0]).tolist()).toEqual([0, 1, 2]);
});

describe('refused', () => {
  const x = zeros([1, 2, 3]);
  it.each([
    ['an odd number of amounts', () => pad(x, [1]), ArgumentError, /expected two numbers for each dim/],
    ['more amounts than dims', () => pad(zeros([3]), [1, 1, 1, 1]), ShapeError, /4 numbers for \[3\]: at most 2/],
    ['one number', () => pad(x, 1 as unknown as number[]), ArgumentError, /two numbers for each dim.*got 1/],
    ['half an amount', () => pad(x, [0.5, 1]), ArgumentError, /a padding must be a whole number/],
    [
      'an unknown mode',
      () => pad(x, [1, 1], { mode: 'reflekt' as 'reflect' }),
      ArgumentError,
      /Did you mean "reflect"/,
    ],
    [
      'a value for another mode',
      () => pad(x, [1, 1], { mode: 'reflect', value: 1 }),
      ArgumentError,
      /mode "reflect" takes no value, got 1/,
    ],
    [
      'a mirror behind the input',
      () => pad(x, [3, 0], { mode: 'reflect' }),
      ShapeError,
      /smaller than the dim, got 3 before and 0 after dim 2 of \[1, 2, 3\]/,
    ],
    ['more than a circle', () => pad(x, [0, 4], { mode: 'circular' }), ShapeError, /can't go around more than once/],
    [
      'more cut off than there is',
      () => pad(x, [-2, -2]),
      ShapeError,
      /dim 2 of \[1, 2, 3\] has no room for a padding of -2 before and -2 after/,
    ],
    ['nothing left in one dim while another grows', () => pad(x, [-3, 0, 1, 1]), ShapeError, /dim 2 .* has no room/],
    ['nothing left to repeat', () => pad(x, [-3, 0], { mode: 'replicate' }), ShapeError, /no room/],
    [
      'a list to mirror',
      () => pad(zeros([3]), [1, 1], { mode: 'reflect' }),
      ShapeError,
      /behind \[n, channels\] or \[channels\], not 1 of \[3\]/,
    ],
    [
      'a circle without a batch',
      () => pad(zeros([2, 3]), [1, 1], { mode: 'circular' }),
      ShapeError,
      /behind \[n, channels\], not 1 of \[2, 3\]/,
    ],
    [
      'an empty plane',
      () => pad(zeros([1, 2, 0]), [1, 1], { mode: 'replicate' }),
      ShapeError,
      /only the first dim may be empty/,
    ],
  ] as const)('%s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
