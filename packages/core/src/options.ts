import { closest } from 'fastest-levenshtein';
import { ArgumentError } from './errors.ts';

/** The known name nearest to a mistyped one, as a hint to append: ` Did you mean "keepdim"?` */
export function nearest(name: string, known: readonly string[]): string {
  return known.length > 0 ? ` Did you mean "${closest(name, known)}"?` : '';
}

/**
 * Fills an options object with its defaults. The keys of `defaults` are the known options.
 * @throws ArgumentError for an unknown key (naming the nearest known one) and for a value that is no object,
 *   such as the 1 of `x.sum(1)`.
 */
export function readOptions<D extends object>(operation: string, given: unknown, defaults: D): D {
  if (given === undefined) return defaults;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new ArgumentError(
      `${operation}: optional arguments go in one object, such as { ${Object.keys(defaults)[0]}: ${JSON.stringify(given)} }; got ${describe(given)}`,
    );
  }
  const options = { ...defaults } as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(defaults, key)) {
      throw new ArgumentError(`${operation}: unknown option "${key}".${nearest(key, Object.keys(defaults))}`);
    }
    const value = (given as Record<string, unknown>)[key];
    if (value !== undefined) options[key] = value;
  }
  return options as D;
}

/** @throws ArgumentError unless `value` is a finite number that passes `test`. */
export function checkNumber(
  operation: string,
  name: string,
  value: unknown,
  { test = () => true, must = 'be a finite number' }: { test?: (value: number) => boolean; must?: string } = {},
): asserts value is number {
  if (typeof value !== 'number' || !Number.isFinite(value) || !test(value)) {
    throw new ArgumentError(`${operation}: ${name} must ${must}, got ${describe(value)}`);
  }
}

/** @throws ArgumentError unless `value` is a whole number of at least `min`. */
export function checkInteger(operation: string, name: string, value: unknown, min = 0): asserts value is number {
  checkNumber(operation, name, value, {
    test: (v) => Number.isInteger(v) && v >= min,
    must: `be a whole number of at least ${min}`,
  });
}

/** @throws ArgumentError unless `value` is a probability, in [0, 1]. */
export function checkProbability(operation: string, name: string, value: unknown): asserts value is number {
  checkNumber(operation, name, value, { test: (v) => v >= 0 && v <= 1, must: 'lie in [0, 1]' });
}

/** @throws ArgumentError unless `value` is one of the `choices`. */
export function checkChoice<T extends string>(
  operation: string,
  name: string,
  value: unknown,
  choices: readonly T[],
): asserts value is T {
  if (!choices.includes(value as T)) {
    const hint = typeof value === 'string' ? nearest(value, choices) : '';
    throw new ArgumentError(
      `${operation}: ${name} must be one of ${choices.map((c) => `"${c}"`).join(', ')}, got ${describe(value)}.${hint}`,
    );
  }
}

/** A value, short enough for an error message. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return `function ${value.name}`;
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(describe).join(', ')}${value.length > 8 ? ', …' : ''}]`;
  if (typeof value === 'object' && value !== null) return value.constructor?.name ?? 'object';
  return String(value);
}
