import { FileError } from './errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const ZERO = 0x30;

/**
 * Reads JSON of a known form out of bytes, from left to right. It reads only what is asked for, so that nothing is
 * deeper, longer or of another type than its reader expects; it refuses a key that comes twice, which `JSON.parse`
 * lets pass; and it knows the byte where something is wrong.
 */
export class JsonReader {
  constructor(
    private readonly name: string,
    private readonly bytes: Uint8Array,
    /** The next byte to be read. */
    public at: number,
    private readonly end: number,
  ) {}

  /** @throws FileError, always */
  fail(problem: string, fix: string, at = this.at): never {
    throw new FileError(this.name, problem, fix, { at });
  }

  private expected(what: string): never {
    const found = this.at < this.end ? JSON.stringify(String.fromCharCode(this.bytes[this.at]!)) : 'its end';
    this.fail(`the header should have ${what} where it has ${found}`, 'write the file again');
  }

  private peek(): number | undefined {
    return this.at < this.end ? this.bytes[this.at] : undefined;
  }

  /** Passes over spaces, tabs and line ends. */
  skipSpace(): void {
    for (let byte = this.peek(); byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; byte = this.peek()) {
      this.at++;
    }
  }

  /** Whether the next character is this one; then it is passed over. */
  private takes(character: string): boolean {
    this.skipSpace();
    const taken = this.peek() === character.charCodeAt(0);
    if (taken) this.at++;
    return taken;
  }

  private take(character: string): void {
    if (!this.takes(character)) this.expected(JSON.stringify(character));
  }

  /** A text, in double quotes. */
  string(): string {
    this.take('"');
    const start = this.at;
    let escaped = false;
    for (let byte = this.peek(); byte !== QUOTE; byte = this.peek()) {
      if (byte === undefined || byte < 0x20) this.expected('the end of a text');
      if (byte === BACKSLASH) {
        escaped = true;
        this.at++;
      }
      this.at++;
    }
    const content = this.decode(start, this.at++);
    return escaped ? this.unescape(content, start) : content;
  }

  private decode(start: number, end: number): string {
    try {
      return utf8.decode(this.bytes.slice(start, end));
    } catch {
      this.fail('a text that is not UTF-8', 'write the file again', start);
    }
  }

  private unescape(content: string, start: number): string {
    let text: unknown;
    try {
      text = JSON.parse(`"${content}"`);
    } catch {
      this.fail('a text with an escape that JSON does not know', 'write the file again', start);
    }
    // Half of a surrogate pair is no character, and can't be written again.
    if (/\p{Surrogate}/u.test(text as string)) this.fail('a text with half a character', 'write the file again', start);
    return text as string;
  }

  /** A whole number from 0 to 2⁵³ − 1, without sign, fraction or exponent. */
  count(): number {
    this.skipSpace();
    const start = this.at;
    let value = 0;
    for (let digit = this.digit(); digit !== null; digit = this.digit()) {
      value = 10 * value + digit;
      this.at++;
      if (!Number.isSafeInteger(value)) this.fail('a size beyond 2^53', 'write the file again', start);
    }
    if (this.at === start) this.expected('a whole number that is not negative');
    const isPadded = this.bytes[start] === ZERO && this.at > start + 1;
    if (isPadded) this.fail('a number that begins with 0', 'write the file again', start);
    if ([0x2e, 0x65, 0x45].includes(this.peek() ?? 0)) this.expected('the end of a whole number');
    return value;
  }

  private digit(): number | null {
    const digit = (this.peek() ?? 0) - ZERO;
    return digit >= 0 && digit <= 9 ? digit : null;
  }

  /** A list of at most so many whole numbers. */
  counts(most: number): number[] {
    this.take('[');
    const start = this.at;
    const values: number[] = [];
    if (this.takes(']')) return values;
    do {
      if (values.length === most) this.fail(`a list of more than ${most} numbers`, 'write the file again', start);
      values.push(this.count());
    } while (this.takes(','));
    this.take(']');
    return values;
  }

  /** An object: `read` is called with each key, and reads the value. @returns the values by key */
  object<T>(read: (key: string, at: number) => T): Map<string, T> {
    this.take('{');
    const values = new Map<string, T>();
    if (this.takes('}')) return values;
    do {
      this.skipSpace();
      const { at } = this;
      const key = this.string();
      if (values.has(key)) this.fail(`the key ${quote(key)} comes twice`, 'give each tensor a name of its own', at);
      this.take(':');
      values.set(key, read(key, at));
    } while (this.takes(','));
    this.take('}');
    return values;
  }
}

/** A name from a file as text for errors: in quotes, on one line, not long. */
export function quote(name: string): string {
  const text = JSON.stringify(name);
  return text.length <= 80 ? text : `${text.slice(0, 76)}…"`;
}
