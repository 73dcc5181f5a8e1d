import { manualSeed } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { doctor } from '../src/index.ts';
import { faulty, furtherFaults } from './doctor/faulty.ts';
import type { Program } from './doctor/healthy.ts';

async function findings(make: () => Program) {
  manualSeed(0);
  const { model, ...options } = make();
  const diagnosis = await doctor(model, { ...options, seconds: 60 });
  return diagnosis.findings.map(({ code }) => code);
}

describe('of a program with one fault the doctor finds this and nothing else', () => {
  it.each(Object.entries(faulty))('%s', async (code, make) => {
    expect(await findings(make)).toEqual([code]);
  });
  it.each(furtherFaults)('%s', async (_what, code, make) => {
    expect(await findings(make)).toEqual([code]);
  });
});
