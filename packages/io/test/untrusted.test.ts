// Files may come from anywhere. Whatever their bytes, the outcome is a value or a FileError that knows the byte, and
// no more memory is asked for than the bytes themselves account for.

import { type Tensor, tensor, zeros } from '@ndgrad/core';
import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  decodeNpy,
  decodeNpz,
  decodeSafetensors,
  encodeNpy,
  encodeNpz,
  encodeSafetensors,
  FileError,
} from '../src/index.ts';
import { ascii, concat, fixture, little } from './fixtures.ts';
import { end64, extra64, type ZipPart, zip } from './zip.ts';

type Decode = (bytes: Uint8Array) => Record<string, Tensor>;
const safetensors: Decode = (bytes) => decodeSafetensors(bytes).tensors;
const npy: Decode = (bytes) => ({ array: decodeNpy(bytes) });
const npz: Decode = (bytes) => decodeNpz(bytes);

/** The largest array, in bytes, that was asked for since it was set to 0. */
let largest = 0;

/** A kind of array that notes how much it is asked for. */
function watched(kind: typeof Uint8Array | typeof Float64Array): object {
  return new Proxy(kind, {
    construct(target, [first, ...rest]) {
      if (typeof first === 'number') largest = Math.max(largest, first * target.BYTES_PER_ELEMENT);
      return Reflect.construct(target, [first, ...rest]) as object;
    },
  });
}

beforeAll(() => {
  for (const kind of [Uint8Array, Float64Array]) vi.stubGlobal(kind.name, watched(kind));
});
afterAll(() => vi.unstubAllGlobals());

/** How much a format may make of a byte: 8 bytes of a truth value; by deflate, 1032 bytes of one. */
const growth = new Map<Decode, number>([
  [safetensors, 8],
  [npy, 8],
  [npz, 8 * 1032],
]);

/** Whether it was read. Anything but a value or a FileError with its byte fails, and so does too large an array. */
function isRead(decode: Decode, bytes: Uint8Array): boolean {
  largest = 0;
  try {
    const count = Object.values(decode(bytes)).reduce((sum, x) => sum + x.numel(), 0);
    if (count * 8 > growth.get(decode)! * bytes.length) throw new Error(`${count} numbers from ${bytes.length} bytes`);
    return true;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    const { message, path, at } = error;
    const isPlaced = at !== null && Number.isInteger(at) && at >= 0 && message.includes(`, at byte ${at}: `);
    if (!isPlaced || !message.startsWith(`${path}: `)) throw new Error(`not in the documented form: ${message}`);
    return false;
  } finally {
    if (largest > growth.get(decode)! * bytes.length) expect.fail(`asked for ${largest} bytes of ${bytes.length}`);
  }
}

const content = encodeNpy(tensor([1, 2]));
const wide = { size: 2 ** 32 - 1, packedSize: 2 ** 32 - 1 };
const zip64 = zip([{ name: 'a.npy', content, ...wide, extra: extra64(144, 144), localExtra: extra64(144, 144) }], {
  between: (start, size) => end64(start, size, 1),
  start: 2 ** 32 - 1,
});

const files: [name: string, decode: Decode, bytes: Uint8Array][] = [
  ['safetensors of all formats', safetensors, fixture('formats.safetensors')],
  ['safetensors of ours', safetensors, encodeSafetensors({ a: tensor([1, 2]), b: zeros([0, 2]) }, { k: 'v' })],
  ['npy', npy, fixture('f4-big.npy')],
  ['npy, by columns', npy, fixture('fortran.npy')],
  ['npy of version 3', npy, fixture('version-3.npy')],
  ['npy of truth values', npy, fixture('b1.npy')],
  ['npz with sizes behind', npz, fixture('piped-compressed.npz')],
  ['npz of zip64', npz, zip64],
  ['npz of ours', npz, encodeNpz({ a: tensor([1, 2]), b: tensor(3) })],
  ['npz of ours, compressed', npz, encodeNpz({ a: tensor([1, 2]) }, { compressed: true })],
];

describe.each(files)('%s', (_, decode, bytes) => {
  it('is read as it is', () => {
    expect(isRead(decode, bytes)).toBe(true);
  });

  it('is refused when it is cut short, wherever, and when there is one byte more', () => {
    const read = [...bytes.keys()].filter((length) => isRead(decode, bytes.slice(0, length)));
    expect(read).toEqual([]);
    expect(isRead(decode, concat(bytes, [0]))).toBe(false);
  });

  it('is read or refused with any bit of any byte turned over, and with any byte made 0 or 255', () => {
    const refused = new Set<number>();
    for (const [at, byte] of bytes.entries()) {
      const others = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => byte ^ (1 << bit));
      for (const other of [...others, 0, 255]) {
        const copy = bytes.slice();
        copy[at] = other;
        if (!isRead(decode, copy)) refused.add(at);
      }
    }
    expect(refused.size).toBeGreaterThan(20); // the headers, at least
  });
});

describe('any bytes', () => {
  const starts: [Decode, Uint8Array][] = [
    [safetensors, new Uint8Array(0)],
    [safetensors, concat(little(40, 8), ascii('{"'))],
    [npy, concat([0x93], ascii('NUMPY'), [1, 0])],
    [npy, concat([0x93], ascii('NUMPY'), [1, 0, 60, 0], ascii("{'descr': '<f8', 'shape': (1"))],
    [npz, concat([0x50, 0x4b, 3, 4])],
  ];

  it.each(starts)('are read or refused (%#)', (decode, start) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
        isRead(decode, concat(start, rest));
      }),
      { numRuns: 500 },
    );
  });

  it('are read or refused where a true file was cut in pieces, mixed and repeated', () => {
    const place = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.nat(files.length - 1), fc.array(fc.tuple(place, place), { maxLength: 4 }), (which, pieces) => {
        const [, decode, bytes] = files[which]!;
        const cut = pieces.map(([from, to]) => bytes.slice(from * bytes.length, to * bytes.length));
        isRead(decode, concat(...cut));
      }),
      { numRuns: 1000 },
    );
  });
});

const odd = fc.constantFrom(0, 1, 2, 8, 16, 255, 65535, 2 ** 32 - 1, 2 ** 53 - 1, 2 ** 53, 2 ** 63, 1e308, -1, 1.5);

describe('headers of any structure', () => {
  const text = fc.constantFrom(
    'dtype',
    'shape',
    'data_offsets',
    '__metadata__',
    '__proto__',
    'a',
    'b',
    '',
    'F64',
    'U8',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      odd,
      text,
      fc.constantFrom(null, true),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(text, tie('value'), { maxKeys: 4 }),
    ),
  }));
  const entry = fc.record(
    {
      dtype: fc.constantFrom('F64', 'F32', 'BF16', 'I64', 'U8', 'BOOL', 'C64', 'f8', 3),
      shape: fc.oneof(fc.array(fc.nat(3), { maxLength: 3 }), fc.array(odd, { maxLength: 4 })),
      data_offsets: fc.oneof(fc.tuple(fc.nat(32), fc.nat(64)), fc.array(odd, { maxLength: 3 })),
      more: value,
    },
    { requiredKeys: ['dtype', 'shape', 'data_offsets'] },
  );

  it('are read or refused in safetensors', () => {
    const header = fc.dictionary(text, fc.oneof(entry, value), { maxKeys: 4 });
    fc.assert(
      fc.property(header, fc.nat(80), fc.constantFrom(0, 0, 0, 1, -1, 2 ** 31), (object, size, off) => {
        const json = ascii(JSON.stringify(object));
        isRead(safetensors, concat(little(json.length + off, 8), json, new Uint8Array(size)));
      }),
      { numRuns: 2000 },
    );
  });

  it('are read in safetensors when they are right, by the same test', () => {
    const json = ascii(JSON.stringify({ a: { dtype: 'U8', shape: [3], data_offsets: [0, 3] } }));
    expect(isRead(safetensors, concat(little(json.length, 8), json, [1, 2, 3]))).toBe(true);
  });

  it('are read or refused in npy', () => {
    const python = fc.oneof(odd.map(String), fc.constantFrom('1L', 'None', '()', '(1,)', '[1]', "'<f8'", '{}', 'True'));
    const list = fc.array(python, { maxLength: 4 }).map((parts) => `(${parts.join(', ')},)`);
    const key = fc.constantFrom("'descr'", "'fortran_order'", "'shape'", '"shape"', 'shape', '');
    const pair = fc.tuple(key, fc.oneof(python, list)).map(([name, item]) => `${name}: ${item}`);
    const whole = fc.tuple(fc.constantFrom("'<f8'", "'>i2'", "'|b1'", "'|O'"), list, fc.array(pair, { maxLength: 2 }));
    fc.assert(
      fc.property(whole, fc.nat(40), ([descr, shape, more], size) => {
        const parts = [`'descr': ${descr}`, "'fortran_order': True", `'shape': ${shape}`, ...more];
        const header = ascii(`{${parts.join(', ')}}`);
        const start = concat([0x93], ascii('NUMPY'), [1, 0], little(header.length, 2));
        isRead(npy, concat(start, header, new Uint8Array(size)));
      }),
      { numRuns: 2000 },
    );
  });

  it('are read or refused in npz', () => {
    const packed = deflateSync(content);
    const field = fc.oneof(fc.nat(300), fc.constantFrom(2 ** 16 - 1, 2 ** 31, 2 ** 32 - 1));
    const small = fc.array(fc.nat(255), { maxLength: 12 });
    const extra = fc.oneof(
      small,
      fc.array(odd, { maxLength: 3 }).map((values) => extra64(...values.map(Math.abs))),
    );
    const numbers = { method: fc.constantFrom(0, 8, 12), flags: fc.constantFrom(0, 8, 2048, 1), crc: field };
    const sizes = { size: field, packedSize: field };
    const part: fc.Arbitrary<ZipPart> = fc
      .record(
        {
          name: fc.constantFrom('a.npy', 'b.npy', 'c.npy', '../a.npy', 'd'),
          content: fc.constant(content),
          packed: fc.constant(packed),
          ...numbers,
          ...sizes,
          extra,
          localExtra: extra,
          behind: small,
          header: field,
          local: fc.record({ ...numbers, ...sizes }, { requiredKeys: [] }),
        },
        { requiredKeys: ['name', 'content'] },
      )
      .map((given) => given as ZipPart);
    const end = fc.record({ count: field, countHere: field, size: field, start: field }, { requiredKeys: [] });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 3 }), fc.oneof(fc.constant({}), end), (parts, last) => {
        isRead(npz, zip(parts, last));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what claims more than it has', () => {
  it('would be noticed: what is read is counted', () => {
    expect(isRead(npy, fixture('cube.npy'))).toBe(true);
    expect(largest).toBe(24 * 8);
    expect(isRead(npz, fixture('compressed.npz'))).toBe(true);
    expect(largest).toBe(200 * 8); // the doubles of 200 bytes
  });

  const claims: [string, Decode, Uint8Array][] = [
    ['a header of 2^60 bytes', safetensors, concat(little(0, 7), [0x10], ascii('{}'))],
    ['a header of 4 GB', npy, concat([0x93], ascii('NUMPY'), [2, 0], little(2 ** 32 - 1, 4), ascii('{}'))],
    ['an array of 2^50 bytes', npy, npyOf('(1125899906842624,)')],
    ['an array of 2^90 bytes', npy, npyOf('(1073741824, 1073741824, 1073741824)')],
    ['a file of 4 GB', npz, zip([{ name: 'a.npy', content, packed: deflateSync(content), size: 2 ** 32 - 2 }])],
    [
      'a file that grows by 1032 at most',
      npz,
      zip([{ name: 'a.npy', content, packed: new Uint8Array(9), size: 9289 }]),
    ],
  ];

  function npyOf(shape: string): Uint8Array {
    const header = ascii(`{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}}`);
    return concat([0x93], ascii('NUMPY'), [1, 0], little(header.length, 2), header);
  }

  it.each(claims)('is refused before any memory is taken: %s', (_, decode, bytes) => {
    expect(isRead(decode, bytes)).toBe(false);
    expect(largest).toBe(0);
  });

  it('is stopped soon when it inflates to more than it claims', () => {
    const packed = deflateSync(new Uint8Array(2 ** 25)).fill(255, 20_000); // after 20 MB of zeros, nonsense
    const bytes = zip([{ name: 'a.npy', content, packed, size: 1000 }]);
    expect(() => decodeNpz(bytes)).toThrow('it has not the 1000 bytes that it claims'); // the nonsense was not reached
    expect(isRead(npz, bytes)).toBe(false);
    expect(largest).toBe(1000);
  });
});
