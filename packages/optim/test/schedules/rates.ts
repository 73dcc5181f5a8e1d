import { type LRScheduler, SGD } from '../../src/index.ts';
import { parameter } from '../records.ts';

/** An optimizer with one group. */
export function sgd(lr: number): SGD {
  return new SGD([parameter([1])], { lr, momentum: 0.9 });
}

/** The rate at first, and after each of n steps. */
export function rates(lr: number, make: (optimizer: SGD) => LRScheduler, n: number): number[] {
  const optimizer = sgd(lr);
  const schedule = make(optimizer);
  const all = [optimizer.paramGroups[0]!.lr];
  for (let i = 0; i < n; i++) {
    schedule.step();
    all.push(optimizer.paramGroups[0]!.lr);
  }
  return all;
}
