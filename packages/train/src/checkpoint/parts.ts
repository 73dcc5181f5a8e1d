import { ArgumentError, clone, describe, Generator, Tensor } from '@ndgrad/core';
import type { AnyModule, StateDict } from '@ndgrad/nn';
import { schedulersOf } from '@ndgrad/optim';
import { CheckpointError } from '../errors.ts';
import type { Loader } from '../measure.ts';
import { type GeneratorStates, Generators } from './generators.ts';

/** What can give its state as plain data and tensors, and go on from it: an optimizer, a schedule. */
export interface Stateful {
  stateDict(): object;
  // biome-ignore lint/suspicious/noExplicitAny: each takes what its own stateDict gives
  loadStateDict(state: any): unknown;
}

/** What a run consists of besides its model. */
export interface Parts {
  optimizer: Stateful | null;
  schedule: Stateful | null;
  /** Looked through for generators. */
  train: Loader | null;
  validation: Loader | null;
  loss: unknown;
  /** What else changes in training, by name: a generator, or what has a `stateDict`. */
  extra: Readonly<Record<string, Stateful | Generator>>;
  /** Who watch: the generators in their fields are no part of the run. */
  observers: readonly unknown[];
}

/** The state of all parts at one moment. */
export interface PartsState {
  model: StateDict;
  optimizer: object | null;
  schedule: object | null;
  generators: GeneratorStates;
  extra: Record<string, object>;
}

/** A model and what it is trained with: their state as a whole. */
export class Training {
  readonly generators: Generators;

  /** @throws ArgumentError for a part that can't give its state */
  constructor(
    readonly model: AnyModule,
    private readonly parts: Parts,
  ) {
    const { optimizer, schedule, train, validation, loss, extra, observers } = parts;
    if (optimizer !== null) checkStateful('the optimizer', optimizer);
    if (schedule !== null) checkStateful('the schedule', schedule);
    if (typeof extra !== 'object' || extra === null) {
      throw new ArgumentError(`checkpoint: extra must be an object of parts by name, got ${describe(extra)}`);
    }
    for (const [name, part] of Object.entries(extra)) {
      if (!(part instanceof Generator)) checkStateful(`extra.${name}`, part);
    }
    this.generators = new Generators({ model, train, validation, loss, extra }, observers);
  }

  /** The state now; its tensors are the parts' own, which go on changing. */
  state(): PartsState {
    const { optimizer, schedule } = this.parts;
    return {
      model: this.model.stateDict(),
      optimizer: optimizer?.stateDict() ?? null,
      schedule: schedule?.stateDict() ?? null,
      generators: this.generators.states(),
      extra: Object.fromEntries(this.stateful().map(([name, part]) => [name, part.stateDict()])),
    };
  }

  /**
   * Goes on from a state: all parts do, or where one can't, none.
   * @throws CheckpointError naming the path and what does not fit
   */
  load(path: string, state: PartsState): void {
    const before = copied(this.state()) as PartsState;
    try {
      this.apply(state);
    } catch (cause) {
      this.apply(before);
      throw new CheckpointError(`${path}: it is another run's: ${(cause as Error).message}`, { cause });
    }
  }

  private apply(state: PartsState): void {
    this.model.loadStateDict(state.model);
    loadPart('optimizer', this.parts.optimizer, state.optimizer);
    loadPart('schedule', this.parts.schedule, state.schedule);
    for (const [name, part] of this.stateful()) loadPart(`extra.${name}`, part, state.extra[name] ?? null);
    const missing = this.generators.names.filter((name) => !Object.hasOwn(state.generators, name));
    if (missing.length > 0) throw new ArgumentError(`it has no state of the generator ${missing[0]}`);
    this.generators.restore(state.generators);
  }

  /** What has a state among the extra parts, and the schedules of the optimizer that nobody named. */
  private stateful(): [name: string, part: Stateful][] {
    const { optimizer, schedule, extra } = this.parts;
    const named = Object.entries(extra).filter((entry): entry is [string, Stateful] => 'stateDict' in entry[1]);
    const known: unknown[] = [schedule, ...named.map(([, part]) => part)];
    return [...named, ...schedulesOf(optimizer, known)];
  }
}

/** The schedules that were made on an optimizer, but for those that are known, by names. */
export function schedulesOf(optimizer: object | null, known: readonly unknown[]): [name: string, schedule: Stateful][] {
  const all = optimizer === null ? [] : schedulersOf(optimizer);
  return all
    .filter((schedule) => !known.includes(schedule))
    .map((schedule, i): [string, Stateful] => [`schedules.${i}`, schedule]);
}

function loadPart(name: string, part: Stateful | null, state: object | null): void {
  if (part === null) return;
  if (state === null) throw new ArgumentError(`it has no state of ${name}`);
  part.loadStateDict(state);
}

function checkStateful(name: string, part: unknown): void {
  const { stateDict, loadStateDict } = (part ?? {}) as Partial<Stateful>;
  if (typeof stateDict === 'function' && typeof loadStateDict === 'function') return;
  throw new ArgumentError(
    `checkpoint: ${name} has no stateDict() and loadStateDict(state), without which a resumed run would start it anew`,
  );
}

/** The same data with tensors of its own. */
function copied(value: unknown): unknown {
  if (value instanceof Tensor) return clone(value.detach());
  if (Array.isArray(value)) return value.map(copied);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}
