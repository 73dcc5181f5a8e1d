/** The number formats of files: in memory everything is float64. */
export type Dtype =
  | 'F64'
  | 'F32'
  | 'F16'
  | 'BF16'
  | 'I64'
  | 'I32'
  | 'I16'
  | 'I8'
  | 'U64'
  | 'U32'
  | 'U16'
  | 'U8'
  | 'BOOL';

/** How the numbers of one format lie in bytes. */
export interface Layout {
  /** Bytes of one number. */
  readonly size: number;
  /** The number at a byte; NaN in an integer format where a double can't hold it. */
  readonly read: (view: DataView, at: number, little: boolean) => number;
  /** Writes, little-endian, a number that `holds` accepts. */
  readonly write: (view: DataView, at: number, value: number) => void;
  /** Whether the format can hold the value; what is rounded it holds, what would become infinite it doesn't. */
  readonly holds: (value: number) => boolean;
  /** What the format holds, for errors. */
  readonly of: string;
}

/** Doubles hold every whole number up to here: 2⁵³ − 1. */
const LARGEST = Number.MAX_SAFE_INTEGER;

type Part = Pick<Layout, 'read' | 'write'>;

function whole(size: number, min: number, max: number, part: Part): Layout {
  const holds = (value: number): boolean => Number.isInteger(value) && value >= min && value <= max;
  return { size, holds, of: `whole numbers in [${min}, ${max}]`, ...part };
}

/** A format of `size` bytes that rounds. From `limit`, half a step beyond its last number, it would round to ∞. */
function rounded(size: number, limit: number, part: Part): Layout {
  const holds = (value: number): boolean => !(Math.abs(value) >= limit && Number.isFinite(value));
  return { size, holds, of: `numbers of less than ±${Number(limit.toPrecision(5))}`, ...part };
}

/** A 16-bit float of 1 sign bit, `exponentBits`, and the rest for the mantissa, as IEEE 754 lays them out. */
function half(exponentBits: number): Layout {
  const mantissaBits = 15 - exponentBits;
  const steps = 2 ** mantissaBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  const infinite = 2 ** exponentBits - 1;
  // What a step of the mantissa is worth, by the exponent's bits; those of 0 and 1 are the same.
  const stepOf = Float64Array.from({ length: infinite }, (_, bits) => 2 ** (Math.max(bits, 1) - bias - mantissaBits));
  const decode = (bits: number): number => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits & 0x7fff) >> mantissaBits;
    const mantissa = bits & (steps - 1);
    if (exponent === infinite) return mantissa === 0 ? sign * Infinity : NaN;
    return sign * (exponent === 0 ? mantissa : steps + mantissa) * stepOf[exponent]!;
  };
  const encode = (value: number): number => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const size = Math.abs(value);
    if (Number.isNaN(value)) return (infinite << mantissaBits) | (steps / 2);
    if (size === Infinity) return sign | (infinite << mantissaBits);
    // m whole steps, of which normal numbers hide the first 2^mantissaBits; what is carried runs into the exponent.
    const exponent = Math.max(exponentOf(size) + bias, 1);
    const m = roundToEven(size / stepOf[exponent]!);
    return sign | ((exponent - 1) * steps + m);
  };
  return rounded(2, (2 - 0.5 / steps) * 2 ** bias, {
    read: (view, at, little) => decode(view.getUint16(at, little)),
    write: (view, at, value) => view.setUint16(at, encode(value), true),
  });
}

const scratch = new DataView(new ArrayBuffer(8));

/** ⌊log₂ x⌋ of a positive double, from its bits; of 0 and of subnormal ones something below −1022. */
function exponentOf(x: number): number {
  scratch.setFloat64(0, x);
  return (scratch.getUint16(0) >> 4) - 1023;
}

function roundToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

/** A 64-bit whole number from its halves; NaN where a double can't hold it. */
function fromHalves(high: number, low: number): number {
  const value = high * 2 ** 32 + low;
  return Math.abs(value) <= LARGEST ? value : NaN;
}

function long(min: number, high: (view: DataView, at: number, little: boolean) => number): Layout {
  return whole(8, min, LARGEST, {
    read: (view, at, little) =>
      fromHalves(high(view, little ? at + 4 : at, little), view.getUint32(little ? at : at + 4, little)),
    write: (view, at, value) => {
      const above = Math.floor(value / 2 ** 32);
      view.setUint32(at, value - above * 2 ** 32, true);
      view.setInt32(at + 4, above, true);
    },
  });
}

/** Every format. */
export const layouts: Readonly<Record<Dtype, Layout>> = {
  F64: {
    size: 8,
    holds: () => true,
    of: 'all numbers',
    read: (view, at, little) => view.getFloat64(at, little),
    write: (view, at, value) => view.setFloat64(at, value, true),
  },
  F32: rounded(4, 2 ** 128 - 2 ** 103, {
    read: (view, at, little) => view.getFloat32(at, little),
    write: (view, at, value) => view.setFloat32(at, value, true),
  }),
  F16: half(5),
  BF16: half(8),
  I64: long(-LARGEST, (view, at, little) => view.getInt32(at, little)),
  I32: whole(4, -(2 ** 31), 2 ** 31 - 1, {
    read: (view, at, little) => view.getInt32(at, little),
    write: (view, at, value) => view.setInt32(at, value, true),
  }),
  I16: whole(2, -(2 ** 15), 2 ** 15 - 1, {
    read: (view, at, little) => view.getInt16(at, little),
    write: (view, at, value) => view.setInt16(at, value, true),
  }),
  I8: whole(1, -128, 127, {
    read: (view, at) => view.getInt8(at),
    write: (view, at, value) => view.setInt8(at, value),
  }),
  U64: long(0, (view, at, little) => view.getUint32(at, little)),
  U32: whole(4, 0, 2 ** 32 - 1, {
    read: (view, at, little) => view.getUint32(at, little),
    write: (view, at, value) => view.setUint32(at, value, true),
  }),
  U16: whole(2, 0, 2 ** 16 - 1, {
    read: (view, at, little) => view.getUint16(at, little),
    write: (view, at, value) => view.setUint16(at, value, true),
  }),
  U8: whole(1, 0, 255, {
    read: (view, at) => view.getUint8(at),
    write: (view, at, value) => view.setUint8(at, value),
  }),
  BOOL: whole(1, 0, 1, {
    read: (view, at) => [0, 1][view.getUint8(at)] ?? NaN,
    write: (view, at, value) => view.setUint8(at, value),
  }),
};
