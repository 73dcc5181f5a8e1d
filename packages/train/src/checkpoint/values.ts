import { ArgumentError, describe, Tensor } from '@ndgrad/core';

/** Plain data and tensors, nested at will: what a checkpoint can hold. */
export type Value = null | boolean | number | string | Tensor | readonly Value[] | { readonly [name: string]: Value };

/** A value as JSON has it: what JSON can't say stands as `{ $: … }`. */
type Plain = null | boolean | number | string | Plain[] | { [name: string]: Plain };

/** Deeper nesting is nobody's state, and would overflow the stack. */
const DEEPEST = 100;

const NUMBERS: Record<string, number> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

/**
 * The value as JSON can hold it, and its tensors apart, under names that begin with `name`.
 * @param tensors gets the tensors
 * @throws ArgumentError naming what is neither plain data nor a tensor
 */
export function packed(value: unknown, name: string, tensors: Record<string, Tensor>, depth = 0): Plain {
  if (depth > DEEPEST) throw new ArgumentError(`checkpoint: ${name} is nested too deeply, or contains itself`);
  const below = (item: unknown, key: string | number) => packed(item, `${name}.${key}`, tensors, depth + 1);
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return special(value) ?? value;
  if (value instanceof Tensor) return { $: 'tensor', name: added(tensors, name, value) };
  if (Array.isArray(value)) return value.map(below);
  if (typeof value === 'object' && isPlain(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return Object.fromEntries(entries.map(([key, item]) => [escaped(key), below(item, key)]));
  }
  throw new ArgumentError(`checkpoint: ${name} is ${describe(value)}; only plain data and tensors can be saved`);
}

/** What `packed` made of a value, back. @throws ArgumentError where it made nothing like it */
export function unpacked(plain: unknown, tensors: Readonly<Record<string, Tensor>>, depth = 0): Value {
  if (depth > DEEPEST) throw new ArgumentError('the state is nested too deeply');
  if (typeof plain !== 'object' || plain === null) return plain as Value;
  if (Array.isArray(plain)) return plain.map((item) => unpacked(item, tensors, depth + 1));
  const { $: kind, name } = plain as Record<string, unknown>;
  if (kind === undefined) {
    const entries = Object.entries(plain).map(([key, item]) => [unescaped(key), unpacked(item, tensors, depth + 1)]);
    return Object.fromEntries(entries) as Value;
  }
  if (kind === 'tensor' && typeof name === 'string' && Object.hasOwn(tensors, name)) return tensors[name]!;
  if (typeof kind === 'string' && Object.hasOwn(NUMBERS, kind)) return NUMBERS[kind]!;
  throw new ArgumentError(`the state names ${describe(name ?? kind)}, which is not there`);
}

function special(value: number): Plain | undefined {
  const kind = Object.keys(NUMBERS).find((text) => Object.is(NUMBERS[text], value));
  return kind === undefined ? undefined : { $: kind };
}

/** Puts a tensor under the name, or under the next one that is free. */
function added(tensors: Record<string, Tensor>, name: string, tensor: Tensor): string {
  let free = name;
  for (let i = 2; Object.hasOwn(tensors, free); i++) free = `${name}#${i}`;
  tensors[free] = tensor;
  return free;
}

const escaped = (key: string): string => (key.startsWith('$') ? `$${key}` : key);
const unescaped = (key: string): string => (key.startsWith('$$') ? key.slice(1) : key);

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
