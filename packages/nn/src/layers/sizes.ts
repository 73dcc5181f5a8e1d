import { ArgumentError, checkInteger, describe, type Sizes } from '@ndgrad/core';

/**
 * Sizes as a list of one number for each of `dims` dims.
 * @throws ArgumentError unless they are whole numbers of at least `min`, as many as dims, or one for all
 */
export function listOf(operation: string, name: string, value: Sizes, dims: number, min: number): number[] {
  const list = typeof value === 'number' ? new Array<number>(dims).fill(value) : value;
  if (!Array.isArray(list) || list.length !== dims) {
    throw new ArgumentError(`${operation}: ${name} must be a number or a list of ${dims}, got ${describe(value)}`);
  }
  for (const size of list) checkInteger(operation, name, size, min);
  return [...list];
}

/** `name=value` for what differs from its default; lists in brackets. */
export function changed(values: object, defaults: object): string[] {
  const known = defaults as Record<string, unknown>;
  return Object.entries(values)
    .filter(([name, value]) => String(value) !== String(known[name]))
    .map(([name, value]) => `${name}=${shown(value)}`);
}

const shown = (value: unknown): string => (Array.isArray(value) ? `[${value.map(String).join(', ')}]` : String(value));
