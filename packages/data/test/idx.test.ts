import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, parseIdx, readIdx } from '../src/index.ts';
import { folderWith, idx } from './files.ts';

const arrays = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }).chain((shape) => {
  const size = shape.reduce((a, b) => a * b, 1);
  return fc.record({ shape: fc.constant(shape), data: fc.uint8Array({ minLength: size, maxLength: size }) });
});

describe('parseIdx', () => {
  it('reads sizes and elements, byte by byte', () => {
    // 00 00 08 02, 2 rows, 3 columns, six elements
    const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255);
    expect(parseIdx(bytes)).toEqual({ shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 255) });
  });

  it('gives back what was written, whatever the shape', () => {
    fc.assert(
      fc.property(arrays, ({ shape, data }) => {
        expect(parseIdx(idx(shape, data))).toEqual({ shape, data });
      }),
    );
  });

  it('reads bytes that begin within a larger buffer', () => {
    const buffer = new Uint8Array(30);
    buffer.set(idx([3], [7, 8, 9]), 5);
    expect(parseIdx(buffer.subarray(5, 16))).toEqual({ shape: [3], data: Uint8Array.of(7, 8, 9) });
  });

  it('refuses every truncation, and every extra byte', () => {
    fc.assert(
      fc.property(arrays, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), ({ shape, data }, part) => {
        const whole = idx(shape, data);
        expect(() => parseIdx(whole.subarray(0, Math.floor(whole.length * part)))).toThrow(DataError);
        expect(() => parseIdx(Uint8Array.of(...whole, 0))).toThrow(DataError);
      }),
    );
  });

  it.each([
    [new Uint8Array(0), 'parseIdx: the bytes: expected an IDX header of at least 4 bytes, found 0 bytes'],
    [
      Uint8Array.of(0x3c, 0x21, 0x44, 0x4f),
      'parseIdx: the bytes: expected an IDX file, which begins with the bytes 00 00 08, found 3c 21 44 4f',
    ],
    [idx([2, 2], [1, 2, 3, 4]).subarray(0, 7), 'expected a header of 12 bytes for 2 dimensions, found 7 bytes'],
    [idx([2, 2], [1, 2, 3]), 'expected 16 bytes (a header of 12 and 2 × 2 elements), found 15: the file was cut short'],
    [
      idx([2, 2], [1, 2, 3, 4, 5]),
      'expected 16 bytes (a header of 12 and 2 × 2 elements), found 17: there is more than that',
    ],
    [idx([1], [0, 0, 0, 0], 13), 'expected unsigned bytes (IDX type 8), found 32-bit floats (IDX type 13)'],
    [idx([1], [0], 10), 'which begins with the bytes 00 00 08, found 00 00 0a 01'],
  ])('says what it expected and what it found (%#)', (bytes, message) => {
    expect(() => parseIdx(bytes)).toThrow(DataError);
    expect(() => parseIdx(bytes)).toThrow(message);
  });

  it('calls the bytes by the name it is given', () => {
    expect(() => parseIdx(new Uint8Array(2), { name: 'labels.idx' })).toThrow('parseIdx: labels.idx: expected');
  });

  it('refuses what is no Uint8Array', () => {
    expect(() => parseIdx('00' as unknown as Uint8Array)).toThrow('expected a Uint8Array, found "00"');
  });
});

describe('readIdx', () => {
  const bytes = idx([2, 2], [1, 2, 3, 4]);
  const content = { shape: [2, 2], data: Uint8Array.of(1, 2, 3, 4) };

  it('reads files as they are and compressed, whatever their names, by path and by URL', () => {
    const folder = folderWith({ plain: bytes, 'packed.gz': gzipSync(bytes), packed: gzipSync(bytes) });
    for (const name of ['plain', 'packed.gz', 'packed']) {
      const { shape, data } = readIdx(join(folder, name));
      expect({ shape, data: Uint8Array.from(data) }).toEqual(content);
    }
    expect(readIdx(pathToFileURL(join(folder, 'plain'))).shape).toEqual([2, 2]);
    expect(readIdx(pathToFileURL(join(folder, 'plain')).href).shape).toEqual([2, 2]);
  });

  it('refuses every truncation of a compressed file', () => {
    const folder = folderWith();
    const packed = gzipSync(
      idx(
        [40],
        Array.from({ length: 40 }, (_, i) => (i * 37) % 256),
      ),
    );
    const path = join(folder, 'cut.gz');
    for (let length = 0; length < packed.length; length++) {
      writeFileSync(path, packed.subarray(0, length));
      expect(() => readIdx(path)).toThrow(DataError);
      expect(() => readIdx(path)).toThrow(`readIdx: ${path}: expected`);
    }
  });

  it('names the file and the reason when it cannot be read', () => {
    const folder = folderWith({ cut: bytes.subarray(0, 14) });
    const at = (name: string) => join(folder, name);
    expect(() => readIdx(at('none'))).toThrow(`readIdx: can't read ${at('none')}: there is no such file`);
    expect(() => readIdx(folder)).toThrow(`readIdx: can't read ${folder}: it is a folder`);
    expect(() => readIdx(at('cut'))).toThrow(`readIdx: ${at('cut')}: expected 16 bytes`);
    expect(() => readIdx('')).toThrow('readIdx: path must be a path or a file: URL, got ""');
    expect(() => readIdx(new URL('https://example.org/x'))).toThrow('got "https://example.org/x"');
  });
});
