import { ArgumentError, backend, fromArray, type GeneratorState, type Tensor } from '@ndgrad/core';
import type { StateDict } from '@ndgrad/nn';
import { CheckpointError } from '../errors.ts';
import { VERSION } from '../version.ts';
import type { Best, Course } from './course.ts';
import { type Content, decoded, encoded } from './file.ts';
import type { GeneratorStates } from './generators.ts';
import type { PartsState } from './parts.ts';
import type { Settings } from './settings.ts';
import { packed, unpacked, type Value } from './values.ts';

/** What made a checkpoint, and when. */
export interface About {
  /** The command line that started the program. */
  readonly command: string;
  /** The moment of saving, as ISO 8601 has it. */
  readonly saved: string;
  /** Of ndgrad and Node; the machine, and what ran the kernels. */
  readonly versions: Readonly<Record<string, string>>;
}

/** All that a checkpoint holds. */
export interface Document {
  readonly parts: PartsState;
  /** How far `fit` has come; `null` for a loop of one's own. */
  readonly course: Course | null;
  readonly settings: Settings | null;
  /** What a loop of one's own keeps. */
  readonly state: Value;
  readonly about: About;
}

/** What there is to say of this program. */
export function aboutNow(command: string | null): About {
  const { version, platform, arch, argv } = process;
  const versions = { ndgrad: VERSION, node: version, platform, arch, backend: backend().name };
  return { command: command ?? argv.join(' '), saved: new Date().toISOString(), versions };
}

/** The bytes of a document: a safetensors file with the weights as `model.<name>`, and what is no tensor as JSON. */
export function documentBytes({ parts, course, settings, state, about }: Document): Promise<Uint8Array> {
  const tensors: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(parts.model)) tensors[`model.${name}`] = tensor;
  for (const [name, tensor] of Object.entries(course?.best?.state ?? {})) tensors[`best.${name}`] = tensor;
  const json = {
    ...{ ...about, state, settings },
    ...{ optimizer: parts.optimizer, schedule: parts.schedule, extra: parts.extra },
    generators: withTensors(parts.generators),
    course: course && { step: course.step, best: bestOf(course.best), underway: underwayOf(course) },
    history: course?.history ?? null,
  };
  const metadata = Object.entries(json).map(([name, value]) => [name, JSON.stringify(packed(value, name, tensors))]);
  const glance = course === null ? {} : { epoch: String(course.history.length), step: String(course.step) };
  return encoded({ tensors, metadata: { ...glance, ...Object.fromEntries(metadata) } });
}

/**
 * The document that the bytes hold.
 * @param path for the messages
 * @throws CheckpointError for anything but a whole checkpoint
 */
export async function documentOf(path: string, bytes: Uint8Array): Promise<Document> {
  try {
    return read(await decoded(path, bytes));
  } catch (cause) {
    if (cause instanceof CheckpointError) throw cause;
    throw new CheckpointError(`${path}: it is no checkpoint of ndgrad: ${(cause as Error).message}`, { cause });
  }
}

function read({ tensors, metadata }: Content): Document {
  // biome-ignore lint/suspicious/noExplicitAny: what each part holds, it checks when it is loaded
  const part = (name: string): any => unpacked(JSON.parse(metadata[name] ?? 'null'), tensors);
  const course = part('course');
  const below = (prefix: string): StateDict =>
    Object.fromEntries(
      Object.entries(tensors).flatMap(([name, t]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), t]] : [])),
    );
  return {
    parts: {
      model: below('model.'),
      optimizer: part('optimizer'),
      schedule: part('schedule'),
      generators: withLists(part('generators')),
      extra: part('extra') ?? {},
    },
    course: course === null ? null : courseOf(course, part('history'), below('best.')),
    settings: settingsIn(part('settings')),
    state: part('state'),
    about: { command: part('command'), saved: part('saved'), versions: part('versions') },
  };
}

const bestOf = (best: Best | null) => best && { epoch: best.epoch, loss: best.loss };

const underwayOf = ({ underway }: Course) => underway && { ...underway, generators: withTensors(underway.generators) };

/** A generator's state, its 624 words as a tensor, which is shorter. */
type Packed = Omit<GeneratorState, 'words'> & { words: Tensor };

function withTensors(states: GeneratorStates): object {
  return mapped(states, ({ words, ...state }) => ({ ...state, words: fromArray(Float64Array.from(words)) }));
}

function withLists(states: Record<string, Packed>): GeneratorStates {
  const list = ({ words, ...state }: Packed): GeneratorState => ({
    ...state,
    words: Array.from(words.toArray()),
  });
  return mapped(states, list);
}

const mapped = <T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));

// biome-ignore lint/suspicious/noExplicitAny: it is checked here
function courseOf({ step, best, underway }: any, history: any, bestState: StateDict): Course {
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
  const isNumber = (value: unknown) => typeof value === 'number';
  const sums = underway?.sums;
  const isWhole =
    isCount(step) &&
    (best === null || (isCount(best.epoch) && isNumber(best.loss))) &&
    (underway === null || (isNumber(underway.lr) && isNumber(underway.seconds))) &&
    (underway === null || (isCount(sums.rows) && isCount(sums.batches) && isNumber(sums.loss))) &&
    Array.isArray(history) &&
    history.every((record, i) => record.epoch === i + 1 && isNumber(record.trainLoss));
  if (!isWhole) throw new ArgumentError('it does not say how far its run has come');
  return {
    history,
    step,
    best: best && { ...best, state: bestState },
    underway: underway && { ...underway, generators: withLists(underway.generators) },
  };
}

function settingsIn(settings: unknown): Settings | null {
  if (typeof settings !== 'object' || Array.isArray(settings)) throw new ArgumentError('its settings are none');
  return settings as Settings | null;
}
