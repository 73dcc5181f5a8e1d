import type { Dtype } from './dtype.ts';
import { MOST_DIMS } from './elements.ts';
import { FileError } from './errors.ts';
import { quote } from './json.ts';

/** The formats that NumPy has a name for. */
export type NpyDtype = Exclude<Dtype, 'BF16'>;

/** What stands before the numbers of a `.npy` file. */
export interface NpyHeader {
  dtype: NpyDtype;
  /** The lowest byte of a number first. */
  little: boolean;
  /** Whether the numbers stand column by column: the first index runs fastest. */
  byColumns: boolean;
  shape: number[];
  /** The first byte of the numbers. */
  end: number;
}

const descriptions: Readonly<Record<NpyDtype, string>> = {
  F64: '<f8',
  F32: '<f4',
  F16: '<f2',
  I64: '<i8',
  I32: '<i4',
  I16: '<i2',
  I8: '|i1',
  U64: '<u8',
  U32: '<u4',
  U16: '<u2',
  U8: '|u1',
  BOOL: '|b1',
};

/** All that can be written. */
export const npyDtypes = Object.keys(descriptions) as NpyDtype[];

/** Kind and size, without the byte order. */
const byKind = new Map(npyDtypes.map((dtype) => [descriptions[dtype].slice(1), dtype]));

const MAGIC = [0x93, ...new TextEncoder().encode('NUMPY')];
const AGAIN = 'write it again with numpy.save';
/** NumPy, too, refuses to read longer ones; what is read here needs a few hundred bytes at most. */
const LONGEST_HEADER = 10_000;

/** The header as NumPy writes it: version 1, the numbers' place divisible by 64. */
export function writeNpyHeader(dtype: NpyDtype, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const size = Math.ceil((MAGIC.length + 4 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(size).fill(0x20);
  bytes.set([...MAGIC, 1, 0, (size - 10) & 255, (size - 10) >> 8]);
  bytes.set(new TextEncoder().encode(text), 10);
  bytes[size - 1] = 0x0a;
  return bytes;
}

/** @throws FileError for what is no header, and for what is not read */
export function readNpyHeader(name: string, bytes: Uint8Array): NpyHeader {
  const { start, end } = placeOf(name, bytes);
  const reader = new LiteralReader(name, bytes, start, end);
  const { descr, fortran_order: byColumns, shape } = reader.dictionary();
  reader.end();
  return { ...readDescription(name, descr.value, descr.at), byColumns: byColumns.value, shape: shape.value, end };
}

/** Where the text of the header begins, and the byte behind it. */
function placeOf(name: string, bytes: Uint8Array): { start: number; end: number } {
  const wrong = MAGIC.findIndex((byte, i) => bytes[i] !== byte);
  if (wrong >= 0) throw new FileError(name, 'it does not begin as a .npy file does', AGAIN, { at: wrong });
  const [major, minor] = [bytes[6], bytes[7]];
  if (![1, 2, 3].includes(major!) || minor !== 0) {
    throw new FileError(name, `version ${major}.${minor} of .npy is not read`, 'write version 1.0, 2.0 or 3.0', {
      at: 6,
    });
  }
  const start = major === 1 ? 10 : 12;
  if (bytes.length < start)
    throw new FileError(name, 'the header is cut short', 'get the whole file', { at: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER) {
    throw new FileError(name, `the header would have ${length} bytes, more than ${LONGEST_HEADER}`, AGAIN, { at: 8 });
  }
  if (start + length > bytes.length) {
    throw new FileError(name, 'the header is cut short', 'get the whole file', { at: bytes.length });
  }
  return { start, end: start + length };
}

/** `<f4`: byte order, kind, bytes. */
function readDescription(name: string, text: string, at: number): { dtype: NpyDtype; little: boolean } {
  const dtype = byKind.get(text.slice(1));
  const order = text[0] ?? '';
  if (dtype !== undefined && (text.endsWith('1') ? '|<>=' : '<>').includes(order)) {
    return { dtype, little: order !== '>' };
  }
  const problem = text.slice(1).startsWith('O')
    ? "it holds Python's objects, which are code to be run and never read here"
    : `it holds ${quote(text)}, which is not read`;
  throw new FileError(name, problem, 'write floats of 16, 32 or 64 bits, whole numbers or truth values', { at });
}

interface Found<T> {
  value: T;
  /** The byte where the value begins. */
  at: number;
}

interface Fields {
  descr: Found<string>;
  fortran_order: Found<boolean>;
  shape: Found<number[]>;
}

/** Reads the one literal of Python's that a header is. It knows no other forms, so that it can't be led astray. */
class LiteralReader {
  private readonly text: string;

  constructor(
    private readonly name: string,
    bytes: Uint8Array,
    private readonly start: number,
    end: number,
  ) {
    // One character a byte, so that places in the text are places in the file; what is not ASCII is refused anyway.
    this.text = String.fromCharCode(...bytes.subarray(start, end));
  }

  private next = 0;

  private fail(problem: string, at = this.next): never {
    throw new FileError(this.name, problem, AGAIN, { at: this.start + at });
  }

  /** Passes over spaces, then over what matches here. @returns the match, or `null` */
  private matches(pattern: RegExp): RegExpExecArray | null {
    this.next += /^[ \t\r\n]*/.exec(this.text.slice(this.next))![0].length;
    const match = pattern.exec(this.text.slice(this.next));
    if (match !== null) this.next += match[0].length;
    return match;
  }

  private take(pattern: RegExp, what: string): RegExpExecArray {
    const match = this.matches(pattern);
    if (match === null) this.fail(`the header should have ${what} here`);
    return match;
  }

  /** `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`, in any order. */
  dictionary(): Fields {
    const fields: Partial<Fields> = {};
    this.take(/^\{/, '{');
    while (this.matches(/^\}/) === null) {
      const at = this.next;
      const key = this.string();
      if (Object.hasOwn(fields, key)) this.fail(`the key ${quote(key)} comes twice`, at);
      this.take(/^:/, ':');
      this.matches(/^/);
      if (key === 'descr') fields.descr = this.found(() => this.description());
      else if (key === 'fortran_order') fields.fortran_order = this.found(() => this.truth());
      else if (key === 'shape') fields.shape = this.found(() => this.sizes());
      else this.fail(`the header has the unknown key ${quote(key)}`, at);
      if (this.matches(/^,/) !== null) continue;
      this.take(/^\}/, ', or }');
      break;
    }
    const { descr, fortran_order, shape } = fields;
    if (descr && fortran_order && shape) return { descr, fortran_order, shape };
    return this.fail('the header needs descr, fortran_order and shape');
  }

  private found<T>(read: () => T): Found<T> {
    const at = this.start + this.next;
    return { value: read(), at };
  }

  private string(): string {
    const match = this.take(/^(?:'([\x20-\x7e]*?)'|"([\x20-\x7e]*?)")/, 'a text in quotes');
    return match[1] ?? match[2]!;
  }

  private description(): string {
    if (this.matches(/^\[/) !== null) this.fail('it holds records of several fields, which are not read');
    return this.string();
  }

  private truth(): boolean {
    return this.take(/^(True|False)\b/, 'True or False')[0] === 'True';
  }

  /** `()`, `(3,)`, `(3, 4)`; Python 2 wrote `(3L, 4L)`. */
  private sizes(): number[] {
    const sizes: number[] = [];
    this.take(/^\(/, 'a shape in parentheses');
    while (this.matches(/^\)/) === null) {
      if (sizes.length === MOST_DIMS) this.fail(`a shape of more than ${MOST_DIMS} sizes`);
      const at = this.next;
      const size = Number(this.take(/^(0|[1-9][0-9]*)(?=L?[ ,)])/, 'a whole number that is not negative')[0]);
      if (!Number.isSafeInteger(size)) this.fail('a size beyond 2^53', at);
      this.matches(/^L/);
      sizes.push(size);
      if (this.matches(/^,/) !== null) continue;
      if (sizes.length === 1) this.fail('a shape of one size is written (n,)');
      this.take(/^\)/, ', or )');
      break;
    }
    return sizes;
  }

  /** Only spaces follow. */
  end(): void {
    this.matches(/^/);
    if (this.next < this.text.length) this.fail('there is more behind the header');
  }
}
