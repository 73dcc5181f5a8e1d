import { manualSeed } from '@ndgrad/core';
import { describe, expect, it } from 'vitest';
import { doctor } from '../src/index.ts';
import { healthy } from './doctor/healthy.ts';

describe('the doctor finds nothing wrong with', () => {
  it.each(Object.entries(healthy))('%s', async (_name, make) => {
    manualSeed(0);
    const { model, ...options } = make();
    const diagnosis = await doctor(model, { ...options, seconds: 60 });
    expect(diagnosis.findings, String(diagnosis)).toEqual([]);
  });
});
