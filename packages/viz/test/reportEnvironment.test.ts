import { readFileSync } from 'node:fs';
import { backend } from '@ndgrad/core';
import { expect, it } from 'vitest';
import { environment } from '../src/reportEnvironment.ts';

it('names the versions, the kernels and the machine', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const found = environment();
  expect(Object.keys(found)).toEqual(['Node', 'packages', 'kernels', 'system', 'processor', 'memory']);
  expect(found.Node).toBe(process.versions.node);
  expect(found.packages).toBe(`@ndgrad/{core, nn, optim, data, train, viz} ${version}`);
  expect(found.kernels).toMatch(new RegExp(`^${backend().name} `));
  expect(found.processor).toMatch(/\d+ threads$/);
  expect(found.memory).toMatch(/^\d+\.\d GiB$/);
});
