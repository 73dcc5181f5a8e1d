import { describe, expect, it } from 'vitest';
import { freshFolder } from './checkpoint/problem.ts';
import { survive, undisturbed } from './killing.ts';

/** How long to go on killing, in milliseconds. */
const LONG = 20_000;

describe('a training process that is killed at random moments', () => {
  it('comes to the same weights and the same history as one that never was', async () => {
    const { printed: expected } = await undisturbed(freshFolder(), 0);
    expect(JSON.parse(expected)).toMatchObject({ weights: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const started = performance.now();
    let kills = 0;
    for (let round = 0; performance.now() - started < LONG; round++) {
      const steps = [1, 0, 5][round % 3]!; // between two savings; 0: an epoch
      const survival = await survive(freshFolder(), steps, 700, 6);
      expect(survival.printed).toBe(expected);
      kills += survival.kills;
    }
    expect(kills).toBeGreaterThan(0);
  }, 300_000);
});
