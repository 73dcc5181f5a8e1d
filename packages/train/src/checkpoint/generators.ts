import {
  ArgumentError,
  defaultGenerator,
  Generator,
  type GeneratorState,
  livingGenerators,
  Tensor,
} from '@ndgrad/core';

/** The states of generators by their names. */
export type GeneratorStates = Record<string, GeneratorState>;

/**
 * Every generator that a run draws from: the default one, and those found in the fields of what it is made of, under
 * the way to them: `model.2.generator`, `train.generator`. What a function keeps to itself can't be found.
 */
export class Generators {
  private readonly named: ReadonlyMap<string, Generator>;
  /** Those that were not found, with what they were like. */
  private readonly unnamed: readonly (readonly [generator: WeakRef<Generator>, before: string])[];

  /**
   * @param roots by name: the model, the loaders, …
   * @param others whose own generators do not matter: those who watch
   */
  constructor(roots: Readonly<Record<string, unknown>>, others: readonly unknown[] = []) {
    const paths = new Map<Generator, string>([[defaultGenerator, 'default']]);
    for (const [path, generator] of generatorsBelow(roots)) if (!paths.has(generator)) paths.set(generator, path);
    this.named = new Map([...paths].map(([generator, path]) => [path, generator]));
    const known = new Set([...paths.keys(), ...generatorsBelow({ others }).map(([, generator]) => generator)]);
    const unknown = livingGenerators().filter((generator) => !known.has(generator));
    this.unnamed = unknown.map((generator) => [new WeakRef(generator), fingerprint(generator)]);
  }

  get names(): string[] {
    return [...this.named.keys()];
  }

  /** @throws ArgumentError where one that was not found has been drawn from */
  states(): GeneratorStates {
    for (const [reference, before] of this.unnamed) {
      const generator = reference.deref();
      if (generator === undefined || fingerprint(generator) === before) continue;
      throw new ArgumentError(
        `checkpoint: a generator (seed ${generator.initialSeed()}) was drawn from that a function keeps to itself; ` +
          'give it to the checkpoint by name: extra: { name: generator }',
      );
    }
    return Object.fromEntries([...this.named].map(([name, generator]) => [name, generator.getState()]));
  }

  /** Puts back those generators that the states name. */
  restore(states: Readonly<GeneratorStates>): void {
    for (const [name, state] of Object.entries(states)) this.named.get(name)?.setState(state);
  }
}

/** Changes with every draw. */
const fingerprint = (generator: Generator): string => {
  const { words, position, cachedNormal } = generator.getState();
  return [words[0], position, cachedNormal].join();
};

/** Breadth first, so that each is found on its shortest way. */
function generatorsBelow(roots: Readonly<Record<string, unknown>>): [path: string, generator: Generator][] {
  const found: [string, Generator][] = [];
  const seen = new Set<unknown>();
  const queue: [path: string, value: unknown][] = Object.entries(roots);
  for (const [path, value] of queue) {
    if (seen.has(value) || !mayHold(value)) continue;
    seen.add(value);
    if (value instanceof Generator) found.push([path, value]);
    else for (const [name, member] of membersOf(value)) queue.push([`${path}.${name}`, member]);
  }
  return found;
}

function mayHold(value: unknown): value is object {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null) return false;
  if (value instanceof Tensor || ArrayBuffer.isView(value)) return false;
  // Long lists of numbers, such as a subset's indices, hold none.
  return !Array.isArray(value) || (typeof value[0] === 'object' && value[0] !== null) || typeof value[0] === 'function';
}

function membersOf(value: object): [name: string, member: unknown][] {
  const items = value instanceof Map || value instanceof Set ? [...value.values()] : [];
  return [...Object.entries(value), ...items.map((item, i): [string, unknown] => [String(i), item])];
}
