import type { AnyModule } from '@ndgrad/nn';
import { build } from './modules.ts';
import type { Call, Stored } from './records.ts';

/** A layer as `build` takes it. */
type Description = Call & { module: string };

/**
 * Builds the model that a text describes, such as `Sequential(Linear(2, 3), Dropout({p: 0.5})) on x of shape (n, 2)`.
 * `shape` is the input's, with 0 for n.
 */
export function buildModel(text: string): { model: AnyModule; shape: number[] } {
  const description = new Parser(text).value() as unknown as Description;
  const shape = /of shape \(([^)]*)\)/.exec(text)?.[1]?.split(',') ?? [];
  return { model: build(description.module, description), shape: shape.map((size) => Number(size) || 0) };
}

/** Reads numbers, strings, booleans, lists, options in braces and layers with their arguments. */
class Parser {
  private readonly tokens: string[];

  constructor(text: string) {
    this.tokens = text.match(/-?\d[\d.e+-]*|'[^']*'|[A-Za-z_]\w*|[()[\]{},:]/g) ?? [];
  }

  value(): Stored {
    const token = this.next();
    if (token === '[') return this.list(']', () => this.value());
    if (token === '{') return Object.fromEntries(this.list('}', () => this.option()));
    if (token === '(') return this.list(')', () => this.value());
    if (token.startsWith("'")) return token.slice(1, -1);
    if (/^[-\d]/.test(token)) return Number(token);
    if (/^(true|false)$/i.test(token)) return token.toLowerCase() === 'true';
    return this.layer(token);
  }

  /** The arguments of a layer; options, being in braces, are the ones that are no list, layer or plain value. */
  private layer(module: string): Stored {
    this.expect('(');
    const args = this.list(')', () => this.value());
    const isOptions = (value: Stored) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && !('module' in value);
    const kwargs = Object.assign({}, ...args.filter(isOptions));
    return { module, args: args.filter((value) => !isOptions(value)), kwargs };
  }

  private option(): [string, Stored] {
    const name = this.next();
    this.expect(':');
    return [name, this.value()];
  }

  private list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    while (this.tokens[0] !== end) {
      items.push(item());
      if (this.tokens[0] === ',') this.next();
    }
    this.next();
    return items;
  }

  private next(): string {
    const token = this.tokens.shift();
    if (token === undefined) throw new SyntaxError('the description of the model ends too soon');
    return token;
  }

  private expect(token: string): void {
    const found = this.next();
    if (found !== token) throw new SyntaxError(`expected ${token} in the description of the model, got ${found}`);
  }
}
