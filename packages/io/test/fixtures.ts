import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Tensor } from '@ndgrad/core';
import { expect } from 'vitest';
import { type Dtype, FileError } from '../src/index.ts';

/** An array as make.py saw it; text stands for what JSON has no number for. */
export interface Described {
  shape: number[];
  values: (number | string | boolean)[];
}

export interface DescribedFile {
  metadata: Record<string, string>;
  tensors: Record<string, Described & { dtype: Dtype }>;
  x: Described;
  y: Described;
}

export const fixturePath = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

export const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(fixturePath(name)));

/** What make.py says is in the files. */
export const expected = JSON.parse(readFileSync(fixturePath('expected.json'), 'utf8')) as Record<string, unknown>;

const words: Record<string, number> = { inf: Infinity, '-inf': -Infinity, nan: NaN, '-0.0': -0 };

export const numbersOf = ({ values }: Described): number[] =>
  values.map((value) => (typeof value === 'string' ? words[value]! : Number(value)));

/** Equal in shape and in every bit of every number, NaN being NaN. */
export function expectEqual(x: Tensor, described: Described): void {
  expect([...x.shape]).toEqual(described.shape);
  expect([...x.toArray()]).toEqual(numbersOf(described)); // toEqual tells -0 from 0
}

/** The error's message; fails unless it is a FileError that knows the byte, in its documented form. */
export function fileError(body: () => unknown): FileError {
  try {
    body();
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    expect(error.at).not.toBeNull();
    expect(error.message.startsWith(`${error.path}: `)).toBe(true);
    expect(error.message).toContain(`, at byte ${error.at}: `);
    return error;
  }
  throw new Error('nothing was thrown');
}

const encoder = new TextEncoder();
export const ascii = (text: string): Uint8Array => encoder.encode(text);

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** A number in so many bytes, the lowest first. */
export const little = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
