import { describe, expect, it } from 'vitest';
import { pauses } from '../src/index.ts';

describe('pauses', () => {
  it('lets timers have their turn once the time has passed', async () => {
    const pause = pauses({ every: 1 });
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 0);
    const end = performance.now() + 500;
    while (!fired && performance.now() < end) await pause();
    expect(fired).toBe(true);
  });

  it('gives nothing to wait for before that', () => {
    const pause = pauses({ every: 1e6 });
    expect(pause()).toBeUndefined();
  });
});
