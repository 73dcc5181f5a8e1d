import { Inflate } from 'fflate';
import { crc32 } from './crc32.ts';
import { FileError } from './errors.ts';
import { quote } from './json.ts';
import { readDirectory, type ZipEntry } from './zipDirectory.ts';

/** One file of a zip. */
export interface ZipFile {
  name: string;
  /** Its content; a view of the zip's bytes where it is stored uncompressed. */
  bytes: Uint8Array;
  compressed: boolean;
  /** Where the zip's directory speaks of it. */
  at: number;
}

/** Deflate can't do better: 258 bytes from 2 bits. */
const BEST_RATIO = 1032;
/** How much is inflated at a time: 16 KiB, which become 17 MB at most. */
const PIECE = 2 ** 14;

/**
 * The files in a zip, one after another. What is compressed takes memory only once its size was found possible.
 * @param most how many bytes all that is compressed may become
 * @throws FileError for what `readDirectory` refuses, for more than `most` bytes, and for content that is damaged
 */
export function* unzip(name: string, bytes: Uint8Array, most: number): Generator<ZipFile> {
  const entries = readDirectory(name, bytes);
  checkSizes(name, entries, most);
  for (const entry of entries) {
    const packed = bytes.subarray(entry.start, entry.start + entry.packedSize);
    const content = entry.compressed ? inflate(name, entry, packed) : packed;
    if (crc32(content) !== entry.crc) throw damaged(name, entry, 'its checksum is wrong');
    yield { name: entry.name, bytes: content, compressed: entry.compressed, at: entry.at };
  }
}

function checkSizes(name: string, entries: readonly ZipEntry[], most: number): void {
  let total = 0;
  for (const { name: entry, compressed, size, packedSize, at } of entries) {
    if (!compressed) continue; // takes no memory: a view of the zip's bytes
    if (size > BEST_RATIO * packedSize) {
      const problem = `${quote(entry)} claims ${size} bytes in ${packedSize}, which can't be`;
      throw new FileError(name, problem, 'write the file again', { at });
    }
    total += size;
    if (total > most) {
      const problem = `what is compressed would take ${total} bytes, with ${quote(entry)}`;
      throw new FileError(name, problem, `raise maxBytes, now ${most}, if you trust the file`, { at });
    }
  }
}

/** Piece by piece, so that content that is larger than it claims is noticed before it takes memory. */
function inflate(name: string, entry: ZipEntry, packed: Uint8Array): Uint8Array {
  const content = allocate(name, entry);
  let size = 0;
  const inflater = new Inflate((part) => {
    if (size + part.length <= content.length) content.set(part, size);
    size += part.length;
  });
  for (let at = 0; at < packed.length; at += PIECE) {
    try {
      inflater.push(packed.subarray(at, at + PIECE), at + PIECE >= packed.length);
    } catch (cause) {
      throw damaged(name, entry, `it can't be inflated (${(cause as Error).message})`, cause);
    }
    if (size > content.length) break;
  }
  if (size !== content.length) throw damaged(name, entry, `it has not the ${entry.size} bytes that it claims`);
  return content;
}

function allocate(name: string, entry: ZipEntry): Uint8Array {
  try {
    return new Uint8Array(entry.size);
  } catch (cause) {
    const problem = `there is no memory for the ${entry.size} bytes of ${quote(entry.name)}`;
    throw new FileError(name, problem, 'read it on a machine with more', { at: entry.at, cause });
  }
}

function damaged(name: string, entry: ZipEntry, problem: string, cause?: unknown): FileError {
  return new FileError(name, `${quote(entry.name)} is damaged, ${problem}`, 'get the file again', {
    at: entry.start,
    cause,
  });
}
