import { ArgumentError, checkInteger, describe, type Tensor } from '@ndgrad/core';
import { snakeCase } from '../names.ts';
import { Optimizer, type ParamGroup } from '../optimizer.ts';

/** A schedule's counts and numbers as plain data, under PyTorch's names. */
export type SchedulerStateDict = Record<string, unknown>;

/** A setting for all groups, or one for each. */
export type PerGroup<T> = T | readonly T[];

const made = new WeakMap<object, LRScheduler[]>();

/** The schedules that were made on an optimizer, the oldest first: what must be saved with it. */
export function schedulersOf(optimizer: object): readonly LRScheduler[] {
  return made.get(optimizer) ?? [];
}

/**
 * The parent of all learning-rate schedules. A schedule sets the rate of the optimizer's groups when it is made, and
 * anew in each `step`, which comes after the optimizer's: once an epoch or once a batch, as the schedule is meant.
 *
 * ```ts
 * const schedule = new StepLR(optimizer, { stepSize: 30 });
 * for (let epoch = 0; epoch < 90; epoch++) {
 *   trainOneEpoch(model, optimizer);
 *   schedule.step();
 * }
 * ```
 * @see CS231n, lecture 7; PyTorch `optim.lr_scheduler`
 */
export abstract class LRScheduler {
  readonly optimizer: Optimizer;
  protected readonly name: string;
  /** The groups' rates after the last step. */
  protected lastLr: number[];

  constructor(name: string, optimizer: Optimizer) {
    checkOptimizer(name, optimizer);
    this.name = name;
    this.optimizer = optimizer;
    this.lastLr = ratesOf(optimizer);
    made.set(optimizer, [...schedulersOf(optimizer), this]);
  }

  /**
   * Goes one step on.
   * @param metrics what was measured, the validation loss, say: `ReduceLROnPlateau` needs it, the others do not look at it
   */
  abstract step(metrics?: number | Tensor): void;

  /** The rate of each group that this schedule set last. */
  getLastLr(): number[] {
    return [...this.lastLr];
  }

  /** All that is needed to go on later, besides the optimizer's own state. Functions are left out. */
  stateDict(): SchedulerStateDict {
    return Object.fromEntries(this.fields().map(([field, value]) => [snakeCase(field), saved(value)]));
  }

  /**
   * Goes on from a saved state. The optimizer's, which holds the rates, is to be loaded as well.
   * @throws ArgumentError where the state is another schedule's
   */
  loadStateDict(state: SchedulerStateDict): void {
    const own = this.fields();
    const known = own.map(([field]) => snakeCase(field));
    const wrong = [
      ...known.filter((key) => !(key in state)).map((key) => `has no ${key}`),
      ...Object.keys(state)
        .filter((key) => !known.includes(key))
        .map((key) => `has ${key}`),
      ...own.flatMap(([field, value]) => childMismatch(snakeCase(field), value, state[snakeCase(field)])),
    ];
    if (wrong.length > 0)
      throw new ArgumentError(`${this.name}: the saved state is another schedule's: it ${wrong[0]}`);
    for (const [field, value] of own) {
      const given = state[snakeCase(field)];
      if (isSchedules(value))
        value.forEach((child, i) => void child.loadStateDict((given as SchedulerStateDict[])[i]!));
      else Object.assign(this, { [field]: saved(given) });
    }
  }

  /** What a state consists of: all fields but the optimizer and functions. */
  private fields(): [string, unknown][] {
    return Object.entries(this).filter(
      ([field, value]) =>
        field !== 'optimizer' && field !== 'name' && ![value].flat().some((v) => typeof v === 'function'),
    );
  }
}

function saved(value: unknown): unknown {
  if (isSchedules(value)) return value.map((child) => child.stateDict());
  return Array.isArray(value) ? [...value] : value;
}

function isSchedules(value: unknown): value is LRScheduler[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => item instanceof LRScheduler);
}

function childMismatch(key: string, value: unknown, given: unknown): string[] {
  if (!isSchedules(value)) return [];
  const count = Array.isArray(given) ? given.length : 0;
  return count === value.length ? [] : [`has ${count} ${key} instead of ${value.length}`];
}

/** @throws ArgumentError for anything but an optimizer */
export function checkOptimizer(name: string, optimizer: unknown): asserts optimizer is Optimizer {
  if (!(optimizer instanceof Optimizer)) {
    throw new ArgumentError(`${name}: expected an optimizer, got ${describe(optimizer)}`);
  }
}

/** The present rates of an optimizer's groups. */
export function ratesOf(optimizer: Optimizer): number[] {
  return optimizer.paramGroups.map((group) => group.lr);
}

/**
 * A schedule that goes by the count of its steps. In most of them the new rate follows from the old one, so that several
 * schedules on one optimizer multiply, and a rate set by hand is kept up. A group that is added later joins with the
 * rate it has then.
 */
export abstract class EpochScheduler extends LRScheduler {
  /** The steps so far; 0 once the schedule is made. */
  protected lastEpoch: number;
  /** The groups' rates before any schedule. */
  protected baseLrs: number[];
  protected stepCount = 0;

  /** A subclass calls `start` when its settings are in place. */
  constructor(name: string, optimizer: Optimizer, lastEpoch: number) {
    super(name, optimizer);
    checkInteger(name, 'lastEpoch', lastEpoch, -1);
    this.lastEpoch = lastEpoch;
    this.baseLrs = optimizer.paramGroups.map((group, i) => {
      if (lastEpoch >= 0 && group.initialLr === undefined) {
        throw new ArgumentError(`${name}: to go on at epoch ${lastEpoch}, group ${i} must state its initialLr`);
      }
      return baseOf(group);
    });
  }

  /** The rate of a group at epoch `lastEpoch`, which is one step ahead of the group's present rate. */
  protected abstract nextLr(group: ParamGroup, i: number): number;

  /** The rate at epoch `lastEpoch` wherever the schedule was before, where there is a formula for it. */
  protected lrAt(_baseLr: number, _i: number): number | null {
    return null;
  }

  /** Sets the rates of the first epoch. Called by the constructors, and by `SequentialLR`. */
  start(): void {
    this.stepCount = 0;
    this.step();
  }

  /** Takes the first epoch back: the next step is the first again. For `SequentialLR`. */
  rewind(): void {
    this.lastEpoch--;
  }

  override step(_metrics?: number | Tensor): void {
    this.advance(this.lastEpoch + 1, (group, i) => this.nextLr(group, i));
  }

  /**
   * Jumps to an epoch, as PyTorch's `step(epoch)` does: the rates are those that the schedule alone would have reached
   * there, where there is a formula for them; else those one step on.
   * @throws ArgumentError for a negative epoch
   */
  stepTo(epoch: number): void {
    checkInteger(this.name, 'epoch', epoch);
    this.advance(epoch, (group, i) => this.lrAt(this.baseLrs[i]!, i) ?? this.nextLr(group, i));
  }

  protected advance(epoch: number, lrOf: (group: ParamGroup, i: number) => number): void {
    const groups = this.optimizer.paramGroups;
    for (const group of groups.slice(this.baseLrs.length)) this.baseLrs.push(baseOf(group));
    this.stepCount++;
    this.lastEpoch = epoch;
    const lrs = groups.map(lrOf);
    const wrong = lrs.findIndex((lr) => typeof lr !== 'number' || Number.isNaN(lr));
    if (wrong >= 0) {
      throw new ArgumentError(
        `${this.name}: at epoch ${epoch} the rate of group ${wrong} is ${describe(lrs[wrong])}, no number`,
      );
    }
    groups.forEach((group, i) => {
      group.lr = lrs[i]!;
    });
    this.lastLr = lrs;
  }

  /** Group i's value of a setting. */
  protected settingOf<T>(name: string, setting: PerGroup<T>, i: number): T {
    if (!Array.isArray(setting)) return setting as T;
    if (i < setting.length) return setting[i];
    throw new ArgumentError(`${this.name}: group ${i} was added later, and ${name} has only ${setting.length} values`);
  }
}

/** The rate of a group before any schedule, which the first schedule writes down. */
function baseOf(group: ParamGroup): number {
  group.initialLr ??= group.lr;
  return group.initialLr;
}

/**
 * Checks a setting, or each of a list of one per group.
 * @throws ArgumentError where the list has another length than there are groups
 */
export function checkPerGroup<T>(
  operation: string,
  name: string,
  setting: PerGroup<T>,
  optimizer: Optimizer,
  check: (operation: string, name: string, value: unknown) => void,
): void {
  if (!Array.isArray(setting)) {
    check(operation, name, setting);
    return;
  }
  const groups = optimizer.paramGroups.length;
  if (setting.length !== groups) {
    throw new ArgumentError(`${operation}: ${name} has ${setting.length} values, the optimizer has ${groups} groups`);
  }
  setting.forEach((value, i) => void check(operation, `${name}[${i}]`, value));
}
