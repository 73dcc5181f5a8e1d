import { FileError } from './errors.ts';
import { quote } from './json.ts';

/** One file of a zip: what its directory says of it, and where its content is. */
export interface ZipEntry {
  name: string;
  compressed: boolean;
  crc: number;
  packedSize: number;
  size: number;
  /** Where the directory speaks of it. */
  at: number;
  /** Where its content begins. */
  start: number;
}

/** An entry of the directory, before the file's own header was read. */
interface Listed extends ZipEntry {
  flags: number;
  method: number;
  /** Where the file's own header begins. */
  header: number;
  nameLength: number;
}

const LOCAL = 0x04034b50;
const LISTED = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const DESCRIPTOR = 0x08074b50;
const LOCAL_SIZE = 30;
const LISTED_SIZE = 46;
const END_SIZE = 22;
const END64_SIZE = 56;
const LOCATOR64_SIZE = 20;
/** In a field of 16 or 32 bits: the number stands in a zip64 field instead. */
const [WIDE16, WIDE32] = [0xffff, 0xffffffff];
const ZIP64_EXTRA = 1;
/** Flags: bits 1 and 2 tell how hard was compressed, 3 that a descriptor follows, 11 that the name is UTF-8. */
const DESCRIPTOR_FOLLOWS = 1 << 3;
const UTF8 = 1 << 11;
const KNOWN_FLAGS = 0b110 | DESCRIPTOR_FOLLOWS | UTF8;
const [STORED, DEFLATED] = [0, 8];

const AGAIN = 'write the file again';
const WHOLE = 'get the whole file';
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * What a zip holds, in the order of its bytes. Each byte must belong to one file or to the directory, and what the
 * directory says must agree with the files' own headers: a zip that two programs might read in two ways is refused.
 * @throws FileError, with the byte, for what is no zip, cut short, encrypted, split, or compressed otherwise than by
 *   deflate; for files that overlap or leave gaps; for names that come twice or lead out of a folder
 * @see PKWARE's APPNOTE.TXT, version 6.3
 */
export function readDirectory(name: string, bytes: Uint8Array): ZipEntry[] {
  return new ZipReader(name, bytes).read();
}

/** What makes a name in a zip unfit, where it would lead out of a folder, or `null`. */
export function nameProblem(name: string): string | null {
  if (/[\p{Cc}\p{Surrogate}\\]/u.test(name)) return 'with control characters or a backslash';
  if (/^[a-z]:/i.test(name)) return 'with a drive';
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..'))
    return 'that is no path in a folder';
  return null;
}

class ZipReader {
  private readonly view: DataView;

  constructor(
    private readonly name: string,
    private readonly bytes: Uint8Array,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private fail(problem: string, fix: string, at: number): never {
    throw new FileError(this.name, problem, fix, { at });
  }

  private u16(at: number): number {
    return this.view.getUint16(at, true);
  }

  private u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  private u64(at: number): number {
    const value = this.u32(at + 4) * 2 ** 32 + this.u32(at);
    if (!Number.isSafeInteger(value)) this.fail('a size beyond 2^53', AGAIN, at);
    return value;
  }

  /** Checks that a record of this signature and size lies before `end`. */
  private need(what: string, signature: number, size: number, at: number, end: number): void {
    if (at < 0 || at + size > end) this.fail(`${what} is cut short`, WHOLE, Math.max(0, Math.min(at, end)));
    if (this.u32(at) !== signature) this.fail(`${what} is not where it should be`, WHOLE, at);
  }

  read(): ZipEntry[] {
    const directory = this.directory();
    const listed: Listed[] = [];
    let at = directory.start;
    for (let i = 0; i < directory.count; i++) {
      const { entry, end } = this.listed(at, directory.end);
      listed.push(entry);
      at = end;
    }
    if (at !== directory.end) this.fail('the zip directory holds more than it counts', AGAIN, at);
    this.checkNames(listed);
    listed.sort((a, b) => a.header - b.header);
    const first = listed[0]?.header ?? directory.start;
    if (first !== 0) this.fail(`${first} bytes before the first file belong to none`, AGAIN, 0);
    for (const [i, entry] of listed.entries()) this.local(entry, listed[i + 1]?.header ?? directory.start);
    return listed;
  }

  /** Where the directory is, from the record at the end of the zip. */
  private directory(): { start: number; end: number; count: number } {
    const at = this.bytes.length - END_SIZE;
    this.need('the end of the zip directory', END, END_SIZE, at, this.bytes.length);
    if (this.u16(at + 20) !== 0) this.fail('the zip has a comment', AGAIN, at + 20);
    const disks = [this.u16(at + 4), this.u16(at + 6)];
    const narrow = [this.u16(at + 8), this.u16(at + 10), this.u32(at + 12), this.u32(at + 16)];
    const hasWide = at >= LOCATOR64_SIZE && this.u32(at - LOCATOR64_SIZE) === LOCATOR64;
    const isWide = narrow[1] === WIDE16 || narrow[2]! + narrow[3]! !== at;
    const end = isWide && hasWide ? at - LOCATOR64_SIZE - END64_SIZE : at;
    const fields = isWide && hasWide ? this.directory64(end, disks, narrow) : narrow;
    const [countHere, count, size, start] = fields as [number, number, number, number];
    if (disks.some((disk) => disk !== 0) || countHere !== count)
      this.fail('the zip is split into several', AGAIN, at + 4);
    if (start + size !== end) this.fail('the zip directory does not end where it says', WHOLE, at + 12);
    if (count * LISTED_SIZE > size) this.fail(`the zip directory has no room for ${count} files`, AGAIN, at + 10);
    return { start, end, count };
  }

  /** The same fields from the zip64 record, which stands before its locator; narrow ones that hold a number agree. */
  private directory64(at: number, disks: number[], narrow: readonly number[]): number[] {
    const locator = at + END64_SIZE;
    this.need('the zip64 directory record', END64, END64_SIZE, at, locator);
    if (this.u64(locator + 8) !== at || this.u64(at + 4) !== END64_SIZE - 12) {
      this.fail('the zip64 directory record is not where it should be', AGAIN, locator + 8);
    }
    for (const field of [locator + 4, at + 16, at + 20]) disks.push(this.u32(field));
    if (this.u32(locator + 16) > 1) this.fail('the zip is split into several', AGAIN, locator + 16);
    return [24, 32, 40, 48].map((field, i) => {
      const wide = this.u64(at + field);
      const isOpen = narrow[i] === (i < 2 ? WIDE16 : WIDE32);
      if (!isOpen && narrow[i] !== wide) this.fail('the zip64 directory record says otherwise', AGAIN, at + field);
      return wide;
    });
  }

  private listed(at: number, limit: number): { entry: Listed; end: number } {
    this.need('an entry of the zip directory', LISTED, LISTED_SIZE, at, limit);
    const [nameLength, extraLength] = [this.u16(at + 28), this.u16(at + 30)];
    const extra = at + LISTED_SIZE + nameLength;
    const end = extra + extraLength + this.u16(at + 32);
    if (end > limit) this.fail('an entry of the zip directory is cut short', AGAIN, at);
    const [flags, method] = [this.u16(at + 8), this.u16(at + 10)];
    const name = this.text(at + LISTED_SIZE, nameLength, flags);
    this.checkMethod(name, flags, method, at);
    const narrow = [this.u32(at + 24), this.u32(at + 20), this.u32(at + 42)];
    const [size, packedSize, header] = this.wide(narrow, extra, extra + extraLength) as [number, number, number];
    if (![0, WIDE16].includes(this.u16(at + 34))) this.fail('the zip is split into several', AGAIN, at + 34);
    if (method === STORED && size !== packedSize) {
      this.fail(`${quote(name)} is not compressed, but has two sizes`, AGAIN, at + 20);
    }
    const place = { at, header, start: 0, nameLength };
    const content = { crc: this.u32(at + 16), size, packedSize, compressed: method === DEFLATED };
    return { entry: { name, flags, method, ...content, ...place }, end };
  }

  private text(at: number, length: number, flags: number): string {
    const bytes = this.bytes.slice(at, at + length);
    const isKnown = (flags & UTF8) !== 0 || bytes.every((byte) => byte < 0x80);
    try {
      if (isKnown) return utf8.decode(bytes);
    } catch {
      // said below
    }
    return this.fail('a name is not UTF-8', AGAIN, at);
  }

  private checkMethod(name: string, flags: number, method: number, at: number): void {
    if (flags & 1) this.fail(`${quote(name)} is encrypted`, 'write it without a password', at + 8);
    if (flags & ~KNOWN_FLAGS) this.fail(`${quote(name)} has flags that are not known`, AGAIN, at + 8);
    if (method === STORED || method === DEFLATED) return;
    this.fail(`${quote(name)} is compressed by method ${method}`, 'store it, or compress it by deflate', at + 10);
  }

  /** The numbers themselves, or in their order from the zip64 extra field those that did not fit. */
  private wide(narrow: readonly number[], from: number, to: number): number[] {
    let field: number | null = null;
    let fieldEnd = 0;
    let at = from;
    while (at < to) {
      const end = at + 4 > to ? Infinity : at + 4 + this.u16(at + 2);
      if (end > to) this.fail('an extra field is cut short', AGAIN, at);
      if (this.u16(at) === ZIP64_EXTRA) {
        if (field !== null) this.fail('a zip64 field comes twice', AGAIN, at);
        [field, fieldEnd] = [at + 4, end];
      }
      at = end;
    }
    if (field === null) return [...narrow]; // then 2³² − 1 is the number itself
    let next = field;
    return narrow.map((value) => {
      if (value !== WIDE32) return value;
      if (next + 8 > fieldEnd) this.fail('a zip64 field is cut short', AGAIN, next);
      next += 8;
      return this.u64(next - 8);
    });
  }

  private checkNames(entries: readonly Listed[]): void {
    const names = new Set<string>();
    for (const { name, at } of entries) {
      const problem = nameProblem(name);
      if (problem !== null) this.fail(`the name ${quote(name)}, ${problem}`, 'use plain names', at + LISTED_SIZE);
      if (names.has(name)) this.fail(`the name ${quote(name)} comes twice`, 'give each file a name of its own', at);
      names.add(name);
    }
  }

  /** Reads a file's own header: it must say the same as the directory, and its content end where the next begins. */
  private local(entry: Listed, next: number): void {
    const { header, nameLength, flags, method, at } = entry;
    const name = quote(entry.name);
    if (header + LOCAL_SIZE > next) this.fail(`${name} overlaps what follows`, AGAIN, Math.min(header, next));
    this.need(`the header of ${name}`, LOCAL, LOCAL_SIZE, header, next);
    const extra = header + LOCAL_SIZE + this.u16(header + 26);
    const start = extra + this.u16(header + 28);
    if (start > next) this.fail(`the header of ${name} goes beyond its place`, AGAIN, header);
    const agrees =
      this.u16(header + 6) === flags &&
      this.u16(header + 8) === method &&
      this.u16(header + 26) === nameLength &&
      this.bytes.subarray(header + LOCAL_SIZE, extra).every((byte, i) => byte === this.bytes[at + LISTED_SIZE + i]) &&
      this.sizesAgree(entry, extra, start);
    if (!agrees) this.fail(`the header of ${name} and the directory disagree`, AGAIN, header);
    entry.start = start;
    const rest = next - start - entry.packedSize;
    const isLast = flags & DESCRIPTOR_FOLLOWS ? this.isDescriptor(entry, next - rest, rest) : rest === 0;
    if (isLast) return;
    this.fail(`${name} ${rest < 0 ? 'overlaps what follows' : 'leaves a gap behind it'}`, AGAIN, start);
  }

  private sizesAgree({ flags, crc, size, packedSize, header }: Listed, extra: number, start: number): boolean {
    const narrow = [this.u32(header + 22), this.u32(header + 18)];
    const found = [this.u32(header + 14), ...this.wide(narrow, extra, start)];
    const isLater = (flags & DESCRIPTOR_FOLLOWS) !== 0; // then the descriptor has the numbers
    return [crc, size, packedSize].every((value, i) => found[i] === value || (isLater && found[i] === 0));
  }

  /** Checksum and sizes behind a file's content, with or without a signature, in 32 or 64 bits. */
  private isDescriptor({ crc, size, packedSize }: Listed, from: number, length: number): boolean {
    if (![12, 16, 20, 24].includes(length)) return false;
    const isSigned = length % 8 === 0;
    if (isSigned && this.u32(from) !== DESCRIPTOR) return false;
    const at = isSigned ? from + 4 : from;
    const isWide = length >= 20;
    const read = (field: number): number => (isWide ? this.u64(field) : this.u32(field));
    return this.u32(at) === crc && read(at + 4) === packedSize && read(at + (isWide ? 12 : 8)) === size;
  }
}
