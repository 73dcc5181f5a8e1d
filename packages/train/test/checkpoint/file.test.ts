import { createHash } from 'node:crypto';
import { tensor } from '@ndgrad/core';
import { decodeSafetensors, encodeSafetensors } from '@ndgrad/io';
import { describe, expect, it } from 'vitest';
import { decoded, encoded } from '../../src/checkpoint/file.ts';
import { CheckpointError } from '../../src/index.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

const content = {
  tensors: {
    'model.weight': tensor([
      [1, -0],
      [Number.NaN, Infinity],
    ]),
    'model.bias': tensor([0.1]),
  },
  metadata: { epoch: '3', note: 'sha256 "sha256":"…' },
};

describe('the file of a checkpoint', () => {
  it('is a safetensors file, whose tensors any reader finds', async () => {
    const { tensors, metadata } = decodeSafetensors(await encoded(content));
    expect(Object.keys(tensors).sort()).toEqual(['model.bias', 'model.weight']);
    expect(tensors['model.weight']!.tolist()).toEqual([
      [1, -0],
      [Number.NaN, Infinity],
    ]);
    expect(metadata).toMatchObject({ epoch: '3', format: 'ndgrad checkpoint', format_version: '1' });
  });

  it('holds what was put into it', async () => {
    const { tensors, metadata } = await decoded('run', await encoded(content));
    expect(tensors['model.bias']!.toArray()).toEqual(content.tensors['model.bias'].toArray());
    expect(metadata).toMatchObject(content.metadata);
  });

  it('states the SHA-256 of its bytes, with zeros in its own place', async () => {
    const bytes = await encoded(content);
    const { sha256: stated } = decodeSafetensors(bytes).metadata;
    const text = Buffer.from(bytes).toString('latin1').replace(stated!, '0'.repeat(64));
    expect(sha256(Buffer.from(text, 'latin1'))).toBe(stated);
  });
});

describe('a damaged file', () => {
  it('is told from a whole one wherever a bit is wrong', async () => {
    const bytes = await encoded(content);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << (at % 8);
      await expect(decoded('run', damaged)).rejects.toThrow(CheckpointError);
      await expect(decoded('run', damaged)).rejects.toThrow(/^run: it is (damaged|no checkpoint)/);
    }
  });

  it('is told from a whole one wherever it ends too early, or goes on too long', async () => {
    const bytes = await encoded(content);
    for (let length = 0; length < bytes.length; length++) {
      await expect(decoded('run', bytes.slice(0, length))).rejects.toThrow(CheckpointError);
    }
    await expect(decoded('run', Buffer.concat([bytes, Buffer.of(0)]))).rejects.toThrow('run: it is damaged');
  });

  it('costs nothing where it claims to be huge', async () => {
    const bytes = await encoded(content);
    new DataView(bytes.buffer, bytes.byteOffset).setBigUint64(0, 2n ** 60n, true);
    await expect(decoded('run', bytes)).rejects.toThrow('run: it is damaged');
  });
});

describe('a foreign file', () => {
  it('of weights alone is no checkpoint', async () => {
    await expect(decoded('w', encodeSafetensors(content.tensors))).rejects.toThrow('w: it is no checkpoint of ndgrad');
  });

  it('of anything else is none', async () => {
    for (const text of ['', 'PK\x03\x04', '{"sha256":"', 'x'.repeat(1000)]) {
      await expect(decoded('x', Buffer.from(text))).rejects.toThrow('x: it is no checkpoint of ndgrad');
    }
  });

  /** A file with a right checksum and other marks. */
  async function forged(marks: Record<string, string>) {
    const bytes = encodeSafetensors({}, { ...marks, sha256: '0'.repeat(64) });
    const at = Buffer.from(bytes).indexOf('"sha256":"') + 10;
    bytes.set(Buffer.from(sha256(bytes)), at);
    return bytes;
  }

  it('of a later version of ndgrad is refused as such', async () => {
    const later = await forged({ format: 'ndgrad checkpoint', format_version: '2' });
    await expect(decoded('run', later)).rejects.toThrow(
      'run: a later version of ndgrad made it (format 2, this one reads 1)',
    );
  });

  it('of another format with a checksum is none', async () => {
    await expect(decoded('run', await forged({ format: 'other', format_version: '1' }))).rejects.toThrow(
      'no checkpoint',
    );
    await expect(decoded('run', await forged({ format: 'ndgrad checkpoint' }))).rejects.toThrow('no checkpoint');
  });
});
