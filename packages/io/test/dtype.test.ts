import { tensor } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dtype, layouts } from '../src/dtype.ts';
import { countOf, encodeElements } from '../src/elements.ts';

const dtypes = Object.keys(layouts) as Dtype[];
const view = new DataView(new ArrayBuffer(8));

/** What a value is once it was written and read. */
function stored(dtype: Dtype, value: number): number {
  layouts[dtype].write(view, 0, value);
  return layouts[dtype].read(view, 0, true);
}

/** All 65536 patterns of a 16-bit float, as numbers. */
function patterns(dtype: 'F16' | 'BF16'): Float64Array {
  return Float64Array.from({ length: 2 ** 16 }, (_, bits) => {
    view.setUint16(0, bits, true);
    return layouts[dtype].read(view, 0, true);
  });
}

/** The patterns whose value is not right. */
const wrong = (values: Float64Array, isRight: (value: number, bits: number) => boolean): number[] =>
  [...values.keys()].filter((bits) => !isRight(values[bits]!, bits));

describe('F16 and BF16', () => {
  it('read bfloat16 as the upper half of a float32, for every pattern', () => {
    const float32 = (bits: number): number => {
      view.setUint32(0, bits * 2 ** 16);
      return view.getFloat32(0);
    };
    expect(wrong(patterns('BF16'), (value, bits) => Object.is(value, float32(bits)))).toEqual([]);
  });

  it('read float16 by its definition, (−1)^s · 2^(e−15) · 1.m, at the corners', () => {
    const at = patterns('F16');
    const corners: [bits: number, value: number][] = [
      [0x0000, 0],
      [0x8000, -0],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x0400, 2 ** -14],
      [0x3555, 0.333251953125], // 1365/4096, the nearest to a third
      [0x3c00, 1],
      [0xc000, -2],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0xfc00, -Infinity],
      [0x7e00, NaN],
    ];
    for (const [bits, value] of corners) expect(at[bits]).toBe(value);
  });

  it.each(['F16', 'BF16'] as const)('%s grows from pattern to pattern, and is written as it was read', (dtype) => {
    const at = patterns(dtype);
    const isWritten = (value: number, bits: number): boolean => {
      layouts[dtype].write(view, 0, value);
      return view.getUint16(0, true) === bits;
    };
    const grows = (value: number, bits: number): boolean =>
      (bits & 0x7fff) === 0 || Math.abs(value) > Math.abs(at[bits - 1]!);
    const isRight = (value: number, bits: number): boolean =>
      Number.isNaN(value) || (isWritten(value, bits) && grows(value, bits));
    expect(wrong(at, isRight)).toEqual([]);
    expect(at.filter(Number.isNaN)).toHaveLength(dtype === 'F16' ? 2 * 1023 : 2 * 127);
  });

  it.each(['F16', 'BF16'] as const)('%s rounds to the nearest, and from half way to the even one', (dtype) => {
    const at = patterns(dtype);
    const finite = at.slice(0, at.indexOf(Infinity) - 1);
    const isRight = (low: number, bits: number): boolean => {
      const high = at[bits + 1]!;
      const middle = (low + high) / 2;
      return (
        stored(dtype, middle) === (bits % 2 === 0 ? low : high) &&
        stored(dtype, -middle * (1 - 2 ** -50)) === -low &&
        stored(dtype, middle * (1 + 2 ** -50)) === high
      );
    };
    expect(finite).toHaveLength(dtype === 'F16' ? 0x7bff : 0x7f7f);
    expect(wrong(finite, isRight)).toEqual([]);
  });

  it('keep NaN and both infinities', () => {
    for (const dtype of ['F64', 'F32', 'F16', 'BF16'] as const) {
      for (const value of [NaN, Infinity, -Infinity, -0]) {
        expect(layouts[dtype].holds(value)).toBe(true);
        expect(stored(dtype, value)).toBe(value);
      }
    }
  });
});

describe('what a format holds', () => {
  it.each([
    ['F32', 3.4028235677973362e38, 3.4028235677973366e38, 'numbers of less than ±3.4028e+38'],
    ['F16', 65519.99, 65520, 'numbers of less than ±65520'],
    ['BF16', 3.3961775292304597e38, 3.39617752923046e38, 'numbers of less than ±3.3962e+38'],
    ['I64', 2 ** 53 - 1, 2 ** 53, 'whole numbers in [-9007199254740991, 9007199254740991]'],
    ['I64', -(2 ** 53) + 1, -(2 ** 53), 'whole numbers in [-9007199254740991, 9007199254740991]'],
    ['I32', -(2 ** 31), 2 ** 31, 'whole numbers in [-2147483648, 2147483647]'],
    ['I16', -(2 ** 15), 2 ** 15, 'whole numbers in [-32768, 32767]'],
    ['I8', -128, 128, 'whole numbers in [-128, 127]'],
    ['U64', 2 ** 53 - 1, -1, 'whole numbers in [0, 9007199254740991]'],
    ['U32', 2 ** 32 - 1, 2 ** 32, 'whole numbers in [0, 4294967295]'],
    ['U16', 65535, 65536, 'whole numbers in [0, 65535]'],
    ['U8', 255, 255.5, 'whole numbers in [0, 255]'],
    ['BOOL', 1, 2, 'whole numbers in [0, 1]'],
  ] as const)('%s: %d, not %d', (dtype, inside, outside, of) => {
    const bytes = new Uint8Array(8);
    encodeElements('save', tensor([inside]), dtype, bytes, 0);
    expect(Number.isFinite(layouts[dtype].read(new DataView(bytes.buffer), 0, true))).toBe(true);
    expect(() => encodeElements('save', tensor([outside]), dtype, bytes, 0)).toThrow(
      `save: ${dtype} holds ${of}, got ${outside}; write it as F64`,
    );
  });

  it('is no NaN for whole numbers', () => {
    for (const dtype of dtypes.filter((dtype) => !dtype.includes('F'))) {
      expect([NaN, Infinity, -Infinity, 0.5].some(layouts[dtype].holds)).toBe(false);
    }
  });

  it('comes back as it was, in whole numbers and doubles', () => {
    fc.assert(
      fc.property(fc.constantFrom(...dtypes), fc.maxSafeInteger(), fc.double(), (dtype, integer, double) => {
        for (const value of [integer, integer % 256, integer % 2]) {
          if (!dtype.includes('F') && layouts[dtype].holds(value)) expect(stored(dtype, value)).toBe(value + 0);
        }
        expect(stored('F64', double)).toBe(double);
        if (layouts.F32.holds(double)) expect(stored('F32', double)).toBe(Math.fround(double));
      }),
    );
  });

  it('is read with the highest byte first, too', () => {
    const bytes = new DataView(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe).buffer);
    expect(layouts.I64.read(bytes, 0, false)).toBe(-2);
    expect(layouts.I64.read(bytes, 0, true)).toBeNaN(); // −2⁵⁶ − 1
    expect(layouts.U64.read(bytes, 0, false)).toBeNaN(); // 2⁶⁴ − 2
  });
});

describe('countOf', () => {
  it('multiplies sizes, and refuses products that a double does not count, whatever is 0', () => {
    expect(countOf([])).toBe(1);
    expect(countOf([3, 0, 2])).toBe(0);
    expect(countOf([2 ** 26, 2 ** 26])).toBe(2 ** 52);
    expect(countOf([2 ** 27, 2 ** 26])).toBeNull();
    expect(countOf([0, 2 ** 30, 2 ** 30])).toBeNull();
    expect(countOf(new Array(64).fill(Number.MAX_SAFE_INTEGER))).toBeNull();
  });
});
