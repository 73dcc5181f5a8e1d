import { expect, it } from 'vitest';
import { counted } from '../src/command.ts';

it('a counted function does what it did, and counts its calls', () => {
  const add = counted((a: number, b: number) => a + b);
  expect(add.calls).toBe(0);
  expect([add(1, 2), add(3, 4)]).toEqual([3, 7]);
  expect(add.calls).toBe(2);
});
