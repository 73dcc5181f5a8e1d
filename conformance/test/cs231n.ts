import { readFileSync } from 'node:fs';
import { Tensor, tensor } from '@ndgrad/core';
import { expect } from 'vitest';

/** An array of the files, row-major. */
export interface Stored {
  shape: number[];
  data: number[];
  dtype?: string;
}

/** A case: arrays and numbers that go in, and those that must come out. */
export interface Case {
  id: string;
  params: Record<string, number>;
  inputs: Record<string, Stored>;
  // biome-ignore lint/suspicious/noExplicitAny: numbers, lists and arrays, nested in each case's own way
  expected: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  published: any;
  tolerance_vs_expected: number;
}

/** A file of `data/cs231n`. */
// biome-ignore lint/suspicious/noExplicitAny: each file has its own form
export function load(file: string): any {
  return JSON.parse(readFileSync(new URL(`../data/cs231n/${file}.json`, import.meta.url), 'utf8'));
}

/** Finds the cases of a file by their ids. */
export function casesOf(file: string): (id: string) => Case {
  const { cases } = load(file) as { cases: Case[] };
  return (id) => {
    const found = cases.find((one) => one.id === id);
    if (found === undefined) throw new Error(`${file} has no case ${id}`);
    return found;
  };
}

/** The tensor of a stored array; real numbers want gradients, integers are labels. */
export function array({ shape, data, dtype }: Stored): Tensor {
  return tensor(Float64Array.from(data), { shape, requiresGrad: dtype !== 'int' });
}

/** All inputs of a case as tensors. */
export function inputsOf({ inputs }: Pick<Case, 'inputs'>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(inputs).map(([name, stored]) => [name, array(stored)]));
}

type Numbers = Tensor | Stored | number | readonly number[];

/** Expects max |a − b| / max(1e-8, |a| + |b|) ≤ tolerance, the measure of the course's notebooks. */
export function expectClose(actual: Tensor | number | null, expected: Numbers, tolerance: number): void {
  const a = flat(actual!);
  const b = flat(expected);
  expect(a.length).toBe(b.length);
  const errors = a.map((value, i) => Math.abs(value - b[i]!) / Math.max(1e-8, Math.abs(value) + Math.abs(b[i]!)));
  expect(Math.max(0, ...errors)).toBeLessThanOrEqual(tolerance);
}

function flat(value: Numbers): number[] {
  if (value instanceof Tensor) return [...value.toArray()];
  if (typeof value === 'number') return [value];
  return 'data' in value ? value.data : [...value];
}
