import { observe } from './kernels/launch.ts';
import { leaveAlone, Memory } from './memory.ts';
import { runThen } from './scope.ts';
import { latestId } from './tensor.ts';

/** Longer arrays are left unwritten, so that the memory of weights that nobody draws is never touched. In elements. */
const MANY = 2 ** 22;

/**
 * Runs `body` without computing: operations give tensors of the right shape, full of zeros (or, beyond 32 MB, of
 * arbitrary numbers), and what was there before is not written to. For the sizes of a network that is too large to run,
 * or even to make: layers that are made inside draw no weights.
 */
export function dryRun<T>(body: () => T): T {
  const start = latestId();
  const wasLeftAlone = leaveAlone(true);
  const before = observe(({ written }) => {
    for (const { ndarray, storage } of written) {
      const isNew = storage instanceof Memory && storage.id > start;
      if (isNew && ndarray.data.length <= MANY) ndarray.data.fill(0);
    }
  });
  return runThen(body, () => {
    observe(before);
    leaveAlone(wasLeftAlone);
  });
}
