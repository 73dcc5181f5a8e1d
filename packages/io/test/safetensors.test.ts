import { ArgumentError, noGrad, randn, type Tensor, tensor, transpose, zeros } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dtype, decodeSafetensors, encodeSafetensors, FileError } from '../src/index.ts';
import { concat, type DescribedFile, expectEqual, expected, fileError, fixture, little } from './fixtures.ts';

/** A file around a header, padded as little as may be. */
function file(header: string | Uint8Array, data = 0): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  return concat(little(text.length, 8), text, new Uint8Array(data));
}

const entry = (dtype: string, shape: string, offsets: string): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}`;

/** The header as text, the numbers as bytes. */
function parts(bytes: Uint8Array): { header: string; data: Uint8Array } {
  const end = 8 + new DataView(bytes.buffer).getUint32(0, true);
  return { header: new TextDecoder().decode(bytes.subarray(8, end)), data: bytes.slice(end) };
}

describe('encodeSafetensors', () => {
  it('writes what the specification says, byte for byte', () => {
    const bytes = encodeSafetensors({ a: tensor([[1], [2]]), b: tensor(3) }, { k: 'v' }, { dtypes: { b: 'I64' } });
    const header =
      '{"__metadata__":{"k":"v"},"b":{"dtype":"I64","shape":[],"data_offsets":[0,8]},' +
      '"a":{"dtype":"F64","shape":[2,1],"data_offsets":[8,24]}}';
    const padding = ' '.repeat(-header.length & 7);
    expect(parts(bytes).header).toBe(header + padding);
    const doubles = [
      [0, 0, 0, 0, 0, 0, 0xf0, 0x3f],
      [0, 0, 0, 0, 0, 0, 0, 0x40],
    ];
    expect([...parts(bytes).data]).toEqual([3, 0, 0, 0, 0, 0, 0, 0, ...doubles.flat()]);
  });

  it('orders as the official writer does: by format, the largest first, then by the bytes of the name', () => {
    const dtypes: Record<string, Dtype> = { b: 'BOOL', h: 'F16', u: 'U64', f: 'F32', g: 'BF16', i: 'I64', s: 'I32' };
    const names = ['b', 'h', 'u', 'f', 'g', 'i', 's', 'é', 'z', '10', '9', '\u{1f600}', '\uffff', 'zz'];
    const tensors = Object.fromEntries(names.map((name) => [name, zeros([1])]));
    const { header } = parts(encodeSafetensors(tensors, {}, { dtypes }));
    const found = [...header.matchAll(/"([^"]+)":\{"dtype"/g)].map((match) => match[1]);
    expect(found).toEqual(['u', 'i', '10', '9', 'z', 'zz', 'é', '\uffff', '\u{1f600}', 'f', 's', 'g', 'h', 'b']);
  });

  it('places all numbers where their size divides the place', () => {
    const dtypes: Dtype[] = ['BOOL', 'F16', 'U64', 'F32', 'BF16', 'I64', 'I32', 'F64', 'U8', 'I16'];
    const tensors = Object.fromEntries(dtypes.map((dtype) => [dtype, zeros([3])]));
    const bytes = encodeSafetensors(tensors, {}, { dtypes: Object.fromEntries(dtypes.map((dtype) => [dtype, dtype])) });
    const { header, data } = parts(bytes);
    expect((bytes.length - data.length) % 8).toBe(0);
    const sizes: Record<string, number> = { BOOL: 1, U8: 1, F16: 2, BF16: 2, I16: 2, F32: 4, I32: 4 };
    for (const [name, { data_offsets }] of Object.entries(
      JSON.parse(header) as Record<string, { data_offsets: number[] }>,
    )) {
      expect(data_offsets[0]! % (sizes[name] ?? 8)).toBe(0);
    }
  });

  it('writes views as what they show, and leaves what wants gradients as it is', () => {
    const x = tensor([
      [1, 2],
      [3, 4],
    ]).requiresGrad_();
    const { tensors } = decodeSafetensors(encodeSafetensors({ x, t: transpose(x, 0, 1), e: zeros([1]).expand([3]) }));
    expect(tensors.t!.tolist()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(tensors.e!.tolist()).toEqual([0, 0, 0]);
    expect([tensors.x!.requiresGrad, x.requiresGrad]).toEqual([false, true]);
  });

  it('writes an empty file for no tensors', () => {
    expect(parts(encodeSafetensors({})).header).toBe('{}      ');
    expect(decodeSafetensors(encodeSafetensors({}))).toEqual({ tensors: {}, metadata: {}, dtypes: {} });
  });

  it.each([
    [() => encodeSafetensors({ a: 3 as never }), 'encodeSafetensors: "a" must be a tensor, got 3'],
    [() => encodeSafetensors({ __metadata__: zeros([1]) }), 'no tensor can be named "__metadata__"'],
    [() => encodeSafetensors({ '\ud800': zeros([1]) }), 'a name must be text of whole characters'],
    [() => encodeSafetensors({}, { a: 3 as never }), 'metadata "a" must be text of whole characters, got 3'],
    [() => encodeSafetensors({}, [] as never), 'metadata must be texts by name, got []'],
    [() => encodeSafetensors({ a: zeros([1]) }, {}, { dtype: 'F63' as never }), 'dtype must be one of "U64", "I64"'],
    [() => encodeSafetensors({}, {}, { dtypes: { a: 'F32' } }), 'dtypes: there is no tensor "a"'],
    [
      () => encodeSafetensors({ a: tensor([0.5]) }, {}, { dtype: 'U8' }),
      'encodeSafetensors: "a": U8 holds whole numbers',
    ],
    [() => encodeSafetensors({}, {}, { type: 'F32' } as never), 'unknown option "type". Did you mean "dtype"?'],
  ])('refuses what it can not write (%#)', (body, message) => {
    expect(body).toThrow(ArgumentError);
    expect(body).toThrow(message);
  });
});

describe('decodeSafetensors', () => {
  it.each(['formats.safetensors', 'model.safetensors'])('reads %s of the official library to the last bit', (name) => {
    const file = expected[name] as DescribedFile;
    const { tensors, metadata, dtypes } = decodeSafetensors(fixture(name));
    expect(metadata).toEqual(file.metadata);
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(file.tensors).sort());
    for (const [key, described] of Object.entries(file.tensors)) {
      expectEqual(tensors[key]!, described);
      expect(dtypes[key]).toBe(described.dtype);
    }
  });

  it.each(['formats.safetensors', 'model.safetensors'])(
    'and writes %s as the official library, byte for byte',
    (name) => {
      const { tensors, metadata, dtypes } = decodeSafetensors(fixture(name));
      expect(encodeSafetensors(tensors, metadata, { dtypes })).toEqual(fixture(name));
    },
  );

  it('gives back what was written, whatever names, shapes and texts', () => {
    const shapes = fc.array(fc.nat(3), { maxLength: 4 });
    const names = fc.string({ unit: 'grapheme', maxLength: 8 }).filter((name) => name !== '__metadata__');
    const texts = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(fc.dictionary(names, shapes), texts, (given, metadata) => {
        const tensors = Object.fromEntries(Object.entries(given).map(([name, shape]) => [name, randn(shape)]));
        const read = decodeSafetensors(encodeSafetensors(tensors, metadata));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, x] of Object.entries(tensors)) expectSame(read.tensors[name]!, x);
      }),
    );
  });

  function expectSame(a: Tensor, b: Tensor): void {
    expect([...a.shape]).toEqual([...b.shape]);
    expect(new Uint8Array(a.toArray().buffer)).toEqual(new Uint8Array(b.toArray().buffer));
  }

  it('keeps every bit of a double, also of NaN', () => {
    const patterns = BigUint64Array.of(0x7ff8000000000001n, 0xfff7deadbeef0000n, 0x8000000000000000n, 1n);
    const x = tensor(new Float64Array(patterns.buffer));
    const read = decodeSafetensors(encodeSafetensors({ x })).tensors.x!.toArray();
    expect(new BigUint64Array(read.buffer)).toEqual(patterns);
  });

  it('gives tensors of their own memory, that can be written', () => {
    const bytes = encodeSafetensors({ x: tensor([1, 2]) });
    const { x } = decodeSafetensors(bytes).tensors;
    bytes.fill(0);
    noGrad(() => x!.mul_(2));
    expect(x!.tolist()).toEqual([2, 4]);
  });

  it('reads bytes that begin anywhere in a larger buffer', () => {
    const bytes = encodeSafetensors({ x: tensor([1, 2]) });
    const larger = new Uint8Array(bytes.length + 9);
    larger.set(bytes, 3);
    expect(decodeSafetensors(larger.subarray(3, 3 + bytes.length)).tensors.x!.tolist()).toEqual([1, 2]);
  });

  it('takes names that mean something to JavaScript for names', () => {
    const header = `{"__proto__":${entry('F64', '[1]', '[0,8]')},"__metadata__":{"__proto__":"a","constructor":"b"}}`;
    const { tensors, metadata } = decodeSafetensors(file(header, 8));
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    expect(Object.keys(tensors)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(tensors)).toBe(Object.prototype);
  });

  it('takes spaces, any order of keys, escapes, and tensors in any order of places', () => {
    const header =
      '{ "b\\u00e9\\n" :\n{"data_offsets" : [ 8 , 16 ], "shape":[1 ] ,"dtype":"F64"},\t' +
      `"a":${entry('F64', '[ ]', '[0,8]')},"e":${entry('U8', '[0,3]', '[8,8]')}}   `;
    const { tensors } = decodeSafetensors(file(header, 16));
    expect(Object.entries(tensors).map(([name, x]) => [name, [...x.shape]])).toEqual([
      ['bé\n', [1]],
      ['a', []],
      ['e', [0, 3]],
    ]);
  });

  it('calls the bytes by the name it is given', () => {
    expect(() => decodeSafetensors(new Uint8Array(3), { name: 'w.safetensors' })).toThrow(
      'w.safetensors: it has 3 bytes, and a safetensors file has 10 at least, at byte 3: get the whole file',
    );
  });

  it('refuses what is no Uint8Array', () => {
    expect(() => decodeSafetensors('{}' as never)).toThrow(
      'decodeSafetensors: the bytes must be a Uint8Array, got "{}"',
    );
  });

  const one = entry('F64', '[1]', '[0,8]');
  const huge = concat(little(0, 4), little(2 ** 28, 4), [0x7b, 0x7d]); // a header of 2⁶⁰ bytes
  it.each<[Uint8Array, number, string]>([
    [huge, 0, 'the header would have 1152921504606846976 bytes, at byte 0: no header has more than 100 MB'],
    [
      concat(little(100_000_001, 8), [0x7b, 0x7d]),
      0,
      'the header would have 100000001 bytes, at byte 0: no header has',
    ],
    [
      concat(little(3, 8), [0x7b, 0x7d]),
      0,
      'the header would have 3 bytes, at byte 0: the file ends after 10; get the',
    ],
    [file(' {}'), 8, 'the header does not begin with {, at byte 8: check that it is a safetensors file'],
    [file('[]'), 8, 'the header does not begin with {'],
    [file('{}', 1), 10, '1 bytes belong to no tensor, at byte 10'],
    [file('{}{}'), 10, 'there is more behind the header, at byte 10'],
    [file('{}\0\0'), 10, 'there is more behind the header'],
    [file('{"a"'), 12, 'the header should have ":" where it has its end, at byte 12'],
    [file('{"a'), 11, 'the header should have the end of a text where it has its end'],
    [file('{"a\n":1}'), 11, 'the header should have the end of a text where it has "\\n"'],
    [file('{a:1}'), 9, 'the header should have "\\"" where it has "a"'],
    [file(`{"a":${one},}`, 8), 62, 'the header should have "\\"" where it has "}"'],
    [file(`{"a":${one},"a":${one}}`, 8), 62, 'the key "a" comes twice, at byte 62: give each tensor a name of its own'],
    [file(`{"a":${one},"\\u0061":${one}}`, 8), 62, 'the key "a" comes twice'],
    [file('{"__metadata__":{"k":"v","k":"w"}}'), 33, 'the key "k" comes twice'],
    [file('{"__metadata__":{},"__metadata__":{}}'), 27, 'the key "__metadata__" comes twice'],
    [file('{"__metadata__":{"k":1}}'), 29, 'the header should have "\\"" where it has "1"'],
    [file('{"__metadata__":null}'), 24, 'the header should have "{" where it has "n"'],
    [file(concat([0x7b, 0x22, 0xff, 0x22])), 10, 'a text that is not UTF-8, at byte 10'],
    [file(concat([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22])), 10, 'a text that is not UTF-8'], // half a pair
    [file(concat([0x7b, 0x22, 0xc0, 0xaf, 0x22])), 10, 'a text that is not UTF-8'], // longer than need be
    [file('{"\\x":1}'), 10, 'a text with an escape that JSON does not know'],
    [file('{"\\ud800":1}'), 10, 'a text with half a character'],
    [file(`{"a":${one.replace('"dtype"', '"type"')}}`, 8), 14, '"a" has the unknown key "type"'],
    [file('{"a":{}}'), 9, '"a" needs dtype, shape and two data_offsets, at byte 9'],
    [file('{"a":{"dtype":"F64","shape":[]}}'), 9, '"a" needs dtype, shape and two data_offsets'],
    [file(`{"a":${entry('F64', '[]', '[0]')}}`, 8), 9, '"a" needs dtype, shape and two data_offsets'],
    [file(`{"a":${entry('F64', '[]', '[0,8,8]')}}`, 8), 55, 'a list of more than 2 numbers, at byte 55'],
    [file(`{"a":${entry('C64', '[1]', '[0,8]')}}`, 8), 22, '"a" has the format "C64", which is not read, at byte 22'],
    [file(`{"a":${entry('F8_E4M3', '[1]', '[0,1]')}}`, 1), 22, '"a" has the format "F8_E4M3", which is not read'],
    [file(`{"a":${entry('toString', '[1]', '[0,8]')}}`, 8), 22, '"a" has the format "toString", which is not read'],
    [file(`{"a":${entry('F64', '[-1]', '[0,8]')}}`, 8), 37, 'should have a whole number that is not negative where it'],
    [file(`{"a":${entry('F64', '[1.0]', '[0,8]')}}`, 8), 38, 'should have the end of a whole number where it has "."'],
    [file(`{"a":${entry('F64', '[1e0]', '[0,8]')}}`, 8), 38, 'should have the end of a whole number where it has "e"'],
    [file(`{"a":${entry('F64', '[01]', '[0,8]')}}`, 8), 37, 'a number that begins with 0'],
    [file(`{"a":${entry('F64', '[NaN]', '[0,8]')}}`, 8), 37, 'a whole number that is not negative where it has "N"'],
    [file(`{"a":${entry('F64', '[9007199254740992]', '[0,8]')}}`, 8), 37, 'a size beyond 2^53, at byte 37'],
    [file(`{"a":${entry('F64', `[${'9'.repeat(400)}]`, '[0,8]')}}`, 8), 37, 'a size beyond 2^53'],
    [file(`{"a":${entry('F64', '[1', '[0,8]')}}`, 8), 39, 'a whole number that is not negative where it has "\\""'],
    [file(`{"a":${entry('F64', `[${'1,'.repeat(64)}1]`, '[0,8]')}}`, 8), 37, 'a list of more than 64 numbers'],
    [
      file(`{"a":${entry('F64', '['.repeat(50_000), '[0,8]')}}`, 8),
      37,
      'a whole number that is not negative where it has',
    ],
    [file('{"a":'.repeat(50_000)), 14, 'has the unknown key "a"'],
    [file(`{"a":${entry('F64', '[2]', '[0,8]')}}`, 8), 9, '"a", F64 of shape [2], does not fill the bytes 0 to 8'],
    [file(`{"a":${entry('F64', '[1]', '[8,0]')}}`, 8), 9, '"a", F64 of shape [1], does not fill the bytes 8 to 0'],
    [file(`{"a":${entry('F64', '[4503599627370496,4096]', '[0,8]')}}`, 8), 9, 'does not fill the bytes 0 to 8'],
    [file(`{"a":${entry('U8', '[4503599627370496,4096,0]', '[0,0]')}}`), 9, 'does not fill the bytes 0 to 0'],
    [
      file(`{"a":${entry('U8', '[1152921504606846]', '[0,1152921504606846]')}}`, 8),
      9,
      '"a" goes beyond the file\'s 99 bytes, at byte 9: get the whole file',
    ],
    [
      file(`{"a":${entry('F64', '[1]', '[8,16]')}}`, 16),
      9,
      '"a", in the bytes 8 to 16 of the data, leaves a gap before it',
    ],
    [
      file(`{"a":${one},"b":${entry('U8', '[8]', '[0,8]')}}`, 8),
      62,
      '"b", in the bytes 0 to 8 of the data, overlaps the',
    ],
    [
      file(`{"a":${one},"b":${entry('U8', '[8]', '[4,12]')}}`, 12),
      62,
      '"b", in the bytes 4 to 12 of the data, overlaps',
    ],
    [file(`{"a":${one},"b":${entry('U8', '[0]', '[4,4]')}}`, 8), 62, '"b", in the bytes 4 to 4 of the data, overlaps'],
    [file(`{"a":${one}}`, 7), 9, '"a" goes beyond the file\'s 69 bytes'],
    [file(`{"a":${one}}`, 9), 70, '1 bytes belong to no tensor, at byte 70'],
  ])('says what is wrong, and at which byte (%#)', (bytes, at, message) => {
    const error = fileError(() => decodeSafetensors(bytes));
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
    expect(error.message.length).toBeLessThan(300);
  });

  it('refuses whole numbers that a double can not hold, and truth values that are neither', () => {
    const wrong = (dtype: string, size: number, content: number[]): string => {
      const bytes = file(`{"a":${entry(dtype, '[2]', `[0,${2 * size}]`)}}`, 2 * size);
      bytes.set(content, bytes.length - size);
      return fileError(() => decodeSafetensors(bytes)).message.replace(`at byte ${bytes.length - size}`, 'at THE byte');
    };
    const beyond = "a whole number beyond ±(2^53 − 1), which a double can't hold, at THE byte: write it as F64";
    expect(wrong('I64', 8, [1, 0, 0, 0, 0, 0, 0x20, 0])).toBe(`the bytes: ${beyond}`);
    expect(wrong('U64', 8, [255, 255, 255, 255, 255, 255, 255, 255])).toBe(`the bytes: ${beyond}`);
    expect(wrong('BOOL', 1, [2])).toBe('the bytes: a truth value that is neither 0 nor 1, at THE byte: write it as U8');
  });

  it('is a FileError that says its path and byte', () => {
    const error = fileError(() => decodeSafetensors(file('{}', 1), { name: 'runs/a.safetensors' }));
    expect(error).toBeInstanceOf(FileError);
    expect({ name: error.name, path: error.path, at: error.at, message: error.message }).toEqual({
      name: 'FileError',
      path: 'runs/a.safetensors',
      at: 10,
      message: 'runs/a.safetensors: 1 bytes belong to no tensor, at byte 10: write the file again',
    });
  });
});
