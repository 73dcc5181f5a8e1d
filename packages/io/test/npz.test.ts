import { ArgumentError, randn, tensor, zeros } from '@ndgrad/core';
import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../src/crc32.ts';
import { decodeNpz, encodeNpy, encodeNpz, type NpzOptions } from '../src/index.ts';
import { ascii, concat, type Described, expectEqual, expected, fileError, fixture, little } from './fixtures.ts';
import { end64, extra64, type ZipEnd, type ZipPart, zip } from './zip.ts';

const content = encodeNpy(tensor([1, 2])); // 144 bytes
const packed = deflateSync(content);
const a: ZipPart = { name: 'a.npy', content };
const b: ZipPart = { name: 'b.npy', content, packed };
const WIDE = 2 ** 32 - 1;

const values = (bytes: Uint8Array): Record<string, unknown> =>
  Object.fromEntries(Object.entries(decodeNpz(bytes)).map(([name, x]) => [name, x.tolist()]));

describe('crc32', () => {
  it('is the one of zip: that of "123456789" is cbf43926', () => {
    expect(crc32(ascii('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array(0))).toBe(0);
  });
});

describe('decodeNpz', () => {
  it.each(['plain', 'compressed', 'piped', 'piped-compressed', 'nothing'])('reads %s.npz of NumPy', (name) => {
    const file = expected[`${name}.npz`] as Record<string, Described>;
    const tensors = decodeNpz(fixture(`${name}.npz`));
    expect(Object.keys(tensors)).toEqual(Object.keys(file));
    for (const [key, described] of Object.entries(file)) expectEqual(tensors[key]!, described);
  });

  it('reads stored and compressed arrays, in the order of their bytes', () => {
    expect(values(zip([a, b]))).toEqual({ a: [1, 2], b: [1, 2] });
  });

  it('reads sizes in zip64 fields, in the directory, in the headers, and in the end record', () => {
    const wide = { size: WIDE, packedSize: WIDE };
    const extra = extra64(content.length, content.length);
    expect(values(zip([{ ...a, ...wide, extra, localExtra: extra }]))).toEqual({ a: [1, 2] });
    // As NumPy writes: only in the header, and behind another field.
    expect(values(zip([{ ...a, local: wide, localExtra: [9, 9, 1, 0, 7, ...extra] }, b]))).toEqual({
      a: [1, 2],
      b: [1, 2],
    });
    const between: ZipEnd['between'] = (start, size) => end64(start, size, 2);
    expect(values(zip([a, b], { between, start: WIDE, size: WIDE, count: 2 ** 16 - 1 }))).toEqual({
      a: [1, 2],
      b: [1, 2],
    });
    expect(Object.keys(decodeNpz(zip([a, b], { between })))).toEqual(['a', 'b']); // also where it is not needed
  });

  it.each([12, 16, 20, 24])('reads sizes behind the content, in %d bytes', (length) => {
    const size = length >= 20 ? 8 : 4;
    const behind = [
      ...(length % 8 === 0 ? [0x50, 0x4b, 7, 8] : []),
      ...little(crc32(content), 4),
      ...little(packed.length, size),
      ...little(content.length, size),
    ];
    const later = { flags: 8, behind, local: { crc: 0, size: 0, packedSize: 0 } };
    expect(values(zip([{ ...b, ...later }, a]))).toEqual({ a: [1, 2], b: [1, 2] });
    for (let i = 0; i < behind.length; i++) {
      const wrong = behind.map((byte, at) => (at === i ? byte ^ 1 : byte));
      const { message } = fileError(() => decodeNpz(zip([{ ...b, ...later, behind: wrong }, a])));
      expect(message).toMatch(/"b.npy" leaves a gap behind it|a size beyond 2\^53/);
    }
  });

  it('reads names as numpy.savez takes them: with folders, and marked as UTF-8', () => {
    const parts = ['layer/0.weight.npy', 'größe.npy', '__proto__.npy', '.npy.npy'].map((name) => ({
      ...a,
      name,
      flags: 1 << 11,
    }));
    expect(Object.keys(decodeNpz(zip(parts)))).toEqual(['layer/0.weight', 'größe', '__proto__', '.npy']);
  });

  const plain = zip([a, b]); // a: header at 0, content at 35; b: header at 179, content at 214
  const listedA = 214 + packed.length;
  it.each<[string, Uint8Array, number, string]>([
    ['nothing', new Uint8Array(0), 0, 'the end of the zip directory is cut short, at byte 0: get the whole file'],
    ['no zip', content, content.length - 22, 'the end of the zip directory is not where it should be'],
    ['a comment', zip([a], { comment: 'hello' }), 235, 'the end of the zip directory is not where it should be'],
    ['a comment that is not there', comment(plain), plain.length - 2, 'the zip has a comment'],
    ['several disks', zip([a], { disk: 1 }), 234, 'the zip is split into several'],
    ['two counts', zip([a], { countHere: 2 }), 234, 'the zip is split into several'],
    ['a count too large', zip([a], { count: 2 }), 240, 'the zip directory has no room for 2 files'],
    ['a count of 65535', zip([a], { count: 65535 }), 240, 'the zip directory has no room for 65535 files'],
    ['a count too small', zip([a, b], { count: 1 }), listedA + 51, 'the zip directory holds more than it counts'],
    ['a directory too far', zip([a], { start: 180 }), 242, 'the zip directory does not end where it says'],
    [
      'bytes behind the directory',
      zip([a], { between: () => [0] }),
      243,
      'the zip directory does not end where it says',
    ],
    ['bytes before the first file', zip([a], { before: [1, 2, 3] }), 0, '3 bytes before the first file belong to none'],
    ['bytes between files', zip([{ ...a, behind: [0] }, b]), 35, '"a.npy" leaves a gap behind it, at byte 35'],
    ['bytes behind the last file', zip([a, { ...b, behind: [0] }]), 214, '"b.npy" leaves a gap behind it'],
    ['a name twice', zip([a, a]), 409, 'the name "a.npy" comes twice, at byte 409: give each file a name of its own'],
    ['two names for one file', zip([a, { ...b, name: 'c.npy', header: 0 }]), 0, '"a.npy" overlaps what follows'],
    ['a file within another', zip([a, { ...b, header: 40 }]), 35, '"a.npy" overlaps what follows, at byte 35'],
    ['a file in the directory', zip([a, { ...b, header: listedA + 10 }]), 35, '"a.npy" leaves a gap behind it'],
    ['a file beyond all', zip([a, { ...b, header: WIDE - 1 }]), 35, '"a.npy" leaves a gap behind it'],
    ['a file of 4 GB', zip([{ ...a, size: WIDE - 1, packedSize: WIDE - 1 }]), 35, '"a.npy" overlaps what follows'],
    ['two sizes', zip([{ ...a, size: 1 }]), 199, '"a.npy" is not compressed, but has two sizes'],
    ['another name', zip([{ ...a, local: { name: 'b.npy' } }]), 0, 'the header of "a.npy" and the directory disagree'],
    [
      'a longer name',
      zip([{ ...a, local: { name: 'a.npyy' } }]),
      0,
      'the header of "a.npy" and the directory disagree',
    ],
    ['another method', zip([{ ...a, local: { method: 8 } }]), 0, 'the header of "a.npy" and the directory disagree'],
    ['other flags', zip([{ ...a, local: { flags: 2 } }]), 0, 'the header of "a.npy" and the directory disagree'],
    ['another checksum', zip([{ ...a, local: { crc: 5 } }]), 0, 'the header of "a.npy" and the directory disagree'],
    ['another size', zip([{ ...b, local: { size: 5 } }]), 0, 'the header of "b.npy" and the directory disagree'],
    [
      'a wrong checksum',
      zip([{ ...a, crc: 5 }]),
      35,
      '"a.npy" is damaged, its checksum is wrong, at byte 35: get the file',
    ],
    ['encryption', zip([{ ...a, flags: 1 }]), 187, '"a.npy" is encrypted, at byte 187: write it without a password'],
    ['unknown flags', zip([{ ...a, flags: 1 << 6 }]), 187, '"a.npy" has flags that are not known'],
    [
      'bzip2',
      zip([{ ...a, method: 12 }]),
      189,
      '"a.npy" is compressed by method 12, at byte 189: store it, or compress',
    ],
    ['a name of no UTF-8', zip([{ ...a, name: Uint8Array.of(255), flags: 2048 }]), 221, 'a name is not UTF-8'],
    ['a name not marked', zip([{ ...a, name: 'é.npy' }]), 226, 'a name is not UTF-8, at byte 226'],
    [
      'another file',
      zip([a, { ...b, name: 'readme.txt' }]),
      270 + packed.length,
      'it holds "readme.txt", which is no .npy file',
    ],
    ['a file without a name', zip([{ ...a, name: '.npy' }]), 178, 'it holds ".npy", which is no .npy file'],
    [
      'a damaged stream',
      zip([{ ...b, packed: packed.map((x) => ~x) }]),
      35,
      "it can't be inflated (invalid length/literal)",
    ],
    [
      'a cut stream',
      zip([{ ...b, packed: packed.slice(0, -3) }]),
      35,
      "it can't be inflated (unexpected EOF), at byte 35",
    ],
    ['no stream', zip([{ ...b, packed: new Uint8Array(0) }]), 35, '"b.npy" claims 144 bytes in 0, which can\'t be'],
    ['more than it claims', zip([{ ...b, size: 143 }]), 35, 'it has not the 143 bytes that it claims, at byte 35'],
    ['less than it claims', zip([{ ...b, size: 145 }]), 35, 'it has not the 145 bytes that it claims'],
    ['an extra field too long', zip([{ ...a, extra: [9, 9, 2, 0, 1] }]), 230, 'an extra field is cut short'],
    ['an extra field too short', zip([{ ...a, extra: [9, 9, 0] }]), 230, 'an extra field is cut short'],
    ['two zip64 fields', zip([{ ...a, extra: [...extra64(1), ...extra64(2)] }]), 242, 'a zip64 field comes twice'],
    [
      'a zip64 field too short',
      zip([{ ...a, size: WIDE, packedSize: WIDE, extra: extra64(1) }]),
      242,
      'a zip64 field is cut short',
    ],
    [
      'a size beyond 2^53',
      zip([{ ...a, size: WIDE, packedSize: WIDE, extra: extra64(2 ** 53, 2 ** 53) }]),
      234,
      'a size beyond 2^53, at byte 234',
    ],
    [
      'a size of 2^60 in a zip64 field',
      zip([{ ...b, size: WIDE, extra: extra64(2 ** 52), localExtra: extra64(2 ** 52) }]),
      35 + 12 + packed.length,
      `"b.npy" claims ${2 ** 52} bytes in ${packed.length}, which can't be`,
    ],
    [
      'a zip64 record that says otherwise',
      zip([a], { between: (start, size) => end64(start - 1, size + 1, 1), start: WIDE }),
      270,
      'the zip64 directory record says otherwise',
    ],
    [
      'a zip64 record elsewhere',
      zip([a], { between: (start, size) => end64(start, size, 1, { at: 5 }), start: WIDE }),
      294,
      'the zip64 directory record is not where it should be',
    ],
    [
      'a zip64 record of another length',
      zip([a], { between: (start, size) => end64(start, size, 1, { length: 2 ** 40 }), start: WIDE }),
      294,
      'the zip64 directory record is not where it should be',
    ],
    [
      'zip64 and several disks',
      zip([a], { between: (start, size) => end64(start, size, 1, { disks: 2 }), start: WIDE }),
      302,
      'the zip is split into several',
    ],
    [
      'a locator without a record',
      concat(new Uint8Array(3), end64(0, 0, 0).slice(56), zip([], { start: WIDE })),
      0,
      'the zip64 directory record is cut short',
    ],
  ])('refuses %s', (_, bytes, at, message) => {
    const error = fileError(() => decodeNpz(bytes, { name: 'a.npz' }));
    expect(error.message).toContain(`a.npz: `);
    expect(error.message).toContain(message);
    expect(error.at).toBe(at);
  });

  it.each([
    ['../a.npy', 'that is no path in a folder'],
    ['a/../../b.npy', 'that is no path in a folder'],
    ['/etc/a.npy', 'that is no path in a folder'],
    ['a//b.npy', 'that is no path in a folder'],
    ['./a.npy', 'that is no path in a folder'],
    ['folder/', 'that is no path in a folder'],
    ['', 'that is no path in a folder'],
    ['c:a.npy', 'with a drive'],
    ['C:/a.npy', 'with a drive'],
    ['..\\a.npy', 'with control characters or a backslash'],
    ['a\0.npy', 'with control characters or a backslash'],
    ['a\n.npy', 'with control characters or a backslash'],
    ['a\u0085.npy', 'with control characters or a backslash'],
  ])('refuses the name %j', (name, problem) => {
    const { message } = fileError(() => decodeNpz(zip([{ ...a, name, flags: 2048 }])));
    const at = 30 + ascii(name).length + content.length + 46;
    expect(message).toContain(`the name ${JSON.stringify(name)}, ${problem}, at byte ${at}: use plain names`);
  });

  it('says which array is wrong, with the byte in its own file', () => {
    const { message } = fileError(() => decodeNpz(zip([{ ...a, content: content.slice(0, -1) }]), { name: 'a.npz' }));
    expect(message).toBe(
      'a.npz (in "a.npy"): F64 of shape [2] makes 144 bytes, the file has 143, at byte 143: get the whole file',
    );
  });

  it('takes no more memory for what is compressed than it may: as bytes, and as doubles', () => {
    const bytes = encodeNpz({ x: zeros([1000]), y: zeros([1000]) }, { compressed: true });
    expect(Object.keys(decodeNpz(bytes, { maxBytes: 16256 }))).toEqual(['x', 'y']);
    expect(fileError(() => decodeNpz(bytes, { maxBytes: 16255 })).message).toMatch(
      /^the bytes: what is compressed would take 16256 bytes, with "y.npy", at byte \d+: raise maxBytes, now 16255, if/,
    );
    const small = encodeNpz({ x: zeros([1000]), y: zeros([1000]) }, { compressed: true, dtype: 'U8' });
    expect(fileError(() => decodeNpz(small, { maxBytes: 15999 })).message).toBe(
      'the bytes (in "y.npy"): its 1000 numbers would take 8000 bytes as doubles, at byte 128: ' +
        'raise maxBytes, now 7999, if you trust the file',
    );
    expect(Object.keys(decodeNpz(encodeNpz({ x: zeros([1000]) }), { maxBytes: 0 }))).toEqual(['x']); // not compressed
  });

  it('refuses what is no Uint8Array, and limits that are none', () => {
    expect(() => decodeNpz(null as never)).toThrow('decodeNpz: the bytes must be a Uint8Array, got null');
    expect(() => decodeNpz(plain, { maxBytes: -1 })).toThrow('decodeNpz: maxBytes must be a number of bytes, got -1');
    expect(() => decodeNpz(plain, { maxBytes: NaN })).toThrow(ArgumentError);
  });

  /** Says in the end record that a comment follows. */
  function comment(bytes: Uint8Array): Uint8Array {
    const copy = bytes.slice();
    copy[copy.length - 2] = 1;
    return copy;
  }
});

describe('encodeNpz', () => {
  const names = fc.stringMatching(/^[a-z0-9_.äß]{1,6}$/).filter((name) => !['.', '..'].includes(name));

  it('gives back what was written, compressed or not', () => {
    fc.assert(
      fc.property(fc.dictionary(names, fc.array(fc.nat(3), { maxLength: 3 })), fc.boolean(), (given, compressed) => {
        const tensors = Object.fromEntries(Object.entries(given).map(([name, shape]) => [name, randn(shape)]));
        const read = decodeNpz(encodeNpz(tensors, { compressed }));
        expect(Object.keys(read).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, x] of Object.entries(tensors)) {
          expect([...read[name]!.shape]).toEqual([...x.shape]);
          expect(read[name]!.toArray()).toEqual(x.toArray());
        }
      }),
    );
  });

  it('gives equal bytes for equal arrays, fewer when compressed', () => {
    const tensors = { x: zeros([100]), y: tensor(1) };
    expect(encodeNpz(tensors)).toEqual(encodeNpz(tensors));
    expect(encodeNpz(tensors).length).toBeGreaterThan(900);
    expect(encodeNpz(tensors, { compressed: true }).length).toBeLessThan(500);
    expect(decodeNpz(encodeNpz({ x: tensor([1, 0]) }, { dtype: 'BOOL' })).x!.tolist()).toEqual([1, 0]);
  });

  it('gives back an array that spans many pieces of the stream', () => {
    const x = randn([40, 1000]);
    expect(decodeNpz(encodeNpz({ x }, { compressed: true })).x!.toArray()).toEqual(x.toArray());
  });

  it.each<[Record<string, unknown>, NpzOptions, string]>([
    [{ '../a': zeros([1]) }, {}, 'encodeNpz: the name "../a", that is no path in a folder; use plain names'],
    [{ '': zeros([1]) }, {}, 'encodeNpz: the name "", that is empty; use plain names'],
    [{ 'a\\b': zeros([1]) }, {}, 'encodeNpz: the name "a\\\\b", with control characters or a backslash'],
    [{ a: 3 }, {}, 'encodeNpz: "a": expected a tensor, got 3'],
    [{ a: tensor([0.5]) }, { dtype: 'I8' }, 'encodeNpz: "a": I8 holds whole numbers in [-128, 127], got 0.5'],
    [{}, { compressed: 1 as never }, 'encodeNpz: compressed must be true or false, got 1'],
    [{}, { compress: true } as never, 'encodeNpz: unknown option "compress". Did you mean "compressed"?'],
    [[] as never, {}, 'encodeNpz: expected tensors by name, got []'],
  ])('refuses what it can not write (%#)', (tensors, options, message) => {
    const body = () => encodeNpz(tensors as never, options);
    expect(body).toThrow(ArgumentError);
    expect(body).toThrow(message);
  });
});
