import { ArgumentError, randn, tensor, zeros } from '@ndgrad/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNpy, encodeNpy, type NpyDtype } from '../src/index.ts';
import { ascii, concat, type Described, expectEqual, expected, fileError, fixture, little } from './fixtures.ts';

/** A file around a header's text. */
function file(text: string, data = 0, version = 1): Uint8Array {
  const length = little(text.length, version === 1 ? 2 : 4);
  return concat([0x93], ascii('NUMPY'), [version, 0], length, ascii(text), new Uint8Array(data));
}

const header = (descr: string, shape: string, order = 'False'): string =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`;

const readable = Object.keys(expected).filter((name) => name.endsWith('.npy') && name !== 'beyond.npy');

describe('decodeNpy', () => {
  it.each(readable)('reads %s of NumPy to the last bit', (name) => {
    expectEqual(decodeNpy(fixture(name)), expected[name] as Described);
  });

  it('reads all that NumPy wrote for it', () => {
    expect(readable.length).toBe(28);
  });

  it.each([
    ['complex.npy', 'it holds "<c16", which is not read, at byte 20: write floats of 16, 32 or 64 bits, whole numbers'],
    ['text.npy', 'it holds "<U2", which is not read, at byte 20'],
    ['date.npy', 'it holds "<M8[D]", which is not read, at byte 20'],
    [
      'record.npy',
      'it holds records of several fields, which are not read, at byte 21: write it again with numpy.save',
    ],
    ['object.npy', "it holds Python's objects, which are code to be run and never read here, at byte 20: write floats"],
    ['beyond.npy', "a whole number beyond ±(2^53 − 1), which a double can't hold, at byte 136: write it as F64"],
  ])('refuses %s of NumPy', (name, message) => {
    expect(fileError(() => decodeNpy(fixture(name))).message).toContain(`the bytes: ${message}`);
  });

  it('reads headers in any order, with any quotes and spaces, and of Python 2', () => {
    expect(decodeNpy(file(`{"shape":(2L, 1L),"fortran_order":False,"descr":"<f8"}`, 16)).shape).toEqual([2, 1]);
    expect(
      decodeNpy(file(`  {'descr' : '=u1',\n 'shape' : ( 2 , 1 , ) , 'fortran_order' : True }  \n`, 2)).shape,
    ).toEqual([2, 1]);
    expect(decodeNpy(file(header("'|b1'", '(2,)'), 2)).tolist()).toEqual([0, 0]);
    expect(decodeNpy(file(header("'<f8'", '()'), 8, 2)).item()).toBe(0);
  });

  it('reads bytes that begin anywhere in a larger buffer', () => {
    const bytes = encodeNpy(tensor([1, 2]));
    expect(decodeNpy(concat([1, 2, 3], bytes, [4]).subarray(3, 3 + bytes.length)).tolist()).toEqual([1, 2]);
  });

  it.each<[Uint8Array, number, string]>([
    [new Uint8Array(0), 0, 'it does not begin as a .npy file does, at byte 0: write it again with numpy.save'],
    [ascii('PK'), 0, 'it does not begin as a .npy file does'],
    [concat([0x93], ascii('NUMPx')), 5, 'it does not begin as a .npy file does'],
    [concat([0x93], ascii('NUMPY')), 6, 'version undefined.undefined of .npy is not read'],
    [concat([0x93], ascii('NUMPY'), [4, 0, 0, 0]), 6, 'version 4.0 of .npy is not read, at byte 6: write version 1.0'],
    [concat([0x93], ascii('NUMPY'), [1, 1, 0, 0]), 6, 'version 1.1 of .npy is not read'],
    [concat([0x93], ascii('NUMPY'), [2, 0, 0, 0, 0]), 11, 'the header is cut short, at byte 11: get the whole file'],
    [concat([0x93], ascii('NUMPY'), [1, 0, 9, 0, 0]), 11, 'the header is cut short'],
    [concat([0x93], ascii('NUMPY'), [3, 0], little(2 ** 32 - 1, 4)), 8, 'the header would have 4294967295 bytes, more'],
    [file(' '.repeat(10_001)), 8, 'the header would have 10001 bytes, more than 10000, at byte 8: write it again'],
    [file(''), 10, 'the header should have { here, at byte 10'],
    [file('{}'), 12, 'the header needs descr, fortran_order and shape'],
    [file(header("'<f8'", '(1,)').replace(', }', '}x'), 8), 65, 'there is more behind the header'],
    [file(header("'<f8'", '(1,)').replace("'descr'", "'desc'"), 8), 11, 'the header has the unknown key "desc"'],
    [file(header("'<f8'", '(1,)').replace("'shape'", "'descr'"), 8), 51, 'the key "descr" comes twice, at byte 51'],
    [
      file(header("'<f8'", '(1,)').replace("'descr'", "'__proto__'"), 8),
      11,
      'the header has the unknown key "__proto__"',
    ],
    [file(header("'<f8'", '(1,)', 'false'), 8), 44, 'the header should have True or False here, at byte 44'],
    [file(header("'<f8'", '(1,)', 'Falsey'), 8), 44, 'the header should have True or False here'],
    [file(header("'<f8'", '(1,)', '__import__("os")'), 8), 44, 'the header should have True or False here'],
    [file(header("'<f8'", '(1)'), 8), 62, 'a shape of one size is written (n,)'],
    [file(header("'<f8'", '[1]'), 8), 60, 'the header should have a shape in parentheses here'],
    [file(header("'<f8'", '(-1,)'), 8), 61, 'the header should have a whole number that is not negative here'],
    [file(header("'<f8'", '(1.5,)'), 8), 61, 'the header should have a whole number that is not negative here'],
    [file(header("'<f8'", '(1e3,)'), 8), 61, 'the header should have a whole number that is not negative here'],
    [file(header("'<f8'", '(01,)'), 8), 61, 'the header should have a whole number that is not negative here'],
    [file(header("'<f8'", '(nan,)'), 8), 61, 'the header should have a whole number that is not negative here'],
    [file(header("'<f8'", '(1,,)'), 8), 63, 'the header should have a whole number that is not negative here'],
    [file(header("'<f8'", '(9007199254740992,)'), 8), 61, 'a size beyond 2^53, at byte 61'],
    [file(header("'<f8'", `(${'9'.repeat(400)},)`), 8), 61, 'a size beyond 2^53, at byte 61'],
    [file(header("'<f8'", `(${'1, '.repeat(65)})`), 8), 253, 'a shape of more than 64 sizes'],
    [file(header("'<f8'", '('.repeat(9000)), 8), 61, 'the header should have a whole number that is not negative here'],
    [file('{'.repeat(9000)), 11, 'the header should have a text in quotes here'],
    [file(header("'f8'", '(1,)'), 8), 20, 'it holds "f8", which is not read'],
    [file(header("'|f8'", '(1,)'), 8), 20, 'it holds "|f8", which is not read'],
    [file(header("'<f1'", '(1,)'), 1), 20, 'it holds "<f1", which is not read'],
    [file(header("'<f16'", '(1,)'), 16), 20, 'it holds "<f16", which is not read'],
    [file(header("'<i3'", '(1,)'), 3), 20, 'it holds "<i3", which is not read'],
    [file(header("''", '(1,)'), 8), 20, 'it holds "", which is not read'],
    [file(header("'<f8'", '(1,)'), 7), 74, 'F64 of shape [1] makes 75 bytes, the file has 74, at byte 74: get the'],
    [file(header("'<f8'", '(1,)'), 9), 75, 'F64 of shape [1] makes 75 bytes, the file has 76, at byte 75: write each'],
    [file(header("'<f8'", '(4503599627370496, 4096)'), 8), 95, 'makes over 2^53 bytes, the file has 95, at byte 95'],
    [file(header("'|u1'", '(0, 4503599627370496, 4096)')), 90, 'makes over 2^53 bytes, the file has 90, at byte 90'],
    [
      file(header("'|u1'", '(9007199254740991,)')),
      82,
      'makes over 2^53 bytes, the file has 82, at byte 82: get the whole file',
    ],
  ])('says what is wrong, and at which byte (%#)', (bytes, at, message) => {
    const error = fileError(() => decodeNpy(bytes, { name: 'a.npy' }));
    expect(error.message).toContain(`a.npy: `);
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });

  it('refuses what is no Uint8Array, and unknown options', () => {
    expect(() => decodeNpy([1] as never)).toThrow('decodeNpy: the bytes must be a Uint8Array, got [1]');
    expect(() => decodeNpy(new Uint8Array(0), { path: '' } as never)).toThrow('decodeNpy: unknown option "path"');
  });
});

describe('encodeNpy', () => {
  it.each(['f8-little', 'scalar', 'empty', 'cube'])('writes the bytes of NumPy, %s', (name) => {
    const bytes = fixture(`${name}.npy`);
    expect(encodeNpy(decodeNpy(bytes))).toEqual(bytes);
  });

  it.each([
    ['f4-little', 'F32'],
    ['f2-little', 'F16'],
    ['i8-little', 'I64'],
    ['i4-little', 'I32'],
    ['i2-little', 'I16'],
    ['i1', 'I8'],
    ['u8-little', 'U64'],
    ['u4-little', 'U32'],
    ['u2-little', 'U16'],
    ['u1', 'U8'],
    ['b1', 'BOOL'],
  ] as const)('writes the bytes of NumPy, %s as %s', (name, dtype) => {
    const bytes = fixture(`${name}.npy`);
    expect(encodeNpy(decodeNpy(bytes), { dtype })).toEqual(bytes);
  });

  it('gives back what was written, whatever the shape', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(4), { maxLength: 6 }), (shape) => {
        const x = randn(shape);
        const read = decodeNpy(encodeNpy(x));
        expect([...read.shape]).toEqual(shape);
        expect(read.toArray()).toEqual(x.toArray());
      }),
    );
  });

  it('writes a header as long as 64 sizes need', () => {
    const x = zeros(new Array(64).fill(1));
    const bytes = encodeNpy(x);
    expect((bytes.length - 8) % 64).toBe(0);
    expect(decodeNpy(bytes).shape).toEqual(x.shape);
  });

  it('writes what a transposed view shows', () => {
    expect(decodeNpy(encodeNpy(tensor([[1, 2, 3]]).mT)).tolist()).toEqual([[1], [2], [3]]);
  });

  it('refuses what it can not write', () => {
    expect(() => encodeNpy(tensor([300]), { dtype: 'U8' })).toThrow(ArgumentError);
    expect(() => encodeNpy(tensor([300]), { dtype: 'U8' })).toThrow(
      'encodeNpy: U8 holds whole numbers in [0, 255], got 300; write it as F64',
    );
    expect(() => encodeNpy(tensor([300]), { dtype: 'BF16' as NpyDtype })).toThrow('dtype must be one of "F64", "F32"');
    expect(() => encodeNpy([300] as never)).toThrow('encodeNpy: expected a tensor, got [300]');
  });
});
