import { ArgumentError, checkNumber, describe } from '@ndgrad/core';

/** Stands for an option without a default: the check of its value reports it as missing. */
export const required = undefined as never;

/** @throws ArgumentError unless `value` is a finite number of at least 0 */
export function checkAtLeast0(operation: string, name: string, value: unknown): asserts value is number {
  checkNumber(operation, name, value, { test: (v) => v >= 0, must: 'be a number of at least 0' });
}

/** @throws ArgumentError unless `value` is a finite number greater than 0 */
export function checkPositive(operation: string, name: string, value: unknown): asserts value is number {
  checkNumber(operation, name, value, { test: (v) => v > 0, must: 'be a number greater than 0' });
}

/** @throws ArgumentError unless `value` is true or false */
export function checkBoolean(operation: string, name: string, value: unknown): asserts value is boolean {
  if (typeof value !== 'boolean') {
    throw new ArgumentError(`${operation}: ${name} must be true or false, got ${describe(value)}`);
  }
}

/** @throws ArgumentError unless `value` is a list of two numbers; their values are the caller's to check */
export function checkPair(operation: string, name: string, value: unknown): asserts value is readonly [number, number] {
  if (!Array.isArray(value) || value.length !== 2 || value.some((v) => typeof v !== 'number' || Number.isNaN(v))) {
    throw new ArgumentError(`${operation}: ${name} must be a list of two numbers, got ${describe(value)}`);
  }
}

/** @throws ArgumentError unless `value` is a list of two numbers in [0, 1) */
export function checkBetas(operation: string, value: unknown): asserts value is readonly [number, number] {
  checkPair(operation, 'betas', value);
  value.forEach((beta, i) => {
    checkNumber(operation, `betas[${i}]`, beta, { test: (v) => v >= 0 && v < 1, must: 'lie in [0, 1)' });
  });
}
