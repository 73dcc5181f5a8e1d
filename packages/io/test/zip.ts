import { crc32 } from '../src/crc32.ts';
import { concat, little } from './fixtures.ts';

/** One file of a zip to be built; what is not given is as it should be. */
export interface ZipPart {
  name: string | Uint8Array;
  content: Uint8Array;
  /** The bytes that stand for the content, compressed or not. */
  packed?: Uint8Array;
  method?: number;
  flags?: number;
  crc?: number;
  /** What the directory says of the sizes. */
  size?: number;
  packedSize?: number;
  extra?: readonly number[];
  localExtra?: readonly number[];
  /** Bytes behind the content. */
  behind?: readonly number[];
  /** Fields of the file's own header, where they differ from the directory's. */
  local?: Partial<Pick<ZipPart, 'name' | 'method' | 'flags' | 'crc' | 'size' | 'packedSize'>>;
  /** Where the directory says that the file begins. */
  header?: number;
}

/** Fields of the record at the end, where they differ from what is so. */
export interface ZipEnd {
  disk?: number;
  count?: number;
  countHere?: number;
  size?: number;
  start?: number;
  comment?: string;
  /** Bytes before the first file. */
  before?: readonly number[];
  /** Bytes between directory and end record. */
  between?: (start: number, size: number) => readonly number[];
}

const encode = (name: string | Uint8Array): Uint8Array =>
  typeof name === 'string' ? new TextEncoder().encode(name) : name;

/** A zip of these parts, right or wrong, as the specification lays it out. */
export function zip(parts: readonly ZipPart[], end: ZipEnd = {}): Uint8Array {
  let bytes = concat(end.before ?? []);
  let directory = concat();
  for (const part of parts) {
    const header = part.header ?? bytes.length;
    bytes = concat(bytes, localHeader(part), part.packed ?? part.content, part.behind ?? []);
    directory = concat(directory, listed(part, header));
  }
  const start = end.start ?? bytes.length;
  const size = end.size ?? directory.length;
  const count = end.count ?? parts.length;
  const comment = encode(end.comment ?? '');
  return concat(
    bytes,
    directory,
    end.between?.(bytes.length, directory.length) ?? [],
    [0x50, 0x4b, 5, 6],
    little(end.disk ?? 0, 2),
    little(end.disk ?? 0, 2),
    little(end.countHere ?? count, 2),
    little(count, 2),
    little(size, 4),
    little(start, 4),
    little(comment.length, 2),
    comment,
  );
}

function fields(part: ZipPart, extra: readonly number[]): number[] {
  const { packed = part.content } = part;
  return [
    ...little(part.flags ?? 0, 2),
    ...little(part.method ?? (part.packed ? 8 : 0), 2),
    ...little(0, 4), // time and date
    ...little(part.crc ?? crc32(part.content), 4),
    ...little(part.packedSize ?? packed.length, 4),
    ...little(part.size ?? part.content.length, 4),
    ...little(encode(part.name).length, 2),
    ...little(extra.length, 2),
  ];
}

function localHeader(part: ZipPart): Uint8Array {
  const own = { ...part, ...part.local };
  const extra = part.localExtra ?? [];
  return concat([0x50, 0x4b, 3, 4, 20, 0], fields(own, extra), encode(own.name), extra);
}

function listed(part: ZipPart, header: number): Uint8Array {
  const extra = part.extra ?? [];
  const rest = [...little(0, 2), ...little(0, 2), ...little(0, 2), ...little(0, 4), ...little(header, 4)];
  return concat([0x50, 0x4b, 1, 2, 20, 0, 20, 0], fields(part, extra), rest, encode(part.name), extra);
}

/** A zip64 extra field of these numbers. */
export const extra64 = (...values: readonly number[]): number[] => [
  1,
  0,
  ...little(8 * values.length, 2),
  ...values.flatMap((value) => little(value, 8)),
];

/** The zip64 record of the directory, and its locator. */
export function end64(
  start: number,
  size: number,
  count: number,
  { at = start + size, countHere = count, disks = 1, length = 44 } = {},
): number[] {
  const numbers = [countHere, count, size, start].flatMap((value) => little(value, 8));
  const record = [0x50, 0x4b, 6, 6, ...little(length, 8), 45, 0, 45, 0, ...little(0, 8), ...numbers];
  return [...record, 0x50, 0x4b, 6, 7, ...little(0, 4), ...little(at, 8), ...little(disks, 4)];
}
