import type { Tensor } from '@ndgrad/core';
import { CheckpointError } from '../errors.ts';
import { files, nodeModule } from './node.ts';

/** Tensors by name, and text by name: what a safetensors file holds. */
export interface Content {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const FORMAT = 'ndgrad checkpoint';
/** Rises when older programs can't read the files any more. */
const VERSION = 1;

/** Stands for the checksum while that is computed. */
const BLANK = '0'.repeat(64);
/** A quote within text is escaped, so that no text holds these bytes. */
const KEY = '"sha256":"';

/** The bytes of a checkpoint: a safetensors file whose metadata hold the SHA-256 of all its bytes. */
export async function encoded({ tensors, metadata }: Content): Promise<Uint8Array> {
  const { encodeSafetensors } = await files();
  const marks = { format: FORMAT, format_version: String(VERSION), sha256: BLANK };
  const bytes = encodeSafetensors({ ...tensors }, { ...metadata, ...marks });
  const at = checksumAt(bytes)!;
  bytes.set(new TextEncoder().encode(checksum(bytes, at)), at);
  return bytes;
}

/**
 * What a checkpoint's bytes hold.
 * @param path for the messages
 * @throws CheckpointError for bytes that are no checkpoint, for damaged ones, and for those of a later version
 */
export async function decoded(path: string, bytes: Uint8Array): Promise<Content> {
  const { decodeSafetensors } = await files();
  const at = checksumAt(bytes);
  if (at === null) throw new CheckpointError(`${path}: it is no checkpoint of ndgrad, or its first bytes are damaged`);
  const expected = new TextDecoder().decode(bytes.subarray(at, at + BLANK.length));
  if (checksum(bytes, at) !== expected) {
    throw new CheckpointError(
      `${path}: it is damaged: its checksum differs from what it holds; use an older checkpoint`,
    );
  }
  const { tensors, metadata } = decodeSafetensors(bytes);
  const version = Number(metadata.format_version);
  if (metadata.format !== FORMAT || !(version >= 1))
    throw new CheckpointError(`${path}: it is no checkpoint of ndgrad`);
  if (version > VERSION) {
    throw new CheckpointError(
      `${path}: a later version of ndgrad made it (format ${version}, this one reads ${VERSION})`,
    );
  }
  return { tensors, metadata };
}

/** The SHA-256 of a file's bytes, as if its own place held zeros. */
function checksum(bytes: Uint8Array, at: number): string {
  const { createHash } = nodeModule('node:crypto');
  const hash = createHash('sha256').update(bytes.subarray(0, at)).update(BLANK);
  return hash.update(bytes.subarray(at + BLANK.length)).digest('hex');
}

/** Where the checksum stands; `null` in what is no checkpoint. */
function checksumAt(bytes: Uint8Array): number | null {
  if (bytes.length < 8) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 8 + Number(length)));
  const key = header.indexOf(KEY, 8);
  const at = key + KEY.length;
  return key < 0 || at + BLANK.length > header.length ? null : at;
}
