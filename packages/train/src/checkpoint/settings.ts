import { Module } from '@ndgrad/nn';
import type { Loader, Loss } from '../measure.ts';
import { nodeModule } from './node.ts';

/** A run's settings by name, those that it keeps from its start to its end. */
export type Settings = Readonly<Record<string, Setting>>;
export type Setting = string | number | boolean | null;

/** What `settingsOf` looks at. */
export interface Described {
  readonly model: Module;
  readonly loss: Loss;
  readonly optimizer: object;
  readonly schedule: object | null;
  /** The other schedules, by name. */
  readonly schedules: readonly (readonly [name: string, schedule: object])[];
  readonly train: Loader;
  readonly validation: Loader | null;
  readonly minDelta: number;
  /** Settings that the caller names. */
  readonly settings: Settings;
}

/** What schedules count, which is no setting. */
const COUNTS = new Set([
  ...['last_epoch', 'step_count', 'last_lr', 'best', 'num_bad_epochs', 'cooldown_counter', 'T_cur', 'T_i'],
]);

/** All that a resumed run must share with the one before it, found before training begins. */
export function settingsOf(run: Described): Settings {
  const modules = run.model.namedModules().map(([path, module]) => [join('model', path), labelOf(module)]);
  return {
    ...Object.fromEntries(modules),
    loss: run.loss instanceof Module ? labelOf(run.loss) : kindOf(run.loss),
    minDelta: run.minDelta,
    ...optimizerSettings(run.optimizer),
    ...scheduleSettings('schedule', run.schedule),
    ...Object.assign({}, ...run.schedules.map(([name, schedule]) => scheduleSettings(name, schedule))),
    ...loaderSettings('train', run.train),
    ...loaderSettings('validation', run.validation),
    ...flattened('options', run.settings),
  };
}

/** What differs, one line each: `optimizer.lr was 0.1, is 0.2`. */
export function differences(before: Settings, now: Settings): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return names
    .filter((name) => !Object.is(before[name], now[name]))
    .map((name) => `${name} was ${shown(before[name])}, is ${shown(now[name])}`);
}

const shown = (value: Setting | undefined): string => (value === undefined ? 'not set' : String(value));

const join = (path: string, name: string): string => (name === '' ? path : `${path}.${name}`);

const labelOf = (module: { extraRepr(): string }): string => `${kindOf(module)}(${module.extraRepr()})`;

const kindOf = (value: object): string => (typeof value === 'function' ? 'a function' : value.constructor.name);

function optimizerSettings(optimizer: object): Settings {
  const { param_groups: groups = [] } = stateOf(optimizer);
  const settings = (groups as Record<string, unknown>[]).map(({ params, ...options }, i, all) => {
    // A schedule moves the rate; what it started from stays.
    const lr = options.initial_lr ?? options.lr;
    const own = { ...options, lr, parameters: (params as unknown[]).length };
    return flattened(all.length === 1 ? 'optimizer' : `optimizer.${i}`, { ...own, initial_lr: undefined });
  });
  return Object.assign({ optimizer: kindOf(optimizer) }, ...settings);
}

function scheduleSettings(name: string, schedule: object | null): Settings {
  if (schedule === null) return { [name]: null };
  return { [name]: kindOf(schedule), ...flattened(name, stateOf(schedule)) };
}

function stateOf(part: object): Record<string, unknown> {
  return (part as { stateDict(): Record<string, unknown> }).stateDict();
}

/** What is plain in nested data, by the way to it. */
function flattened(path: string, value: unknown): Settings {
  if (value === undefined || COUNTS.has(path.split('.').at(-1)!)) return {};
  if (typeof value !== 'object' || value === null) return { [path]: value as Setting };
  return Object.assign({}, ...Object.entries(value).map(([key, item]) => flattened(`${path}.${key}`, item)));
}

/** Tells numbers from others: the first 16 digits of their SHA-256. */
function digest(numbers: Float64Array): string {
  const { createHash } = nodeModule('node:crypto');
  return createHash('sha256').update(numbers).digest('hex').slice(0, 16);
}

/** How a loader makes its batches, and of which rows. */
function loaderSettings(name: string, loader: Loader | null): Settings {
  if (loader === null) return { [name]: null };
  const { batchSize, shuffle, dropLast, dataset } = loader as Loader & Record<string, unknown>;
  const rows = dataset as { length?: number; targets?: { toArray(): Float64Array } } | undefined;
  const targets = rows?.targets?.toArray();
  return flattened(name, {
    batches: loader.length,
    batchSize,
    shuffle,
    dropLast,
    rows: rows?.length,
    ...(targets && { targets: digest(targets) }),
  });
}
